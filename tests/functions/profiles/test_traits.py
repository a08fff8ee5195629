"""The fold of one trait: any order and any layers give the value that reading all its statements at once gives."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import reduce
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.profiles.folds import STAIRS, VALUES_COUNTED, VALUES_UNITED, Kind
from functions.profiles.traits import (
    OPERATOR,
    Cell,
    FoldPolicy,
    Folds,
    Stamp,
    added,
    cell_from_json,
    joined,
    to_json,
    value_of,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KINDS: Sequence[Kind] = get_args(Kind)
ADDING = ("sum", "most_frequent")
SOURCES = ("crm", "shop", "web", "app")


def policy(kind: Kind) -> FoldPolicy:
    return FoldPolicy(kind, ("crm", "shop") if kind == "source_priority" else ())


@dataclass(frozen=True)
class Said:
    value: Any
    seconds: int
    source: str = "shop"
    message_id: str = "m"

    @property
    def stamp(self) -> Stamp:
        return NOON + timedelta(seconds=self.seconds), self.message_id


def celled(fold: FoldPolicy, many: Sequence[Said], cell: Cell | None = None) -> Cell:
    for one in many:
        cell = added(cell, fold, one.value, one.stamp, one.source)
    return cell or Cell(fold.kind)


def folded(kind: Kind, *values: Any) -> Any:
    """The value once these were said, one a second."""
    return value_of(celled(policy(kind), [Said(value, n) for n, value in enumerate(values)]), policy(kind))


def repacked(cell: Cell) -> Cell:
    stamps: dict[Stamp, int] = {}
    data = json.loads(json.dumps(to_json(cell, lambda stamp: stamps.setdefault(stamp, len(stamps)))))
    return cell_from_json(data, list(stamps))


few = st.sampled_from([None, None, True, False, 0, 1, 2, -3, 10, 0.1, 0.2, 2.0, "gold", "silver", "", "1"])
lists = st.lists(few, max_size=3)
texts = st.text("ab1 \u00e9\ud800", max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
) | st.sampled_from([10**400, -(10**400), 2**53, 1e308, 5e-324, "\ud800", [["x"]], {"a": None}])


@st.composite
def statements(draw: st.DrawFn, values: st.SearchStrategy[Any] = few | lists, operator: bool = True) -> list[Said]:
    """Events of one trait; equal times are common, so that message ids decide."""
    sources = st.sampled_from([*SOURCES, OPERATOR] if operator else SOURCES)
    return [
        Said(draw(values), draw(st.integers(0, 6)), draw(sources), f"m{n}") for n in range(draw(st.integers(0, 12)))
    ]


kinds = st.sampled_from(KINDS)
randoms = st.randoms(use_true_random=False)


@given(kinds, statements(few | lists | json_values), randoms, st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_any_order_and_any_layers_give_the_same_cell(
    kind: Kind, many: list[Said], random: Random, layer_of: list[int]
) -> None:
    fold = policy(kind)
    whole = celled(fold, many)
    assert celled(fold, random.sample(many, len(many))) == whole
    layers = [[one for one, where in zip(many, layer_of, strict=False) if where == layer] for layer in range(3)]
    cells = [celled(fold, random.sample(layer, len(layer))) for layer in layers]
    assert reduce(lambda one, other: joined(one, other, fold), random.sample(cells, 3)) == whole
    assert joined(cells[0], joined(cells[1], cells[2], fold), fold) == whole
    if kind not in ADDING:
        assert joined(joined(whole, cells[1], fold), whole, fold) == whole


@given(kinds, statements())
def test_the_value_is_what_reading_all_statements_at_once_gives(kind: Kind, many: list[Said]) -> None:
    assert same(value_of(celled(policy(kind), many), policy(kind)), read_at_once(kind, many))


@given(kinds, statements(few | lists | json_values))
def test_a_cell_is_read_back_as_it_was_packed(kind: Kind, many: list[Said]) -> None:
    cell = celled(policy(kind), many)
    assert repacked(cell) == cell
    assert same(value_of(repacked(cell), policy(kind)), value_of(cell, policy(kind)))


@given(statements(json_values), statements(json_values), kinds, kinds)
def test_no_json_and_no_change_of_policy_raises(before: list[Said], after: list[Said], old: Kind, new: Kind) -> None:
    cell = celled(policy(old), before)
    changed = value_of(cell, policy(new))
    cell = celled(policy(new), after, cell)
    json.dumps([changed, value_of(repacked(cell), policy(new))])
    assert cell.kind == new or not after


def same(one: Any, other: Any) -> bool:
    return json.dumps(one) == json.dumps(other)


def read_at_once(kind: Kind, many: list[Said]) -> Any:
    """The definition of every fold, with all statements at hand."""
    in_order = sorted(many, key=lambda one: one.stamp)
    pins = [one.value for one in in_order if one.source == OPERATOR]
    if pins and pins[-1] is not None:
        return pins[-1]
    in_order = [one for one in in_order if one.source != OPERATOR]
    return DEFINITIONS[kind](in_order)


def newest_null(many: Sequence[Said]) -> int:
    return max((at for at, one in enumerate(many) if one.value is None), default=-1)


def last(many: Sequence[Said]) -> Any:
    return many[-1].value if many else None


def first(many: Sequence[Said]) -> Any:
    given_at = [at for at, one in enumerate(many) if one.value is not None]
    if not given_at or given_at[-1] < newest_null(many):
        return None
    return many[given_at[0] if given_at[0] > newest_null(many) else given_at[-1]].value


def kind_of(value: Any) -> int | None:
    kinds_in_order: Sequence[type | tuple[type, ...]] = (bool, (int, float), str)
    return next((n for n, one in enumerate(kinds_in_order) if isinstance(value, one)), None)


def extreme(best: Callable[..., Any]) -> Callable[[Sequence[Said]], Any]:
    def read(many: Sequence[Said]) -> Any:
        values = [one.value for one in many[newest_null(many) + 1 :] if kind_of(one.value) is not None]
        # The newest of equal values: 2 and 2.0.
        return best(reversed(values), key=lambda value: (kind_of(value), value)) if values else None

    return read


def total(many: Sequence[Said]) -> Any:
    amounts = [(at, Decimal(str(one.value))) for at, one in enumerate(many) if kind_of(one.value) == 1]
    if not amounts or amounts[-1][0] < newest_null(many):
        return None
    exact = sum(amount for _, amount in amounts)
    return int(exact) if exact == int(exact) else float(exact)


def alike(value: Any) -> Any:
    return (kind_of(value), value) if kind_of(value) is not None else json.dumps(value)


def union(many: Sequence[Said]) -> Any:
    said: dict[Any, Any] = {}
    for one in many[newest_null(many) + 1 :]:
        # One list that holds equal values (2 and 2.0) shows its last.
        for value in one.value if isinstance(one.value, list) else [one.value]:
            if value is not None:
                said[alike(value)] = value
    return [said[key] for key in sorted(said)] or None


def most_frequent(many: Sequence[Said]) -> Any:
    counts: dict[Any, int] = {}
    newest: dict[Any, int] = {}
    for at, one in enumerate(many):
        if one.value is not None:
            counts[alike(one.value)] = counts.get(alike(one.value), 0) + 1
            newest[alike(one.value)] = at
    shown = [key for key in counts if newest[key] > newest_null(many)]
    return many[newest[max(shown, key=lambda key: (counts[key], newest[key]))]].value if shown else None


def source_priority(many: Sequence[Said]) -> Any:
    by_rank = [
        [one for one in many if one.source == "crm"],
        [one for one in many if one.source == "shop"],
        [one for one in many if one.source not in ("crm", "shop")],
    ]
    return next((group[-1].value for group in by_rank if group and group[-1].value is not None), None)


DEFINITIONS: dict[Kind, Callable[[Sequence[Said]], Any]] = {
    "last": last,
    "first": first,
    "max": extreme(max),
    "min": extreme(min),
    "sum": total,
    "union": union,
    "most_frequent": most_frequent,
    "source_priority": source_priority,
}


def test_the_policy_names_folds_and_last_is_the_default() -> None:
    traits = {"plan": {"fold": "first"}, "address": {"fold": "source_priority", "sources": ["crm", "shop"]}}
    folds = Folds.of({"traits": traits})
    assert folds["plan"] == FoldPolicy("first")
    assert folds["address"] == FoldPolicy("source_priority", ("crm", "shop"))
    assert folds["anything"] == FoldPolicy("last")
    assert Folds.of({})["plan"] == FoldPolicy("last")


@pytest.mark.parametrize(
    ("kind", "values", "value"),
    [
        ("last", ["free", "gold"], "gold"),
        ("last", ["free", None], None),
        ("last", [None, "free"], "free"),
        ("first", ["free", "gold"], "free"),
        ("first", [None, "free", "gold"], "free"),
        ("first", ["free", None], None),
        ("first", ["free", None, "gold", "platinum"], "platinum"),
        ("max", [3, 10, 5.5], 10),
        ("max", [10, None, 5, 3], 5),
        ("max", [10, None], None),
        ("max", [10, "gold", True, [99], {"a": 1}], "gold"),
        ("min", [3, 10, 5], 3),
        ("min", [3, "gold", False], False),
        ("min", [1, None, 10, 12], 10),
        ("sum", [0.1, 0.2], 0.3),
        ("sum", [20, 4.5, -4.5, "7", True, [1], 1e300], 20),
        ("sum", [20, None], None),
        ("sum", [20, None, 5], 25),
        ("sum", ["twenty"], None),
        ("union", ["jazz", ["rock", "jazz", None], 7, 10], [7, 10, "jazz", "rock"]),
        ("union", ["jazz", None, "rock"], ["rock"]),
        ("union", ["jazz", None, []], None),
        ("union", [True, 1, 1.0, [[1]], {"b": 1, "a": 2}, {"a": 2, "b": 1}], [True, 1.0, [1], {"a": 2, "b": 1}]),
        ("most_frequent", ["Oulu", "Turku", "Oulu", "Turku", "Oulu", "Pori"], "Oulu"),
        ("most_frequent", ["Oulu", "Turku", "Oulu", "Turku"], "Turku"),
        ("most_frequent", ["Oulu", "Oulu", None, "Turku"], "Turku"),
        ("most_frequent", ["Oulu", "Oulu", None, "Turku", "Oulu"], "Oulu"),
    ],
)
def test_each_fold_by_example(kind: Kind, values: list[Any], value: Any) -> None:
    assert same(folded(kind, *values), value)


def test_the_best_source_stands_until_it_takes_its_word_back() -> None:
    fold = FoldPolicy("source_priority", ("crm", "shop"))
    cell = celled(fold, [Said("a web form", 9, "web"), Said("the shop", 2, "shop"), Said("the crm", 1, "crm")])
    assert value_of(cell, fold) == "the crm"
    cell = celled(fold, [Said(None, 3, "crm")], cell)
    assert value_of(cell, fold) == "the shop"
    cell = celled(fold, [Said(None, 4, "shop"), Said("an app", 8, "app")], cell)
    assert value_of(cell, fold) == "a web form"
    assert value_of(celled(fold, [Said(None, 10, "app")], cell), fold) is None


def test_a_changed_list_of_sources_ranks_what_is_kept_anew() -> None:
    cell = celled(FoldPolicy("source_priority", ("crm", "shop")), [Said("c", 1, "crm"), Said("s", 2, "shop")])
    assert value_of(cell, FoldPolicy("source_priority", ("shop", "crm"))) == "s"
    assert value_of(cell, FoldPolicy("source_priority", ("web",))) == "s"


@pytest.mark.parametrize("kind", KINDS)
def test_a_pin_stands_above_the_fold_until_the_operator_takes_it_away(kind: Kind) -> None:
    fold = policy(kind)
    cell = celled(fold, [Said(1, 1), Said(99, 2, OPERATOR), Said(2, 3), Said(98, 0, OPERATOR)])
    assert value_of(cell, fold) == 99
    released = celled(fold, [Said(None, 4, OPERATOR)], cell)
    assert value_of(released, fold) == value_of(celled(fold, [Said(1, 1), Said(2, 3)]), fold)
    assert value_of(celled(fold, [Said(97, 3, OPERATOR)], released), fold) == value_of(released, fold)


def test_a_sum_of_many_cents_is_exact_in_every_order() -> None:
    prices = [Said(n / 100, n) for n in range(1, 1001)]
    shuffled = Random(7).sample(prices, len(prices))
    assert value_of(celled(policy("sum"), shuffled), policy("sum")) == 5005
    assert value_of(celled(policy("sum"), shuffled[1:]), policy("sum")) == float(
        Decimal(5005) - Decimal(str(shuffled[0].value))
    )


def test_layers_of_a_sum_share_no_event_so_joining_adds() -> None:
    one, other = celled(policy("sum"), [Said(2, 1)]), celled(policy("sum"), [Said(3, 2)])
    assert value_of(joined(one, other, policy("sum")), policy("sum")) == 5


def test_a_union_keeps_the_newest_hundred_in_any_order() -> None:
    many = [Said([f"v{n % 130:03}", f"v{n % 7:03}"], n) for n in range(260)] + [Said(None, 200, message_id="n")]
    cell = celled(policy("union"), many)
    assert celled(policy("union"), Random(7).sample(many, len(many))) == cell
    wide = celled(policy("union"), [Said([f"v{n:03}" for n in range(150)], 0)])
    assert value_of(wide, policy("union")) == [f"v{n:03}" for n in range(50, 150)]
    assert len(value_of(wide, policy("union"))) == VALUES_UNITED


@settings(deadline=None)
@given(randoms)
def test_of_too_many_values_the_one_that_leads_by_more_than_a_33rd_is_found_in_any_order(random: Random) -> None:
    many = [Said(f"store {n % 90}", n) for n in range(180)] + [Said("home", 200 + n) for n in range(12)]
    one, other = many[:70], many[70:]
    cells = [celled(policy("most_frequent"), random.sample(part, len(part))) for part in (one, other)]
    cell = joined(cells[0], cells[1], policy("most_frequent"))
    assert value_of(cell, policy("most_frequent")) == "home"
    assert value_of(celled(policy("most_frequent"), random.sample(many, len(many))), policy("most_frequent")) == "home"
    assert len(cell.kept) == VALUES_COUNTED


def test_many_values_said_once_each_still_show_the_newest() -> None:
    assert folded("most_frequent", *range(40)) == 39


def test_a_maximum_is_exact_however_long_its_values_fall() -> None:
    many = [Said(1000 - n, n) for n in range(100)]
    cell = celled(policy("max"), Random(7).sample(many, len(many)))
    assert value_of(cell, policy("max")) == 1000
    assert len(cell.kept) == STAIRS
    assert value_of(celled(policy("max"), [Said(None, 20, message_id="n")], cell), policy("max")) == 979


def test_values_that_would_crowd_out_a_row_are_no_statements_where_many_are_kept() -> None:
    novel = "x" * 5_000
    assert folded("last", "a", novel) == novel
    assert folded("first", novel, "a") == novel
    assert folded("union", ["jazz", novel]) == ["jazz"]
    assert folded("most_frequent", "a", novel, novel) == "a"
    assert folded("max", "a", novel) == "a"


@pytest.mark.parametrize("kind", KINDS)
def test_no_cell_outgrows_its_budget(kind: Kind) -> None:
    many = [
        Said([f"{m:03}{n:04}" + "x" * 620 for m in range(30)] if kind == "union" else f"{n:04}" + "x" * 1_900, n)
        for n in range(60)
    ]
    assert len(json.dumps(to_json(celled(policy(kind), many), lambda stamp: 0))) < 66_000


def test_a_trait_of_the_default_fold_packs_into_two_numbers_or_texts() -> None:
    assert to_json(celled(policy("last"), [Said("gold", 1)]), lambda stamp: 4) == ["gold", 4]
    assert cell_from_json(["gold", 0], [Said("", 1).stamp]) == celled(policy("last"), [Said("gold", 1)])


def test_after_a_change_of_fold_the_value_found_so_far_counts_once() -> None:
    cell = celled(policy("last"), [Said(1, 1), Said(40, 2)])
    assert value_of(cell, policy("sum")) == 40
    assert value_of(celled(policy("sum"), [Said(2, 3)], cell), policy("sum")) == 42
    assert value_of(cell, policy("union")) == [40]
    assert value_of(celled(policy("sum"), [Said("x", 1)]), policy("last")) is None


def test_a_pin_survives_a_change_of_fold() -> None:
    cell = celled(policy("last"), [Said("pinned", 1, OPERATOR)])
    assert value_of(celled(policy("max"), [Said(5, 2)], cell), policy("max")) == "pinned"


def test_a_cell_knows_when_its_trait_was_last_stated() -> None:
    assert celled(policy("max"), [Said(5, 2), Said(None, 3)]).newest == Said(None, 3).stamp
    assert celled(policy("max"), [Said(5, 2), Said(4, 4, OPERATOR)]).newest == Said(4, 4).stamp
    assert celled(policy("sum"), [Said("no number", 2)]).newest is None
