"""Is what was seen what was expected? Every difference, with the decision line that explains it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.shared.clock import format_instant
from infra.local.scenarios.definition import DecisionRow, EnrolmentRow, MessageRow, Row, Scenario
from infra.local.scenarios.explain import Explainer
from infra.local.scenarios.tell import Told
from infra.local.worlds import Seen

Facts = Mapping[str, Any]
# Seconds are what authors write; a receipt of milliseconds is the same moment.
SAME_MOMENT = timedelta(seconds=1)
LARGEST_TABLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected: in which list, what was expected, what there is, and why so, in words."""

    list: str
    expected: Facts | None
    got: Facts | None
    because: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, times as texts."""
        return {
            "list": self.list,
            "expected": _plain(self.expected),
            "got": _plain(self.got),
            "because": [*self.because],
        }


@dataclass(frozen=True, slots=True)
class Side:
    """One line of the message lists side by side; ``same`` when both hold it."""

    expected: Facts | None
    got: Facts | None
    same: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """All differences, and the message lists side by side where those differ."""

    differences: Sequence[Difference]
    messages: Sequence[Side] = ()


def compare(scenario: Scenario, told: Told) -> Compared:
    """What differs; nothing when the scenario passed."""
    return _Comparison(scenario, told).compared()


def messages_of(seen: Seen) -> list[dict[str, Any]]:
    """What was sent, in the order of time, then of journeys and channels."""
    lines = {line.message: line for line in seen.lines}
    sent = [(one, lines[message]) for one in seen.outbox if (message := one.message) in lines]  # type: ignore[index]
    rows = [
        {
            "userId": seen.users.get(line.profile),
            "journey": line.journey,
            "step": line.step,
            "channel": line.channel,
            "at": one.at,
            "subject": one.subject,
            "to": one.to,
        }
        for one, line in sent
    ]
    return sorted(rows, key=_tied)


def decisions_of(seen: Seen) -> list[dict[str, Any]]:
    """What was decided of messages, and of entries."""
    rows = [
        {
            "at": line.decided_at,
            "userId": seen.users.get(line.profile),
            "journey": line.journey,
            "step": line.step,
            "channel": line.channel,
            "decision": line.decision,
            "reason": line.reason,
        }
        for line in seen.lines
    ]
    rows += [
        {
            "at": run.entered_at,
            "userId": seen.users.get(run.profile),
            "journey": run.journey,
            "step": None,
            "channel": None,
            "decision": run.status,
            "reason": run.reason or run.status,
        }
        for run in seen.enrolments
        if run.status == "held_out"
    ]
    rows += [
        {
            "at": line.at,
            "userId": seen.users.get(line.profile),
            "journey": line.journey,
            "step": None,
            "channel": None,
            "decision": line.decision,
            "reason": line.reason,
        }
        for line in seen.refusals
    ]
    return sorted(rows, key=lambda row: (row["at"], row["journey"], row["channel"] or ""))


def enrolments_of(seen: Seen) -> list[dict[str, Any]]:
    """Every run."""
    rows = [
        {
            "userId": seen.users.get(run.profile),
            "journey": run.journey,
            "status": "active" if run.status == "starting" else run.status,
            "reason": run.reason,
            "entered_at": run.entered_at,
            "ended_at": run.ended_at,
            "goal_at": run.goal_reached_at,
            "goal_value": run.goal_value,
        }
        for run in seen.enrolments
    ]
    return sorted(rows, key=lambda row: (row["entered_at"], row["journey"]))


class _Comparison:
    def __init__(self, scenario: Scenario, told: Told) -> None:
        self.scenario = scenario
        self.told = told
        self.explainer = Explainer(scenario, told.seen)

    def compared(self) -> Compared:
        troubles = [Difference("when", self._happened(one.row), None, [one.why]) for one in self.told.troubles]
        expect, seen = self.scenario.expect, self.told.seen
        sides = [] if expect.messages is None else self._sides(expect.messages, messages_of(seen))
        differences = [
            *troubles,
            *(self._of_side(side) for side in sides if not side.same),
            *self._each("decisions", expect.decisions or (), decisions_of(seen)),
            *self._each("enrolments", expect.enrolments or (), enrolments_of(seen)),
        ]
        return Compared(differences, sides if any(not side.same for side in sides) else ())

    def _happened(self, row: int) -> Facts:
        return self.scenario.when[row].model_dump(by_alias=True, exclude_unset=True)

    def _of_side(self, side: Side) -> Difference:
        return Difference("messages", side.expected, side.got, self.explainer.message(side.expected, side.got))

    def _each(
        self, name: str, rows: Sequence[DecisionRow | EnrolmentRow], got: Sequence[Facts]
    ) -> Iterator[Difference]:
        for row in rows:
            if not any(self._fits(row, one) for one in got):
                wanted = self._said(row)
                nearest = self._nearest(wanted, got)
                because = self.explainer.row(wanted, nearest, runs=name == "enrolments")
                yield Difference(name, wanted, nearest, because)

    def _nearest(self, wanted: Facts, got: Sequence[Facts]) -> Facts | None:
        """The row that agrees in most, of the same person, journey and step where those are named."""
        named = [name for name in ("userId", "journey", "step") if name in wanted]
        same = [one for one in got if all(one[name] == wanted[name] for name in named)]
        return max(same, key=lambda one: sum(_same(wanted[name], one[name]) for name in wanted), default=None)

    def _sides(self, rows: Sequence[MessageRow], got: list[dict[str, Any]]) -> list[Side]:
        """Both lists beside each other, as many pairs as there can be; nothing between them changes place."""
        _settle_ties(rows, got, self._fits)
        sides: list[Side] = []
        expected = [self._said(row) for row in rows]
        here = there = 0
        for left, right in [*_pairs(rows, got, self._fits), (len(rows), len(got))]:
            sides += _beside(expected[here:left], got[there:right])
            if left < len(rows):
                sides.append(Side(expected[left], got[right], same=True))
            here, there = left + 1, right + 1
        return sides

    def _said(self, row: Row) -> dict[str, Any]:
        """What a row says, moments as instants."""
        said = row.model_dump(by_alias=True, exclude_unset=True)
        moments = {"at", "entered_at", "ended_at", "goal_at"}
        return {
            name: self.scenario.instant(value) if name in moments and value is not None else value
            for name, value in said.items()
        }

    def _fits(self, row: Row, one: Facts) -> bool:
        return all(_same(value, one[name]) for name, value in self._said(row).items())


def _same(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, datetime) and isinstance(got, datetime):
        return abs(wanted - got) < SAME_MOMENT
    return bool(wanted == got)


def _tied(row: Facts) -> tuple[datetime, str, str]:
    return row["at"], row["journey"], row["channel"]


def _settle_ties(rows: Sequence[MessageRow], got: list[dict[str, Any]], fits: Any) -> None:
    """Of messages at one instant of one journey and channel, to several people, any order is the expected one."""
    for place, row in enumerate(rows[: len(got)]):
        for other in range(place, len(got)):
            if _tied(got[other]) != _tied(got[place]):
                break
            if fits(row, got[other]):
                got[place], got[other] = got[other], got[place]
                break


def _pairs(rows: Sequence[MessageRow], got: Sequence[Facts], fits: Any) -> Iterator[tuple[int, int]]:
    """The longest common subsequence, as places in both."""
    start = 0
    while start < min(len(rows), len(got)) and fits(rows[start], got[start]):
        yield start, start
        start += 1
    if (len(rows) - start) * (len(got) - start) > LARGEST_TABLE:
        return
    wide = len(got) - start
    length = [[0] * (wide + 1) for _ in range(len(rows) - start + 1)]
    fit = [[fits(row, one) for one in got[start:]] for row in rows[start:]]
    for left in reversed(range(len(fit))):
        for right in reversed(range(wide)):
            both = 1 + length[left + 1][right + 1] if fit[left][right] else 0
            length[left][right] = max(both, length[left + 1][right], length[left][right + 1])
    left = right = 0
    while left < len(fit) and right < wide:
        if fit[left][right] and length[left][right] == 1 + length[left + 1][right + 1]:
            yield start + left, start + right
            left, right = left + 1, right + 1
        elif length[left + 1][right] >= length[left][right + 1]:
            left += 1
        else:
            right += 1


def _beside(expected: Sequence[Facts], got: Sequence[Facts]) -> Iterator[Side]:
    """Lines without a partner: of one person's one step, beside each other, else each by itself."""
    rest = list(got)
    for wanted in expected:
        partner = next((one for one in rest if all(wanted.get(n, one[n]) == one[n] for n in ("userId", "step"))), None)
        if partner is not None:
            yield from (Side(None, one, same=False) for one in rest[: rest.index(partner)])
            rest = rest[rest.index(partner) + 1 :]
        yield Side(wanted, partner, same=False)
    yield from (Side(None, one, same=False) for one in rest)


def _plain(facts: Facts | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {name: format_instant(value) if isinstance(value, datetime) else value for name, value in facts.items()}
