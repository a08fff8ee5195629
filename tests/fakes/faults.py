"""AWS that fails: any request of a function, before or after its effect, once or for as long as the fault lasts.

Hooked into botocore's generic ``before-send``, where moto answers too: first of all means that nothing has happened
yet, last of all that everything has. On the name of one service an "after" would run before moto.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from botocore import handlers
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from infra.local.requests import Observer, Request, observed
from tests.fakes.providers import Killed

# Who is no function: wiring, apps, and machines' own calls (which Step Functions retries by itself).
OTHERS = frozenset({"local", "app", "stepfunctions"})


@dataclass(frozen=True)
class Fault:
    """What fails: the ``number``-th request of an operation by a function, and with ``always`` every one after it."""

    function: str
    operation: str
    number: int
    moment: Literal["before", "after"]
    manner: Literal["lost", "killed", "always"]

    def __str__(self) -> str:
        return f"{self.function} {self.operation} {self.number} {self.moment} {self.manner}"


class Faults(Observer):
    """Counts the requests of functions, and lets those fail that a fault is about."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.requests: Counter[tuple[str, str]] = Counter()
        self.struck = 0
        self._fails = False

    def begin(self, fault: Fault | None) -> None:
        """Counts anew; from now on ``fault`` is what fails."""
        self.fault, self.struck = fault, 0
        self.requests.clear()

    def lift(self) -> None:
        """From now on nothing fails."""
        self.fault, self._fails = None, False

    def before(self, request: Request) -> None:
        """Decides whether this request fails, in all the attempts that its client makes."""
        self._fails = False
        if request.actor in OTHERS:
            return
        self.requests[request.actor, request.name] += 1
        fault = self.fault
        if fault is None or (fault.function, fault.operation) != (request.actor, request.name):
            return
        number = self.requests[request.actor, request.name]
        self._fails = number == fault.number or (fault.manner == "always" and number > fault.number)
        self.struck += self._fails

    def first(self, request: Any, **_: Any) -> None:
        self._strike("before", request.url)

    def last(self, request: Any, **_: Any) -> None:
        self._strike("after", request.url)

    def _strike(self, moment: str, url: str) -> None:
        if not self._fails or self.fault is None or self.fault.moment != moment:
            return
        if self.fault.manner == "killed":
            # A process ends once.
            self._fails = False
            raise Killed(self.fault.function)
        raise (EndpointConnectionError if moment == "before" else ReadTimeoutError)(endpoint_url=url)


@contextmanager
def faults() -> Iterator[Faults]:
    """Every botocore session made inside can fail; open the world inside."""
    one = Faults()
    hooks = [
        ("before-send", one.first, handlers.REGISTER_FIRST),
        ("before-send", one.last, handlers.REGISTER_LAST),
    ]
    handlers.BUILTIN_HANDLERS.extend(hooks)
    try:
        with observed(one):
            yield one
    finally:
        for hook in hooks:
            handlers.BUILTIN_HANDLERS.remove(hook)
