"""Is it true, false or unknown? The language's examples, its laws, and an evaluator written a second time."""

import ast
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.journeys.conditions import MISSING, ExpressionFault, Facts, Truth, parse
from functions.journeys.model import EntryEvent
from functions.profiles.model import Occurrence, Series, Snapshot
from functions.profiles.older import BILLION, Asked, Buckets, Older
from functions.shared.events import Event
from functions.shared.names import ProfileId

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)  # a Sunday
ORDER = "Order Completed"
TRAITS: Mapping[str, Any] = {
    "tier": "gold",
    "age": 30,
    "country": "FI",
    "vip": True,
    "tags": ["gift", "new"],
    "renewal_at": "2026-05-09T12:00:00Z",
    "nothing": None,
    "total price": 5,
    "nested": {"a": {"b": 2}},
}


def series(*days_ago: float, count: int | None = None, **properties: Any) -> Series:
    times = sorted(NOW - timedelta(days=days) for days in days_ago)
    return Series(
        count or len(times),
        times[0],
        times[-1],
        tuple(Occurrence(at, f"m{i}", properties) for i, at in enumerate(times)),
    )


def facts(**changes: Any) -> Facts:
    history = {ORDER: series(0, 10, 40, revenue=20.5, lines={"n": 2})}
    snapshot = Snapshot(
        ProfileId("p"), True, NOW - timedelta(days=99), NOW, 9, TRAITS, {}, changes.pop("history", history)
    )
    event = Event("m9", "track", NOW, NOW, "web", True, {"event": ORDER, "properties": {"total": 20, "cart": "c1"}})
    return Facts(
        **{
            "snapshot": snapshot,
            "now": NOW,
            "zone": ZoneInfo("Europe/Helsinki"),
            "event": event,
            "entry": EntryEvent("m1", "Cart Updated", NOW, {"cart": "c1"}),
            "steps": {"remind": {"outcome": "sent", "event": {"properties": {"link": "x"}}}},
            **changes,
        }
    )


@pytest.mark.parametrize(
    "text",
    [
        "event.properties.total >= 20",
        'event.event == "Order Completed"',
        "event.properties.cart == entry.properties.cart",
        "event.timestamp == now",
        'profile.traits.tier == "gold" and profile.traits.country in ["FI", "SE"]',
        'profile.traits["total price"] == 5',
        "profile.traits.nested.a.b == 2",
        "profile.traits.vip",
        "profile.identified and not false",
        'steps.remind.outcome == "sent"',
        'steps.remind.event.properties.link == "x"',
        'count("Order Completed") == 3',
        'count("Never") == 0',
        'count("Order Completed", within="10d") == 1',  # half-open: ten days old to the instant is outside
        'count("Order Completed", within="PT240H1S") == 2',
        'sum("Order Completed", "revenue") == 61.5',
        'sum("Order Completed", "lines.n", within="1d") == 2',
        'sum("Order Completed", "unknown") == 0',
        'last("Order Completed") == now',
        "days_since(profile.traits.renewal_at) == 1",
        'lower("GOLD") == profile.traits.tier',
        'starts_with(profile.traits.tier, "go")',
        'contains(profile.traits.tags, "gift") and contains(profile.traits.tier, "old")',
        '"gift" in profile.traits.tags and "old" not in profile.traits.tags',
        'weekday(now) == "sun" and hour(now) == 15',
        "exists(profile.traits.tier) and not exists(profile.traits.unknown)",
        "profile.traits.nothing == none and profile.traits.tier != none",
        'profile.traits.renewal_at == "2026-05-09T14:00:00+02:00"',
        'profile.traits.renewal_at < "2026-05-10"',
        "now > profile.traits.renewal_at",
        "1 < 2 <= 2 < 3",
        "profile.traits.age != 31",
        "profile.traits.unknown == 1 or true",
        'expected("Order Completed") > now',
    ],
)
def test_holds(text: str) -> None:
    assert parse(text).evaluate(facts()) is True


@pytest.mark.parametrize(
    "text",
    [
        "profile.traits.unknown == 1",
        "not profile.traits.unknown == 1",
        "profile.traits.unknown != 1",
        "profile.traits.unknown not in []",
        'profile.traits.age == "30"',
        'profile.traits.age != "30"',
        "profile.traits.tier > 5",
        "profile.traits.vip > false",
        "profile.traits.vip == 1",
        "profile.traits.tier",
        "profile.traits.nothing > 1",
        "profile.traits.unknown == 1 and true",
        "lower(profile.traits.age) == 1",
        'last("Never") < now',
        "days_since(profile.traits.tier) > 1",
        'in_audience("vip")',
        'consented("offers", "email")',
        'score("promo") > 0.5',
    ],
)
def test_missing_or_of_another_type_is_unknown_and_never_true(text: str) -> None:
    assert parse(text).evaluate(facts()) is None
    assert not parse(text).holds(facts())


def test_false_settles_what_unknown_leaves_open() -> None:
    assert parse("profile.traits.unknown == 1 and false").evaluate(facts()) is False


def test_without_an_event_at_hand_its_parts_are_missing() -> None:
    condition = parse("event.properties.total >= 20 and entry.properties.cart == event.properties.cart")
    assert condition.evaluate(facts(event=None)) is None
    assert condition.missing(facts(event=None)) == ["event.properties.total", "event.properties.cart"]


def test_a_window_that_reaches_beyond_what_is_kept_is_true_or_false_only_of_all_it_may_be() -> None:
    kept = series(1, 2, 3, count=80, revenue=2)
    days = {int((NOW - timedelta(days=back)).timestamp()) // 86_400: (7, 70 * BILLION, -BILLION) for back in (20, 30)}
    older = Older((NOW - timedelta(days=4), "m"), (77, 700 * BILLION, 0), (Buckets(86_400_000, 0, days),))
    person = facts(history={ORDER: replace(kept, asked=Asked((2_592_000_000,), ("revenue",)), older=older)})

    def asked(text: str) -> Truth:
        return parse(text.replace("COUNT", 'count("Order Completed", within="30d")')).evaluate(person)

    assert asked('count("Order Completed") == 80') is True
    assert asked('sum("Order Completed", "revenue") == 706') is True
    assert asked('count("Order Completed", within="2d") == 1') is True
    truths = {
        "COUNT >= 10": True,
        "10 <= COUNT": True,
        "COUNT > 9": True,
        "COUNT < 10": False,
        "COUNT <= 17": True,
        "COUNT < 17": None,
        "COUNT == 10": None,
        "COUNT == 12": None,
        "COUNT != 18": True,
        "COUNT == 9": False,
        "COUNT in [1, 18]": False,
        "COUNT in [1, 17]": None,
        "COUNT == COUNT": None,
        "COUNT < profile.traits.tier": None,
        'COUNT > sum("Order Completed", "revenue", within="30d")': False,
        'sum("Order Completed", "revenue", within="30d") >= 74': True,
        'sum("Order Completed", "revenue", within="30d") > 145': False,
        'sum("Order Completed", "revenue", within="30d") > 144': None,
    }
    assert {text: asked(text) for text in truths} == truths
    counted = parse('count("Order Completed", within="30d") > 12')
    assert counted.missing(person) == ['count("Order Completed")']
    assert parse('count("Order Completed", within="30d")').value(person) is MISSING


def test_audiences_and_consents_are_asked_of_what_was_handed_in() -> None:
    person = facts(
        audiences={"vip": parse("profile.traits.vip"), "a": parse('in_audience("b")'), "b": parse('in_audience("a")')},
        consents={"email": {"offers": "granted", "news": "withdrawn"}},
    )
    assert parse('in_audience("vip")').evaluate(person) is True
    assert parse('in_audience("a")').evaluate(person) is None
    assert parse('consented("offers", "email")').evaluate(person) is True
    assert parse('consented("news", "email") or consented("offers", "sms")').evaluate(person) is False


def test_reports_what_it_reads() -> None:
    reads = parse(
        'count("A") > 1 and sum("B", "revenue") > 2 and expected("C") < now '
        'and in_audience("vip") and steps.x.outcome == "sent"'
    ).reads
    assert reads.series == {"A": frozenset(), "B": frozenset({"revenue"}), "C": frozenset()}
    assert reads.expected == {"C"}
    assert reads.sums == {"B": frozenset({"revenue"})}
    assert reads.roots == {"now", "steps"}
    assert [(one.kind, one.name) for one in reads.references] == [
        ("event", "A"),
        ("event", "B"),
        ("event", "C"),
        ("audience", "vip"),
        ("step", "x"),
    ]


def test_answers_values() -> None:
    assert parse("event.properties.total").value(facts()) == 20
    assert parse("event.properties.unknown").value(facts()) is MISSING
    assert parse('count("Order Completed", within="30d")').value(facts()) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'event.properties.total >= 20 and profile.traits.country in ["FI", "SE"]',
            "the event's total is at least 20 and the person's country is one of FI, SE",
        ),
        (
            "not (profile.traits.a == 1 or exists(event.properties.b))",
            "not (the person's a is 1 or the event's b is known)",
        ),
        (
            'count("Order Completed", within="30d") > 1000',
            "the number of Order Completed within 30 days is above 1,000",
        ),
        ("profile.traits.tier == none", "the person's tier is unknown"),
        ('steps.ask.event.properties.link == "a-b"', 'ask\'s link is "a-b"'),
        ("profile.identified == true", "the person is identified"),
        ("profile.identified and not profile.traits.vip", "the person is identified and the person's vip is not true"),
        ("not exists(profile.traits.vip)", "the person's vip is unknown"),
    ],
)
def test_prints_itself_in_words(text: str, words: str) -> None:
    assert parse(text).words() == words


def test_a_bare_path_is_a_value_in_words_and_a_statement_in_a_sentence() -> None:
    assert parse("profile.traits.renewal_at").words() == "the person's renewal_at"
    assert parse("profile.traits.vip").sentence() == "the person's vip is true"
    assert parse("profile.identified").sentence() == "the person is identified"


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("", 1, "empty"),
        ("event.properties.x = 3", 20, '"="'),
        ("profile.trait.x == 1", 1, 'no "trait"'),
        ('profile.traits.tier == "gold" && true', 31, "&&"),
        ("true and profle.identified", 10, 'unknown name "profle"'),
        ('cuont("x") > 1', 1, 'unknown function "cuont"'),
        ('count("x", within="3x") > 1', 19, "no duration"),
        ('count("x", within=3) > 1', 19, "no duration"),
        ("count(x) > 1", 1, "quotes"),
        ('"ä" == lower(5)', 14, "a number"),
        ("profile.traits.x + 1 > 2", 1, "arithmetic"),
        ("None == 1", 1, "spelt none"),
        ("profile.traits.tier == 'gold", 24, "quote"),
        ("(true", 1, "parentheses"),
        ("true # why", 10, "after"),
        ("event", 1, "what of event"),
        ("event.timestamp.year == 1", 1, "no parts"),
        ("steps.x == 1", 1, "which step"),
        ("steps.x.outcom == 1", 1, 'no "outcom"'),
        ("now.year > 1", 1, "no parts"),
        ('"gold" and true', 1, "not a yes or no"),
        ("__import__('os').system('x')", 1, "listed functions"),
        ("[x for x in [1]]", 1, "list comp"),
        ("1e999 > 1", 1, "too large"),
        ("profile.traits.a is none", 1, '"is"'),
        ('profile.traits.x == "\\ud800"', 21, "half a character"),
        ('profile.traits["\\udfff"] == 1', 16, "half a character"),
        ('count("\\ud83d\\ude00") > 1', 7, "half a character"),
    ],
)
def test_a_fault_names_column_and_cause(text: str, column: int, what: str) -> None:
    with pytest.raises(ExpressionFault) as caught:
        parse(text)
    assert (caught.value.column, what in caught.value.what) == (column, True), caught.value
    assert caught.value.fix


PIECES = st.sampled_from(
    [
        *(
            "event.properties.total",
            "profile.traits.tier",
            "steps.a.outcome",
            "now",
            "true",
            "false",
            "none",
            '"x"',
            "5",
            "-1",
        ),
        *(
            " and ",
            " or ",
            " not ",
            " in ",
            " == ",
            " < ",
            " >= ",
            "(",
            ")",
            "[",
            "]",
            ",",
            ".",
            " ",
            "#",
            "'",
            '"',
            "\\",
            "=",
        ),
        *(
            'count("x")',
            'sum("x", "y", within="1d")',
            "exists(",
            "lower(",
            "weekday(now)",
            "lambda x: x",
            "\n",
            "ä",
            "\x00",
            "{",
            "}",
        ),
        *("is", "if", "else", ":=", "await ", "f'{x}'", "1j", "0x1f", "b'x'", "...", "*", "~", "\ud800"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60)))
@example("not " * 249 + "true")
@example("-" * 999 + "1")
@example("(" * 400 + "1" + ")" * 400)
@example("[" * 90 + "]" * 90)
@example("a." * 499 + "a")
@example("lower(" * 60 + '"x"' + ")" * 60)
@example('"\\d" == "x"')
@example("9" * 900)
@example("1if true else 2")
def test_any_text_is_a_condition_or_one_fault_at_a_column(text: str) -> None:
    try:
        condition = parse(text)
    except ExpressionFault as fault:
        found = fault
    else:
        assert condition.evaluate(facts()) in (True, False, None)
        assert condition.words()
        return
    assert 1 <= found.column <= len(text) + 1
    assert found.what
    assert found.fix


TRUTHS = st.recursive(
    st.sampled_from(["true", "false", "profile.traits.unknown"]),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=6,
)


def answer(text: str) -> bool | None:
    return parse(text).evaluate(facts())


@settings(max_examples=100, deadline=None)
@given(TRUTHS, TRUTHS)
def test_keeps_kleenes_laws(a: str, b: str) -> None:
    assert answer(f"({a}) and ({b})") is answer(f"({b}) and ({a})")
    assert answer(f"not (({a}) and ({b}))") is answer(f"(not ({a})) or (not ({b}))")
    assert answer(f"not not ({a})") is answer(a)
    assert answer(f"({a}) or ({a})") is answer(a)
    if answer(a) is None:
        assert answer(f"({a}) or not ({a})") is None


class Unknown(Exception):
    """The second evaluator's way to say that nothing is known."""


def second_opinion(text: str, names: Mapping[str, Any]) -> bool | None:
    """A naive evaluator of comparisons of numbers and texts, straight from the prose, sharing no code with ours."""
    try:
        result = _naive(ast.parse(text, mode="eval").body, names)
        return result if isinstance(result, bool) else None
    except Unknown:
        return None


def _naive(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return {"true": True, "false": False}[node.id]
    if isinstance(node, ast.Attribute):
        if node.attr not in names:
            raise Unknown
        return names[node.attr]
    if isinstance(node, ast.UnaryOp):
        value = _naive(node.operand, names)
        if not isinstance(value, bool):
            raise Unknown
        return not value
    if isinstance(node, ast.BoolOp):
        stop = isinstance(node.op, ast.Or)
        unknown = False
        for item in node.values:
            try:
                value = _naive(item, names)
            except Unknown:
                unknown = True
                continue
            if not isinstance(value, bool):
                unknown = True
            elif value is stop:
                return stop
        if unknown:
            raise Unknown
        return not stop
    assert isinstance(node, ast.Compare)
    left, right = _naive(node.left, names), _naive(node.comparators[0], names)
    number = int | float
    same = (
        (isinstance(left, bool) and isinstance(right, bool))
        or (isinstance(left, str) and isinstance(right, str))
        or (isinstance(left, number) and isinstance(right, number) and bool not in (type(left), type(right)))
    )
    operator = type(node.ops[0]).__name__
    if not same or (isinstance(left, bool) and operator not in ("Eq", "NotEq")):
        raise Unknown
    return {
        "Eq": left == right,
        "NotEq": left != right,
        "Lt": left < right,
        "LtE": left <= right,
        "Gt": left > right,
        "GtE": left >= right,
    }[operator]


OPERANDS = st.sampled_from(
    [
        "profile.traits.a",
        "profile.traits.b",
        "profile.traits.c",
        "profile.traits.gone",
        "3",
        "2.5",
        '"x"',
        '"y"',
        "true",
    ]
)
COMPARISONS = st.tuples(OPERANDS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), OPERANDS).map(" ".join)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=6,
)
VALUES = st.sampled_from([1, 3, 2.5, "x", "y", "", True, False])


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES, "c": VALUES}))
def test_agrees_with_an_evaluator_written_a_second_time(text: str, traits: dict[str, Any]) -> None:
    person = Facts(Snapshot(ProfileId("p"), True, NOW, NOW, 1, traits), NOW)
    assert parse(text).evaluate(person) is second_opinion(text, traits)


def test_a_score_is_what_was_told_of_the_person_and_unknown_without() -> None:
    person = facts()
    scored = replace(person, snapshot=replace(person.snapshot, scores={"churn": 0.7}))
    condition = parse('score("churn") > 0.5')
    assert (condition.evaluate(scored), condition.evaluate(person)) == (True, None)
    assert parse('exists(score("churn"))').evaluate(person) is False
