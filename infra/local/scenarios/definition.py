"""What may stand in a scenarios.yaml? Who there is, what happens and when, and what is to come of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic.alias_generators import to_camel

from functions.dispatch.model import Decision
from functions.journeys.durations import parse_duration
from functions.journeys.language.faults import did_you_mean
from functions.journeys.language.fields import Duration, EventName, Name, Text
from functions.journeys.language.shape import Strict, broken, number_as_duration
from functions.shared.clock import parse_instant
from functions.shared.names import Channel
from functions.shared.reasons import Reason

START = "2026-01-01T00:00:00Z"
UNTIL = "30d"
# Far from both ends of the calendar.
YEARS = range(1971, 2200)
LONGEST = timedelta(days=3_660)
REASONS = frozenset(get_args(Reason))


def _instant(text: str) -> str:
    try:
        instant = parse_instant(text)
    except (ValueError, OverflowError):
        raise broken(f'"{text}" is no time', "write it like 2026-03-02T10:00:00Z") from None
    if instant.year not in YEARS:
        raise broken(f"{text} is too far away", f"write a year from {YEARS[0]} to {YEARS[-1]}")
    return text


def _length(text: str) -> str:
    if parse_duration(text) > LONGEST:
        raise broken(f"{text} is too long", f"write {LONGEST.days}d at most")
    return text


def _moment(text: str) -> str:
    try:
        parse_duration(text)
    except ValueError:
        try:
            parse_instant(text)
        except (ValueError, OverflowError):
            fix = "write how long after start (30m, 2d) or a time such as 2026-03-02T10:00:00Z"
            raise broken(f'"{text}" is neither a duration nor a time', fix) from None
        return _instant(text)
    return _length(text)


def _reason(text: str) -> str:
    if text in REASONS or text.startswith("cap:"):
        return text
    raise broken(f'"{text}" is no reason of a decision', did_you_mean(text, REASONS))


Instant = Annotated[str, AfterValidator(_instant), Field(examples=["2026-03-02T10:00:00Z"])]
Moment = Annotated[
    str,
    BeforeValidator(number_as_duration),
    AfterValidator(_moment),
    Field(description="how long after start (30m, 2d), or a time such as 2026-03-02T10:00:00Z"),
]
Length = Annotated[Duration, AfterValidator(_length)]
UserId = Annotated[str, Field(min_length=1, max_length=200, description="the customer's id in your systems")]
Facts: TypeAlias = dict[str, Any]


def moment_of(text: str, start: datetime) -> datetime:
    """The instant that a ``Moment`` names."""
    try:
        return start + parse_duration(text)
    except ValueError:
        return parse_instant(text)


def length_of(text: str) -> timedelta:
    """The length of a ``Duration``."""
    return parse_duration(text)


class Camel(Strict):
    """Fields are called as Segment calls them: userId."""

    model_config = ConfigDict(alias_generator=to_camel)


class Device(Strict):
    """A phone that takes push messages."""

    token: Text
    platform: Literal["android", "ios"]
    id: Text | None = None


class Person(Camel):
    """Somebody who is known at the start, by what an app would have sent."""

    user_id: UserId
    traits: Facts = Field(default_factory=dict)
    consent: dict[Name, dict[Channel, Literal["granted", "withdrawn"]]] = Field(
        default_factory=dict, description="by topic, then by channel"
    )
    devices: list[Device] = Field(default_factory=list)


class Happening(Camel):
    """Something that happens ``at`` a moment."""

    at: Moment


class Saying(Happening):
    """A Segment message, as an app sends it."""

    user_id: UserId | None = None
    anonymous_id: Text | None = None
    message_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    timestamp: Annotated[Moment | None, Field(description="when it happened, where it arrives later than that")] = None
    context: Facts | None = None
    trusted: bool | None = None
    verified: bool | None = None


class Track(Saying):
    """Somebody did something."""

    type: Literal["track"] = "track"
    event: EventName
    properties: Facts | None = None


class Identify(Saying):
    """Who somebody is, and what is known of them."""

    type: Literal["identify"]
    traits: Facts | None = None
    scores: Facts | None = None


class Page(Saying):
    """Somebody looked at a page."""

    type: Literal["page"]
    name: str | None = None
    category: str | None = None
    properties: Facts | None = None


class Screen(Saying):
    """Somebody looked at a screen of an app."""

    type: Literal["screen"]
    name: str | None = None
    category: str | None = None
    properties: Facts | None = None


class Group(Saying):
    """Somebody belongs to a group."""

    type: Literal["group"]
    group_id: Text | None = None
    traits: Facts | None = None


class Alias(Saying):
    """Two ids are one person's."""

    type: Literal["alias"]
    previous_id: Text


class Consent(Saying):
    """Somebody allows or forbids messages of a topic on a channel."""

    type: Literal["consent"]
    topic: Name
    channel: Channel
    state: Literal["granted", "withdrawn"]
    source: Text | None = None
    address: Text | None = None


class ListChange(Saying):
    """Somebody is put on a list of the policy, or taken off it."""

    type: Literal["audience"]
    audience: Name
    state: Literal["joined", "left"]


class Reset(Saying):
    """Somebody logged out."""

    type: Literal["reset"]


class Command(Saying):
    """What an operator says about who is who."""

    type: Literal["command"]
    command: Text
    a: Facts
    b: Facts | None = None


class Receipt(Happening):
    """What became of the latest message of a step."""

    type: Literal["receipt"]
    user_id: UserId
    step: Name | Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    journey: Name | None = None
    channel: Channel | None = None
    kind: Literal["delivered", "opened", "clicked", "bounced_hard", "bounced_soft", "complained", "failed"]


class Decline(Happening):
    """Somebody does not want an offer."""

    type: Literal["decline"]
    user_id: UserId
    offer: Name


class Confirm(Happening):
    """Somebody confirms a topic's double opt-in."""

    type: Literal["confirm"]
    user_id: UserId
    topic: Name
    channel: Channel


class Provider(Happening):
    """How a channel's provider answers from now on, or ``for`` so long."""

    type: Literal["provider"]
    channel: Channel
    outcome: Literal["accepted", "rejected", "lost", "throttled", "paused"]
    for_: Annotated[Length | None, Field(alias="for")] = None


class Outage(Happening):
    """Nothing runs ``for`` so long; what was due meanwhile is late."""

    type: Literal["outage"]
    for_: Annotated[Length, Field(alias="for")]


class Switch(Happening):
    """A journey or a channel is paused, resumed, stopped or killed."""

    type: Literal["pause", "resume", "stop", "kill"]
    journey: Name | None = None
    channel: Channel | None = None

    @model_validator(mode="after")
    def _one(self) -> "Switch":
        if (self.journey is None) == (self.channel is None):
            raise broken("journey or channel is wanted, and only one", "write journey: NAME or channel: NAME")
        if self.type == "stop" and self.channel is not None:
            raise broken("a channel cannot be stopped", "pause it, or kill it")
        return self


class OptOut(Happening):
    """Somebody leaves a channel, or without one every channel."""

    type: Literal["opt_out"]
    user_id: UserId
    channel: Channel | None = None


class Prefer(Happening):
    """Somebody prefers a channel."""

    type: Literal["prefer"]
    user_id: UserId
    channel: Channel


HAPPENINGS: Mapping[str, type[Happening]] = {
    "track": Track,
    "identify": Identify,
    "page": Page,
    "screen": Screen,
    "group": Group,
    "alias": Alias,
    "consent": Consent,
    "audience": ListChange,
    "reset": Reset,
    "command": Command,
    "receipt": Receipt,
    "decline": Decline,
    "confirm": Confirm,
    "provider": Provider,
    "outage": Outage,
    "pause": Switch,
    "resume": Switch,
    "stop": Switch,
    "kill": Switch,
    "opt_out": OptOut,
    "prefer": Prefer,
}


def _known_type(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    said = value.get("type", "track" if "event" in value else None)
    if said is None:
        raise broken("a happening without a type", f"add type: with one of {', '.join(HAPPENINGS)}")
    if not isinstance(said, str) or said not in HAPPENINGS:
        raise broken(f'unknown type "{said}"', did_you_mean(str(said), HAPPENINGS))
    # Beside an event name the type may be left out, as in Segment's own pages.
    return {**value, "type": said}


def _which(value: Any) -> str | None:
    if isinstance(value, Happening):
        return type(value).__name__
    return HAPPENINGS[value["type"]].__name__ if isinstance(value, Mapping) else "Track"


AnyHappening: TypeAlias = Annotated[
    Annotated[Track, Tag("Track")]
    | Annotated[Identify, Tag("Identify")]
    | Annotated[Page, Tag("Page")]
    | Annotated[Screen, Tag("Screen")]
    | Annotated[Group, Tag("Group")]
    | Annotated[Alias, Tag("Alias")]
    | Annotated[Consent, Tag("Consent")]
    | Annotated[ListChange, Tag("ListChange")]
    | Annotated[Reset, Tag("Reset")]
    | Annotated[Command, Tag("Command")]
    | Annotated[Receipt, Tag("Receipt")]
    | Annotated[Decline, Tag("Decline")]
    | Annotated[Confirm, Tag("Confirm")]
    | Annotated[Provider, Tag("Provider")]
    | Annotated[Outage, Tag("Outage")]
    | Annotated[Switch, Tag("Switch")]
    | Annotated[OptOut, Tag("OptOut")]
    | Annotated[Prefer, Tag("Prefer")],
    Discriminator(_which),
    BeforeValidator(_known_type),
]


class Row(Strict):
    """Something that is expected. What is not said is not looked at; ``null`` says that there is none."""

    user_id: Annotated[UserId | None, Field(alias="userId")] = None
    journey: Name | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Row":
        if not self.model_fields_set:
            raise broken("a row that says nothing", "write what is expected, such as userId: and step:")
        return self


class MessageRow(Row):
    """A message that was sent: on which channel, when, to whom."""

    step: Text | None = None
    channel: Channel | None = None
    at: Moment | None = None
    subject: str | None = None
    to: str | None = None


class DecisionRow(Row):
    """What was decided about a message, or about an entry."""

    step: Text | None = None
    channel: Channel | None = None
    at: Moment | None = None
    decision: Decision | Literal["held_out", "outranked"] | None = None
    reason: Annotated[str, AfterValidator(_reason)] | None = None


class EnrolmentRow(Row):
    """A person's run through a journey."""

    status: Literal["active", "completed", "exited", "failed", "held_out", "outranked", "superseded"] | None = None
    reason: Text | None = None
    entered_at: Moment | None = None
    ended_at: Moment | None = None
    goal_at: Moment | None = None
    goal_value: float | int | None = None


class Expect(Strict):
    """What is to come of it. ``messages`` is the whole list; of the others each row must occur."""

    messages: list[MessageRow] | None = None
    decisions: list[DecisionRow] | None = None
    enrolments: list[EnrolmentRow] | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> "Expect":
        if not self.model_fields_set:
            raise broken("nothing is expected", "write messages:, decisions: or enrolments:")
        return self


class Scenario(Strict):
    """One story: who there is, what happens, and what is to come of it."""

    name: Text
    start: Instant = START
    policy: Annotated[Facts, Field(description="whole keys of policy.yaml that are different here")] = Field(
        default_factory=dict
    )
    people: list[Person] = Field(default_factory=list)
    when: Annotated[list[AnyHappening], Field(max_length=10_000)] = Field(default_factory=list)
    until: Moment = UNTIL
    expect: Expect

    @property
    def starts_at(self) -> datetime:
        """The instant at which it begins."""
        return parse_instant(self.start)

    def instant(self, moment: str) -> datetime:
        """The instant that one of its moments names."""
        return moment_of(moment, self.starts_at)


class ScenarioFile(Strict):
    """A whole scenarios.yaml."""

    placeholders = MappingProxyType({"scenarios": []})

    journeys: Annotated[list[Text] | None, Field(min_length=1, description="folders, as seen from this file")] = None
    scenarios: Annotated[list[Scenario], Field(min_length=1, max_length=1_000)]
