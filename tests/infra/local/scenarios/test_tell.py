from datetime import timedelta

from infra.local.scenarios.tell import Trouble, tell
from infra.local.worlds import Seen
from tests.infra.local.scenarios.writing import START, ToldWorld, line, scenario_of, sent

HOUR = timedelta(hours=1)


def told(text, **world):
    there = ToldWorld(**world)
    return tell(scenario_of(text), there), there


def test_people_are_made_by_what_an_app_sends_and_consent_comes_after_the_addresses():
    _, world = told(
        """
        people:
          - userId: u1
            traits: {email: a@example.com, tier: gold}
            consent: {offers: {email: granted, sms: withdrawn}}
            devices: [{token: tok-1, platform: android}]
        expect: {messages: []}
        """
    )
    [(_, _, identities), (_, _, consents)] = world.deeds("put")
    assert [(one["type"], one.get("traits"), one.get("context")) for one in identities] == [
        ("identify", {"email": "a@example.com", "tier": "gold"}, None),
        ("identify", None, {"device": {"token": "tok-1", "type": "android"}}),
    ]
    assert [(one["topic"], one["channel"], one["state"]) for one in consents] == [
        ("offers", "email", "granted"),
        ("offers", "sms", "withdrawn"),
    ]
    assert {one["timestamp"] for one in [*identities, *consents]} == {"2026-03-02T10:00:00.000Z"}


def test_rows_happen_in_the_order_of_time_and_those_of_one_instant_together_in_the_order_of_the_file():
    _, world = told(
        """
        when:
          - {at: 2h, type: track, userId: u1, event: Third}
          - {at: 1h, type: track, userId: u1, event: First}
          - {at: 1h, type: page, userId: u1, name: Second}
        until: 3h
        expect: {messages: []}
        """
    )
    puts = world.deeds("put")
    assert [(at - START, [one.get("event", one.get("name")) for one in some]) for _, at, some in puts] == [
        (HOUR, ["First", "Second"]),
        (2 * HOUR, ["Third"]),
    ]
    ids = [one["messageId"] for one in puts[0][2]]
    assert ids == sorted(ids)
    assert world.heard[-1][:2] == ("run", START + 3 * HOUR)


def test_fields_nobody_wrote_are_not_sent_and_what_arrives_late_says_when_it_happened():
    _, world = told(
        "when: [{at: 2h, type: track, userId: u1, event: A, timestamp: 1h}]\nuntil: 3h\nexpect: {messages: []}"
    )
    [(_, _, [message])] = world.deeds("put")
    assert message == {
        "type": "track",
        "messageId": "when-00000",
        "timestamp": "2026-03-02T11:00:00.000Z",
        "userId": "u1",
        "event": "A",
    }


def test_in_an_outage_the_clock_goes_on_and_nothing_runs_until_it_ends():
    _, world = told(
        """
        when:
          - {at: 1h, type: outage, for: 3h}
          - {at: 2h, type: track, userId: u1, event: A}
        until: 1d
        expect: {messages: []}
        """
    )
    since = [(kind, (at - START) / HOUR) for kind, at, _ in world.deeds("run", "still", "put")]
    assert since == [("run", 1), ("still", 2), ("put", 2), ("still", 2), ("still", 4), ("run", 24)]


def test_a_provider_is_well_again_after_the_time_stated():
    _, world = told(
        "when: [{at: 1h, type: provider, channel: sms, outcome: throttled, for: 2h}]\nexpect: {messages: []}"
    )
    assert world.deeds("provider") == [
        ("provider", START + HOUR, ("sms", "throttled")),
        ("provider", START + 3 * HOUR, ("sms", "accepted")),
    ]


def test_a_receipt_is_of_the_latest_message_of_its_step():
    lines = [line("m1"), line("m2"), line("m3", step="other"), line("m4", profile="p2")]
    seen = Seen([sent("m1"), sent("m2"), sent("m3"), sent("m4")], lines, [], {"p1": "u1", "p2": "u2"})
    _, world = told(
        "when: [{at: 1h, type: receipt, userId: u1, step: remind, kind: clicked}]\nexpect: {messages: []}", seen_=seen
    )
    assert world.deeds("receipt") == [("receipt", START + HOUR, ("m2", "clicked"))]


def test_a_receipt_of_nothing_is_a_trouble_and_one_of_an_sms_too():
    rows = "when: [{at: 1h, type: receipt, userId: u1, step: remind, kind: clicked}]\nexpect: {messages: []}"
    done, world = told(rows)
    assert done.troubles == [Trouble(0, "no message of remind had been sent to u1 by then")]
    seen = Seen([sent("m1", channel="sms")], [line("m1", channel="sms")], [], {"p1": "u1"})
    done, world = told(rows, seen_=seen)
    assert done.troubles == [Trouble(0, "receipts of sms are not available yet")]
    assert world.deeds("receipt") == []


def test_an_opt_out_and_a_preference_reach_the_person():
    _, world = told(
        """
        when:
          - {at: 1h, type: opt_out, userId: u1, channel: sms}
          - {at: 2h, type: opt_out, userId: u1}
          - {at: 3h, type: prefer, userId: u1, channel: push}
        expect: {messages: []}
        """
    )
    assert [what for _, _, what in world.deeds("opt_out")] == [("p1", "sms"), ("p1", None)]
    [(_, _, [message])] = world.deeds("put")
    assert (message["type"], message["traits"]) == ("identify", {"preferred_channel": "push"})


def test_what_was_refused_is_a_trouble_of_its_row():
    refused = [{"messageId": "when-00001", "field": "properties", "rule": "too large"}]
    done, _ = told(
        "when: [{at: 1h, event: A, userId: u}, {at: 1h, event: B, userId: u}]\nexpect: {messages: []}", refused=refused
    )
    assert done.troubles == [Trouble(1, "properties: too large")]


def test_switches_are_turned_at_their_moment():
    _, world = told(
        """
        when:
          - {at: 1h, type: pause, journey: welcome}
          - {at: 2h, type: resume, journey: welcome}
          - {at: 3h, type: kill, channel: sms}
        until: 1d
        expect: {messages: []}
        """
    )
    assert [(at - START, what) for _, at, what in world.deeds("switch")] == [
        (HOUR, ("pause", "journey welcome")),
        (2 * HOUR, ("resume", "journey welcome")),
        (3 * HOUR, ("kill", "channel sms")),
    ]
