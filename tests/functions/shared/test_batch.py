"""Partial batches: only what failed comes again, and nothing personal is logged."""

import json

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.batch import each_record
from functions.shared.errors import TransientError


def sqs_event(bodies):
    return {"Records": [{"messageId": str(n), "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]}


@given(st.lists(st.sampled_from(["good", "transient", "poison", "not json"]), min_size=1, max_size=10))
def test_exactly_the_bad_records_return(kinds):
    done = []

    def work(body):
        if body["kind"] == "transient":
            raise TransientError("busy")
        if body["kind"] == "poison":
            raise KeyError("someone@example.com")
        done.append(body["n"])

    bodies = ["{" if kind == "not json" else json.dumps({"kind": kind, "n": n}) for n, kind in enumerate(kinds)]
    answer = each_record(sqs_event(bodies), work, "test")
    bad = [n for n, kind in enumerate(kinds) if kind != "good"]
    assert sorted(int(item["itemIdentifier"]) for item in answer["batchItemFailures"]) == bad
    assert done == [n for n, kind in enumerate(kinds) if kind == "good"]


def test_the_text_of_a_foreign_error_stays_out_of_the_log(caplog):
    def work(body):
        raise KeyError("someone@example.com")

    each_record(sqs_event(['{"n": 1}']), work, "test")
    written = [str(record.__dict__) for record in caplog.records if record.name == "test"]
    assert len(written) == 1
    assert "KeyError" in written[0]
    assert "someone@example.com" not in written[0]
