"""What is a trait's value when several statements of it differ? Its fold decides, and never the order of arrival."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from functions.profiles.folds import RULES, FoldPolicy, Folds, Kind, Stamp, Statement, by_time, json_text

__all__ = ["Cell", "FoldPolicy", "Folds", "Stamp", "added", "cell_from_json", "joined", "to_json", "value_of"]

OPERATOR = "segue.operator"
# What one trait may keep: a value longer than its share of this, as JSON, is no statement.
CELL_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Cell:
    """What is kept of one trait: statements (oldest first), the newest null, the operator's newest statement.

    For the folds whose nulls are statements themselves (``last``, ``source_priority``) ``deleted`` stays None.
    """

    kind: Kind
    kept: tuple[Statement, ...] = ()
    deleted: Stamp | None = None
    pin: Statement | None = None

    @property
    def size(self) -> int:
        """About how many bytes of JSON it takes."""
        return sum(len(json_text(one.value)) for one in (*self.kept, self.pin) if one)

    @property
    def newest(self) -> Stamp | None:
        """When the trait was last stated; None when nothing is kept, and then the cell need not be."""
        stamps = [one.stamp for one in (*self.kept, self.pin) if one]
        return max([*stamps, self.deleted] if self.deleted else stamps, default=None)


def added(cell: Cell | None, fold: FoldPolicy, value: Any, stamp: Stamp, source: str) -> Cell:
    """The cell after one more event stated the trait; any order of the same events gives the same cell.

    A statement of ``segue.operator`` is a pin: it stands above every fold until the next one, and a null takes it away.
    The caller passes that source for trusted events only, and no event twice.
    """
    if source == OPERATOR:
        return joined(_under(fold, cell), Cell(fold.kind, pin=Statement(value, stamp)), fold)
    return joined(_under(fold, cell), _stating(fold, value, stamp, source), fold)


def joined(one: Cell, other: Cell, fold: FoldPolicy) -> Cell:
    """The cell of both sides' events: commutative, associative and, but for two folds, idempotent.

    ``sum`` and ``most_frequent`` add what the sides counted: their sides must be layers that share no event.
    """
    one, other = _under(fold, one), _under(fold, other)
    rule = RULES[fold.kind]
    deleted = max((stamp for stamp in (one.deleted, other.deleted) if stamp), default=None)
    both = sorted((*one.kept, *other.kept), key=by_time)
    if rule.forgets:
        both = _since(deleted, both)
    pins = [cell.pin for cell in (one, other) if cell.pin]
    return Cell(
        kind=fold.kind,
        kept=tuple(sorted(rule.kept(both, fold), key=by_time)) if both else (),
        deleted=deleted,
        pin=max(pins, key=by_time, default=None),
    )


def value_of(cell: Cell, fold: FoldPolicy) -> Any:
    """The trait's value as JSON; None when it has none."""
    if cell.pin and cell.pin.value is not None:
        return cell.pin.value
    cell = _under(fold, cell)
    seen = _since(cell.deleted, cell.kept)
    return RULES[fold.kind].seen(seen, fold) if seen else None


def to_json(cell: Cell, index: Callable[[Stamp], int]) -> Any:
    """``[value, stamp]`` for a trait of the default fold, else a mapping; ``index`` numbers stamps in a shared list."""

    def written(one: Statement) -> list[Any]:
        amount = int(one.amount) if one.amount.denominator == 1 else str(one.amount)
        full = [one.value, index(one.stamp), one.source, amount]
        return full if amount != 1 else full[:3] if one.source else full[:2]

    if cell.kind == "last" and cell.kept and not cell.pin:
        return written(cell.kept[0])
    data: dict[str, Any] = {"fold": cell.kind, "kept": [written(one) for one in cell.kept]}
    if cell.deleted:
        data["deleted"] = index(cell.deleted)
    if cell.pin:
        data["pin"] = written(cell.pin)
    return data


def cell_from_json(data: Any, stamps: Sequence[Stamp]) -> Cell:
    """Reads what ``to_json`` wrote, and the ``[value, stamp]`` of rows older than folds."""

    def read(value: Any, at: int, source: str = "", amount: int | str = 1) -> Statement:
        return Statement(value, stamps[at], source, Fraction(amount) if isinstance(amount, str) else amount)

    if isinstance(data, list):
        return Cell("last", (read(*data),))
    return Cell(
        kind=data["fold"],
        kept=tuple(read(*one) for one in data["kept"]),
        deleted=stamps[data["deleted"]] if "deleted" in data else None,
        pin=read(*data["pin"]) if "pin" in data else None,
    )


def _under(fold: FoldPolicy, cell: Cell | None) -> Cell:
    """The cell as this fold keeps it. After a change of policy the value found so far counts as one statement."""
    if cell is None or cell.kind == fold.kind:
        return cell or Cell(fold.kind)
    bare = replace(cell, pin=None)
    if bare.newest is None:
        return Cell(fold.kind, pin=cell.pin)
    found = _stating(fold, value_of(bare, FoldPolicy(cell.kind)), bare.newest, "")
    return joined(Cell(fold.kind, pin=cell.pin), found, fold)


def _stating(fold: FoldPolicy, value: Any, stamp: Stamp, source: str) -> Cell:
    rule = RULES[fold.kind]
    if value is None and not rule.null_is_said:
        return Cell(fold.kind, deleted=stamp)
    said = [one for one in rule.stated(value, stamp, source) if len(json_text(one.value)) <= CELL_BYTES // rule.most]
    return Cell(fold.kind, tuple(said))


def _since(deleted: Stamp | None, statements: Sequence[Statement]) -> list[Statement]:
    return [one for one in statements if deleted is None or one.stamp > deleted]
