"""Everything that was recorded is archived at least once; what is erased cannot be read there; nothing else is lost."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from functions.profiles.api import Profiles, random_key
from functions.shared.clock import format_instant
from functions.shared.errors import TransientError
from functions.shared.rows import MemoryRows
from tests.fakes.archive import KeptStream
from tests.functions.identity import streams
from tests.functions.identity.scheduler import Chances, Killed, Scheduler
from tests.functions.identity.test_races import raced
from tests.functions.identity.worlds import World, delivery, must_agree, parts, up_to

SHOPPER = ("customer_id", "canary-1")
MAILBOX = ("email", "canary@example.com")
PHONE = ("phone", "+358401234567")
COOKIE = ("anonymous_id", "c1")
OTHER = ("customer_id", "u2")
CANARIES = ("canary", "358401234567")


@dataclass
class Desk:
    """A world that archives; what is said is said an hour after what was said before."""

    stream: KeptStream = field(default_factory=KeptStream)
    hours: int = 0

    def __post_init__(self) -> None:
        self.world = World(stream=self.stream)

    def line(self, line: streams.Line, **more: Any) -> streams.Line:
        self.hours += 1
        at = streams.START + timedelta(hours=self.hours)
        return {**line, "messageId": f"m-{self.hours:02}", "timestamp": format_instant(at), **more}

    def say(self, line: streams.Line, **more: Any) -> streams.Line:
        said = self.line(line, **more)
        self.world.take([said])
        return said

    def named(self, *identifiers: streams.Identifier, kind: str = "identify", **more: Any) -> streams.Line:
        return self.say(streams.message(kind, *identifiers), **more)

    def command(self, verb: str, *ends: streams.Identifier) -> streams.Line:
        return self.say(streams.command(verb, *ends))

    def opened(self) -> list[tuple[dict[str, Any], dict[str, Any], Any]]:
        return list(self.stream.opened(self.world.worker.profiles))

    def messages(self) -> list[str]:
        """Ids of what can be read, in the order it stands there."""
        return [event.message_id for _, _, event in self.opened()]

    def texts(self) -> str:
        """All that anybody can find out from the archive and the keys there are."""
        return repr(self.stream.lines()) + repr([event for _, _, event in self.opened()])


def incompressible(seed: int) -> dict[str, str]:
    return {f"p{n}": Random(f"{seed} {n}").randbytes(4_000).hex() for n in range(3)}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_delivery_is_archived_with_one_request(desk: Desk) -> None:
    lines = [desk.line(streams.message("track", who)) for who in (SHOPPER, OTHER, SHOPPER, COOKIE)]
    lines.append(desk.line({**streams.message("identify", SHOPPER, COOKIE), "type": "reset"}))
    lines.append(desk.line(streams.command("cut", SHOPPER, PHONE)))
    assert not desk.world.worker.recognise(delivery(desk.world.events(lines)))
    assert (desk.stream.calls, len(desk.stream.records)) == (1, 1)
    assert sorted(set(desk.messages())) == [line["messageId"] for line in lines]


def test_events_of_one_identifier_are_sealed_together_under_their_person(desk: Desk) -> None:
    lines = [desk.line(streams.message("track", who)) for who in (SHOPPER, OTHER, SHOPPER)]
    desk.world.worker.recognise(delivery(desk.world.events(lines)))
    found = {line["home"]: (line["profile"], len(line["events"])) for line in desk.stream.lines()}
    assert found == {
        desk.world.key("customer_id:canary-1"): (desk.world.profile("customer_id:canary-1"), 2),
        desk.world.key("customer_id:u2"): (desk.world.profile("customer_id:u2"), 1),
    }


def test_what_was_recorded_and_not_archived_comes_again_and_is_there_once_after_its_copies(desk: Desk) -> None:
    desk.stream.refuses = [0]
    told = desk.world.events([desk.line(streams.message("track", SHOPPER)), desk.line(streams.message("track", OTHER))])
    assert desk.world.worker.recognise(delivery(told)) == {"r0", "r1"}
    assert desk.world.snapshot("customer_id:canary-1").events == 1
    assert desk.messages() == []
    desk.stream.refuses = []
    assert desk.world.worker.recognise(delivery(told)) == set()
    assert desk.world.worker.recognise(delivery(told)) == set()
    assert Counter(desk.messages()) == {"m-01": 2, "m-02": 2}
    assert desk.world.snapshot("customer_id:canary-1").events == 1


def test_of_many_records_only_those_refused_return_their_messages(desk: Desk) -> None:
    lines = [
        desk.line({**streams.message("track", ("customer_id", f"u{n}")), "properties": incompressible(n)})
        for n in range(90)
    ]
    told = desk.world.events(lines)
    desk.stream.refuses = [1]
    stuck = desk.world.worker.recognise(delivery(told))
    assert 0 < len(stuck) < 90
    kept = set(desk.messages())
    assert kept == {event.message_id for n, (event, _) in enumerate(told) if f"r{n}" not in stuck}
    assert all(len(record) <= 1000 * 1024 for record in desk.stream.records)


def test_another_content_under_a_known_id_is_archived_and_says_so(desk: Desk) -> None:
    first = desk.named(SHOPPER)
    desk.world.take([{**first, "traits": {"tier": "gold"}}])
    conflicts = [(clear.get("conflict"), event.traits.get("tier")) for _, clear, event in desk.opened()]
    assert conflicts == [(None, None), (True, "gold")]


def test_an_event_from_before_an_erasure_is_not_archived(desk: Desk) -> None:
    late = desk.line(streams.message("track", SHOPPER))
    desk.named(SHOPPER)
    desk.command("erase", SHOPPER)
    desk.world.take([late])
    assert [event.type for _, _, event in desk.opened()] == ["command"]


def test_what_is_erased_cannot_be_read_whatever_had_been_said_of_it(desk: Desk) -> None:
    desk.named(COOKIE, kind="page")
    desk.named(SHOPPER, MAILBOX, COOKIE)
    desk.named(SHOPPER, PHONE, kind="track")
    desk.named(OTHER)
    desk.command("link", OTHER, MAILBOX)
    desk.command("unmerge", OTHER, MAILBOX)
    desk.command("cut", OTHER, PHONE)
    assert "canary" in desk.texts()
    desk.command("erase", SHOPPER)
    text = desk.texts()
    assert [canary for canary in CANARIES if canary in text] == []
    assert "u2" in text


def test_what_came_while_two_were_one_can_be_erased_after_they_were_parted(desk: Desk) -> None:
    desk.named(OTHER)
    desk.named(MAILBOX)
    desk.command("link", OTHER, MAILBOX)
    desk.named(MAILBOX, kind="track")
    mine = desk.named(OTHER, kind="track")["messageId"]
    desk.command("unmerge", OTHER, MAILBOX)
    desk.command("erase", MAILBOX)
    assert "canary" not in desk.texts()
    assert mine in desk.messages()


def test_an_erasure_names_nobody_and_a_command_names_each_end_apart(desk: Desk) -> None:
    desk.named(SHOPPER)
    desk.named(OTHER)
    desk.command("cut", OTHER, SHOPPER)
    halves = [event.body for _, _, event in desk.opened() if event.type == "command"]
    assert [(half["a"].keys(), half["b"].keys()) for half in halves] == [
        ({"type", "id"}, {"key"}),
        ({"key"}, {"type", "id"}),
    ]
    desk.command("erase", SHOPPER)
    [erased] = [(line, event) for line, _, event in desk.opened() if event.body.get("command") == "erase"]
    assert "sealed" not in erased[0]
    assert erased[1].body["a"] == {"key": desk.world.key("customer_id:canary-1")}
    [half] = [event.body for _, _, event in desk.opened() if event.body.get("command") == "cut"]
    assert half["b"] == {"key": desk.world.key("customer_id:canary-1")}


def test_somebody_who_comes_back_has_a_new_key_and_what_was_before_stays_closed(desk: Desk) -> None:
    desk.named(SHOPPER, MAILBOX)
    before = {line["key"] for line in desk.stream.lines()}
    desk.command("erase", SHOPPER)
    back = desk.named(SHOPPER)["messageId"]
    readable = {line.get("key") for line, _, _ in desk.opened()} - {None}
    assert not readable & before
    assert back in desk.messages()


def test_without_a_stream_there_are_no_keys() -> None:
    world = World()
    world.take([{**streams.message("identify", SHOPPER), "messageId": "m", "timestamp": "2026-03-02T00:00:00.000Z"}])
    assert [key for key in world.rows.everything() if key[2] == "KEY"] == []


def test_people_from_before_there_were_keys_get_one_with_their_next_event_or_copy(desk: Desk) -> None:
    old = World(rows=desk.world.rows)
    line = desk.line(streams.message("identify", SHOPPER))
    old.take([line])
    desk.world.take([line])
    assert desk.messages() == [line["messageId"]]


@pytest.mark.parametrize("seed", range(25))
def test_workers_that_race_to_make_keys_seal_with_the_one_that_stands(seed: int) -> None:
    """Whatever is archived opens, unless its record came again; and everything recorded is archived."""
    lines = streams.lines(seed, 20, "dense")
    desk = Desk()
    raced(desk.world, lines, seed, Chances())
    must_agree(desk.world, lines)
    keys = {key[1]: row["content"] for key, row in desk.world.rows.everything().items() if key[2] == "KEY"}
    assert {line["key"] for line in desk.stream.lines()} <= {key.id for key in keys.values()}
    assert set(desk.messages()) == {line["messageId"] for line in lines}


@pytest.mark.parametrize("seed", range(40))
def test_an_erasure_cut_off_anywhere_leaves_nothing_readable_once_it_is_done(seed: int) -> None:
    desk = Desk()
    desk.named(SHOPPER, MAILBOX, COOKIE)
    desk.named(PHONE)
    told = [desk.world.events([desk.line(streams.message("track", SHOPPER, MAILBOX))])]
    told.append(desk.world.events([desk.line(streams.command("erase", SHOPPER))]))
    scheduler = Scheduler(seed, Chances(throttled=0.02, conflict=0.02, unanswered=0.02, killed=0.1))

    def worker(part: Any) -> Any:
        def work() -> None:
            recogniser = desk.world.worker_on(scheduler.rows(desk.world.rows))
            try:
                done = not recogniser.recognise(delivery(part))
            except (Killed, TransientError):
                done = False
            if not done:
                work()

        return work

    scheduler.run([worker(part) for part in told])
    text = desk.texts()
    assert "canary" not in text
    assert {event.type for _, _, event in desk.opened()} == {"identify", "command"}


@pytest.mark.parametrize("seed", range(6))
def test_a_stream_told_in_parts_is_archived_whole(seed: int) -> None:
    desk = Desk()
    lines = streams.lines(seed, 60, "sparse")
    sizes = up_to(10, Random(seed))
    told = list(parts(desk.world.events(lines), sizes))
    for part in told:
        assert not desk.world.worker.recognise(delivery(part))
    assert desk.stream.calls == len(told)
    assert set(desk.messages()) == {line["messageId"] for line in lines}


def test_two_who_make_a_key_at_once_both_get_the_first() -> None:
    rows = MemoryRows()
    profiles = Profiles("profiles", rows=rows, new_key=random_key)
    mine: list[Any] = []

    def overtaken(request: str) -> None:
        if request == "commit" and not mine:
            mine.append(None)
            mine.append(Profiles("profiles", rows=rows, new_key=random_key).made_keys(["email#1"]))

    rows._before = overtaken
    assert profiles.made_keys(["email#1"]) == mine[1]
    assert profiles.data_keys(["email#1", "email#2"]) == mine[1]


def test_keys_carried_to_another_table_all_arrive_where_some_are_there_already() -> None:
    here, there = (Profiles("profiles", rows=MemoryRows(), new_key=random_key) for _ in range(2))
    homes = [f"email#{n:03}" for n in range(250)]
    keys = here.made_keys(homes)
    taken = there.made_keys(homes[7:8])
    for _again in range(2):
        here.carry_keys(there)
        assert there.data_keys(homes) == {**keys, **taken}


class ClaimsKept:
    """What stands in the claims' bucket; refuses so many times before it deletes."""

    def __init__(self, *objects: str, refusals: int = 0) -> None:
        self.objects = set(objects)
        self.refusals = refusals

    def delete(self, objects: Any) -> None:
        for one in objects:
            if self.refusals:
                self.refusals -= 1
                raise TransientError("claims refused")
            self.objects.discard(one)


def test_what_was_too_large_to_travel_is_erased_with_its_event_and_tried_again_until_it_is() -> None:
    claims = ClaimsKept("claims/mine", "claims/other", refusals=1)
    world = World(stream=KeptStream(), claims=claims)
    whose = ((SHOPPER, "claims/mine"), (OTHER, "claims/other"))
    lines = [
        {**streams.message("track", who), "messageId": key, "timestamp": "2026-03-02T00:00:00Z"} for who, key in whose
    ]
    told = [
        (replace(event, claim={"object": event.message_id, "bytes": 40_000, "left_out": ["properties.items"]}), names)
        for event, names in world.events(lines)
    ]
    assert not world.worker.recognise(delivery(told))
    erasure = {**streams.command("erase", SHOPPER), "messageId": "e", "timestamp": "2026-03-05T00:00:00.000Z"}
    assert world.worker.recognise(delivery(world.events([erasure]))) == {"r0"}
    assert claims.objects == {"claims/mine", "claims/other"}
    assert world.worker.profiles.snapshot(world.profile("customer_id:canary-1")) is None
    world.take([erasure])
    assert claims.objects == {"claims/other"}
    [kept] = [event for _, _, event in world.stream.opened(world.worker.profiles) if event.type == "track"]
    assert kept.claim == told[1][0].claim


def claimed(event: Any, key: str) -> Any:
    return replace(event, claim={"object": key, "bytes": 40_000, "left_out": ["properties.items"]})


@pytest.mark.parametrize("refusals", [0, 1])
def test_what_an_event_that_is_not_kept_left_goes_at_once_and_what_is_kept_keeps_its_own(refusals: int) -> None:
    claims = ClaimsKept("mine", "other content", "before the erasure", "too old", refusals=refusals)
    world = World(stream=KeptStream(), claims=claims)

    def tell(line: streams.Line, key: str, at: str) -> None:
        told = [(claimed(event, key), names) for event, names in world.events([{**line, "timestamp": at}])]
        while world.worker.recognise(delivery(told)):
            pass

    line = {**streams.message("track", SHOPPER), "messageId": "m"}
    for _copy in range(2):
        tell(line, "mine", "2026-03-02T00:00:00.000Z")
    tell({**line, "event": "Another"}, "other content", "2026-03-02T00:00:00.000Z")
    assert claims.objects == {"mine", "before the erasure", "too old"}
    tell({**line, "messageId": "old"}, "too old", "2020-03-02T00:00:00.000Z")
    assert claims.objects == {"mine", "before the erasure"}
    world.take([{**streams.command("erase", SHOPPER), "messageId": "e", "timestamp": "2026-03-05T00:00:00.000Z"}])
    assert claims.objects == {"before the erasure"}
    tell(line, "before the erasure", "2026-03-02T00:00:00.000Z")
    assert claims.objects == set()


def test_a_copy_of_what_somebody_else_did_on_a_device_of_the_erased_leaves_them_theirs() -> None:
    claims = ClaimsKept("theirs")
    world = World(stream=KeptStream(), claims=claims)
    said = [
        streams.message("identify", OTHER, COOKIE),
        streams.message("page", COOKIE),
        streams.message("identify", SHOPPER, COOKIE),
        streams.command("erase", SHOPPER),
    ]
    lines = [
        {**line, "messageId": f"m{hour}", "timestamp": f"2026-03-02T0{hour}:00:00.000Z"}
        for hour, line in enumerate(said)
    ]
    for line in [*lines, lines[1]]:
        told = [(claimed(event, "theirs") if event.type == "page" else event, n) for event, n in world.events([line])]
        assert not world.worker.recognise(delivery(told))
    assert claims.objects == {"theirs"}
    assert [event.message_id for event in world.worker.profiles.timeline(world.key(":".join(COOKIE)))] == ["m1"]
