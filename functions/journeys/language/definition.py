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

    on: Events | None = None
    where: Expression | None = None
    audience: Name | None = None
    schedule: Text | None = None
    zone: Text | None = None
    decision: Name | None = None

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

    after: Duration | None = None
    per: Expression | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Reentry":
        if self.after is None and self.per is None:
            raise broken("no rule", "write after: or per:, or reentry: never or always")
        return self


class Goal(Strict):
    """What the journey is for: an event inside a window after entry; it ends the run unless ``keep``."""

    on: Events
    where: Expression | None = None
    within: Duration | None = None
    value: Expression | None = None
    keep: bool = False


class Exit(Strict):
    """An event that ends the run at once, wherever the person stands."""

    on: Events
    where: Expression | None = None


class Late(Strict):
    """What a step does that wakes far too late."""

    after: Duration
    then: Literal["run", "skip"]


class Journey(Strict):
    """A whole journey.yaml."""

    placeholders = MappingProxyType(
        {"journey": "unnamed", "class": "service", "entry": {"on": "Anything"}, "steps": [{"wait": "1h"}]}
    )

    journey: Annotated[Name, Field(description="the name; the same as the folder's")]
    title: Text | None = None
    class_: Annotated[Literal["marketing", "service", "transactional"], Field(alias="class")]
    topic: Annotated[Name | None, Field(description="a topic of policy.yaml")] = None
    entry: Entry
    reentry: Annotated[
        Annotated[Literal["never", "always"], Tag("word")] | Annotated[Reentry, Tag("Reentry")],
        Discriminator(lambda value: "Reentry" if isinstance(value, dict | Reentry) else "word"),
    ] = Reentry(after="0s")
    holdout: Share | None = None
    goal: Goal | None = None
    exit: Annotated[list[Exit], BeforeValidator(a_list, json_schema_input_type=Exit | list[Exit])] = Field(
        default_factory=list
    )
    priority: Annotated[int, Field(ge=0, le=1000)] = 0
    group: Name | None = None
    offer: Name | None = None
    late: Late | None = None
    steps: Annotated[list[AnyStep], Field(min_length=1, max_length=500)]

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
