"""Why did somebody get a message, or none? The decision lines and the runs that say so, in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from functions.dispatch.api import Message
from functions.journeys.api import DecisionLine, Enrolment
from functions.shared.clock import format_instant
from infra.cli.numbers import many
from infra.local.scenarios.definition import Scenario
from infra.local.worlds import Seen

Facts = Mapping[str, Any]
GUARDS: Mapping[str, str] = {
    "enrolment_active": "is the person still in this journey?",
    "address_allowed": "may anything go to this address?",
    "consent_given": "did the person say yes to this topic at this address?",
}
DECIDED: Mapping[str, str] = {
    "sent": "was sent",
    "withheld": "was withheld",
    "deferred": "was deferred",
    "failed": "failed",
}
# Of lines that explain one difference.
MOST = 8
UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def since(start: datetime, instant: datetime) -> str:
    """``2d4h`` after the start, as authors write it; a time before it as a time."""
    if instant < start:
        return format_instant(instant)
    seconds, written = int((instant - start) / timedelta(seconds=1)), ""
    for unit, length in UNITS:
        whole, seconds = divmod(seconds, length)
        written += f"{whole}{unit}" if whole else ""
    return written or "0s"


class Explainer:
    """Explains what was seen of one scenario."""

    def __init__(self, scenario: Scenario, seen: Seen) -> None:
        self._start = scenario.starts_at
        self._seen = seen

    def message(self, expected: Facts | None, got: Facts | None) -> list[str]:
        """Why this message is not as expected."""
        if expected is not None and got is not None:
            return [f"differs in {_wrong(expected, got)}", *self._decided(got)]
        if got is not None:
            return ["nobody expected it", *self._decided(got)]
        return self._missing(expected or {})

    def row(self, wanted: Facts, nearest: Facts | None, runs: bool) -> list[str]:
        """Why an expected row did not occur; of an enrolment, what became of the person's ``runs``."""
        differs = [] if nearest is None else [f"the nearest differs in {_wrong(wanted, nearest)}"]
        return [*differs, *(_some(self._ran(wanted)) if runs else self._missing(wanted))]

    def _missing(self, wanted: Facts) -> list[str]:
        """What was decided of a step instead, and whom its journey refused; else how far the person came."""
        lines = self._told(wanted)
        journeys = {line.journey for line in lines}
        refused = [one for one in self._refusals(wanted.get("userId")) if one.journey in journeys]
        said = [*map(self._line, lines), *map(self._refusal, refused)]
        lost = [f"{name} gave up {many(number, 'message')}" for name, number in sorted(self._seen.given_up.items())]
        return [*_some(said or self._ran(wanted)), *lost]

    def _decided(self, facts: Facts) -> list[str]:
        return [self._line(line) for line in self._told(facts)]

    def _told(self, facts: Facts) -> list[Message]:
        """The decision lines of a message that was sent, or of a step that was to send one."""
        names = ("journey", "step", "channel") if "subject" in facts else ("journey", "step")
        return [
            line
            for line in self._lines(facts.get("userId"))
            if all(facts.get(name) in (None, getattr(line, name)) for name in names)
            and ("subject" not in facts or line.decided_at == facts.get("at"))
        ]

    def _ran(self, facts: Facts) -> list[str]:
        """How far the person came in journeys."""
        user = facts.get("userId")
        runs = [run for run in self._runs(user) if facts.get("journey") in (None, run.journey)]
        refusals = [one for one in self._refusals(user) if facts.get("journey") in (None, one.journey)]
        if runs or refusals:
            return [*map(self._run, runs), *map(self._refusal, refusals)]
        journey = facts.get("journey") or "any journey"
        return [f"{user or 'nobody'} did not enter {journey}: nothing that happened matches an entry"]

    def _lines(self, user: str | None) -> Sequence[Message]:
        some = [one for one in self._seen.lines if user is None or self._seen.users.get(one.profile) == user]
        return sorted(some, key=lambda one: (one.decided_at, one.journey, one.channel))

    def _runs(self, user: str | None) -> Sequence[Enrolment]:
        some = [one for one in self._seen.enrolments if user is None or self._seen.users.get(one.profile) == user]
        return sorted(some, key=lambda one: (one.entered_at, one.journey))

    def _refusals(self, user: str | None) -> Sequence[DecisionLine]:
        some = [one for one in self._seen.refusals if user is None or self._seen.users.get(one.profile) == user]
        return sorted(some, key=lambda one: (one.at, one.journey))

    def _refusal(self, line: DecisionLine) -> str:
        """``at 2h, u1 did not enter welcome: withheld (reentry); seen: event Order Completed``"""
        who, saw = self._seen.users.get(line.profile, "somebody"), ", ".join(_saw(line.facts))
        when = since(self._start, line.at)
        return f"at {when}, {who} did not enter {line.journey}: {line.decision} ({line.reason}); seen: {saw}"

    def _line(self, line: Message) -> str:
        """``at 1h, remind by email to u1 was withheld (no_consent): did the person ...? topic offers, consent ...``"""
        who = self._seen.users.get(line.profile, "somebody")
        decided = DECIDED.get(line.decision or "", f"is {line.phase}")
        reason = f" ({line.reason})" if line.reason else ""
        asked = GUARDS.get(line.guard or "", (line.guard or "").replace("_", " "))
        saw = ", ".join(_saw(line.facts))
        why = f": {asked} {saw}" if asked else f"; seen: {saw}" if saw else ""
        when = since(self._start, line.decided_at)
        return f"at {when}, {line.step} by {line.channel} to {who} {decided}{reason}{why}"

    def _run(self, run: Enrolment) -> str:
        """``u1 entered welcome at 0s by Order Completed, and exited at 3d (Order Completed)``"""
        who = self._seen.users.get(run.profile, "somebody")
        entered = f"{who} entered {run.journey} at {since(self._start, run.entered_at)} by {run.entry.event}"
        if run.status == "held_out":
            return f"{who} was held out of {run.journey} at {since(self._start, run.entered_at)}"
        if run.running:
            waits = f", waiting at {run.wait.step}" if run.wait is not None else ""
            return f"{entered}, and is still in it{waits}"
        reason = f" ({run.reason})" if run.reason else ""
        ended = f" at {since(self._start, run.ended_at)}" if run.ended_at is not None else ""
        return f"{entered}, and {run.status}{ended}{reason}"


def _some(said: Sequence[str]) -> list[str]:
    return [*said[:MOST], f"and {len(said) - MOST} more"] if len(said) > MOST else [*said]


def _wrong(wanted: Facts, got: Facts) -> str:
    return ", ".join(name for name, value in wanted.items() if got[name] != value)


def _saw(facts: Facts) -> Iterator[str]:
    for name, value in facts.items():
        words = name.replace("_", " ")
        if value is None:
            # "not suppressed", "no address"
            yield f"{'not' if name.endswith('ed') else 'no'} {words}"
        elif isinstance(value, bool):
            yield words if value else f"not {words}"
        else:
            yield f"{words} {value}"
