"""The fold: the same answer in any order and with any repetition; a later withdrawal wins ties."""

from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from functions.permissions.model import Consent, State, Suppression
from functions.permissions.policy import opted_out, permission, with_consent, with_erasure, with_suppression

START = datetime(2026, 3, 2, tzinfo=UTC)
MOMENTS = st.integers(0, 3).map(lambda hours: START + timedelta(hours=hours))


def consent(state="granted", topic="offers", channel="email", at=START, message_id="m-1"):
    return Consent("p-1", "email#1", channel, topic, state, "preference page", at, message_id)


CONSENTS = st.builds(
    consent,
    state=st.sampled_from(["granted", "withdrawn"]),
    topic=st.sampled_from(["offers", "news", None]),
    channel=st.sampled_from(["email", "sms", None]),
    at=MOMENTS,
    message_id=st.sampled_from(["a", "b", "c"]),
)
SUPPRESSIONS = st.builds(Suppression, st.sampled_from(["bounced_hard", "complained"]), MOMENTS, st.sampled_from("xy"))


def said(state, what):
    if isinstance(what, Consent):
        return with_consent(state, what)
    return with_suppression(state, what) if isinstance(what, Suppression) else with_erasure(state, what)


@given(
    st.lists(st.one_of(CONSENTS, SUPPRESSIONS, MOMENTS), max_size=8).flatmap(
        lambda o: st.tuples(st.just(o), st.permutations(o + o))
    )
)
def test_the_state_does_not_depend_on_order_or_repetition(lines):
    once, shuffled_twice = lines
    assert reduce(said, once, State()) == reduce(said, shuffled_twice, State())


@given(st.lists(CONSENTS.filter(lambda one: one.topic == "offers"), min_size=1))
def test_the_last_word_holds_and_a_withdrawal_wins_a_tie(lines):
    state = reduce(said, lines, State())
    last = max(line.effective_at for line in lines)
    final = {line.state for line in lines if line.effective_at == last}
    assert state.consents["offers"].state == ("withdrawn" if "withdrawn" in final else "granted")


def test_an_opt_out_without_a_channel_leaves_every_channel():
    state = with_consent(State(), consent("withdrawn", topic=None, channel=None))
    assert opted_out(state.opt_outs) == {"email", "sms", "push"}
    back = with_consent(state, consent("granted", topic=None, channel="sms", at=START + timedelta(hours=1)))
    assert opted_out(back.opt_outs) == {"email", "push"}


def test_a_grant_of_a_topic_does_not_undo_an_opt_out():
    state = with_consent(State(), consent("withdrawn", topic=None, channel="email"))
    later = with_consent(state, consent("granted", at=START + timedelta(days=1)))
    assert opted_out(later.opt_outs) == {"email"}


def test_a_complaint_outranks_a_bounce_whichever_came_first():
    bounce = Suppression("bounced_hard", START, "b")
    complaint = Suppression("complained", START + timedelta(days=1), "c")
    assert with_suppression(with_suppression(State(), bounce), complaint).suppressed == complaint
    assert with_suppression(with_suppression(State(), complaint), bounce).suppressed == complaint


def test_nothing_said_permits_nothing():
    facts = permission(State(), 0, State(), 0)
    assert (facts.consents, facts.suppressed, facts.opted_out, facts.erased) == ({}, None, frozenset(), False)
