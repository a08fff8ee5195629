"""Who has entered or left an audience? One delivery: read once, decide, write what changed, and tell it until told."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from functions.audiences.model import Look, Standing
from functions.audiences.policy import Rules, decide, message
from functions.audiences.store import Standings
from functions.profiles.api import Profiles, Snapshot
from functions.shared.bus import Bus, BusEvent
from functions.shared.clock import Clock
from functions.shared.errors import TransientError
from functions.shared.names import ProfileId
from functions.shared.observability import logger

SERVICE = "update-audiences"
ATTEMPTS = 6
# People looked at together; 500 that all enter something take some ten seconds of DynamoDB's answers.
PEOPLE_TOGETHER = 100
SECONDS_NEEDED = 15
# Former ids whose standing is taken over at once: each may take two of a transaction's hundred rows.
TAKEN_AT_ONCE = 40

Population = Callable[[], Mapping[str, timedelta]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one record asks for: people to look at, and people to forget."""

    looks: Sequence[Look]
    forgotten: Sequence[ProfileId] = ()

    def __len__(self) -> int:
        return len(self.looks) + len(self.forgotten)

    @staticmethod
    def read(body: Mapping[str, Any]) -> "Asked":
        """A message of the queue: ``looks`` from identity, ``again`` (ids) by time or by an operator, ``erasures``."""
        looks = [Look.from_json(one) for one in body.get("looks", ())]
        looks += [Look(ProfileId(one)) for one in body.get("again", ())]
        gone = [ProfileId(one) for erased in body.get("erasures", ()) for one in (erased["profile"], *erased["aka"])]
        if not looks and not gone:
            raise KeyError("looks, again or erasures")
        return Asked(looks, gone)


@dataclass(frozen=True, slots=True)
class Keeper:
    """The audiences consumer. ``counts`` is added to as it works; reading it starts it anew."""

    standings: Standings
    profiles: Profiles
    bus: Bus
    rules: Rules
    clock: Clock
    population: Population = dict
    _counts: Counter[str] = field(default_factory=Counter)

    def counts(self) -> Counter[str]:
        """What was done since it was last asked."""
        done = Counter({"audiences_asked": 0, **self._counts})
        self._counts.clear()
        return done

    def update(self, delivery: Mapping[str, Asked]) -> set[str]:
        """Handles ``{record: what it asks}``; answers the records of people whose standing could not be written.

        Delivered again, it decides on the person as they are then; what was written and not told is told.
        """
        looks: dict[ProfileId, Look] = {}
        for one in (look for asked in delivery.values() for look in asked.looks):
            looks[one.profile] = looks[one.profile].joined(one) if one.profile in looks else one
        people = self._people(looks.values())
        standings = self.standings.read({*looks, *(one.profile for one in people.values())})
        others = self._former(people.values(), standings)
        stuck: set[ProfileId] = set()
        untold: dict[ProfileId, Standing] = {}
        for asked_for, look in looks.items():
            try:
                told = self._look(look, people.get(asked_for), standings, others)
            except TransientError as error:
                logger(SERVICE).warning("person will be retried", extra={"why": str(error)})
                stuck.add(asked_for)
            else:
                untold.update(told)
        self._forget([one for asked in delivery.values() for one in asked.forgotten])
        self._tell(untold)
        return {record for record, asked in delivery.items() if any(one.profile in stuck for one in asked.looks)}

    def _people(self, looks: Iterable[Look]) -> dict[ProfileId, Snapshot]:
        """The people to look at by the ids they are asked for; read only where nobody has brought them along."""
        people = {look.profile: look.person for look in looks if look.person is not None}
        unread = [look.profile for look in looks if look.person is None]
        return {**people, **(self.profiles.snapshots(unread) if unread else {})}

    def _former(self, people: Iterable[Snapshot], standings: Mapping[ProfileId, Standing]) -> dict[ProfileId, Standing]:
        """The standings of former ids that nobody has taken over yet; one request for all, and none when there are
        none."""
        return self.standings.read({one for person in people for one in _untaken(person, standings[person.profile])})

    def _look(
        self,
        look: Look,
        person: Snapshot | None,
        standings: Mapping[ProfileId, Standing],
        others: Mapping[ProfileId, Standing],
    ) -> dict[ProfileId, Standing]:
        """The standing of a person who was looked at, when something of it is to be told."""
        for _attempt in range(ATTEMPTS):
            if person is None:
                self.standings.forget(look.profile, standings[look.profile])
                return {}
            before = standings[person.profile]
            former = {one: others[one] for one in _untaken(person, before)}
            decided = decide(
                self.rules,
                before,
                former,
                person=person,
                changed=look.changed,
                now=self.clock(),
                population=self.population(),
            )
            self._counts["audiences_asked"] += decided.asked
            after, unchanged = decided.standing, self.profiles.unchanged(person)
            if after is before or self.standings.write(person.profile, before, after, former, unchanged):
                self._counts.update(entered=sum(one.entered for one in decided.moves))
                self._counts.update(left=sum(not one.entered for one in decided.moves))
                return {person.profile: after} if after.untold else {}
            # The person, or their standing, is not what was read: both are read anew.
            person = self.profiles.snapshot(person.profile)
            standings = self.standings.read({look.profile, *([] if person is None else [person.profile])})
            others = {} if person is None else self._former([person], standings)
        raise TransientError(f"a standing still contended after {ATTEMPTS} attempts")

    def _tell(self, untold: Mapping[ProfileId, Standing]) -> None:
        """First the bus, then the rows: who dies in between tells it again, under the same ids."""
        said = [message(who, move) for who, standing in untold.items() for move in standing.untold]
        self.bus.publish([BusEvent(one["event"], one) for one in said])
        self.standings.told(untold)

    def _forget(self, profiles: Sequence[ProfileId]) -> None:
        for profile, standing in self.standings.read(profiles).items():
            self.standings.forget(profile, standing)


def _untaken(person: Snapshot, standing: Standing) -> list[ProfileId]:
    return sorted(set(person.aka) - set(standing.taken))[:TAKEN_AT_ONCE]
