"""Who asked AWS for what? One hook in botocore sees every request of every client, PynamoDB's included.

Registered once among botocore's built-in handlers, since a client only has the handlers its session was born with.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import botocore.handlers
from botocore.awsrequest import AWSResponse

Fake = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Takes the serialised request (``url_path``, ``body`` ...) and answers the parsed response."""

actor: ContextVar[str] = ContextVar("actor", default="local")
"""Who makes requests now: a function's id, ``stepfunctions`` (a machine's own calls), ``app`` or ``local`` (wiring)."""


class Request:
    """One request: operation model, serialised parameters and who made it; ``noted`` is the observer's own."""

    __slots__ = ("actor", "model", "noted", "params")

    def __init__(self, model: Any, params: Mapping[str, Any]) -> None:
        self.model = model
        self.params = params
        self.actor = actor.get()
        self.noted: Any = None

    @property
    def name(self) -> str:
        """``dynamodb.UpdateItem``."""
        return f"{self.model.service_model.service_name}.{self.model.name}"


class Observer:
    """Sees each request before it is made and after it was answered."""

    def before(self, request: Request) -> None:
        """Called with a request about to be made; raises to forbid it."""

    def after(self, request: Request) -> None:
        """Called when the request was answered, with an error or not."""


_observers: list[Observer] = []
_fakes: dict[str, Fake] = {}


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Lets ``observer`` see every request made inside."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


@contextmanager
def answered(fakes: Mapping[str, Fake]) -> Iterator[None]:
    """Answers the named operations (``pinpoint.SendMessages``) by the fakes: botocore has validated them by then."""
    _fakes.update(fakes)
    try:
        yield
    finally:
        for name in fakes:
            del _fakes[name]


@contextmanager
def acting(who: str) -> Iterator[None]:
    """Everything asked inside is asked by ``who``."""
    token = actor.set(who)
    try:
        yield
    finally:
        actor.reset(token)


def unobserved(client: Any) -> None:
    """Lets nobody see what this client asks; for who measures what a bare client takes."""
    client.meta.events.unregister("before-call", _before_call)
    client.meta.events.unregister("after-call", _after_call)


def _before_call(model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> Any:
    if not _observers and not _fakes:
        return None
    request = Request(model, params)
    for observer in _observers:
        observer.before(request)
    fake = _fakes.get(request.name)
    if fake is None:
        context["segue_request"] = request
        return None
    answer = fake(params)
    for observer in _observers:
        observer.after(request)
    return AWSResponse(str(params.get("url")), 200, {}, None), {"ResponseMetadata": {"HTTPStatusCode": 200}, **answer}


def _after_call(context: dict[str, Any], **_: Any) -> None:
    request = context.pop("segue_request", None)
    if request is not None:
        for observer in _observers:
            observer.after(request)


botocore.handlers.BUILTIN_HANDLERS.append(("before-call", _before_call))
botocore.handlers.BUILTIN_HANDLERS.append(("after-call", _after_call))
