"""Which audiences must be asked, who is in them now, and when may time alone change that?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from functions.audiences.model import Move, Standing
from functions.audiences.news import all_of
from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import Facts, changes_at
from functions.profiles.model import Snapshot
from functions.shared.clock import format_instant
from functions.shared.names import ProfileId
from functions.shared.publication import Publication

_MILLISECOND = timedelta(milliseconds=1)
# Who says on the bus that somebody entered or left.
SOURCE = "segue.audiences"
ENTERED, EXITED = "Audience Entered", "Audience Exited"


@dataclass(frozen=True, slots=True)
class Rules:
    """The audiences of a policy, and which of them each change may concern (``publication.mentions``)."""

    common: CommonFacts = field(default_factory=CommonFacts)
    mentions: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @staticmethod
    def of(publication: Publication) -> "Rules":
        """Those of a publication; conditions are read when they are first asked."""
        return Rules(CommonFacts.of(publication.policy), publication.mentions)

    def concerned(self, changed: Iterable[str]) -> set[str]:
        """The audiences that mention what changed."""
        return {name for what in changed for name in self.mentions.get(what, ())}


@dataclass(frozen=True, slots=True)
class Decided:
    """A standing as it shall be, the moves that lead to it, and how many audiences were asked for it."""

    standing: Standing
    moves: Sequence[Move]
    asked: int


def decide(
    rules: Rules,
    before: Standing,
    others: Mapping[ProfileId, Standing],
    *,
    person: Snapshot,
    changed: Collection[str] | None,
    now: datetime,
    population: Mapping[str, timedelta] | None = None,
) -> Decided:
    """Where a person stands now. ``others`` = standings of former ids that are not yet part of this one; who was in an
    audience under either id was in it, and neither enters nor leaves it by becoming one."""
    members = _together([before, *others.values()])
    names = rules.concerned(all_of(person) if changed is None else changed)
    facts = rules.common.about(person, now, population=population)
    dues = [one.due for one in (before, *others.values()) if one.due is not None]
    due = None if changed is None else min(dues, default=None)
    moves: list[Move] = []
    asked = sorted(names if changed is not None else names | members.keys())
    for name in asked:
        inside = _holds(rules, name, facts)
        if inside != (name in members):
            moves.append(Move(name, inside, now, before.version + 1))
        turns = _turns(rules, name, facts, due)
        due = due if turns is None else turns
    entered = {one.audience: one.at for one in moves if one.entered}
    left = {one.audience for one in moves if not one.entered}
    after = replace(
        before,
        members={name: since for name, since in sorted({**members, **entered}.items()) if name not in left},
        due=due,
        untold=(*before.untold, *moves),
        taken=tuple(sorted({*before.taken, *others} & {*person.aka})),
    )
    return Decided(before if after == before else replace(after, version=before.version + 1), moves, len(asked))


def message(profile: ProfileId, move: Move) -> dict[str, Any]:
    """The Segment track message of a move: the person by profile id; the same id however often it is told."""
    name = f"segue:audience/{profile}/{move.audience}/{move.generation}/{format_instant(move.at)}"
    return {
        "type": "track",
        "event": ENTERED if move.entered else EXITED,
        "messageId": str(uuid5(NAMESPACE_URL, name)),
        "timestamp": format_instant(move.at),
        "context": {"externalIds": [{"type": "segue_profile", "id": profile}]},
        "properties": {"audience": move.audience},
    }


def _together(standings: Iterable[Standing]) -> dict[str, datetime]:
    members: dict[str, datetime] = {}
    for standing in standings:
        for name, since in standing.members.items():
            members[name] = min(since, members.get(name, since))
    return members


def _holds(rules: Rules, name: str, facts: Facts) -> bool:
    if name in rules.common.lists:
        return name in facts.snapshot.lists
    # An audience that was taken out of the policy is left.
    return name in rules.common.audiences and rules.common.audiences[name].holds(facts)


def _turns(rules: Rules, name: str, facts: Facts, before: datetime | None) -> datetime | None:
    condition = rules.common.audiences.get(name)
    turns = None if condition is None else changes_at(condition, facts, before)
    return None if turns is None else _whole(turns)


def _whole(instant: datetime) -> datetime:
    """The instant in milliseconds, as rows keep it: not before it, so that who looks then finds what has changed."""
    since = datetime(1970, 1, 1, tzinfo=UTC)
    return since - (since - instant) // _MILLISECOND * _MILLISECOND
