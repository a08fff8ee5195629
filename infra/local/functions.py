"""How does the laptop call a Lambda function? The handler's own factory, with the environment the template gives it."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from functions.shared.clock import Clock
from functions.shared.handler import Handler
from infra.local.requests import acting


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """What Lambda tells a handler about the call."""

    function_name: str
    aws_request_id: str
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:local"

    def get_remaining_time_in_millis(self) -> int:
        """The laptop never runs out of time."""
        return 30_000


class LocalFunction:
    """One function of the templates; ``id`` is its name without the stage."""

    def __init__(self, name: str, function_id: str, handler: str, environment: Mapping[str, str], clock: Clock) -> None:
        self.name = name
        self.id = function_id
        self._build = partial(_built, handler, environment, clock)
        self._handler = self._build()
        self._calls = 0

    def restart(self) -> None:
        """Begins a new environment, which remembers nothing of the last."""
        with acting("local"):
            self._handler = self._build()

    def __call__(self, event: dict[str, Any]) -> Any:
        """Invokes it; what it raises is the function's failure."""
        self._calls += 1
        with acting(self.id):
            return self._handler(event, LambdaContext(self.name, f"{self.name}-{self._calls}"))

    def invoke(self, payload: bytes) -> tuple[Any, bool]:
        """The answer of a synchronous invocation and whether it failed, as Lambda spells a failure."""
        try:
            return self(json.loads(payload)), False
        except Exception as error:
            return {"errorMessage": str(error), "errorType": type(error).__name__}, True


def _built(handler: str, environment: Mapping[str, str], clock: Clock) -> Handler:
    module = importlib.import_module(handler.rpartition(".")[0])
    settings = module.build.__annotations__["settings"]
    built: Handler = module.build(settings.read(environment), clock)
    return built
