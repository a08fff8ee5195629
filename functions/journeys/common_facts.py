"""What do conditions know about everybody? The policy's zone and audiences; the person is added when they are asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.audiences.api import rules_of
from functions.journeys.conditions import Condition, ExpressionFault, Facts, parse
from functions.journeys.model import EntryEvent
from functions.journeys.times import zone_of
from functions.profiles.model import Snapshot
from functions.shared.events import Event


@dataclass(frozen=True, slots=True)
class CommonFacts:
    """The part of the facts that is the same for all people."""

    zone: str = "UTC"
    audiences: Mapping[str, Condition] = field(default_factory=dict)

    @staticmethod
    def of(policy: Mapping[str, Any]) -> "CommonFacts":
        """Reads the checked ``policy.yaml``."""
        audiences = {name: parse(where) for name, where in rules_of(policy).items()}
        return CommonFacts(policy.get("brand", {}).get("default_zone", "UTC"), audiences)

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
