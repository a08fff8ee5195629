"""How do people move when something happens? Read a person once, decide, write each effect so that it may come again.

A person is read under all ids they have or had; what they enter is written under the present one.

An effect on a run is always its row first, then its execution: the gate reads the row, so a run that was ended sends
nothing more even if the process dies before the execution is stopped.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeVar

from functions.journeys import entries, policy
from functions.journeys.admission import Admission
from functions.journeys.api import DecisionLine, Enrolments, Switches
from functions.journeys.collisions import MERGED, collisions
from functions.journeys.enrolment_ids import enrolment_id
from functions.journeys.entries import Contest, Enter, Refuse, StartAgain, Verdict
from functions.journeys.machines import Machines
from functions.journeys.model import Enrolment, Standing
from functions.journeys.policy import Exit, Moment, Reach, Rules, StopAgain
from functions.profiles.api import Profiles
from functions.profiles.model import Snapshot
from functions.shared.changed import changed
from functions.shared.clock import Clock, parse_instant
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import CHANNELS, Channel, ContactKey, EnrolmentId, ProfileId
from functions.shared.observability import logger

SERVICE = "advance-people"
# Entries of one person meet when two of their events are delivered at once; five in a row are an incident.
ATTEMPTS = 5
T = TypeVar("T")
ENDED_BY_ITSELF = frozenset({"completed", "failed"})


@dataclass(frozen=True, slots=True)
class Advancer:
    """The journeys consumer. ``counts`` is added to as it works; reading it starts it anew.

    ``tell_lines`` keeps why somebody did not enter; without ``admission`` every run starts at once.
    """

    enrolments: Enrolments
    profiles: Profiles
    machines: Machines
    switches: Switches
    rules: Rules
    deployment_key: str
    clock: Clock
    tell_lines: Callable[[Sequence[DecisionLine]], None] = lambda lines: None
    admission: Admission | None = None
    _counts: Counter[str] = field(default_factory=Counter)
    _lines: list[DecisionLine] = field(default_factory=list)
    _held: list[Enrolment] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """What was done since it was last asked."""
        done = Counter({"people": 0, **self._counts})
        self._counts.clear()
        return done

    def advance(self, body: Mapping[str, Any]) -> None:
        """Advances the people of one queue message; ``TransientError`` when some could not be, the others are done.

        ``people`` = persons with what happened to them, ``merges`` = hints that two persons have become one,
        ``erasures`` = people who are to be forgotten, ``starts`` = runs that were entered and not started yet,
        ``scheduled`` = people whose time has come by a journey's schedule.
        """
        deeds = {
            "merges": self._settle_merge,
            "erasures": self._forget,
            "starts": self._start_entered,
            "scheduled": self._enter_scheduled,
            "people": self._advance_person,
        }
        if not deeds.keys() & body.keys():
            raise KeyError(", ".join(deeds))
        done = [self._attempt(act, one) for field, act in deeds.items() for one in body.get(field, ())]
        self._tell_lines()
        self._hold_back()
        if not all(done):
            raise TransientError(f"{done.count(False)} of {len(done)} people")

    def _tell_lines(self) -> None:
        """One request for all people of a message; when it fails, the message comes again and says the same."""
        lines, self._lines[:] = list(self._lines), []
        if lines:
            self.tell_lines(lines)

    def _hold_back(self) -> None:
        """Puts off what there was no room for. When that fails the message comes again, and finds the rows."""
        runs, self._held[:] = list(self._held), []
        if runs and self.admission is not None:
            self._counts["starts_held_back"] += len(runs)
            self.admission.hold_back(runs)

    def _attempt(self, act: Callable[[T], None], one: T) -> bool:
        try:
            act(one)
        except TransientError as error:
            logger(SERVICE).warning("person will be retried", extra={"why": str(error)})
        except Exception as error:
            # One person nobody can read must not hold up the others of the message. The class only: the text of a
            # foreign error may hold a person's data.
            logger(SERVICE).error("person failed", extra={"error": type(error).__name__})
        else:
            return True
        return False

    def _settle_merge(self, merge: Mapping[str, Any]) -> None:
        """Ends the runs that a merge made one too many. It enters nobody: nothing has happened to the person."""
        snapshot = Snapshot.from_json(merge["profile"])
        self._one_of_each(self.enrolments.standing(snapshot.ids), snapshot, [merge["op"]])

    def _forget(self, erasure: Mapping[str, Any]) -> None:
        """Ends every run of a person who was erased; delivered again, it stops again what it ended."""
        standing = self.enrolments.standing([ProfileId(one) for one in (erasure["profile"], *erasure["aka"])])
        for run in standing.enrolments.values():
            if run.running:
                ended = self.enrolments.exit(run, "erased", self.clock(), erasure["messageId"], None)
                self.machines.stop(ended or run, "erased")
            elif run.reason == "erased":
                self.machines.stop(run, "erased")

    def _advance_person(self, person: Mapping[str, Any]) -> None:
        snapshot = Snapshot.from_json(person["profile"])
        events = sorted(map(Event.from_json, person["events"]), key=lambda one: one.order)
        standing = self.enrolments.standing(snapshot.ids)
        standing = self._one_of_each(standing, snapshot, [one.message_id for one in events])
        moments = [Moment.of(event, snapshot) for event in events]
        for _, together in groupby(moments, key=lambda moment: moment.event.timestamp):
            standing = self._advance_instant(list(together), standing)
        self._counts["people"] += 1

    def _enter_scheduled(self, said: Mapping[str, Any]) -> None:
        """Enters people at a tick of a journey's schedule; one read for all of them."""
        journey, at = said["journey"], parse_instant(said["tick"])
        if journey not in self.rules.journeys:
            return
        people = {one.profile: one for one in self.profiles.snapshots(map(ProfileId, said["profiles"])).values()}

        def enter(person: Snapshot) -> None:
            moment = Moment.of(entries.tick(journey, at, person.profile), person)
            standing = self.enrolments.standing(person.ids)
            standing = self._one_of_each(standing, person, [moment.event.message_id])
            self._enter_one(Contest(journey, [journey]), moment, standing)

        done = [self._attempt(enter, one) for one in people.values()]
        if not all(done):
            raise TransientError(f"{done.count(False)} of {len(done)} scheduled people")

    def _one_of_each(self, standing: Standing, snapshot: Snapshot, causes: Sequence[str]) -> Standing:
        """Of two runs of one journey that met in one person only the earlier goes on.

        ``causes`` = what this delivery is about; a repetition of it stops again what it ended the first time.
        """
        if len(snapshot.ids) == 1:
            return standing
        for run in standing.enrolments.values():
            if (run.status, run.reason) == ("superseded", MERGED) and run.ended_by in causes:
                self.machines.stop(run, MERGED)
        for double in (one for one in standing.doubles if one.running):
            self.enrolments.supersede(double, self.clock(), causes[0])
        if not collisions(standing.enrolments.values()):
            return standing
        # Queues keep messages for days, and what was merged may have been taken apart since.
        now = self.profiles.snapshot(snapshot.profile)
        of_one_person = [one for one in standing.enrolments.values() if now is not None and one.profile in now.ids]
        for collision in collisions(of_one_person):
            standing = standing.having(self._supersede(collision.lost, causes[0]))
        return standing

    def _supersede(self, run: Enrolment, cause: str) -> Enrolment:
        now = self.clock()
        superseded = self.enrolments.supersede(run, now, cause)
        self.machines.stop(superseded or run, MERGED)
        if superseded is None:
            return self._as_stored(run)
        self._counts["superseded"] += 1
        return changed(run, status="superseded", reason=MERGED, ended_at=now, ended_by=cause, wait=None)

    def _advance_instant(self, instant: Sequence[Moment], standing: Standing) -> Standing:
        """Exits and goals of all events of an instant, then waking waits, then entries."""
        before = standing.enrolments.keys()
        for moment in instant:
            standing = self._end(moment, standing, before)
        for moment in instant:
            standing = self._wake(moment, standing)
        for moment in instant:
            standing = self._enter(moment, standing)
        # What was entered at this instant hears of its later events as well.
        entered = standing.enrolments.keys() - before
        for moment in instant:
            standing = self._end(moment, standing, entered)
        return standing

    def _end(self, moment: Moment, standing: Standing, among: Collection[EnrolmentId]) -> Standing:
        if not among:
            return standing
        for ending in policy.endings(self.rules, moment, [standing.enrolments[one] for one in among]):
            match ending:
                case Exit():
                    standing = standing.having(self._exit(ending, moment.event))
                case StopAgain(enrolment, reason):
                    self.machines.stop(enrolment, reason)
                case Reach():
                    standing = standing.having(self._reach(ending))
        return standing

    def _exit(self, ending: Exit, event: Event) -> Enrolment:
        enrolment, reason, goal = ending.enrolment, ending.reason, ending.goal
        now = self.clock()
        exited = self.enrolments.exit(enrolment, reason, now, event.message_id, goal)
        # Also when somebody else has just ended it: whoever did may have died before this request. As it is stored, for
        # it may have gone on in a new execution meanwhile.
        self.machines.stop(exited or enrolment, reason)
        if exited is None:
            return self._reach(Reach(enrolment, goal)) if goal else self._as_stored(enrolment)
        self._counts.update({"exits": 1, "goals": int(goal is not None)})
        ended = changed(enrolment, status="exited", reason=reason, ended_at=now, ended_by=event.message_id, wait=None)
        return changed(ended, goal_reached_at=goal.reached_at, goal_value=goal.value) if goal else ended

    def _reach(self, ending: Reach) -> Enrolment:
        enrolment, goal = ending.enrolment, ending.goal
        if not self.enrolments.reach_goal(enrolment.profile, enrolment.enrolment, goal):
            return self._as_stored(enrolment)
        self._counts["goals"] += 1
        return changed(enrolment, goal_reached_at=goal.reached_at, goal_value=goal.value)

    def _wake(self, moment: Moment, standing: Standing) -> Standing:
        for wake in policy.wakings(self.rules, moment, standing.enrolments.values()):
            # Answered, then forgotten: a second answer is refused as late, a wait forgotten unanswered sleeps on.
            self._counts["wakes"] += self.machines.answer(wake.wait.token, wake.output)
            self.enrolments.close_wait(wake.enrolment.profile, wake.enrolment.enrolment, wake.wait)
            standing = standing.having(changed(wake.enrolment, wait=None))
        return standing

    def _enter(self, moment: Moment, standing: Standing) -> Standing:
        for contest in entries.contests(self.rules, moment.event):
            standing = self._enter_one(contest, moment, standing)
        return standing

    def _enter_one(self, contest: Contest, moment: Moment, standing: Standing) -> Standing:
        for _ in range(ATTEMPTS):
            known, now = standing.enrolments.values(), self.clock()
            found = entries.verdicts(self.rules, moment, contest, known, now, closed=self._closed)
            match next((one for one in found if isinstance(one, Enter | StartAgain)), None):
                case StartAgain(enrolment):
                    return standing.having(self._start(enrolment, moment.snapshot))
                case Enter() as decided:
                    enrolment = self._new(decided, contest, moment)
                    others = self._lines_of(found, contest, moment)
                    if not self.enrolments.enter(enrolment, standing.own_entries.get(decided.journey, 0), others):
                        # The person entered this journey since we looked; what held then may not hold now.
                        standing = self.enrolments.standing(moment.snapshot.ids)
                        continue
                    self._count_refused(others)
                    self._counts["held_out" if decided.held_out else "entries"] += 1
                    standing = standing.entered(enrolment)
                    return standing if decided.held_out else standing.having(self._start(enrolment, moment.snapshot))
                case None:
                    others = self._lines_of(found, contest, moment)
                    self._count_refused(others)
                    self._lines.extend(others)
                    return standing
        raise TransientError("a person's entries kept changing")

    def _closed(self, journey: str) -> str | None:
        return self.switches.board().refusal(journey)

    def _lines_of(self, verdicts: Sequence[Verdict], contest: Contest, moment: Moment) -> list[DecisionLine]:
        """Of each journey that the event would have entered, why it does not."""
        refused = [one for one in verdicts if isinstance(one, Refuse)]
        if not refused:
            return []
        profile, entry, now = moment.snapshot.profile, self._entry_id(contest, moment), self.clock()
        return [
            DecisionLine(profile, entry, one.journey, one.decision, one.reason, now, _facts(moment, one))
            for one in refused
        ]

    def _count_refused(self, lines: Sequence[DecisionLine]) -> None:
        for one in lines:
            self._counts[f"refused_{one.reason}"] += 1
            logger(SERVICE).info("entry refused", extra={"journey": one.journey, "reason": one.reason})

    def _new(self, decided: Enter, contest: Contest, moment: Moment) -> Enrolment:
        return Enrolment(
            profile=moment.snapshot.profile,
            enrolment=self._entry_id(contest, moment),
            journey=decided.journey,
            version=decided.version,
            status="held_out" if decided.held_out else "starting",
            entered_at=self.clock(),
            entry=policy.entry_of(moment.event),
            arms=decided.arms,
            key=decided.key,
        )

    def _entry_id(self, contest: Contest, moment: Moment) -> EnrolmentId:
        return enrolment_id(self.deployment_key, contest.named, moment.event.message_id)

    def _start_entered(self, said: Mapping[str, Any]) -> None:
        """Starts a run whose row says that nobody has; of one that was, or has ended, nothing is left to do."""
        run = self.enrolments.get(ProfileId(said["profile"]), EnrolmentId(said["enrolment"]))
        if run is None:
            return
        if run.status != "starting":
            self.enrolments.forget_start(run.profile, run.enrolment)
            return
        self._start(run, self.profiles.snapshot(run.profile))

    def _start(self, enrolment: Enrolment, snapshot: Snapshot | None) -> Enrolment:
        if self.admission is not None and not self.admission.admits():
            self._held.append(enrolment)
            return enrolment
        loops = self.rules.journeys.get(enrolment.journey, {}).get("loops", ())
        self.machines.start(enrolment, _contacts(snapshot, CHANNELS) if snapshot else {}, loops)
        if self.enrolments.activate(enrolment.profile, enrolment.enrolment):
            return changed(enrolment, status="active")
        ended = self._as_stored(enrolment)
        if ended.status not in ENDED_BY_ITSELF:
            # An exit met the run while it was starting: it marked the row and found nothing to stop.
            self.machines.stop(ended, ended.reason or ended.status)
        return ended

    def _as_stored(self, enrolment: Enrolment) -> Enrolment:
        return self.enrolments.get(enrolment.profile, enrolment.enrolment) or changed(enrolment, status="superseded")


def _facts(moment: Moment, refused: Refuse) -> dict[str, str]:
    return {"event": moment.event.name} | ({} if refused.winner is None else {"winner": refused.winner})


def _contacts(snapshot: Snapshot, channels: Iterable[Channel]) -> dict[Channel, ContactKey]:
    """The key of the best address of each channel: what dispatch reads beforehand, right or not."""
    best = {channel: snapshot.best_contact(channel) for channel in channels}
    return {channel: contact.key for channel, contact in best.items() if contact is not None}
