"""Where do enrolments live on the laptop's runner? In two dictionaries, with the conditions of the enrolments table."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from functions.journeys.api import (
    DecisionLine,
    DecisionLines,
    Enrolment,
    EnrolmentFuture,
    Enrolments,
    Goal,
    Parking,
    Wait,
)
from functions.journeys.collisions import MERGED, collisions
from functions.journeys.model import EnrolmentStatus, Standing
from functions.shared.changed import changed
from functions.shared.clock import parse_instant
from functions.shared.names import EnrolmentId, ProfileId
from functions.shared.store import TransactGet, TransactWrite
from infra.local.runner.paths import StateFault
from infra.local.runner.stores.together import NO_READING, as_kept, inside

STILL_RUNS = "#status IN (:starting, :active)"
UPDATE = re.compile(r"SET (#\w+ = :\w+(?:, #\w+ = :\w+)*)(?: REMOVE (#\w+(?:, #\w+)*))?")
INSTANTS = frozenset({"entered_at", "ended_at", "goal_reached_at"})


class Found(EnrolmentFuture):
    """An enrolment that was read when it was asked for."""

    def enrolment(self) -> Enrolment | None:
        """See ``EnrolmentFuture``."""
        found: Enrolment | None = self._found
        return found


class MemoryEnrolments(Enrolments):
    """``functions.journeys.api.Enrolments`` in this process."""

    def __init__(self, lines: DecisionLines | None = None) -> None:
        """Nobody has entered anything."""
        self._lines = lines
        self._runs: dict[ProfileId, dict[EnrolmentId, Enrolment]] = {}
        self._entries: dict[ProfileId, dict[str, int]] = {}
        self._refused: dict[tuple[ProfileId, EnrolmentId, str], DecisionLine] = {}
        # Kept beside the row: no decision reads it.
        self._wait_entered_at: dict[tuple[ProfileId, EnrolmentId], datetime] = {}

    def request(self, transaction: TransactGet, profile: ProfileId, enrolment: EnrolmentId) -> EnrolmentFuture:
        """See ``Enrolments``."""
        return Found(self.get(profile, enrolment))

    def still_active(self, transaction: TransactWrite, profile: ProfileId, enrolment: EnrolmentId) -> None:
        """See ``Enrolments``."""
        run = self.get(profile, enrolment)
        inside(transaction).expect(run is not None and run.running)

    def scan(self, journey: str | None = None) -> Iterator[Enrolment]:
        """See ``Enrolments``."""
        every = (run for runs in self._runs.values() for run in runs.values())
        return (run for run in every if journey in (None, run.journey))

    def parked(self) -> Iterator[Enrolment]:
        """See ``Enrolments``."""
        return iter([one for one in self.scan() if one.parked])

    def park(self, profile: ProfileId, enrolment: EnrolmentId, parking: Parking) -> Enrolment | None:
        """See ``Enrolments``."""
        run = self.get(profile, enrolment)
        kept = changed(parking, at=as_kept(parking.at))
        return self._change(profile, enrolment, _running, parked=(run.parked if run else frozenset()) | {kept})

    def unpark(self, run: Enrolment, parking: Parking) -> None:
        """See ``Enrolments``."""
        now = self.get(run.profile, run.enrolment)
        if now is not None:
            self._write(now, {"parked": now.parked - {changed(parking, at=as_kept(parking.at))}})

    def running(self, journey: str, or_ended_by: str) -> Iterator[Enrolment]:
        """See ``Enrolments``."""
        return iter([one for one in self.scan() if one.journey == journey and _is_of(one, or_ended_by)])

    def reading(self) -> AbstractContextManager[TransactGet]:  # type: ignore[override]
        """See ``Enrolments``."""
        return NO_READING

    def standing(self, ids: Sequence[ProfileId]) -> Standing:
        """See ``Enrolments``."""
        found = [run for profile in ids for run in self._runs.get(profile, {}).values()]
        entries = [self._entries.get(profile, {}) for profile in ids]
        return Standing.of(found, dict(entries[0]), entries)

    def earlier(self, run: Enrolment, ids: Sequence[ProfileId]) -> Enrolment | None:
        """See ``Enrolments``."""
        others = [one for one in ids if one != run.profile and run.journey in self._entries.get(one, {})]
        rivals = [one for other in others for one in self._runs[other].values() if one.enrolment != run.enrolment]
        return next((one.kept for one in collisions([run, *rivals]) if one.lost is run), None) if rivals else None

    def get(self, profile: ProfileId, enrolment: EnrolmentId) -> Enrolment | None:
        """See ``Enrolments``."""
        runs = self._runs.get(profile)
        return None if runs is None else runs.get(enrolment)

    def enter(self, enrolment: Enrolment, entries: int, lines: Sequence[DecisionLine] = ()) -> bool:
        """See ``Enrolments``."""
        profile, journey = enrolment.profile, enrolment.journey
        counts = self._entries.get(profile, {})
        if self.get(profile, enrolment.enrolment) is not None or counts.get(journey, 0) != entries:
            return False
        entered_at, happened_at = enrolment.entered_at, enrolment.entry.timestamp
        run = enrolment
        if entered_at.microsecond % 1000 or happened_at.microsecond % 1000:
            entry = changed(enrolment.entry, timestamp=as_kept(happened_at))
            run = changed(enrolment, entered_at=as_kept(entered_at), entry=entry)
        self._runs.setdefault(profile, {})[enrolment.enrolment] = run
        self._entries[profile] = {**counts, journey: entries + 1}
        if self._lines is not None:
            self._lines.write(lines)
        return True

    def starting(self, shard: int, until: datetime) -> Iterator[tuple[ProfileId, EnrolmentId]]:
        """See ``Enrolments``; here all stand in the first shard."""
        found = [run for run in self.scan() if run.status == "starting" and run.entered_at <= until]
        return ((one.profile, one.enrolment) for one in found if shard == 0)

    def forget_start(self, profile: ProfileId, enrolment: EnrolmentId) -> None:
        """See ``Enrolments``; there is no index to take it out of."""

    def activate(self, profile: ProfileId, enrolment: EnrolmentId) -> bool:
        """See ``Enrolments``."""
        return self._change(profile, enrolment, _running, status="active") is not None

    def exit(self, enrolment: Enrolment, reason: str, at: datetime, by: str, goal: Goal | None) -> Enrolment | None:
        """See ``Enrolments``."""
        ending = {**_ending("exited", reason, at), "ended_by": by, **_reaching(goal)}
        return self._change(enrolment.profile, enrolment.enrolment, _running, **ending)

    def supersede(self, run: Enrolment, at: datetime, by: str | None = None) -> Enrolment | None:
        """See ``Enrolments``."""
        return self._change(run.profile, run.enrolment, _running, **_superseding(at, by))

    def go_on(self, profile: ProfileId, enrolment: EnrolmentId, run: int) -> Enrolment | None:
        """See ``Enrolments``."""
        return self._change(profile, enrolment, lambda row: row.running and row.run == run, run=run + 1)

    def move(
        self, profile: ProfileId, enrolment: EnrolmentId, run: int, *, version: str, arms: Mapping[str, str]
    ) -> Enrolment | None:
        """See ``Enrolments``."""
        sets = {"run": run + 1, "version": version, "arms": dict(arms), "wait": None, "parked": frozenset()}
        return self._change(profile, enrolment, lambda row: row.running and row.run == run, **sets)

    def add_supersede(self, transaction: TransactWrite, run: Enrolment, at: datetime) -> None:
        """See ``Enrolments``."""
        self.still_active(transaction, run.profile, run.enrolment)
        stands, sets = self.get(run.profile, run.enrolment), _superseding(at, None)
        if stands is not None:
            inside(transaction).then(partial(self._write, stands, sets))

    def reach_goal(self, profile: ProfileId, enrolment: EnrolmentId, goal: Goal) -> bool:
        """See ``Enrolments``."""
        return self._change(profile, enrolment, _without_goal, **_reaching(goal)) is not None

    def open_wait(
        self, profile: ProfileId, enrolment: EnrolmentId, wait: Wait, entered_at: datetime
    ) -> Enrolment | None:
        """See ``Enrolments``."""
        moment, latest = as_kept(entered_at), self._wait_entered_at.get((profile, enrolment))
        if latest is not None and latest > moment:
            return None
        run = self.get(profile, enrolment)
        more = {"taken": run.taken | set(wait.taken)} if run and wait.visit > 1 and wait.taken else {}
        waiting = self._change(profile, enrolment, _running, wait=_kept_wait(wait), **more)
        if waiting is not None:
            self._wait_entered_at[profile, enrolment] = moment
        return waiting

    def close_wait(self, profile: ProfileId, enrolment: EnrolmentId, wait: Wait) -> bool:
        """See ``Enrolments``."""
        kept = _kept_wait(wait)
        return self._change(profile, enrolment, lambda run: run.wait == kept, wait=None) is not None

    def close(
        self,
        profile: ProfileId,
        enrolment: EnrolmentId,
        *,
        run: int,
        status: EnrolmentStatus,
        reason: str,
        at: datetime,
    ) -> bool:
        """See ``Enrolments``."""
        ending = _ending(status, reason, at)
        return self._change(profile, enrolment, lambda row: row.running and row.run == run, **ending) is not None

    def update_item(self, parameters: Mapping[str, Any]) -> None:
        """An UpdateItem of a machine, as the compiler writes it at a run's end; raises what its Catch names when the
        run has ended before."""
        sets, removed = assignments(parameters["UpdateExpression"])
        names, values = parameters["ExpressionAttributeNames"], parameters["ExpressionAttributeValues"]
        if parameters["ConditionExpression"] != STILL_RUNS:
            raise ValueError(f"the condition {parameters['ConditionExpression']!r} is not known")
        changes: dict[str, Any] = dict.fromkeys(names[one] for one in removed)
        changes.update({names[name]: values[value]["S"] for name, value in sets})
        for name in changes.keys() & INSTANTS:
            changes[name] = parse_instant(changes[name])
        profile = ProfileId(parameters["Key"]["pk"]["S"])
        enrolment = EnrolmentId(parameters["Key"]["sk"]["S"].removeprefix("E#"))
        if self._change(profile, enrolment, _running, **changes) is None:
            raise StateFault("DynamoDB.ConditionalCheckFailedException", "The conditional request failed")

    def _change(
        self, profile: ProfileId, enrolment: EnrolmentId, condition: Callable[[Enrolment], bool], **sets: Any
    ) -> Enrolment | None:
        run = self.get(profile, enrolment)
        return self._write(run, sets) if run is not None and condition(run) else None

    def _write(self, run: Enrolment, sets: Mapping[str, Any]) -> Enrolment:
        now = self._runs[run.profile][run.enrolment] = changed(run, **sets)
        if not now.running:
            self._wait_entered_at.pop((run.profile, run.enrolment), None)
        return now


@lru_cache(maxsize=64)
def assignments(update: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Reads ``SET #a = :a, #b = :b REMOVE #c``: what is set to which value, and what goes."""
    said = UPDATE.fullmatch(update)
    if said is None:
        raise ValueError(f"the update {update!r} is not known")
    sets = [tuple(one.split(" = ")) for one in said[1].split(", ")]
    return [(name, value) for name, value in sets], said[2].split(", ") if said[2] else []


def _running(run: Enrolment) -> bool:
    return run.running


def _is_of(run: Enrolment, cause: str) -> bool:
    return run.running or run.ended_by == cause


def _without_goal(run: Enrolment) -> bool:
    return run.goal_reached_at is None


def _ending(status: EnrolmentStatus, reason: str, at: datetime) -> dict[str, Any]:
    return {"status": status, "reason": reason, "ended_at": as_kept(at), "wait": None, "parked": frozenset[Parking]()}


def _superseding(at: datetime, by: str | None) -> dict[str, Any]:
    named = {} if by is None else {"ended_by": by}
    return {**_ending("superseded", MERGED, at), **named}


def _reaching(goal: Goal | None) -> dict[str, Any]:
    if goal is None:
        return {}
    valued = {} if goal.value is None else {"goal_value": goal.value}
    return {"goal_reached_at": as_kept(goal.reached_at), **valued}


def _kept_wait(wait: Wait) -> Wait:
    return changed(wait, since=as_kept(wait.since)) if wait.since.microsecond % 1000 else wait
