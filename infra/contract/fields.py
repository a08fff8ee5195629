"""What may stand in a field of a message? A number is an id, a time is a text.

What JSON Schema can say stands in the schema; what it cannot (when a time is one) only in the model. Texts are checked
here, since pydantic refuses lone surrogates, which capture keeps.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

from functions.capture.model import (
    AUDIENCE_CHARACTERS,
    LARGEST_SCORE,
    MESSAGE_ID_CHARACTERS,
    SCORE_NAME,
    SCORE_NAME_CHARACTERS,
)
from functions.capture.types import PROFILE
from functions.shared.clock import parse_instant
from functions.shared.identifiers import NAMESPACE_NAME, id_text


def _id(value: Any) -> Any:
    if id_text(value) is None:
        raise ValueError("neither text nor number")
    return value


def _named_id(value: Any) -> Any:
    if not (id_text(value) or "").strip():
        raise ValueError("empty")
    return value


def _message_id(value: Any) -> Any:
    if not 0 < len(id_text(value) or "") <= MESSAGE_ID_CHARACTERS:
        raise ValueError(f"not 1 to {MESSAGE_ID_CHARACTERS} characters")
    return value


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _some_text(value: Any) -> Any:
    if not _text(value):
        raise ValueError("empty")
    return value


def _name(value: Any) -> Any:
    if not _text(value).strip():
        raise ValueError("not a name")
    return value


def _score_name(value: Any) -> Any:
    if len(_text(value)) > SCORE_NAME_CHARACTERS or not SCORE_NAME.fullmatch(value):
        raise ValueError("not the name of a score")
    return value


def _score(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    if abs(value) > LARGEST_SCORE:
        raise ValueError("beyond 2^53")
    return value


def _namespace(value: Any) -> Any:
    if not NAMESPACE_NAME.fullmatch(_text(value)) or value == PROFILE:
        raise ValueError("not the name of a namespace")
    return value


def instant(value: Any) -> Any:
    """A time as capture reads it; raises ``ValueError`` on anything else."""
    try:
        parse_instant(_text(value))
    except OverflowError as error:
        raise ValueError("not an RFC 3339 time") from error
    return value


def _audience_name(value: object) -> object:
    if not 0 < len(_text(value)) <= AUDIENCE_CHARACTERS:
        raise ValueError(f"not 1 to {AUDIENCE_CHARACTERS} characters")
    return value


_ID: dict[str, Any] = {"type": ["string", "number"]}
_SOMETHING: dict[str, Any] = {"pattern": r"\S"}
_MESSAGE_ID: dict[str, Any] = {**_ID, "minLength": 1, "maxLength": MESSAGE_ID_CHARACTERS}
_SCORE_NAME: dict[str, Any] = {
    "type": "string",
    "pattern": f"^{SCORE_NAME.pattern}$",
    "maxLength": SCORE_NAME_CHARACTERS,
}
_AUDIENCE_NAME: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": AUDIENCE_CHARACTERS}
_NAMESPACE: dict[str, Any] = {"type": "string", "pattern": f"^{NAMESPACE_NAME.pattern}$", "not": {"const": PROFILE}}

Id = Annotated[Any, AfterValidator(_id), WithJsonSchema(_ID)]
"""A text, or a number as its decimal text."""

NamedId = Annotated[Any, AfterValidator(_named_id), WithJsonSchema({**_ID, **_SOMETHING})]
"""An id that is not blank."""

MessageId = Annotated[Any, AfterValidator(_message_id), WithJsonSchema(_MESSAGE_ID)]
"""An id of limited length."""

Text = Annotated[Any, AfterValidator(_text), WithJsonSchema({"type": "string"})]
"""Any text."""

SomeText = Annotated[Any, AfterValidator(_some_text), WithJsonSchema({"type": "string", "minLength": 1})]
"""A text with something in it."""

Name = Annotated[Any, AfterValidator(_name), WithJsonSchema({"type": "string", **_SOMETHING})]
"""A text that is not blank."""

AudienceName = Annotated[Any, AfterValidator(_audience_name), WithJsonSchema(_AUDIENCE_NAME)]
"""The name of a list of people."""

Namespace = Annotated[Any, AfterValidator(_namespace), WithJsonSchema(_NAMESPACE)]
"""The name of a namespace that an operator may speak of."""

_SCORE = {"type": "number", "minimum": -LARGEST_SCORE, "maximum": LARGEST_SCORE}
ScoreName = Annotated[Any, AfterValidator(_score_name), WithJsonSchema(_SCORE_NAME)]
"""The name of a score."""

Score = Annotated[Any, AfterValidator(_score), WithJsonSchema(_SCORE)]
"""A number that floats tell from the next."""

Instant = Annotated[Any, AfterValidator(instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""An RFC 3339 time."""
