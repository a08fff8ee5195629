"""Why is somebody in an audience, or not? What of its condition holds, what does not, and what is not known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.audiences.api import Standing
from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import Condition, Facts
from functions.journeys.conditions.closures import truth_of
from functions.journeys.conditions.tree import Join
from functions.journeys.conditions.words import statement
from functions.profiles.model import Snapshot
from functions.shared.clock import format_instant

LIST = "people are put on this list and taken off it"


@dataclass(frozen=True, slots=True)
class Membership:
    """One audience and one person. ``holds`` = by what is known now; ``since`` = what was last written down, which
    follows within seconds, or a quarter of an hour when only time has passed."""

    audience: str
    words: str
    holds: bool
    since: datetime | None = None
    lacking: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The shape of ``--json``."""
        return {
            "audience": self.audience,
            "condition": self.words,
            "holds": self.holds,
            "since": None if self.since is None else format_instant(self.since),
            "lacking": self.lacking,
            "missing": self.missing,
        }


def in_words(policy: Mapping[str, Any]) -> dict[str, str]:
    """Each audience of a policy by name, said in words."""
    common = CommonFacts.of(policy)
    return {name: _words(common, name) for name in sorted(policy.get("audiences", {}))}


def memberships(policy: Mapping[str, Any], person: Snapshot, standing: Standing, now: datetime) -> list[Membership]:
    """A person and every audience of a policy, by name."""
    common = CommonFacts.of(policy)
    facts = common.about(person, now)
    found: list[Membership] = []
    for name in sorted(policy.get("audiences", {})):
        since = standing.members.get(name)
        if name in common.lists:
            found.append(Membership(name, LIST, name in person.lists, since))
            continue
        condition = common.audiences[name]
        holds = condition.holds(facts)
        lacking = [] if holds else _lacking(condition, facts)
        found.append(Membership(name, condition.sentence(), holds, since, lacking, condition.missing(facts)))
    return found


def _words(common: CommonFacts, name: str) -> str:
    return LIST if name in common.lists else common.audiences[name].sentence()


def _lacking(condition: Condition, facts: Facts) -> list[str]:
    """The parts that would have to hold and do not; nothing where the condition has one part only."""
    tree = condition.tree
    items = tree.items if isinstance(tree, Join) and tree.operator == "and" else ()
    return [statement(item) for item in items if truth_of(item)(facts) is not True]
