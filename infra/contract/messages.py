"""Which messages do the doors take? One model each: what a trusted source may send.

The doors themselves read with ``functions.capture.policy``, since pydantic costs a function its start; a test holds
that both take the same. What is no matter of shape (size, depth, clocks, trust) stands in docs/reference/events.md.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator
from pydantic.alias_generators import to_camel

from functions.capture import model as limits
from functions.shared.names import Channel
from infra.contract.fields import (
    AudienceName,
    Id,
    Instant,
    MessageId,
    Name,
    NamedId,
    Namespace,
    Score,
    ScoreName,
    SomeText,
    Text,
    instant,
)

Path: TypeAlias = tuple[str, ...]
Schema: TypeAlias = dict[str, Any]

DEVICE: tuple[Path, ...] = tuple(("context", "device", name) for name in ("id", "token", "advertisingId"))
TRAITS: tuple[Path, ...] = (("traits", "email"), ("traits", "phone"))
# ``*`` is any entry of a list.
ANYBODY: tuple[Path, ...] = (
    *(("userId",), ("anonymousId",), ("previousId",)),
    *(("context", *path) for path in TRAITS),
    *DEVICE,
    ("context", "externalIds", "*", "id"),
)


def stands(value: object, path: Path) -> bool:
    """Whether something that is not null stands at a path of a message."""
    if not path:
        return value is not None
    if path[0] == "*":
        return isinstance(value, list) and any(stands(one, path[1:]) for one in value)
    return isinstance(value, Mapping) and stands(value.get(path[0]), path[1:])


def standing(path: Path) -> Schema:
    """The same as a JSON Schema."""
    if not path:
        return {"not": {"type": "null"}}
    if path[0] == "*":
        return {"type": "array", "contains": standing(path[1:])}
    return {"type": "object", "required": [path[0]], "properties": {path[0]: standing(path[1:])}}


def any_of(paths: Iterable[Path]) -> Schema:
    """A JSON Schema: something stands at one of the paths."""
    return {"anyOf": [standing(path) for path in paths]}


class Open(BaseModel):
    """Fields nobody knows are kept, and a number is never read as a text."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, alias_generator=to_camel)


class GroupTraits(Open):
    """What is known of a group; it identifies nobody."""

    model_config = ConfigDict(json_schema_extra={"maxProperties": limits.TRAITS})

    @model_validator(mode="before")
    @classmethod
    def _few(cls, said: Any) -> Any:
        if isinstance(said, Mapping) and len(said) > limits.TRAITS:
            raise ValueError(f"more than {limits.TRAITS} traits")
        return said


class Traits(GroupTraits):
    """What is known of a person. Null deletes a trait; an e-mail address or a phone number identifies."""

    email: Id | None = None
    phone: Id | None = None


class Scores(RootModel[dict[ScoreName, Score | None]]):
    """Numbers by name, as expressions read them: score("churn")."""

    model_config = ConfigDict(json_schema_extra={"maxProperties": limits.SCORES, "additionalProperties": False})

    @model_validator(mode="before")
    @classmethod
    def _few(cls, said: Any) -> Any:
        if isinstance(said, Mapping) and len(said) > limits.SCORES:
            raise ValueError(f"more than {limits.SCORES} scores")
        return said


class Device(Open):
    """The device a message came from. Its token is where push messages go."""

    id: Id | None = None
    token: Id | None = None
    advertising_id: Id | None = None
    ad_tracking_enabled: Any = Field(default=None, description="False: the advertising id identifies nobody.")


class ExternalId(Open):
    """An identifier of any namespace."""

    type: Text = Field(description="The namespace: crm, shop, social.instagram ...")
    id: Id | None = None


class Context(Open):
    """Where a message came from."""

    traits: Traits | None = None
    device: Device | None = None
    external_ids: list[ExternalId] | None = None


class Message(Open):
    """What every message may say. Null reads as absent; fields that are not listed are kept."""

    needs: ClassVar[tuple[Path, ...]] = (*ANYBODY, *TRAITS)
    """Something must stand at one of these paths, where there are any."""

    message_id: MessageId | None = Field(
        default=None,
        description="The same id again is the same event. Without it, the id is that of the EventBridge event; by HTTP "
        "it is a hash of what the message says.",
    )
    user_id: Id | None = Field(default=None, description="The customer's id in your systems.")
    anonymous_id: Id | None = Field(default=None, description="The id a browser or an app gave itself.")
    previous_id: Id | None = None
    timestamp: Instant | None = Field(default=None, description="When it happened; without it, when it was received.")
    original_timestamp: Any = Field(default=None, description="Read as the timestamp where there is none.")
    sent_at: Any = Field(default=None, description="When the client sent it, by the clock the timestamp is of.")
    context: Context | None = None
    traits: Traits | None = None
    properties: dict[str, Any] | None = None

    @classmethod
    def rules(cls) -> list[Schema]:
        """What is required of several fields together, as JSON Schemas."""
        told: Schema = {"properties": {"originalTimestamp": {"type": ["string", "null"], "format": "date-time"}}}
        return [{"anyOf": [standing(("timestamp",)), told]}, *([any_of(cls.needs)] if cls.needs else [])]

    @model_validator(mode="before")
    @classmethod
    def _rules(cls, said: Any) -> Any:
        if cls.needs and not any(stands(said, path) for path in cls.needs):
            raise ValueError("no identifier")
        if stands(said, ("originalTimestamp",)) and not stands(said, ("timestamp",)):
            instant(said["originalTimestamp"])
        return said

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> Schema:
        """Adds the rules to what pydantic says of the fields."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema["allOf"] = cls.rules()
        return dict(schema)


class Track(Message):
    """Somebody did something."""

    type: Literal["track"] | None = Field(default=None, description="May be left out beside an event name.")
    event: Name = Field(description="What happened, in the past tense: Order Completed.")


class Identify(Message):
    """Who somebody is, and what is known of them. Scores need a secret key."""

    type: Literal["identify"]
    scores: Scores | None = Field(default=None, description="What your models say of them; null deletes one.")


class Page(Message):
    """Somebody looked at a page."""

    type: Literal["page"]


class Screen(Message):
    """Somebody looked at a screen of an app."""

    type: Literal["screen"]


class Group(Message):
    """Somebody belongs to a group: a company, a family. The traits are the group's."""

    needs: ClassVar[tuple[Path, ...]] = ANYBODY

    type: Literal["group"]
    traits: GroupTraits | None = None  # type: ignore[assignment]


class Alias(Message):
    """Two ids are one person's: previousId, an anonymous id unless context.previousIdType names another, and userId."""

    type: Literal["alias"]


class Consent(Message):
    """Somebody allows or forbids messages of a topic on a channel. A browser may only forbid."""

    type: Literal["consent"]
    topic: SomeText
    channel: Channel
    state: Literal["granted", "withdrawn"]
    address: Text | None = Field(default=None, description="Which address it is about; without it, the best there is.")


class Audience(Message):
    """Somebody is put on a list of the policy, or taken off it. Trusted sources only."""

    type: Literal["audience"]
    audience: AudienceName
    state: Literal["joined", "left"]


class Reset(Message):
    """Somebody logged out: what the device does from now on is nobody's until somebody claims it."""

    needs: ClassVar[tuple[Path, ...]] = (("anonymousId",), *DEVICE)

    type: Literal["reset"]


class End(Open):
    """An identifier that a command is about."""

    type: Namespace
    id: NamedId


class Command(Message):
    """What an operator says about who is who. Trusted sources only."""

    needs: ClassVar[tuple[Path, ...]] = ()
    pairs: ClassVar[tuple[str, ...]] = tuple(name for name, ends in limits.COMMANDS.items() if "b" in ends)

    type: Literal["command"]
    command: Text = Field(json_schema_extra={"enum": [*limits.COMMANDS]})
    a: End
    b: End | None = None

    @classmethod
    def rules(cls) -> list[Schema]:
        """``b`` stands with those commands that take two ends, and with no other."""
        of_two: Schema = {"properties": {"command": {"enum": [*cls.pairs]}}}
        return [
            *super().rules(),
            {"if": of_two, "then": standing(("b",)), "else": {"properties": {"b": {"type": "null"}}}},
        ]

    @model_validator(mode="after")
    def _ends(self) -> "Command":
        if self.command not in limits.COMMANDS or (self.b is not None) != (self.command in self.pairs):
            raise ValueError("an unknown command, or not its ends")
        if self.b is not None and (self.a.type, str(self.a.id)) == (self.b.type, str(self.b.id)):
            raise ValueError("b: the same as a")
        return self


MESSAGES: Mapping[str, type[Message]] = {
    "track": Track,
    "identify": Identify,
    "page": Page,
    "screen": Screen,
    "group": Group,
    "alias": Alias,
    "consent": Consent,
    "audience": Audience,
    "reset": Reset,
    "command": Command,
}
