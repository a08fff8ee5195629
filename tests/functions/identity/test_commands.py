"""What an operator may do: link, cut, take it back, undo a merge, erase; each told twice is told once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from functions.shared.clock import format_instant
from tests.functions.identity import streams
from tests.functions.identity.scheduler import Chances, Killed, Scheduler
from tests.functions.identity.worlds import World, delivery

SHOPPER = ("customer_id", "u1")
MAILBOX = ("email", "ann@example.com")
PHONE = ("phone", "+358401234567")
COOKIE = ("anonymous_id", "c1")
PHONE_TEXT = ":".join(PHONE)


@dataclass
class Desk:
    """A world and a clock: what is said is said an hour after what was said before."""

    world: World = field(default_factory=World)
    hours: int = 0

    def say(self, line: streams.Line, times: int = 1, hours: int | None = None) -> streams.Line:
        self.hours += 1
        at = streams.START + timedelta(hours=self.hours if hours is None else hours)
        said = {**line, "messageId": f"m-{self.hours:02}", "timestamp": format_instant(at)}
        for _ in range(times):
            self.world.take([said])
        return said

    def named(self, *identifiers: streams.Identifier, kind: str = "identify", **more: Any) -> streams.Line:
        return self.say(streams.message(kind, *identifiers, **more))

    def command(self, verb: str, *ends: streams.Identifier, **more: Any) -> streams.Line:
        return self.say({**streams.command(verb, *ends), **more}, times=2)

    def are_one(self, *identifiers: streams.Identifier) -> bool:
        return len({self.world.profile(":".join(one)) for one in identifiers}) == 1

    def deeds(self, identifier: streams.Identifier) -> list[str]:
        profile = self.world.profile(":".join(identifier))
        return [audit.deed for audit in self.world.worker.identity.trail(profile)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_link_joins_what_no_event_joined(desk: Desk) -> None:
    desk.named(SHOPPER)
    desk.named(MAILBOX)
    assert not desk.are_one(SHOPPER, MAILBOX)
    desk.command("link", SHOPPER, MAILBOX)
    assert desk.are_one(SHOPPER, MAILBOX)
    assert desk.world.snapshot("customer_id:u1").events == 2


def test_a_link_may_be_said_before_anybody_was_seen(desk: Desk) -> None:
    desk.command("link", SHOPPER, MAILBOX)
    desk.named(SHOPPER)
    desk.named(MAILBOX)
    assert desk.are_one(SHOPPER, MAILBOX)


def test_a_cut_parts_what_events_joined_and_takes_each_side_its_own(desk: Desk) -> None:
    desk.named(SHOPPER, COOKIE)
    desk.named(MAILBOX, PHONE)
    desk.named(SHOPPER, MAILBOX)
    assert desk.world.snapshot("customer_id:u1").events == 3
    desk.command("cut", SHOPPER, MAILBOX)
    assert not desk.are_one(SHOPPER, MAILBOX)
    assert desk.world.snapshot("customer_id:u1").events == 2
    assert desk.world.snapshot("email:ann@example.com").events == 1


def test_what_is_cut_stays_cut_whoever_says_otherwise_later(desk: Desk) -> None:
    desk.named(SHOPPER, MAILBOX)
    desk.command("cut", SHOPPER, MAILBOX)
    desk.named(SHOPPER, MAILBOX)
    desk.named(SHOPPER, PHONE)
    desk.named(PHONE, MAILBOX, kind="track")
    assert not desk.are_one(SHOPPER, MAILBOX)


def test_the_later_command_holds_and_clear_takes_both_back(desk: Desk) -> None:
    desk.named(SHOPPER, MAILBOX)
    desk.command("cut", SHOPPER, MAILBOX)
    desk.command("link", SHOPPER, MAILBOX)
    assert desk.are_one(SHOPPER, MAILBOX)
    desk.command("cut", SHOPPER, MAILBOX)
    desk.command("clear", SHOPPER, MAILBOX)
    assert desk.are_one(SHOPPER, MAILBOX)


def test_a_command_that_arrives_late_holds_from_its_own_time(desk: Desk) -> None:
    desk.named(SHOPPER, MAILBOX)
    desk.command("link", SHOPPER, MAILBOX)
    desk.say(streams.command("cut", SHOPPER, MAILBOX), hours=1)
    assert desk.are_one(SHOPPER, MAILBOX)


def test_a_shared_device_that_is_cleared_links_again(desk: Desk) -> None:
    for number in range(21):
        desk.named(("customer_id", f"guest{number}"), COOKIE)
    assert not desk.are_one(("customer_id", "guest20"), COOKIE)
    desk.command("clear_shared", COOKIE)
    assert desk.are_one(("customer_id", "guest20"), COOKIE)


def test_unmerge_gives_both_people_back_what_was_theirs(desk: Desk) -> None:
    desk.named(COOKIE, kind="page")
    desk.named(SHOPPER)
    before = {one: desk.world.snapshot(one) for one in ("anonymous_id:c1", "customer_id:u1")}
    desk.named(SHOPPER, COOKIE)
    assert desk.are_one(SHOPPER, COOKIE)
    desk.command("unmerge", SHOPPER, COOKIE)
    assert not desk.are_one(SHOPPER, COOKIE)
    for one, snapshot in before.items():
        assert desk.world.snapshot(one).profile == snapshot.profile
    assert desk.world.snapshot("anonymous_id:c1").events == before["anonymous_id:c1"].events
    assert desk.world.snapshot("customer_id:u1").events == before["customer_id:u1"].events + 1
    assert desk.deeds(SHOPPER)[-1] == "split"


def test_of_three_merged_one_after_another_each_can_be_taken_out(desk: Desk) -> None:
    cards = [("loyalty", f"k{number}") for number in range(3)]
    mailboxes = [("email", f"p{number}@example.com") for number in range(3)]
    for card, mailbox in zip(cards, mailboxes, strict=True):
        desk.named(mailbox, card)
    ids = [desk.world.profile(":".join(one)) for one in mailboxes]
    desk.command("link", mailboxes[0], mailboxes[1])
    desk.command("link", mailboxes[1], mailboxes[2])
    assert desk.are_one(*mailboxes, *cards)
    desk.command("unmerge", mailboxes[0], mailboxes[1])
    assert not desk.are_one(mailboxes[0], mailboxes[1])
    desk.command("unmerge", mailboxes[1], mailboxes[2])
    assert [desk.world.profile(":".join(one)) for one in mailboxes] == ids
    assert [desk.world.profile(":".join(one)) for one in cards] == ids


def test_unmerge_of_two_who_are_not_one_keeps_them_apart(desk: Desk) -> None:
    desk.named(SHOPPER)
    desk.named(MAILBOX)
    desk.command("unmerge", SHOPPER, MAILBOX)
    desk.named(SHOPPER, MAILBOX)
    assert not desk.are_one(SHOPPER, MAILBOX)


def test_somebody_erased_is_gone_with_everything_about_them(desk: Desk) -> None:
    desk.named(COOKIE, kind="page")
    desk.named(SHOPPER, MAILBOX, COOKIE)
    desk.named(PHONE)
    erased = desk.command("erase", SHOPPER)
    assert desk.world.people().keys() == {desk.world.key(PHONE_TEXT)}
    rows = desk.world.rows.everything()
    assert not [key for key in rows if "AUDIT" in key[2] and key[1] != f"p#{desk.world.profile(PHONE_TEXT)}"]
    assert [one.events for one in desk.world.worker.profiles.scan()] == [1]
    assert "ann@example.com" not in repr(rows)
    (notice,) = {repr(sorted(one["contacts"])): one for one in desk.world.heard.erased}.values()
    assert notice["messageId"] == erased["messageId"]


def test_events_from_before_an_erasure_are_refused_and_later_ones_begin_somebody_new(desk: Desk) -> None:
    desk.named(SHOPPER, MAILBOX)
    old = desk.world.profile("customer_id:u1")
    desk.command("erase", SHOPPER)
    desk.say(streams.message("identify", SHOPPER, MAILBOX), hours=1)
    assert desk.world.people() == {}
    desk.named(MAILBOX)
    assert desk.world.snapshot("email:ann@example.com").events == 1
    assert desk.world.profile("email:ann@example.com") != old


@pytest.mark.parametrize("seed", range(30))
def test_an_erasure_cut_off_at_any_request_is_completed_by_its_next_delivery(desk: Desk, seed: int) -> None:
    desk.named(COOKIE, kind="page")
    desk.named(SHOPPER, MAILBOX, COOKIE)
    scheduler = Scheduler(seed, Chances(throttled=0, conflict=0, unanswered=0, killed=0.2))
    line = streams.command("erase", SHOPPER)
    told = desk.world.events([{**line, "messageId": "e", "timestamp": "2026-03-05T00:00:00.000Z"}])

    def work() -> None:
        worker = desk.world.worker_on(scheduler.rows(desk.world.rows))
        try:
            done = not worker.recognise(delivery(told))
        except Killed:
            done = False
        if not done:
            work()

    scheduler.run([work])
    assert desk.world.people() == {}
    assert not list(desk.world.worker.profiles.scan())
    assert not [key for key in desk.world.rows.everything() if key[2].startswith(("AUDIT", "DAY", "HEAD"))]


@pytest.mark.parametrize("ends", [(), (SHOPPER,), (SHOPPER, ("email", "null")), (SHOPPER, ("no such kind", "1"))])
@pytest.mark.parametrize("verb", ["link", "cut", "clear", "unmerge"])
def test_a_command_that_names_nobody_changes_nothing(desk: Desk, verb: str, ends: Sequence[Any]) -> None:
    desk.named(SHOPPER, MAILBOX)
    before = desk.world.people()
    desk.command(verb, *ends)
    assert desk.world.people() == before


def test_an_address_known_by_its_hash_is_the_address(desk: Desk) -> None:
    digest = sha256(b"ann@example.com").hexdigest()
    desk.named(("customer_id", "u2"), kind="track")
    desk.say(streams.message("identify", SHOPPER, context={"externalIds": [{"type": "email.sha256", "id": digest}]}))
    desk.named(MAILBOX)
    assert desk.are_one(SHOPPER, MAILBOX)


@pytest.mark.parametrize("again", [(SHOPPER,), (SHOPPER, MAILBOX), (SHOPPER, COOKIE)])
def test_somebody_erased_who_comes_back_is_taken_at_once(desk: Desk, again: Sequence[streams.Identifier]) -> None:
    desk.named(SHOPPER, MAILBOX)
    desk.named(SHOPPER, COOKIE)
    desk.command("erase", SHOPPER)
    desk.named(*again)
    assert desk.world.snapshot("customer_id:u1").events == 1
