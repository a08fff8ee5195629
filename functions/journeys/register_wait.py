"""How does a step wait for an event without missing one? It says so first, and only then looks back.

An event is in the person's timeline before journeys hear of it. So either it is found by the look back, or the wait
stands when the event comes along the queue; when both, the second answer is refused as late.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from functions.journeys import policy
from functions.journeys.api import Enrolments, Switches
from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import parse
from functions.journeys.give_way import gives_way
from functions.journeys.machines import Machines
from functions.journeys.model import Enrolment, Parking, Wait
from functions.journeys.policy import Moment
from functions.profiles.api import Profiles
from functions.profiles.model import Snapshot
from functions.shared.clock import parse_instant
from functions.shared.events import Event
from functions.shared.names import EnrolmentId, ProfileId

# No earlier than the entry is any run's limit (``policy.concerns``); this one adds nothing to it.
THE_ENTRY = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WaitRegistrar:
    """Registers the waits of machines, and answers those whose event has already happened."""

    enrolments: Enrolments
    profiles: Profiles
    machines: Machines
    switches: Switches
    common: CommonFacts

    def register(self, task: Mapping[str, Any]) -> str:
        """``waiting``, ``happened`` when it already has, ``ended`` when the run has ended or waits at a later step.

        ``superseded`` when the person has become one with somebody who entered this journey earlier; ``held`` when the
        journey is paused, and then the machine asks to be parked.
        """
        if task.get("do") == "park":
            return self._park(task)
        # What was read some seconds ago may be over by now, and a machine that is held for nothing asks in circles.
        if self.switches.board().paused(task["journey"]) and self.switches.look().paused(task["journey"]):
            self.machines.hold(task["token"])
            return "held"
        profile, enrolment = ProfileId(task["profile"]), EnrolmentId(task["enrolment"])
        wait, entered_at = wait_of(task), parse_instant(task["entered_at"])
        run = self.enrolments.open_wait(profile, enrolment, wait, entered_at)
        if run is None:
            return "ended"
        snapshot = self.profiles.snapshot(profile)
        if snapshot and gives_way(run, snapshot, self.enrolments, self.machines, entered_at):
            return "superseded"
        event = already_happened(self.common, wait, run, snapshot) if snapshot else None
        if event is None:
            return "waiting"
        self.machines.answer(wait.token, policy.happened(event))
        self.enrolments.close_wait(profile, enrolment, wait)
        return "happened"

    def _park(self, task: Mapping[str, Any]) -> str:
        """``parked`` until the pause ends, ``let_go`` when it has ended, ``ended`` when the run has.

        Said first, and only then looked, as with a wait: either whoever resumes finds the parking, or the pause is over
        for who looks now.
        """
        parking = Parking(parse_instant(task["entered_at"]), task["step"], task["channel"], task["token"])
        run = self.enrolments.park(ProfileId(task["profile"]), EnrolmentId(task["enrolment"]), parking)
        if run is None:
            return "ended"
        if self.switches.look().paused(run.journey, parking.channel):
            return "parked"
        self.machines.answer(parking.token, {})
        self.enrolments.unpark(run, parking)
        return "let_go"


def wait_of(task: Mapping[str, Any]) -> Wait:
    """The wait a machine asks for. It looks back to the start of the last step that was not a wait, else to the entry.

    The machine keeps that time as ``at`` in what each such step answered.
    """
    steps: Mapping[str, Any] = task["steps"]
    answers = [one for one in steps.values() if isinstance(one, Mapping)]
    starts = [parse_instant(at) for at in (task.get("look_back_to"), *(one.get("at") for one in answers)) if at]
    events = [one["event"] for one in answers if isinstance(one.get("event"), Mapping)]
    where, message = task["where"], task["message"]
    reads_steps = where is not None and "steps" in parse(where).reads.roots
    return Wait(
        step=task["step"],
        token=task["token"],
        on=tuple(task["on"]),
        where=where,
        messages=None if message is None else _sent(steps.get(message, {}).get("message")),
        since=max(starts, default=THE_ENTRY),
        taken=tuple(one["messageId"] for one in events),
        steps=steps if reads_steps else {},
        visit=task.get("visit", 1),
    )


def _sent(message: str | Sequence[str] | None) -> tuple[str, ...]:
    """The ids of what a step sent: a send on all channels answers with several, an empty one where nothing is known."""
    ids = [message] if isinstance(message, str) else message or ()
    return tuple(one for one in ids if one)


def already_happened(common: CommonFacts, wait: Wait, run: Enrolment, snapshot: Snapshot) -> Event | None:
    """The first event since the run looks back to that is what it waits for."""
    moments = sorted(_moments(wait, snapshot), key=lambda event: event.order)
    return next((one for one in moments if policy.awaited(common, wait, Moment.of(one, snapshot), run)), None)


def _moments(wait: Wait, snapshot: Snapshot) -> Iterator[Event]:
    for name in wait.on:
        series = snapshot.series.get(name)
        for one in series.recent if series else ():
            # What was recorded before somebody waited for it has no id any more.
            if isinstance(one.message_id, int):
                continue
            body = {"event": name, "properties": one.properties}
            yield Event(one.message_id, "track", one.timestamp, one.timestamp, "", True, body)
