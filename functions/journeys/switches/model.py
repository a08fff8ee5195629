"""What did somebody switch off, and what follows for a journey or a channel?"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from functions.shared.clock import format_instant, parse_instant
from functions.shared.reasons import Reason

Word = Literal["pause", "stop", "kill"]
Command = Literal["pause", "resume", "stop", "kill"]
Kind = Literal["journey", "channel"]

REFUSALS: Mapping[Word, Reason] = {"pause": "paused", "stop": "stopped", "kill": "kill_switch"}
"""Why nobody enters a journey that stands so."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a switch belongs to: a journey or a channel by its name."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Switch:
    """How a target stands since ``at`` (aware UTC), and who said so."""

    word: Word
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Board:
    """Every switch that is not as usual. A target has one: what was said last holds."""

    switches: Mapping[Target, Switch] = field(default_factory=dict)

    def refusal(self, journey: str) -> Reason | None:
        """Why nobody enters the journey now; None when it is open."""
        switch = self.switches.get(Target("journey", journey))
        return None if switch is None else REFUSALS[switch.word]

    def killed(self, journey: str, channel: str) -> Kind | None:
        """Whose kill switch stops this message for good; None when no such switch is on."""
        return self._on("kill", journey, channel)

    def paused(self, journey: str, channel: str | None = None) -> Kind | None:
        """Whose pause holds this message (or, without a channel, this wait) back; None when none does."""
        return self._on("pause", journey, channel)

    def turned(self, target: Target, switch: Switch | None) -> "Board":
        """With the target's switch as said; None = as usual again."""
        others = {one: known for one, known in self.switches.items() if one != target}
        return replace(self, switches=others if switch is None else {**others, target: switch})

    def to_json(self) -> list[dict[str, str]]:
        """One object a switch: ``journey`` or ``channel``, ``word``, ``at``, ``by``."""
        return [
            {target.kind: target.name, "word": switch.word, "at": format_instant(switch.at), "by": switch.by}
            for target, switch in self.switches.items()
        ]

    @staticmethod
    def from_json(said: list[dict[str, Any]]) -> "Board":
        """Reads what ``to_json`` wrote."""
        kinds: tuple[Kind, ...] = ("journey", "channel")
        return Board(
            {
                Target(kind, one[kind]): Switch(one["word"], parse_instant(one["at"]), one["by"])
                for one in said
                for kind in kinds
                if kind in one
            }
        )

    def _on(self, word: Word, journey: str, channel: str | None) -> Kind | None:
        if not self.switches:
            return None
        asked: list[tuple[Kind, str | None]] = [("journey", journey), ("channel", channel)]
        for kind, name in asked:
            switch = None if name is None else self.switches.get(Target(kind, name))
            if switch is not None and switch.word == word:
                return kind
        return None
