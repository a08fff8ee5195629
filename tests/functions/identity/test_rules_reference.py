"""The reference page on identity's rules says what the code does: its rules, codes, reasons, limits and bad input."""

import re
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from functions.identity.attribution import REACH_MS
from functions.identity.ledger import CLAIMS_PER_DEVICE, LOGOUTS_PER_DEVICE
from functions.identity.model import IDENTIFIERS_PER_PROFILE, LINKING_PER_EVENT, Rules
from functions.identity.partition import Rejection
from functions.identity.resolve import PEOPLE_PER_SETTLEMENT
from functions.identity.settlement import CROSSING_EDGES, LATE_DAYS
from functions.shared.rows import ROWS_PER_TRANSACTION
from infra.local.replay.lines import Line
from infra.local.replay.picture import WARNINGS
from infra.local.replay.replay import publication_of, replay_in_memory

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "identity-rules.md").read_text(encoding="utf-8")
ADDRESSES = [f"a{n}@example.com" for n in range(6)]
SECOND = {"externalIds": [{"type": "customer_id", "id": "u2"}]}
PRIOR = {"previousId": "u1", "context": {"previousIdType": "customer_id"}}


def told(*bodies):
    lines = [
        Line(
            number,
            {"type": "identify", "messageId": f"m{number}", "timestamp": f"2026-03-02T10:{number:02}:00Z", **one},
        )
        for number, one in enumerate(bodies, start=1)
    ]
    return replay_in_memory(lines, publication_of(None)).to_json()


def people(said):
    return [(sorted(i["value"] for i in one["identifiers"]), one["events"]) for one in said["profiles"]]


def codes(said):
    return [one["code"] for one in said["warnings"]]


def test_every_rule_stands_on_the_page_once():
    assert re.findall(r"^\| (R\d+b?) \|", TEXT, re.MULTILINE) == [
        *(f"R{n}" for n in range(1, 12)),
        "R11b",
        *(f"R{n}" for n in range(12, 27)),
    ]


@pytest.mark.parametrize("code", [*WARNINGS, *get_args(Rejection)])
def test_every_code_and_reason_is_explained(code):
    assert f"`{code}`" in TEXT


@pytest.mark.parametrize(
    "said",
    [
        f"At most {LINKING_PER_EVENT} identifiers of an event link",
        f"more than {IDENTIFIERS_PER_PROFILE} identifiers",
        f"more than {Rules().shared_after} customers",
        f"| edges from one identifier to other people's | {CROSSING_EDGES} |",
        f"| claims a device remembers | {CLAIMS_PER_DEVICE} |",
        f"| logouts a device remembers | {LOGOUTS_PER_DEVICE} |",
        f"| {timedelta(milliseconds=REACH_MS).days} days |",
        f"| {ROWS_PER_TRANSACTION}, {PEOPLE_PER_SETTLEMENT} |",
        f"stays {LATE_DAYS} days longer",
    ],
)
def test_the_limits_on_the_page_are_the_code_s(said):
    assert said in TEXT


@pytest.mark.parametrize(
    ("body", "whom", "code"),
    [
        ({"userId": "null", "anonymousId": "c"}, ["c"], "blocked_value"),
        ({"userId": "  UNDEFINED ", "anonymousId": "c"}, ["c"], "blocked_value"),
        ({"userId": "00000000-0000-0000-0000-000000000000", "anonymousId": "c"}, ["c"], "blocked_value"),
        ({"userId": "0"}, [], "blocked_value"),
        ({"userId": ""}, [], "blocked_value"),
        ({"userId": "[object Object]", "traits": {"email": "a@example.com"}}, ["a@example.com"], "blocked_value"),
        ({"userId": "u1", "traits": {"email": "{{customer.email}}", "phone": "${phone}"}}, ["u1"], "blocked_value"),
        ({"userId": "u1", "traits": {"email": "not an address", "phone": "12"}}, ["u1"], "unparseable"),
        ({"userId": "u1", "anonymousId": "c", "context": SECOND}, ["c"], "self_contradiction"),
        ({"type": "alias", "userId": "u2", **PRIOR}, [], "self_contradiction"),
        ({"userId": "u\ud800", "anonymousId": "c"}, ["c"], "unparseable"),
        ({"userId": "u\ud800"}, [], "unparseable"),
        ({"userId": "x" * 10_000, "anonymousId": "c"}, ["c"], "unparseable"),
        ({"userId": "x" * 10_000}, [], "unparseable"),
        ({"userId": "u1", "receivedAt": "2026-03-02T09:01:00Z"}, ["u1"], "clock_suspect"),
    ],
)
def test_bad_input_is_kept_with_whoever_is_left_and_a_warning(body, whom, code):
    said = told(body)
    assert people(said) == [(whom, 1)]
    assert codes(said) == [code]


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"userId": True}, "userId", "neither text nor number"),
        ({"userId": ["u1"]}, "userId", "neither text nor number"),
        ({}, "userId", "no identifier"),
        ({"userId": "u", "receivedAt": "2026-02-28T10:00:00Z"}, "timestamp", "more than 24 hours ahead of its receipt"),
        ({"type": "command", "trusted": False}, "type", "commands need a secret key"),
        ({"type": "decline", "userId": "u1"}, "type", "not supported yet"),
        ({"type": "receipt", "userId": "u1"}, "type", "not supported yet"),
    ],
)
def test_what_cannot_be_used_is_quarantined_with_its_reason(body, field, reason):
    said = told(body)
    assert said["profiles"] == []
    assert [(one["field"], one["reason"]) for one in said["quarantined"]] == [(field, reason)]


def test_fifty_users_on_one_cookie_stay_fifty_people_and_a_cookie():
    said = told(*({"userId": f"u{n}", "anonymousId": "kiosk"} for n in range(50)), {"anonymousId": "kiosk"})
    assert people(said) == [(["kiosk"], 1), *(([user], 1) for user in sorted(f"u{n}" for n in range(50)))]
    assert [one["reason"] for one in said["rejected_links"]] == ["shared"] * 50


def test_a_sixth_address_joins_nobody():
    said = told(*({"userId": "u1", "traits": {"email": address}} for address in ADDRESSES))
    assert people(said) == [([*ADDRESSES[:5], "u1"], 6), ([ADDRESSES[5]], 0)]
    assert [(one["code"], one["detail"]) for one in said["warnings"]] == [("limit", "email of customer_id")]
    assert len(said["rejected_links"]) == 1
