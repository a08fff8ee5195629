"""A file replayed says the same again, in any order, in memory and on moto, and says what the oracle says."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from functions.identity.model import Rules
from functions.shared.clock import format_instant
from infra.local.replay.picture import WARNINGS
from infra.local.replay.replay import PEPPER
from tests.functions.identity import streams
from tests.functions.identity.oracle import F


@pytest.fixture
def write(tmp_path):
    def file(lines, name="events.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return str(path)

    return file


@pytest.fixture
def replayed(segue):
    def output(*arguments):
        answer = segue("replay", *arguments, "--json")
        assert answer.exit_code == 0, answer.stderr
        return answer.stdout

    return output


def people(said):
    """Who there is; which of two ids gave way may hang on who met first."""
    bare = [{name: value for name, value in one.items() if name not in ("profile", "aka")} for one in said["profiles"]]
    return sorted(bare, key=json.dumps)


def owners(said):
    """The events of each person, by whoever they are."""
    mine = {}
    for one in said["events"]:
        mine.setdefault(one["profile"], set()).add(one["messageId"])
    return sorted(map(sorted, mine.values()))


def test_scores_and_lists_are_told_of_whoever_has_any(segue, tmp_path):
    lines = [
        {"type": "identify", "messageId": "m1", "userId": "u1", "scores": {"churn": 0.5}},
        {"type": "audience", "messageId": "m2", "userId": "u1", "audience": "friends", "state": "joined"},
        {"type": "audience", "messageId": "m3", "userId": "u2", "audience": "friends", "state": "joined"},
        {"type": "audience", "messageId": "m4", "userId": "u2", "audience": "friends", "state": "left"},
        {"type": "audience", "messageId": "m5", "userId": "u2", "audience": "frends", "state": "joined"},
        {"type": "identify", "messageId": "m6", "userId": "u2", "traits": {"email": "no", "phone": "12"}},
    ]
    events = tmp_path / "lists.jsonl"
    stamped = [{**one, "timestamp": f"2026-03-02T10:00:0{n}Z"} for n, one in enumerate(lines)]
    events.write_text("\n".join(map(json.dumps, stamped)), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text("audiences: {friends: {list: true}}\n", encoding="utf-8")
    answer = segue("replay", str(events), "--policy", str(tmp_path / "policy.yaml"), "--json")
    first, second = json.loads(answer.stdout)["profiles"]
    assert (first["scores"], first["lists"]) == ({"churn": 0.5}, ["friends"])
    assert (second.get("scores"), second["lists"]) == (None, ["frends"])
    assert [(one["messageId"], one["code"], one["detail"]) for one in json.loads(answer.stdout)["warnings"]] == [
        ("m5", "unknown_audience", f"{WARNINGS['unknown_audience']} (frends)"),
        ("m6", "unparseable", f"{WARNINGS['unparseable']} (email, phone)"),
    ]


def test_a_file_replayed_twice_gives_the_same_bytes(replayed, write):
    file = write(streams.lines(1, 60, "dense"))
    assert replayed(file) == replayed(file)


@pytest.mark.parametrize("pool", ["dense", "sparse"])
@pytest.mark.parametrize("seed", range(4))
def test_another_order_of_arrival_gives_the_same_people(replayed, write, pool, seed):
    lines = [{**line, "receivedAt": "2026-04-20T00:00:00.000Z"} for line in streams.lines(seed, 40, pool)]
    file = write(lines)
    told, shuffled = (json.loads(replayed(file, *order)) for order in ((), ("--shuffle", str(seed))))
    assert people(told) == people(shuffled)
    assert owners(told) == owners(shuffled)
    assert told["rejected_links"] == shuffled["rejected_links"]
    assert told["warnings"] == shuffled["warnings"]


def test_another_order_of_lines_is_another_order(replayed, write):
    lines = [{"type": "track", "event": "Viewed", "userId": f"u{n}"} for n in range(20)]
    told, shuffled = (json.loads(replayed(write(lines), *order)) for order in ((), ("--shuffle", "3")))
    assert len(told["events"]) == len(shuffled["events"]) == 20


@pytest.mark.parametrize("seed", range(2))
def test_memory_and_moto_tell_the_same_of_the_same_file(replayed, write, seed):
    file = write(streams.lines(seed, 14, "dense"))
    memory, moto = (json.loads(replayed(file, "--store", store)) for store in ("memory", "moto"))
    assert people(memory) == people(moto)
    assert owners(memory) == owners(moto)
    for part in ("rejected_links", "warnings", "quarantined"):
        assert memory[part] == moto[part]
    assert sum(moto["meter"]["aws_requests"].values()) > 0


@pytest.mark.parametrize("seed", range(12))
def test_people_and_refused_links_are_the_oracles(replayed, write, seed):
    lines = streams.lines(seed, 40, "dense")
    said = json.loads(replayed(write(lines)))
    told = streams.told(lines, Rules(), PEPPER)
    answer = F(told.ledger, Rules())
    found = [{f"{i['namespace']}:{i['value']}" for i in one["identifiers"]} for one in said["profiles"]]
    named = [one for one in found if one]
    assert sorted(map(sorted, named)) == sorted(sorted(told.texts[key] for key in one) for one in answer.components)
    refused = {(one["a"], one["b"]): one["reason"] for one in said["rejected_links"]}
    expected = {tuple(told.texts[key] for key in pair): reason for pair, reason in answer.rejected.items()}
    assert {frozenset(pair): why for pair, why in refused.items()} == {frozenset(p): why for p, why in expected.items()}


def seen(day, **body):
    return {"type": "page", "messageId": f"m-{day}", "timestamp": f"2026-{day}T10:00:00Z", **body}


@pytest.mark.parametrize("store", ["memory", "moto"])
def test_a_browser_of_nobodys_begins_anew_after_its_time(replayed, write, store):
    """Rule R26: ninety days of silence, and seven more in which a late event still finds the old id."""
    silent, back = [seen("01-02", anonymousId="c1"), seen("01-03", anonymousId="c1")], seen("07-01", anonymousId="c1")
    rest = seen("06-01", anonymousId="c2")
    said = json.loads(replayed(write([*silent, rest, back]), "--store", store))
    listed = {one["identifiers"][0]["value"]: one["events"] for one in said["profiles"] if one["identifiers"]}
    assert listed["c2"] == 1
    if store == "moto":
        # Line by line, the browser was forgotten before it came back.
        assert listed["c1"] == 1


def test_a_customers_browser_that_was_forgotten_is_listed_once(replayed, write):
    told = [
        {**seen("01-02", anonymousId="c1", userId="u1"), "type": "identify"},
        seen("06-01", anonymousId="c1"),
        seen("06-02", userId="u1"),
    ]
    said = json.loads(replayed(write(told), "--store", "moto"))
    cookies = [one for one in said["profiles"] for i in one["identifiers"] if i["value"] == "c1"]
    assert len(cookies) == 1


def bought(number, days, **more):
    at = format_instant(datetime(2023, 3, 2, tzinfo=UTC) + timedelta(days=days))
    return {"type": "track", "event": "Bought", "messageId": f"m{number}", "timestamp": at, "userId": "u1", **more}


def test_an_event_that_came_after_its_retention_is_warned_of_and_changes_nobody(replayed, write):
    late = format_instant(datetime(2023, 3, 2, tzinfo=UTC) + timedelta(days=401))
    said = json.loads(replayed(write([bought(0, 0, receivedAt=late), bought(1, 2, receivedAt=late)])))
    assert [(one["messageId"], one["code"]) for one in said["warnings"]] == [("m0", "past_retention")]
    assert [one["messageId"] for one in said["events"]] == ["m1"]
    assert said["profiles"][0]["events"] == 1


def test_years_of_events_make_the_same_people_in_any_order_of_the_file(replayed, write):
    file = write([bought(n, n * 40) for n in range(30)])
    told, shuffled = (json.loads(replayed(file, *order)) for order in ((), ("--shuffle", "3")))
    assert (shuffled["profiles"], shuffled["events"]) == (told["profiles"], told["events"])
    assert (len(told["events"]), shuffled["warnings"]) == (30, [])
