"""What may stand in a journey.yaml? The model of a whole journey; its JSON Schema is what editors complete from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from functions.journeys.language.fields import Duration, Events, Expression, Name, Share, Text
from functions.journeys.language.reader import Place
from functions.journeys.language.shape import Strict, a_list, broken
from functions.journeys.language.steps import AnyStep, Step, blocks_of


class Entry(Strict):
    """Who enters: an event (with a condition), an audience, a schedule or a decision."""

    on: Events | None = Field(
        default=None, description="an event that enters, or a list of them", examples=["Cart Updated"]
    )
    where: Expression | None = Field(
        default=None,
        description="only if this holds; it sees the event and the person",
        examples=["event.properties.total >= 20"],
    )
    audience: Name | None = Field(
        default=None,
        description="who enters this audience of policy.yaml; with a schedule, whoever is in it then",
        examples=["ending"],
    )
    schedule: Text | None = Field(
        default=None,
        description="minute, hour, day of month, month, weekday: everybody in the audience enters",
        examples=["0 9 * * mon"],
    )
    zone: Text | None = Field(
        default=None,
        description="the time zone of the schedule; the brand's when left out",
        examples=["Europe/Helsinki"],
    )
    decision: Name | None = Field(
        default=None,
        description="a decision that other journeys or your apps ask for; the highest priority is entered",
        examples=["next_best"],
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> "Entry":
        ways = [way for way in ("on", "audience", "schedule", "decision") if getattr(self, way) is not None]
        if not ways:
            raise broken("nothing enters this journey", "write on: with an event name")
        if len(ways) > 1 and set(ways) != {"audience", "schedule"}:
            raise broken(f"{' and '.join(ways)} together", "keep one way in")
        return self


class Reentry(Strict):
    """May a person enter again? ``after`` the last entry, or once ``per`` key."""

    after: Duration | None = Field(
        default=None, description="so long after the last entry, and no run under way", examples=["7d"]
    )
    per: Expression | None = Field(
        default=None, description="once for each value of this, side by side", examples=["event.properties.order_id"]
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Reentry":
        if self.after is None and self.per is None:
            raise broken("no rule", "write after: or per:, or reentry: never or always")
        return self


class Goal(Strict):
    """What the journey is for: an event inside a window after entry; it ends the run unless ``keep``."""

    on: Events = Field(description="what the journey is for", examples=["Order Completed"])
    where: Expression | None = Field(
        default=None,
        description="only if this holds; it sees event and entry",
        examples=["event.properties.revenue > 0"],
    )
    within: Duration | None = Field(
        default=None, description="so long after entry; without it as long as the run", examples=["5d"]
    )
    value: Expression | None = Field(
        default=None, description="what it is worth", examples=["event.properties.revenue"]
    )
    keep: bool = Field(default=False, description="true: the goal is recorded and the run goes on", examples=[True])


class Exit(Strict):
    """An event that ends the run at once, wherever the person stands."""

    on: Events = Field(description="an event that ends the run, or a list of them", examples=["Order Completed"])
    where: Expression | None = Field(
        default=None,
        description="only if this holds; it sees event and entry",
        examples=["event.properties.id == entry.properties.id"],
    )


class Late(Strict):
    """What a step does that wakes far too late."""

    after: Duration = Field(description="how far behind its time a step may be", examples=["6h"])
    then: Literal["run", "skip"] = Field(
        description="skip leaves the message out and goes on, run sends it all the same", examples=["skip"]
    )


class Journey(Strict):
    """A whole journey.yaml."""

    placeholders = MappingProxyType(
        {"journey": "unnamed", "class": "service", "entry": {"on": "Anything"}, "steps": [{"wait": "1h"}]}
    )

    journey: Annotated[Name, Field(description="the name; the same as the folder's", examples=["cart-recovery"])]
    title: Text | None = Field(
        default=None, description="what it is called in the console", examples=["Win back abandoned carts"]
    )
    class_: Annotated[Literal["marketing", "service", "transactional"], Field(alias="class")] = Field(
        description="marketing asks for consent and shows the way out; service and transactional do not",
        examples=["marketing"],
    )
    topic: Annotated[Name | None, Field(description="a topic of policy.yaml", examples=["offers"])] = None
    entry: Entry = Field(description="who enters")
    reentry: Annotated[
        Annotated[Literal["never", "always"], Tag("word")] | Annotated[Reentry, Tag("Reentry")],
        Discriminator(lambda value: "Reentry" if isinstance(value, dict | Reentry) else "word"),
    ] = Field(default=Reentry(after="0s"), description="may a person enter again, and when", examples=["never"])
    holdout: Share | None = Field(
        default=None, description="this share of people is never entered, for ever; it is measured", examples=["10%"]
    )
    goal: Goal | None = Field(default=None, description="what it is for; recorded for people held out too")
    exit: Annotated[list[Exit], BeforeValidator(a_list, json_schema_input_type=Exit | list[Exit])] = Field(
        default_factory=list, description="what ends the run at once, wherever the person stands"
    )
    priority: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=0, description="which of several journeys of one decision or group goes first", examples=[50]
    )
    group: Name | None = Field(default=None, description="journeys that compete for a person", examples=["promotions"])
    offer: Name | None = Field(
        default=None,
        description="what it offers; who declines it anywhere hears no more of it",
        examples=["spring-sale"],
    )
    late: Late | None = Field(default=None, description="what becomes of a message after an outage")
    steps: Annotated[list[AnyStep], Field(min_length=1, max_length=500)] = Field(
        description="what happens, one after the other"
    )

    def dumped(self) -> dict[str, Any]:
        """The definition as plain JSON, names as in the file."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


@dataclass(frozen=True, slots=True)
class Placed:
    """A step with the id the machine knows it by and its place in the file."""

    id: str
    place: Place
    step: Step


def placed_steps(journey: Journey) -> list[Placed]:
    """Every step in document order; one without an id of its own is ``step_<n>``, n counting all steps from 1."""
    return [
        Placed(step.id or f"step_{number}", place, step)
        for number, (place, step) in enumerate(_walk(journey.steps, ("steps",)), start=1)
    ]


def _walk(steps: Sequence[Step], place: Place) -> Iterator[tuple[Place, Step]]:
    for index, step in enumerate(steps):
        yield (*place, index), step
        for inside, block in blocks_of(step):
            yield from _walk(block, (*place, index, *inside))
