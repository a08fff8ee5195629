"""The consumer: duplicates, disorder and a bad line among good ones."""

import json

from functions.permissions.handlers.record_consent import RecordConsentSettings, build
from functions.shared.clock import system_clock


def item(message_id="m-1", **changes):
    good = {
        "profile": "p-1",
        "contact": "email#1",
        "channel": "email",
        "topic": "offers",
        "state": "granted",
        "source": "crm",
        "effectiveAt": "2026-03-02T10:00:00.000Z",
        "messageId": message_id,
    }
    return {**good, **changes}


def delivered(*bodies):
    records = [
        {"messageId": str(n), "body": json.dumps({"consents": body}), "eventSource": "aws:sqs"}
        for n, body in enumerate(bodies)
    ]
    return {"Records": records}


def failures(answer):
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def handler():
    return build(RecordConsentSettings(permissions_table="permissions"), system_clock)


def test_a_batch_is_recorded_and_may_come_again(permissions, capsys):
    event = delivered([item(), item("m-2", topic="news")], [item("m-3", contact=None)])
    assert failures(handler()(event, None)) == []
    assert failures(handler()(event, None)) == []
    assert permissions.read("email#1", "p-1").consents == {"offers": "granted", "news": "granted"}
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [line["consents_recorded"] for line in written] == [[3], [0]]
    assert written[1]["consents_known"] == [3]


def test_only_the_message_with_a_bad_line_returns(permissions):
    event = delivered([item(state="maybe")], [item("m-2")], [item("m-3", effectiveAt="yesterday")])
    assert failures(handler()(event, None)) == ["0", "2"]
    assert permissions.read("email#1", "p-1").consents == {"offers": "granted"}


def test_the_later_word_holds_when_it_arrives_first(permissions):
    late = item("m-2", state="withdrawn", effectiveAt="2026-03-02T10:00:00.001Z")
    handler()(delivered([late], [item()]), None)
    assert permissions.read("email#1", "p-1").consents == {"offers": "withdrawn"}
