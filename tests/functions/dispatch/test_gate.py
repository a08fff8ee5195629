"""The gate against a table: every class, every combination of facts, one reason."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from functions.dispatch.gate import GUARDS, ask
from functions.dispatch.gate.verdict import Deferred, Pass, Paused, Question, Withheld
from functions.journeys.api import Board, Enrolment, EntryEvent, Switch, Target
from functions.permissions.model import Permission
from functions.profiles.model import Contact

NOW = datetime(2026, 3, 2, tzinfo=UTC)
STATUSES = ["starting", "active", "completed", "exited", "failed", "held_out", "outranked", "superseded", None]


def enrolment(status):
    return None if status is None else Enrolment("p", "e", "j", "v", status, NOW, EntryEvent("m", "x", NOW))


@st.composite
def boards(draw):
    targets = st.sampled_from([Target("journey", "j"), Target("journey", "k"), Target("channel", "sms")])
    words = draw(st.dictionaries(targets, st.sampled_from(["kill", "stop", "pause"]), max_size=2))
    return Board({target: Switch(word, NOW, "ann") for target, word in words.items()})


@st.composite
def questions(draw):
    return Question(
        journey="j",
        channel=draw(st.sampled_from(["email", "sms", "push"])),
        message_class=draw(st.sampled_from(["marketing", "service", "transactional"])),
        topic=draw(st.sampled_from(["offers", None])),
        opt_in=draw(st.sampled_from(["single", "double", "none"])),
        enrolment=enrolment(draw(st.sampled_from(STATUSES))),
        contact=draw(st.sampled_from([None, Contact("a", "email#1", NOW)])),
        permission=Permission(
            consents=draw(st.sampled_from([{}, {"offers": "granted"}, {"offers": "withdrawn"}, {"news": "granted"}])),
            suppressed=draw(st.sampled_from([None, None, "bounced_hard", "complained"])),
            opted_out=draw(st.frozensets(st.sampled_from(["email", "sms", "push"]))),
            erased=draw(st.booleans()),
        ),
        now=NOW,
        due_at=NOW - timedelta(hours=draw(st.sampled_from([0, 1, 2, 96]))),
        late_after=draw(st.sampled_from([None, timedelta(hours=1)])),
        earlier=enrolment(draw(st.sampled_from([None, "active"]))),
        board=draw(boards()),
    )


def switched(question, word):
    said = {target.name for target, switch in question.board.switches.items() if switch.word == word}
    return bool(said & {"j", question.channel})


def expected(question):
    """The document's order, said once more as a table of who is stopped by what."""
    facts = question.permission
    status = question.enrolment.status if question.enrolment else None
    marketing_without_grant = question.message_class == "marketing" and not (
        question.opt_in == "none"
        or (question.opt_in == "single" and question.topic and facts.consents.get(question.topic) == "granted")
    )
    table = [
        (status == "superseded", "superseded"),
        (status not in {"starting", "active"}, "exited"),
        (question.earlier is not None, "merged"),
        (switched(question, "kill"), "kill_switch"),
        (switched(question, "pause"), "paused"),
        (facts.erased, "erased"),
        (question.contact is None, "unreachable"),
        (facts.suppressed is not None, "suppressed"),
        (NOW - question.due_at >= timedelta(days=4), "expired"),
        (question.late_after is not None and NOW - question.due_at > question.late_after, "late"),
        (marketing_without_grant, "no_consent"),
        (question.channel in facts.opted_out, "opted_out"),
    ]
    return next((reason for stopped, reason in table if stopped), None)


@given(questions())
def test_the_gate_gives_the_reason_of_the_table(question):
    verdict, guard, saw = ask(question)
    reason = "paused" if isinstance(verdict, Paused) else getattr(verdict, "reason", None)
    assert reason == expected(question)
    assert (guard is None) == (reason is None)
    assert "enrolment" in saw


@given(questions())
def test_a_kill_switch_stops_every_class(question):
    if switched(question, "kill"):
        assert isinstance(ask(question)[0], Withheld)


@given(questions())
def test_suppression_erasure_and_opt_out_stop_every_class(question):
    facts = question.permission
    if not switched(question, "pause") and (facts.erased or facts.suppressed or question.channel in facts.opted_out):
        assert isinstance(ask(question)[0], Withheld)


def test_the_guards_stand_in_the_documents_order():
    names = [guard.__name__ for guard in GUARDS]
    assert names == [
        "enrolment_active",
        "kill_switch",
        "not_paused",
        "address_allowed",
        "not_expired",
        "not_late",
        "consent_given",
    ]
    source = (Path(__file__).parents[3] / "functions/dispatch/gate/__init__.py").read_text()
    places = [source.index(f"    # {number}") for number in range(1, 11)]
    assert places == sorted(places)


def test_the_first_guard_that_does_not_pass_ends_it():
    asked = []

    def first(question):
        asked.append("first")
        return Pass({"a": 1})

    def second(question):
        asked.append("second")
        return Deferred(NOW + timedelta(hours=1), "quiet_hours", {"b": 2})

    def third(question):
        raise AssertionError("lazy guards are not asked in vain")

    verdict, guard, saw = ask(None, (first, second, third))
    assert (verdict.reason, guard, saw, asked) == ("quiet_hours", "second", {"a": 1, "b": 2}, ["first", "second"])
