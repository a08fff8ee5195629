"""Keys tell what is kept, stay keys whatever callers send, and tell nothing about anybody."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.capture.index import Entry, grouped, sayable, slug

HOSTILE = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(
    [
        "../../etc/passwd",
        "a/b//c",
        "\x00\r\n\x1b[31m",
        "x" * 10_000,
        "å" * 5_000,
        ".",
        "..",
        "",
        "~",
        "\ud800",
        "various",
    ]
)


def line(source, field, rule, message_id="m1"):
    received_at = "2026-03-02T12:00:00.000Z"
    return {"source": source, "field": field, "rule": rule, "messageId": message_id, "receivedAt": received_at}


@given(HOSTILE, HOSTILE, HOSTILE)
def test_any_source_field_and_rule_make_a_key_that_is_read_back(source, field, rule):
    (group,) = grouped([line(source, field, rule, "\ud800")])
    entry = group.entry("2026/03/02", "a" * 32)
    assert len(entry.key.encode("ascii")) <= 1024
    assert re.fullmatch(r"[A-Za-z0-9._*/-]+", entry.key)
    assert entry.key.count("/") == 7
    assert ".." not in entry.key.split("/")
    assert Entry.from_key(entry.key) == entry
    assert len(str(group.to_json()).encode("utf-8", "surrogatepass")) < 10_000


@given(st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE), max_size=80))
def test_every_message_is_in_one_group_and_no_two_groups_share_a_key(said):
    lines = [line(*one, message_id=str(number)) for number, one in enumerate(said)]
    groups = grouped(lines)
    assert sorted(one["messageId"] for group in groups for one in group.lines) == sorted(
        str(n) for n in range(len(said))
    )
    assert len({group.entry("2026/03/02", "a" * 32).key for group in groups}) == len(groups)
    assert groups == grouped(lines)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("userId", "userId"),
        ("context.device.token", "context.device.token"),
        ("properties.order_id", "properties.order_id"),
        ("properties.products[3].sku", "properties.products.*.sku"),
        ("properties.products.12.sku", "properties.products.*.sku"),
        ("properties.ann@example.com", "properties.*"),
        ("properties.ann.smith@corp.example.x", "properties.*"),
        ("properties.+358401234567", "properties.*"),
        ("properties.358401234567", "properties.*"),
        ("traits.Ann Smith", "traits.*"),
        ("traits." + "x" * 41, "traits.*"),
        ("", "*"),
    ],
)
def test_a_field_is_named_without_what_a_caller_put_into_its_path(field, said):
    assert sayable(field) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no identifier", "no-identifier"),
        ("not one of granted, withdrawn", "not-one-of-granted-withdrawn"),
        ("../..", "none"),
        ("a/b", "a-b"),
        ("", "none"),
    ],
)
def test_parts_of_keys_stay_readable(text, said):
    assert slug(text) == said


@pytest.mark.parametrize(
    "key", ["", "index/", "rejected/2026/03/02/" + "a" * 32 + ".jsonl", "index/2026/03/02/a/b/c/x.json"]
)
def test_what_is_no_key_of_the_index_is_none(key):
    assert Entry.from_key(key) is None
