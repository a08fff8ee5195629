"""What is a step called in the console? Its title, its id in words, or what it does."""

from collections.abc import Sequence
from datetime import timedelta

from functions.journeys import durations
from functions.journeys.conditions import ExpressionFault, parse
from functions.journeys.language.steps import (
    DecideStep,
    ExperimentStep,
    JoinStep,
    LeaveStep,
    RepeatStep,
    SendStep,
    SetStep,
    SplitStep,
    Step,
    Timed,
    Until,
    WaitForStep,
    WaitStep,
)
from functions.journeys.times import CLOCK

_CHANNELS = {
    "email": "email",
    "sms": "SMS",
    "push": "push",
    "preferred": "the preferred channel",
    "all": "all channels",
}


def step_title(step: Step) -> str:  # noqa: PLR0911 - one return per kind
    """The name of the state a step begins with, before it is made unique."""
    named = _named(step)
    match step:
        case WaitStep(wait=Until() as until):
            return named or f"Wait {until_words(until)}"
        case WaitStep(wait=str() as duration):
            waiting = f"Wait {_length(duration)}"
            return f"{named}: {waiting.lower()}" if named else waiting
        case SendStep():
            return send_title(step, step.channel)
        case WaitForStep():
            awaited = step.wait_for
            ending = until_words(awaited) if awaited.within is None else f"{_length(awaited.within)} at most"
            return f"Wait for {' or '.join(awaited.on)}, {ending}"
        case SplitStep():
            return f"Ask: {split_question(step).removesuffix('?')}"
        case ExperimentStep():
            return f"Experiment: {_spoken(step.experiment)}"
        case RepeatStep():
            return _repeat_title(step, named)
    return named or _act(step)


def send_title(step: SendStep, channels: Sequence[str]) -> str:
    """What a send does on these channels, the first before the others."""
    ways = ", else ".join(_CHANNELS[channel] for channel in channels)
    return f"{_named(step) or f'Send {_spoken(step.send)}'} by {ways}"


def _repeat_title(step: RepeatStep, named: str) -> str:
    if step.repeat.while_ is not None:
        return f"Ask: {while_question(step).removesuffix('?')}"
    times = f"{step.repeat.times} times" if step.repeat.times != 1 else "once"
    return f"{named}: repeat {times}" if named else f"Repeat {times}"


def _act(step: Step) -> str:
    match step:
        case SetStep():
            return f"Set {' and '.join(step.set)}"
        case JoinStep():
            return f"Join {step.join}"
        case LeaveStep():
            return f"Leave {step.leave}"
        case DecideStep():
            return f"Decide: {step.decide}"
    return _spoken(step.kind).capitalize()


def while_question(step: RepeatStep) -> str:
    """What a repeat asks before every pass, with a question mark."""
    named = _named(step)
    words = named.removesuffix("?") or condition_words(step.repeat.while_ or "")
    return f"{words[:1].upper()}{words[1:]}?"


def split_question(step: SplitStep) -> str:
    """What a split asks, with a question mark."""
    named = _named(step)
    conditions = [branch.when for branch in step.split if branch.when is not None]
    if named:
        return f"{named.removesuffix('?')}?"
    if len(conditions) == 1:
        words = condition_words(conditions[0])
        return f"{words[:1].upper()}{words[1:]}?"
    return f"Which of {len(conditions)} ways?"


def condition_words(text: str) -> str:
    """A condition as a statement; as written when it cannot be read."""
    try:
        return parse(text).sentence()
    except ExpressionFault:
        return text


def until_words(until: Timed) -> str:
    """``until 09:00 on mon, tue``, ``until 2 days before the expected next Order Completed``."""
    if isinstance(until, Until) and until.best_time is not None:
        return f"until the best hour within {_length(until.best_time)}"
    text = until.until or ""
    if CLOCK.fullmatch(text):
        return f"until {text} on {', '.join(until.days)}" if until.days else f"until {text}"
    words = text if text[:4].isdigit() else parse(text).words()
    if until.minus is not None:
        words = f"{_length(until.minus)} before {words}"
    if until.plus is not None:
        words = f"{_length(until.plus)} after {words}"
    return f"until {words}" + (f" at {until.at}" if until.at else "")


def _named(step: Step) -> str:
    title = step.title or (_spoken(step.id) if step.id else "")
    return f"{title[:1].upper()}{title[1:]}"


def _spoken(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _length(duration: str) -> str:
    length: timedelta = durations.parse_duration(duration)
    return durations.in_words(length)
