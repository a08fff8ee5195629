"""What can a step be? The models of every step of the language, and the lists of steps inside a step."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from functions.journeys.language.fields import (
    ChannelWord,
    Duration,
    Events,
    Expression,
    Id,
    Name,
    OneOrManyChannels,
    Share,
    Text,
    TimeOfDay,
    Weekday,
)
from functions.journeys.language.reader import Place
from functions.journeys.language.shape import NO_STEP, Strict, a_list, broken
from functions.journeys.times import CLOCK


class Timed(Strict):
    """A time somebody waits until: a local time of day, or a date from the person's data."""

    until: Text | None = Field(
        default=None,
        description="a time of day, or a date of the person or of the entry",
        examples=["profile.traits.renewal_at"],
    )
    days: Annotated[list[Weekday], Field(min_length=1)] | None = Field(
        default=None, description="the days of the week on which a time of day counts", examples=[["mon", "tue"]]
    )
    zone: Text | None = Field(
        default=None,
        description="whose clocks: profile (the person's own) or an IANA zone",
        examples=["Europe/Helsinki"],
    )
    plus: Duration | None = Field(default=None, description="so long after that date", examples=["1d"])
    minus: Duration | None = Field(default=None, description="so long before that date", examples=["3d"])
    at: TimeOfDay | None = Field(default=None, description="at this time of that day", examples=["10:00"])

    @model_validator(mode="after")
    def _one_time(self) -> "Timed":
        if self.until is None:
            said = [word for word in ("days", "zone", "plus", "minus", "at") if getattr(self, word) is not None]
            if said:
                raise broken(f"{said[0]}: without until:", 'write until: "09:00" or until: profile.traits.x')
            return self
        clock = re.fullmatch(r"\d{1,2}:\d{2}", self.until) is not None
        if clock and not CLOCK.fullmatch(self.until):
            raise broken(f'"{self.until}" is no time of day', "write 00:00 to 23:59")
        if clock and (self.plus or self.minus or self.at):
            raise broken("a time of day takes no plus, minus or at", "write the time itself")
        if not clock and self.days:
            raise broken("days belong to a time of day", 'write until: "09:00" with days:')
        return self

    @property
    def time(self) -> dict[str, Any]:
        """What ``functions.journeys.times.resolve_until`` reads."""
        return self.model_dump(mode="json", exclude_none=True, include=set(Timed.model_fields))


class Until(Timed):
    """A computed wait: a local time of day, a date from the person's data, or the person's best hour."""

    best_time: Duration | None = Field(
        default=None, description="inside so long, the person's best hour", examples=["24h"]
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "Until":
        if (self.until is None) == (self.best_time is None):
            raise broken(
                "until or best_time is wanted, and only one", 'write until: "09:00" or until: profile.traits.x'
            )
        return self


class Outcomes(Strict):
    """Steps to take when a send was withheld or failed, or when the date of a wait cannot be read."""

    withheld: "Steps | None" = Field(default=None, description="when it was withheld: no consent, no address, too late")
    failed: "Steps | None" = Field(default=None, description="when it failed for good, or the date cannot be read")


class Step(Strict):
    """One step. ``id`` names it for other steps, ``title`` in the console."""

    id: Id | None = Field(
        default=None, description="how other steps, templates and scenarios call it", examples=["remind"]
    )
    title: Text | None = Field(
        default=None, description="what it is called in the console and the graph", examples=["Remind"]
    )

    @property
    def kind(self) -> str:
        """Which step this is: the tag of the language."""
        return KINDS[type(self)]


class WaitStep(Step):
    """Wait a while, or until a time."""

    wait: Annotated[
        Annotated[Duration, Tag("duration")] | Annotated[Until, Tag("Until")],
        Discriminator(lambda value: "Until" if isinstance(value, dict | Until) else "duration"),
    ] = Field(description="how long, or until when", examples=["1h"])
    on: Outcomes | None = Field(default=None, description="what to do when the date cannot be read (failed)")


class SendStep(Step):
    """Send a template on one channel, or on the first of several that is allowed and reachable."""

    send: Name = Field(
        description="the template: NAME.email.liquid, NAME.sms.liquid, NAME.push.yaml", examples=["reminder"]
    )
    channel: Annotated[
        list[ChannelWord],
        BeforeValidator(a_list, json_schema_input_type=OneOrManyChannels),
        Field(min_length=1, max_length=5),
    ] = Field(description="one; a list: the first that is allowed and reachable; preferred; all", examples=["email"])
    hurry: bool = Field(default=False, description="let nothing hold it back", examples=[True])
    on: Outcomes | None = Field(
        default=None, description="what to do when it was withheld or failed; without it the run goes on"
    )


class Awaited(Timed):
    """The event a wait_for waits for, and for how long: ``within`` a duration, or ``until`` a time."""

    on: Events = Field(description="what is waited for, or a list of events", examples=["Email Link Clicked"])
    where: Expression | None = Field(
        default=None,
        description="only if this holds; it sees event, entry and steps",
        examples=["event.properties.id == entry.properties.id"],
    )
    message: Id | None = Field(default=None, description="only receipts of this earlier send step", examples=["remind"])
    within: Duration | None = Field(default=None, description="at most so long", examples=["1d"])

    @model_validator(mode="after")
    def _ends(self) -> "Awaited":
        if (self.within is None) == (self.until is None):
            raise broken("within or until is wanted, and only one", "write within: 1d")
        return self


class WaitForStep(Step):
    """Wait for an event, at most so long; then go one way or the other."""

    wait_for: Awaited = Field(description="the event, and for how long")
    then: "Steps | None" = Field(default=None, description="when it happened")
    otherwise: "Steps | None" = Field(default=None, description="when the time is up")
    on: Outcomes | None = Field(default=None, description="what to do when the date of until cannot be read (failed)")


class Branch(Strict):
    """One way of a split: ``when`` a condition holds, or ``otherwise``."""

    when: Expression | None = Field(
        default=None, description="the condition of this branch", examples=['profile.traits.tier == "gold"']
    )
    steps: "Steps | None" = Field(default=None, description="what to do when it holds")
    otherwise: "Steps | None" = Field(default=None, description="what to do when no branch before it fits")

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, data: Any) -> Any:
        said = set(data) if isinstance(data, Mapping) else set()
        if said <= {"when", "steps", "otherwise"} and ("when" in said) == ("otherwise" in said):
            raise broken("a branch says when: or otherwise:, one of them", "write when: CONDITION with steps:")
        if {"otherwise", "steps"} <= said:
            raise broken("otherwise: already holds its steps", "move steps: below otherwise:")
        return data


class SplitStep(Step):
    """Take the first branch whose condition holds."""

    split: Annotated[list[Branch], Field(min_length=1, max_length=20)] = Field(
        description="branches; the first that holds is taken"
    )


class ExperimentStep(Step):
    """Give each person one variant for ever, in exact shares."""

    experiment: Id = Field(description="its name; one in a journey", examples=["nudge"])
    variants: Annotated[dict[Name, Share], Field(min_length=1, max_length=20)] = Field(
        description="the share of each variant, 100% together", examples=[{"short": "50%", "long": "50%"}]
    )
    steps: "dict[str, Steps | None]" = Field(
        default_factory=dict, description="the steps of each variant; one without steps goes on"
    )
    optimise: Literal["thompson"] | None = Field(
        default=None, description="move the shares towards what works", examples=["thompson"]
    )
    floor: Share | None = Field(default=None, description="the least share a variant keeps", examples=["10%"])


class ExitStep(Step):
    """End the run with a reason."""

    exit: Name = Field(description="the reason, as it stands in the enrolment", examples=["interested"])


class SetStep(Step):
    """Set traits."""

    set: dict[str, Any] = Field(
        description="traits and their values; a path is read, a text that looks like one is quoted twice",
        examples=[{"tier": "gold", "last_cart": "entry.properties.cart_id"}],
    )


class JoinStep(Step):
    """Put the person on a list."""

    join: Name = Field(description="an audience of policy.yaml with list: true", examples=["call_list"])


class LeaveStep(Step):
    """Take the person off a list."""

    leave: Name = Field(description="an audience of policy.yaml with list: true", examples=["call_list"])


class Callee(Strict):
    """Where a call goes and what it says."""

    url: Text | None = Field(default=None, description="where to")
    channel: Literal["webhook"] | None = Field(default=None, description="as a message of its own channel")
    template: Name | None = Field(default=None, description="what it says")
    wait_for_answer: Duration | None = Field(default=None, description="how long an answer may take", examples=["1h"])


class CallStep(Step):
    """Call a webhook: direct mail, a call centre, a paid audience."""

    call: Callee = Field(description="where to, and what")
    on: Outcomes | None = Field(default=None, description="what to do when it failed")


class DecideStep(Step):
    """Go on with the next best journey."""

    decide: Name = Field(
        description="the decision to ask for; a journey with entry: {decision: NAME} is entered", examples=["next_best"]
    )


class Loop(Strict):
    """How often the steps of a repeat run."""

    times: Annotated[int, Field(ge=1, le=1000)] | None = Field(default=None, description="how often", examples=[3])
    while_: Annotated[Expression | None, Field(alias="while")] = Field(
        default=None,
        description="as long as this holds, asked before each pass",
        examples=['count("Project Created") == 0'],
    )
    steps: "Steps" = Field(description="one pass; it must hold a wait")

    @model_validator(mode="after")
    def _ends(self) -> "Loop":
        if (self.times is None) == (self.while_ is None):
            raise broken("times or while is wanted, and only one", "write times: 3 or while: CONDITION")
        return self


class RepeatStep(Step):
    """Run steps again and again; the only loop."""

    repeat: Loop = Field(description="how often, and what")


WORDS: Mapping[str, type[Step]] = {
    "wait_for": WaitForStep,
    "wait": WaitStep,
    "send": SendStep,
    "split": SplitStep,
    "experiment": ExperimentStep,
    "repeat": RepeatStep,
    "exit": ExitStep,
    "set": SetStep,
    "join": JoinStep,
    "leave": LeaveStep,
    "call": CallStep,
    "decide": DecideStep,
}
KINDS: Mapping[type[Step], str] = {model: word for word, model in WORDS.items()}


def _which_step(value: Any) -> str | None:
    if isinstance(value, Step):
        return type(value).__name__
    if isinstance(value, Mapping):
        return next((model.__name__ for word, model in WORDS.items() if word in value), None)
    return None


AnyStep: TypeAlias = Annotated[
    Annotated[WaitForStep, Tag("WaitForStep")]
    | Annotated[WaitStep, Tag("WaitStep")]
    | Annotated[SendStep, Tag("SendStep")]
    | Annotated[SplitStep, Tag("SplitStep")]
    | Annotated[ExperimentStep, Tag("ExperimentStep")]
    | Annotated[RepeatStep, Tag("RepeatStep")]
    | Annotated[ExitStep, Tag("ExitStep")]
    | Annotated[SetStep, Tag("SetStep")]
    | Annotated[JoinStep, Tag("JoinStep")]
    | Annotated[LeaveStep, Tag("LeaveStep")]
    | Annotated[CallStep, Tag("CallStep")]
    | Annotated[DecideStep, Tag("DecideStep")],
    Discriminator(_which_step, custom_error_type=NO_STEP, custom_error_message="no step"),
]
Steps: TypeAlias = Annotated[list[AnyStep], Field(max_length=500)]

for _model in (
    Outcomes,
    WaitStep,
    SendStep,
    WaitForStep,
    Branch,
    SplitStep,
    ExperimentStep,
    Loop,
    RepeatStep,
    CallStep,
):
    _model.model_rebuild()


def blocks_of(step: Step) -> Iterator[tuple[Place, Sequence[Step]]]:
    """The lists of steps inside a step, with the way to each."""
    match step:
        case (
            WaitStep(on=Outcomes() as outcomes)
            | SendStep(on=Outcomes() as outcomes)
            | CallStep(on=Outcomes() as outcomes)
        ):
            yield ("on", "withheld"), outcomes.withheld or ()
            yield ("on", "failed"), outcomes.failed or ()
        case WaitForStep():
            yield ("then",), step.then or ()
            yield ("otherwise",), step.otherwise or ()
            if step.on is not None:
                yield ("on", "failed"), step.on.failed or ()
        case SplitStep():
            for index, branch in enumerate(step.split):
                word = "otherwise" if branch.when is None else "steps"
                yield ("split", index, word), (branch.otherwise if branch.when is None else branch.steps) or ()
        case ExperimentStep():
            for arm in step.variants:
                yield ("steps", arm), step.steps.get(arm) or ()
        case RepeatStep():
            yield ("repeat", "steps"), step.repeat.steps
        case _:
            return
