"""What may stand in a policy.yaml? Brand, topics, channels, people and what is kept of them; limits come later."""

import re
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from functions.capture.tracking_plan import Mode
from functions.identity.model import Contested, Kind
from functions.identity.presets import RETAIL, PresetName
from functions.journeys.durations import parse_duration
from functions.journeys.language.fields import Duration, EventName, Expression, Name, Share, Text, TimeOfDay, Weekday
from functions.journeys.language.shape import Strict, broken
from functions.journeys.rates import DEFAULT_RATE
from functions.journeys.times import zone_named
from functions.shared.identifiers import NAMESPACE_NAME
from functions.shared.names import CHANNELS, Channel

# A century, so that adding it to a date never leaves the calendar.
LONGEST_EXPIRY = timedelta(days=36_500)
ChannelName = Literal["email", "sms", "push", "webhook"]
FoldName = Literal["last", "first", "max", "min", "sum", "union", "most_frequent", "source_priority"]
# What an operator states is pinned above every fold, so it never competes with other sources.
OPERATOR = "segue.operator"


def _zone(name: str) -> str:
    if zone_named(name) is None:
        raise broken(f'"{name}" is no time zone', "write an IANA name such as Europe/Helsinki")
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class Brand(Strict):
    """Who sends: shown in messages; the default zone and country of people of whom nothing is known."""

    name: Text
    postal_address: Text
    default_zone: Zone = "UTC"
    default_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None


class Topic(Strict):
    """What a person can say yes or no to. ``single``: a grant is enough; ``none``: no consent is needed."""

    title: Text
    opt_in: Literal["single", "double", "none"] = "single"


class EmailChannel(Strict):
    """Who e-mails come from."""

    sender: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$", max_length=254)]
    rate: Text | None = None


class SmsChannel(Strict):
    """Who text messages come from: a number, or a name of up to 11 letters where the country allows it."""

    sender: Text
    rate: Text | None = None


class PushChannel(Strict):
    """Push notifications need no sender: the token names the app."""

    sender: Text | None = None
    rate: Text | None = None


class WebhookChannel(Strict):
    """Where calls may go."""

    hosts: list[Text] | None = None
    rate: Text | None = None


class Channels(Strict):
    """A channel that is not here is not used."""

    email: EmailChannel | None = None
    sms: SmsChannel | None = None
    push: PushChannel | None = None
    webhook: WebhookChannel | None = None


def _days(text: str) -> str:
    length = parse_duration(text)
    if length % timedelta(days=1) or not timedelta(0) < length <= LONGEST_EXPIRY:
        raise broken(f'"{text}" is not 1 to {LONGEST_EXPIRY.days} whole days', "write days, such as 90d")
    return text


NamespaceName = Annotated[str, Field(pattern=f"^{NAMESPACE_NAME.pattern}$")]


class Namespace(Strict):
    """How one kind of identifier links people; what is left out stays as the preset has it."""

    rank: Annotated[int, Field(ge=1, le=1000)] | None = None
    class_: Annotated[Kind | None, Field(alias="class")] = None
    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    contested: Contested | None = None
    expires: Annotated[Duration, AfterValidator(_days)] | None = None


class Identity(Strict):
    """How people are recognised: a preset, and what is different here laid over it."""

    preset: PresetName = RETAIL
    bridge_on_device: bool | None = None
    shared_after: Annotated[int, Field(ge=1, le=1000)] | None = None
    namespaces: dict[NamespaceName, Namespace] = Field(default_factory=dict)
    blocked: list[Text] = Field(default_factory=list)


class TraitFold(Strict):
    """Which of a trait's statements is its value; ``sources`` best first, for ``source_priority``."""

    fold: FoldName
    sources: Annotated[list[Text], Field(min_length=1, max_length=10)] | None = None

    @model_validator(mode="after")
    def _sources_where_they_count(self) -> "TraitFold":
        if self.fold == "source_priority" and self.sources is None:
            raise broken("source_priority without sources", "add sources: with the best source first")
        if self.fold != "source_priority" and self.sources is not None:
            raise broken("sources: without source_priority", "write fold: source_priority, or leave sources: out")
        for index, source in enumerate(self.sources or ()):
            if source in (self.sources or ())[:index]:
                raise broken(f'source "{source}" stands twice', "keep one")
            if source == OPERATOR:
                raise broken(f"{OPERATOR} stands above every fold", "leave it out of sources:")
        return self


class Timeline(Strict):
    """How long events are kept in a person's timeline; one that is older when it comes changes no person."""

    keep: Annotated[Duration, AfterValidator(_days)] = "400d"


class Audience(Strict):
    """A set of people: those of whom ``where`` holds, or a list that journeys join and leave."""

    where: Expression | None = None
    list_: Annotated[Literal[True] | None, Field(alias="list")] = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Audience":
        if (self.where is None) == (self.list_ is None):
            raise broken("where or list: true is wanted, and only one", "write where: CONDITION")
        return self


class Source(Strict):
    """What a named source is trusted with."""

    trust: Literal["consent"]


class Cap(Strict):
    """At most so many messages a window."""

    name: Name
    classes: list[Literal["marketing", "service", "transactional"]] | None = None
    channels: list[ChannelName] | None = None
    topics: list[Name] | None = None
    groups: list[Name] | None = None
    count: Annotated[int, Field(ge=1)]
    per: Text
    action: Literal["withhold", "defer"] = "withhold"


class QuietHours(Strict):
    """When nothing is sent."""

    channels: list[ChannelName]
    from_: Annotated[TimeOfDay, Field(alias="from")]
    to: TimeOfDay
    days: list[Weekday] | None = None
    closed: list[Text] | None = None


class Entries(Strict):
    """So many entries a window."""

    count: Annotated[int, Field(ge=1)]
    per: Duration


class Group(Strict):
    """Journeys that compete for a person."""

    max_active: Annotated[int, Field(ge=1)] | None = None
    max_entries: Entries | None = None
    rank: Expression | None = None


class PlannedEvent(Strict):
    """What an event is checked against: one JSON Schema, or one for each version its senders state."""

    mode: Mode = "warn"
    schema_: Annotated[
        Text | None, Field(alias="schema", description="a file of this folder, JSON Schema draft-07")
    ] = None
    versions: Annotated[dict[Text, Text] | None, Field(min_length=1)] = None

    @model_validator(mode="after")
    def _one_or_by_version(self) -> "PlannedEvent":
        if self.schema_ is not None and self.versions is not None:
            raise broken("both schema and versions", "keep one of them")
        if self.schema_ is None and self.versions is None:
            raise broken("neither schema nor versions", "write schema: FILE.json")
        return self

    @property
    def schemas(self) -> dict[str, str]:
        """Files by version; ``*`` is any."""
        return self.versions if self.versions is not None else {"*": str(self.schema_)}


class TrackingPlan(Strict):
    """Which events are sent, and what stands in them; ``unplanned`` is about tracks that are not named here."""

    unplanned: Mode = "allow"
    events: dict[EventName, PlannedEvent] = Field(default_factory=dict)


def _per_second(rate: str) -> str:
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?/s", rate) or float(rate[:-2]) == 0:
        raise broken(f'"{rate}" is no rate', "write how many a second, such as 100/s")
    return rate


class Admission(Strict):
    """How many runs may start a second; below what Step Functions takes of the account."""

    rate: Annotated[str, AfterValidator(_per_second)] = DEFAULT_RATE


class Capture(Strict):
    """What is kept of a message though nobody needs it to recognise people."""

    keep_ip: bool = False
    keep_query_emails: bool = False


class Policy(Strict):
    """A whole policy.yaml."""

    placeholders = MappingProxyType({"brand": {"name": "x", "postal_address": "x"}, "topics": {}, "channels": {}})

    brand: Brand
    topics: dict[Name, Topic]
    channels: Channels
    channel_order: list[ChannelName] = Field(default_factory=list)
    identity: Identity = Identity()
    # A trait is called what its senders call it (firstName), so its name is free.
    traits: dict[Text, TraitFold] = Field(default_factory=dict)
    timeline: Timeline = Timeline()
    audiences: dict[Name, Audience] = Field(default_factory=dict)
    sources: dict[Name, Source] = Field(default_factory=dict)
    freshness: Duration = "1h"
    admission: Admission = Admission()
    caps: list[Cap] = Field(default_factory=list)
    quiet_hours: list[QuietHours] = Field(default_factory=list)
    holdout: Share | None = None
    groups: dict[Name, Group] = Field(default_factory=dict)
    tracking_plan: TrackingPlan = TrackingPlan()
    capture: Capture = Capture()

    @property
    def sending_order(self) -> list[Channel]:
        """The channels that are set up, best first: as ``channel_order`` says, those it leaves out last."""
        order = [*(one for one in self.channel_order if one != "webhook"), *CHANNELS]
        return [one for one in dict.fromkeys(order) if getattr(self.channels, one) is not None]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the publication, names as in the file, what was not said left out.

        What the doors alone read is published by itself (tracking_plan.py).
        """
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"tracking_plan", "capture"})
