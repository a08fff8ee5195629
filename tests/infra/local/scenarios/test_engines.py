"""The whole way on both engines: what providers answer, what receipts bring, and what people say no to."""

from datetime import timedelta

import pytest

from infra.local.scenarios.compare import compare
from infra.local.scenarios.engines import MODULES, opener
from infra.local.scenarios.tell import tell
from tests.functions.journeys.language.writing import HEAD, write_journey
from tests.infra.local.scenarios.writing import START, scenario_of

STEPS = """
- {id: hello, send: hello, channel: [email, sms]}
- id: click
  wait_for: {on: Email Link Clicked, message: hello, within: 1d}
  then: [{exit: clicked}]
- {id: again, send: hello, channel: email}
"""
ANN = """
people:
  - userId: u1
    traits: {email: ann@example.com, phone: "+358401234567"}
    consent: {offers: {email: granted, sms: granted}}
"""


@pytest.fixture(params=sorted(MODULES))
def engine(request):
    return request.param


@pytest.fixture
def told(engine, tmp_path):
    """What an engine makes of happenings: what was sent, what was decided, and the one run."""

    def tells(happenings):
        return outcome(engine, write_journey(tmp_path, STEPS), happenings)

    return tells


def outcome(engine, journeys, happenings):
    scenario = scenario_of(f"{ANN}when:\n{happenings}\nuntil: 3d\nexpect: {{messages: []}}")
    with opener(engine)(journeys, START) as world:
        done = tell(scenario, world)
    assert done.troubles == []
    seen = done.seen
    steps = {line.message: line for line in seen.lines}
    sent = [(steps[one.message].step, one.channel, one.at - START) for one in seen.outbox]
    [run] = seen.enrolments
    return sent, sorted((one.step, one.channel, one.decision, one.reason) for one in seen.lines), run


CART = "  - {at: 0s, type: track, userId: u1, event: Cart Updated}"
DAY = timedelta(days=1)


def test_a_click_is_heard_by_who_waits_for_it(told):
    sent, _, run = told(f"{CART}\n  - {{at: 1h, type: receipt, userId: u1, step: hello, kind: clicked}}")
    assert sent == [("hello", "email", timedelta(0))]
    assert (run.status, run.reason, run.ended_at - START) == ("exited", "clicked", timedelta(hours=1))


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        ("rejected", [("hello", "email", "failed", "provider_rejected"), ("hello", "sms", "sent", None)]),
        ("lost", [("hello", "email", "failed", "unknown_outcome")]),
    ],
)
def test_a_provider_says_no_in_its_own_way(told, outcome, lines):
    provider = f"  - {{at: 0s, type: provider, channel: email, outcome: {outcome}, for: 1h}}"
    sent, decided, _ = told(f"{provider}\n{CART}")
    assert [one for one in decided if one[0] == "hello"] == lines
    assert sent[-1] == ("again", "email", DAY)


def test_a_throttled_provider_makes_the_message_late_and_no_more(told):
    provider = "  - {at: 0s, type: provider, channel: email, outcome: throttled, for: 1m}"
    sent, decided, _ = told(f"{provider}\n{CART}")
    assert ("hello", "email", "sent", None) in decided
    [(step, channel, after), *_] = sent
    assert (step, channel) == ("hello", "email")
    assert timedelta(minutes=1) <= after < timedelta(hours=1)


def test_a_complaint_stops_what_comes_after(told):
    _, decided, _ = told(f"{CART}\n  - {{at: 1h, type: receipt, userId: u1, step: hello, kind: complained}}")
    assert ("again", "email", "withheld", "suppressed") in decided


def test_who_opted_out_of_a_channel_is_reached_by_the_next(told):
    _, decided, _ = told(f"  - {{at: 0s, type: opt_out, userId: u1, channel: email}}\n{CART}")
    assert decided == [
        ("again", "email", "withheld", "opted_out"),
        ("hello", "email", "withheld", "opted_out"),
        ("hello", "sms", "sent", None),
    ]


def test_an_outage_makes_a_wait_end_late(told):
    sent, _, run = told(f"{CART}\n  - {{at: 12h, type: outage, for: 24h}}")
    assert [(step, after) for step, _, after in sent] == [("hello", timedelta(0)), ("again", timedelta(hours=36))]
    assert run.status == "completed"


def test_what_is_not_to_be_trusted_joins_nobody(told):
    said = "  - {at: 0s, type: identify, anonymousId: a1, userId: u1, trusted: false, traits: {email: eve@example.com}}"
    sent, _, _ = told(f"{said}\n{CART}")
    assert [one[0] for one in sent] == ["hello", "again"]


@pytest.mark.parametrize("engine", sorted(MODULES))
def test_a_provider_that_stays_away_too_long_is_told_of_where_its_message_is_missing(engine, tmp_path):
    provider = "  - {at: 0s, type: provider, channel: email, outcome: paused}"
    expect = "{messages: [{userId: u1, step: hello, channel: email}]}"
    scenario = scenario_of(f"{ANN}when:\n{provider}\n{CART}\nuntil: 1h\nexpect: {expect}")
    with opener(engine)(write_journey(tmp_path, STEPS), START) as world:
        [difference] = compare(scenario, tell(scenario, world)).differences
    assert difference.because[-1] == "send-email gave up 1 message"


def test_a_killed_journey_sends_nothing_more_and_takes_nobody_in(told):
    off = "  - {at: 2h, type: kill, journey: test}\n  - {at: 4h, type: track, userId: u1, event: Cart Updated}"
    sent, lines, run = told(f"{CART}\n{off}")
    assert [step for step, _, _ in sent] == ["hello"]
    assert ("again", "email", "withheld", "kill_switch") in lines
    assert run.status == "completed"


def test_a_killed_channel_hands_on_to_the_next(told):
    sent, lines, _ = told(f"  - {{at: 0s, type: kill, channel: email}}\n{CART.replace('0s', '10s')}")
    assert [(step, channel) for step, channel, _ in sent] == [("hello", "sms")]
    assert ("hello", "email", "withheld", "kill_switch") in lines


def test_stopping_a_journey_ends_who_is_under_way(told):
    sent, _, run = told(f"{CART}\n  - {{at: 2h, type: stop, journey: test}}")
    assert [step for step, _, _ in sent] == ["hello"]
    assert (run.status, run.reason, run.ended_at - START) == ("exited", "stopped", timedelta(hours=2))


def test_a_pause_holds_people_at_the_next_message_until_it_ends(told):
    paused = "  - {at: 2h, type: pause, journey: test}\n  - {at: 2d, type: resume, journey: test}"
    sent, _, run = told(f"{CART}\n{paused}")
    # The wait that was under way ran out after a day; then the run stood still.
    assert sent == [("hello", "email", timedelta(0)), ("again", "email", 2 * DAY)]
    assert (run.status, run.parked) == ("completed", frozenset())


def test_a_pause_takes_nothing_of_a_waits_own_time_and_what_happens_meanwhile_counts(engine, tmp_path):
    steps = """
- {wait: 1h}
- id: order
  wait_for: {on: Order Completed, within: 12h}
  then: [{exit: ordered}]
  otherwise: [{exit: ignored}]
"""
    paused = "  - {at: 30m, type: pause, journey: test}\n  - {at: 2d, type: resume, journey: test}"
    _, _, run = outcome(engine, write_journey(tmp_path / "one", steps), f"{CART}\n{paused}")
    assert (run.reason, run.ended_at - START) == ("ignored", 2 * DAY + timedelta(hours=12))
    ordered = "  - {at: 1d, type: track, userId: u1, event: Order Completed}"
    _, _, run = outcome(engine, write_journey(tmp_path / "two", steps), f"{CART}\n{paused}\n{ordered}")
    assert (run.reason, run.ended_at - START) == ("ordered", 2 * DAY)


def test_stopping_a_paused_journey_ends_who_stands_still(told):
    paused = "  - {at: 2h, type: pause, journey: test}\n  - {at: 2d, type: stop, journey: test}"
    sent, lines, run = told(f"{CART}\n{paused}")
    assert [step for step, _, _ in sent] == ["hello"]
    assert (run.status, run.reason, run.parked) == ("exited", "stopped", frozenset())
    assert ("again", "email", "deferred", "paused") in lines


def test_nobody_enters_a_paused_journey(engine, tmp_path):
    happenings = f"  - {{at: 0s, type: pause, journey: test}}\n{CART.replace('0s', '1m')}"
    scenario = scenario_of(f"{ANN}when:\n{happenings}\nuntil: 1d\nexpect: {{messages: []}}")
    with opener(engine)(write_journey(tmp_path / "x", STEPS), START) as world:
        assert tell(scenario, world).seen.enrolments == []


@pytest.mark.parametrize(("then", "again"), [("skip", ("withheld", "late")), ("run", ("sent", None))])
def test_a_message_an_outage_held_up_is_late_by_its_journeys_own_rule(engine, tmp_path, then, again):
    head = f"{HEAD}\nlate: {{after: 6h, then: {then}}}\n"
    journeys = write_journey(tmp_path, STEPS, head)
    # The wait ends after a day; whoever sends comes to it twelve hours later.
    _, lines, run = outcome(engine, journeys, f"{CART}\n  - {{at: 12h, type: outage, for: 24h}}")
    assert ("again", "email", *again) in lines
    assert run.status == "completed"


@pytest.mark.parametrize(("wish", "channel"), [("sms", "sms"), ("push", "email"), (None, "email")])
def test_the_preferred_channel_is_the_persons_own_wish_if_it_can_be_met(engine, tmp_path, wish, channel):
    said = f"  - {{at: 0s, type: prefer, userId: u1, channel: {wish}}}\n" if wish else ""
    journeys = write_journey(tmp_path, "- {id: hello, send: hello, channel: preferred}")
    sent, _, _ = outcome(engine, journeys, f"{said}{CART.replace('0s', '1m')}")
    assert [(step, on) for step, on, _ in sent] == [("hello", channel)]


def test_a_click_on_any_of_all_channels_is_heard(engine, tmp_path):
    steps = STEPS.replace("[email, sms]", "all")
    clicked = "  - {at: 1h, type: receipt, userId: u1, step: hello, kind: clicked, channel: email}"
    sent, _, run = outcome(engine, write_journey(tmp_path, steps), f"{CART}\n{clicked}")
    assert sorted(channel for _, channel, _ in sent) == ["email", "sms"]
    assert (run.status, run.reason) == ("exited", "clicked")


def test_a_pause_holds_each_of_all_channels(engine, tmp_path):
    paused = "  - {at: 0s, type: pause, channel: sms}\n  - {at: 1d, type: resume, channel: sms}"
    journeys = write_journey(tmp_path, "- {id: hello, send: hello, channel: all}")
    sent, lines, run = outcome(engine, journeys, f"{paused}\n{CART.replace('0s', '1m')}")
    assert [(channel, after) for _, channel, after in sent] == [("email", timedelta(minutes=1)), ("sms", DAY)]
    assert ("hello", "push", "withheld", "unreachable") in lines
    assert run.ended_at - START == DAY
