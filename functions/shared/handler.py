"""How does a Lambda entry point get its collaborators? A factory takes settings and clock; ``wire`` calls it once."""

import gc
import os
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from functions.shared.clock import Clock, system_clock
from functions.shared.settings import Settings

Handler: TypeAlias = Callable[[dict[str, Any], Any], Any]
S = TypeVar("S", bound=Settings)


def wire(build: Callable[[S, Clock], Handler], settings: type[S]) -> Handler:
    """The entry point of one Lambda function.

    In Lambda everything is built while the environment starts, where CPU is not yet the customer's wait;
    elsewhere (tests, tools that only import) it is built at the first call.
    """
    built: list[Handler] = []

    def entry_point(event: dict[str, Any], context: Any) -> Any:
        if not built:
            built.append(build(settings.read(), system_clock))
        return built[0](event, context)

    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        built.append(build(settings.read(), system_clock))
        # All that is there by now stays: the collector, stopped by ``functions/__init__.py``, need never look at it.
        gc.freeze()
        gc.enable()
    return entry_point
