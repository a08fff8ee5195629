"""Every payload of Segment's spec pages and of its Go client, by both doors: each as the table beside the data says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functions.capture.test_doors import Doors, envelope

DATA = Path(__file__).parent / "data"
EXAMPLES = json.loads((DATA / "segment_spec_examples.json").read_text())["examples"]
BATCHES = json.loads((DATA / "client_batches.json").read_text())["batches"]
PAYLOADS: dict[str, list[Any]] = {
    **{one["page"]: [one["payload"]] for one in EXAMPLES},
    **{name: one["batch"] for name, one in BATCHES.items()},
}
ROW = re.compile(r"^\| `([^`]+)` \| (taken|refused) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
VERDICTS = {name: (verdict, *more) for name, verdict, *more in ROW.findall((DATA / "verdicts.md").read_text())}


def names_of(events: list[Any]) -> Iterator[str]:
    for event in events:
        yield event["body"]["event"] if event["type"] == "track" else event["type"]


def told(doors: Doors) -> tuple[str, str, str]:
    """What became of one payload, as the table has it."""
    if doors.quarantine.items:
        (refused,) = doors.quarantine.items
        assert doors.identity.items == []
        return "refused", "", f"{refused['field']}: {refused['rule']}"
    (name,) = set(names_of(doors.identity.items))
    return "taken", name, str(len(doors.identity.items))


def test_there_is_a_verdict_on_each() -> None:
    assert (len(EXAMPLES), len(BATCHES)) == (71, 12)
    assert list(VERDICTS) == list(PAYLOADS)


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_http_door_takes_it_or_says_why_not(name: str) -> None:
    doors = Doors()
    status, body, _ = doors.post(body=BATCHES.get(name, {"batch": PAYLOADS[name]}))
    assert told(doors) == VERDICTS[name]
    assert (status, body["accepted"], len(body["rejected"])) == (
        (200, len(PAYLOADS[name]), 0) if VERDICTS[name][0] == "taken" else (400, 0, 1)
    )


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_single_path_takes_it_without_its_type(name: str) -> None:
    doors = Doors()
    for payload in PAYLOADS[name]:
        untyped = {field: value for field, value in payload.items() if field != "type"}
        doors.post(f"/v1/{payload.get('type', 'track')}", untyped)
    assert told(doors) == VERDICTS[name]


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_bus_takes_it_or_keeps_it_and_nothing_comes_back(name: str) -> None:
    doors = Doors()
    bodies = [envelope(one, one.get("event") or one["type"]) for one in PAYLOADS[name]]
    assert doors.deliver(*bodies) == []
    assert told(doors) == VERDICTS[name]
