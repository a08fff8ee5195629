"""What do conditions know about everybody? The policy's zone and audiences; the person is added when they are asked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.journeys.conditions import Condition, ExpressionFault, Facts, parse
from functions.journeys.model import EntryEvent
from functions.journeys.times import zone_of
from functions.profiles.model import Snapshot
from functions.shared.events import Event


class Audiences(Mapping[str, Condition]):
    """The conditions of the policy's audiences, each read when it is first asked for: of 10,000 few are."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        self._rules = rules
        self._read: dict[str, Condition] = {}

    def __getitem__(self, name: str) -> Condition:
        if name not in self._read:
            self._read[name] = parse(self._rules[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)


@dataclass(frozen=True, slots=True)
class CommonFacts:
    """The part of the facts that is the same for all people."""

    zone: str = "UTC"
    audiences: Mapping[str, Condition] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()

    @staticmethod
    def of(policy: Mapping[str, Any]) -> "CommonFacts":
        """Reads the checked ``policy.yaml``."""
        audiences = policy.get("audiences", {})
        return CommonFacts(
            policy.get("brand", {}).get("default_zone", "UTC"),
            Audiences({name: one["where"] for name, one in audiences.items() if one.get("where")}),
            frozenset(name for name, one in audiences.items() if one.get("list")),
        )

    def about(
        self,
        snapshot: Snapshot,
        now: datetime,
        *,
        event: Event | None = None,
        entry: EntryEvent | None = None,
        steps: Mapping[str, Any] | None = None,
        population: Mapping[str, timedelta] | None = None,
    ) -> Facts:
        """The facts about one person at one instant."""
        return Facts(
            snapshot=snapshot,
            now=now,
            zone=zone_of(snapshot.traits, self.zone),
            event=event,
            entry=entry,
            steps=steps or {},
            audiences=self.audiences,
            lists=self.lists,
            population=population or {},
        )

    def expected_by(self, expressions: Iterable[str]) -> list[str]:
        """The events whose next occurrence the expressions ask about, themselves or through an audience."""
        expected: set[str] = set()
        for text in expressions:
            try:
                reads = parse(text).reads
            except ExpressionFault:
                # A time of day or a date stands where an expression may stand; it reads nothing.
                continue
            expected |= reads.expected
            named = {one.name for one in reads.references if one.kind == "audience"} & self.audiences.keys()
            expected.update(event for name in named for event in self.audiences[name].reads.expected)
        return sorted(expected)
