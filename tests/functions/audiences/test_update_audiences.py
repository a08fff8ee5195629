"""People enter and leave: by events, by lists, by time, by merging; delivered twice, late, in part, or cut off."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.audiences.model import Move, Standing
from functions.audiences.policy import SOURCE, message
from functions.audiences.store import Standings
from functions.shared.errors import TransientError
from functions.shared.events import Event
from functions.shared.names import ProfileId
from functions.shared.rows import Key, MemoryRows, Table, Write
from tests.functions.audiences.worlds import NOON, POLICY, Killed, World, published, with_policy

DAY = timedelta(days=1)


@pytest.fixture
def world():
    return World()


def command(world, verb):
    ends = {"a": {"type": "customer_id", "id": "ann"}, "b": {"type": "anonymous_id", "id": "81"}}
    return world.event("command", command=verb, **ends)


def test_an_event_makes_a_member_and_another_ends_it(world):
    world.happens(world.order())
    assert sorted(world.moves()) == [("Entered", one) for one in ("active", "buyers", "known", "single")]
    world.now += DAY
    world.happens(world.order())
    assert world.moves()[4:] == [("Exited", "single")]
    world.check()


def test_traits_and_lists_move_people_and_so_does_what_names_them(world):
    world.happens(world.event("identify", traits={"tier": "gold"}))
    world.happens(world.listed("joined"))
    assert list(world.members().values()) == [{"gold", "known", "friends"}]
    world.happens(world.order())
    assert "friendly" in next(iter(world.members().values()))
    world.now += DAY
    world.happens(world.listed("left"), world.event("identify", traits={"tier": None}))
    assert sorted(world.moves()[-3:]) == [("Exited", "friendly"), ("Exited", "friends"), ("Exited", "gold")]
    world.check()


def test_what_was_said_last_of_a_list_holds_in_any_order(world):
    joined, left = world.listed("joined", at=NOON), world.listed("left", at=NOON - DAY)
    world.happens(joined)
    world.happens(left)
    assert "friends" in next(iter(world.members().values()))
    world.check()


def test_time_alone_makes_people_leave_within_a_quarter_of_an_hour(world):
    world.happens(world.order())
    world.later(days=29)
    assert ("Exited", "active") not in world.moves()
    world.later(days=1)
    assert ("Exited", "active") in world.moves()
    [left] = [one for one in world.told if one["event"] == "Audience Exited"]
    assert left["timestamp"] == "2026-04-01T12:00:00.000Z"
    world.check()


def test_an_order_in_the_meantime_keeps_them_in_and_a_look_in_vain_tells_nothing(world):
    world.happens(world.order())
    world.later(days=20)
    world.happens(world.order())
    before = len(world.told)
    world.later(days=20)
    assert len(world.told) == before
    world.later(days=11)
    assert world.moves()[-1] == ("Exited", "active")
    world.check()


def test_a_poll_that_was_missed_is_caught_up_and_one_too_many_changes_nothing(world):
    world.happens(world.order())
    world.now += 45 * DAY
    world.sweep()
    world.sweep()
    assert len(world.queue.bodies) == 2
    world.drain()
    assert world.moves().count(("Exited", "active")) == 1
    world.sweep()
    assert world.queue.bodies == []
    world.check()


def test_delivered_again_nothing_is_told_under_another_id(world):
    order = world.order()
    world.tell(order)
    bodies = list(world.queue.bodies)
    world.drain()
    before = world.moves()
    for body in bodies:
        assert world.deliver(body, body) == []
    world.happens(order)
    world.drain()
    assert world.moves() == before
    world.check()


def test_messages_that_overtake_one_another_lead_to_the_same_standing(world):
    world.tell(world.order())
    world.now += DAY
    world.tell(world.order())
    first, second = world.queue.bodies
    world.queue.bodies[:] = [second, first]
    world.drain()
    # One who looks at the older sight reads the person anew before anything is written.
    assert "single" not in next(iter(world.members().values()))
    world.check()


def test_people_of_a_delivery_share_its_requests(world):
    world.tell(*(world.order(userId=f"u{n}") for n in range(10)))
    world.faults.requests.clear()
    [body] = world.queue.bodies
    world.deliver(body)
    # One read; for each person a write, and one for ten when the bus has it; ten events a request.
    assert world.faults.requests == ["read", *["commit"] * 10, *["put"] * 4, "commit"]


def test_of_people_marked_together_only_who_has_changed_meanwhile_is_told_once_more():
    rows = MemoryRows()
    standings = Standings(rows, "audiences")
    people = [ProfileId(f"p{n}") for n in range(12)]
    entered = Standing(1, untold=(Move("buyers", entered=True, at=NOON, generation=1),))
    for one in people:
        standings.write(one, Standing(), entered, {}, Write(Key(Table("profiles"), one, "TRAITS"), {}, {}))
    standings.told({**dict.fromkeys(people, entered), people[3]: replace(entered, version=7)})
    assert [one for one, found in standings.read(people).items() if found.untold] == [people[3]]


def test_when_nothing_changes_one_read_is_all(world):
    world.happens(world.order())
    world.happens(world.order())
    world.tell(world.order())
    world.faults.requests.clear()
    [body] = world.queue.bodies
    world.deliver(body)
    assert world.faults.requests == ["read"]


def test_what_no_audience_mentions_is_neither_sent_nor_asked(world):
    world.happens(world.order())
    world.asked = 0
    world.tell(world.event("page", name="Gifts"), world.event("identify", traits={"city": "Oulu"}))
    assert world.queue.bodies == []
    assert world.asked == 0


def test_only_audiences_that_mention_what_changed_are_asked(world):
    world.happens(world.order())
    world.asked = 0
    world.happens(world.event("identify", traits={"tier": "gold"}))
    assert world.asked == 1


def test_beside_ten_thousand_audiences_as_many_are_asked_and_requested_as_beside_one():
    def cost(many):
        others = {f"a{n}": {"where": f'count("Event {n}") >= 1'} for n in range(many)}
        world = World(published({"audiences": {"buyers": POLICY["audiences"]["buyers"], **others}}))
        world.happens(world.order())
        world.tell(world.event("page", name="Gifts"), world.event("track", event="Help Read"))
        assert world.queue.bodies == []
        return world.asked, world.faults.requests, len(world.keeper.rules.common.audiences._read)

    assert cost(10_000) == cost(0)


def test_without_audiences_nothing_is_done_at_all():
    world = World()
    with_policy(world, {})
    world.happens(world.order(), world.event("identify", anonymousId="81"))
    world.happens(command(world, "unmerge"))
    assert "send" not in world.faults.requests


def test_a_cookie_that_becomes_a_customer_takes_along_what_it_is_in(world):
    world.happens(world.order(anonymousId="81"))
    assert sorted(world.moves()) == [("Entered", one) for one in ("active", "buyers", "single")]
    world.happens(world.event("identify", userId="ann", traits={"tier": "gold"}))
    world.happens(world.event("identify", userId="ann", anonymousId="81"))
    # Nobody leaves or enters by becoming one person.
    assert world.moves()[3:] == [("Entered", "gold"), ("Entered", "known")]
    assert list(world.members().values()) == [{"active", "buyers", "single", "known", "gold"}]
    world.check()


def test_two_who_are_one_are_in_what_holds_of_both_together(world):
    world.happens(world.order(anonymousId="81"))
    world.happens(world.order(userId="ann"))
    world.happens(command(world, "link"))
    assert list(world.members().values()) == [{"active", "buyers", "known"}]
    assert world.moves()[-1] == ("Exited", "single")
    world.check()
    # Steady again: one look is one read.
    world.tell(world.order())
    world.faults.requests.clear()
    world.deliver(*world.queue.bodies)
    assert world.faults.requests == ["read"]


def test_unmerged_people_are_looked_at_again_each_with_their_own(world):
    world.happens(world.order(anonymousId="81"))
    world.happens(world.event("identify", userId="ann", traits={"tier": "gold"}))
    world.happens(command(world, "link"))
    assert list(world.members().values()) == [{"active", "buyers", "single", "known", "gold"}]
    world.now += DAY
    world.happens(command(world, "unmerge"))
    assert sorted(map(sorted, world.members().values())) == [["active", "buyers", "single"], ["gold", "known"]]
    world.check()
    world.now += DAY
    world.happens(command(world, "clear"))
    world.happens(command(world, "link"))
    assert list(world.members().values()) == [{"active", "buyers", "single", "known", "gold"}]
    world.check()


def test_an_erased_person_is_forgotten_and_told_nothing_of(world):
    world.happens(world.order())
    world.happens(world.event("command", command="erase", a={"type": "customer_id", "id": "ann"}))
    assert not any(table == "audiences" for table, _, _ in world.rows.everything())


def buried(world):
    """Rows of profiles that are nobody's, and when they go."""
    rows = world.rows.everything()
    return [row.get("ttl") for (table, _, sk), row in rows.items() if table == "profiles" and sk == "TRAITS"]


@pytest.mark.parametrize("point", range(1, 12))
def test_a_look_of_before_an_erasure_brings_nobody_back_whenever_it_is_handled(world, point):
    world.tell(world.order(anonymousId="81"))
    world.happens(world.event("identify", userId="ann", anonymousId="81"))
    world.tell(world.order())
    looks = list(world.queue.bodies)
    world.queue.bodies.clear()
    requests = []

    def between(request):
        requests.append(request)
        if len(requests) == point:
            # Those who keep memberships are told to forget, and then come to what was queued before.
            told, world.queue.bodies[:] = list(world.queue.bodies), []
            assert world.deliver(*told) == [] if told else True
            assert world.deliver(*looks) == []

    world.rows._before = between
    world.tell(world.event("command", command="erase", a={"type": "customer_id", "id": "ann"}))
    world.rows._before = lambda request: None
    assert len(requests) >= point
    world.drain()
    assert not any(table == "audiences" for table, _, _ in world.rows.everything())
    assert world.people() == {}
    assert None not in buried(world)


@pytest.mark.parametrize("former", [False, True])
def test_what_is_told_of_the_erased_afterwards_brings_nobody_back(world, former):
    world.tell(world.order(anonymousId="81"))
    world.tell(world.order(userId="ann"))
    world.drain()
    before = set(world.people())
    world.happens(command(world, "link"))
    [who] = before - set(world.people()) if former else set(world.people())
    world.happens(world.event("command", command="erase", a={"type": "customer_id", "id": "ann"}))
    said = message(who, Move("buyers", True, world.now, 1))
    for _copy in range(2):
        world.tell(Event(said["messageId"], "track", world.now, world.now, SOURCE, True, said))
    assert world.people() == {}
    assert None not in buried(world)
    # And who comes back is somebody, also where the id is the same.
    world.now += DAY
    world.happens(world.order(userId="ann"))
    assert [one.events for one in world.people().values() if one.identified] != []
    world.check()


def test_a_record_nobody_can_read_holds_up_no_other(world):
    world.tell(world.order())
    [body] = world.queue.bodies
    bad = json.dumps({"looks": [{"profile": {"profile": "x"}, "changed": []}]})
    assert world.deliver("{", bad, body, json.dumps({}), json.dumps({"again": []})) == ["r0", "r1", "r3", "r4"]
    world.queue.bodies.clear()
    world.hear()
    assert ("Entered", "buyers") in world.moves()


def test_one_person_that_cannot_be_written_holds_up_no_other(world):
    world.tell(world.order(userId="ann"))
    world.tell(world.order(userId="bob"))
    bodies = list(world.queue.bodies)
    ann = json.loads(bodies[0])["looks"][0]["profile"]["profile"]
    commit = world.keeper.standings._rows.rows.commit

    def refuse(writes):
        if any(write.key.pk == ann for write in writes):
            raise TransientError("throttled")
        return commit(writes)

    world.rows.commit = refuse
    assert world.deliver(*bodies) == ["r0"]
    del world.rows.commit
    world.queue.bodies[:] = bodies[:1]
    world.drain()
    world.check()
    assert len(world.moves()) == 8


def test_a_new_audience_includes_who_is_there_once_they_are_looked_at(world):
    world.happens(world.order())
    audiences = {name: one for name, one in POLICY["audiences"].items() if name != "buyers"}
    with_policy(world, {"audiences": {**audiences, "ordered": {"where": 'exists(last("Order Completed"))'}}})
    world.queue.bodies.append(json.dumps({"again": list(world.people())}))
    world.drain()
    assert sorted(world.moves()[4:]) == [("Entered", "ordered"), ("Exited", "buyers")]
    assert "friendly" not in next(iter(world.members().values()))


def entering(world):
    return [world.order(), world.event("identify", traits={"tier": "gold"})]


def merging(world):
    world.happens(world.order(anonymousId="81"))
    world.happens(world.event("identify", userId="ann", traits={"tier": "gold"}))
    return [world.event("identify", userId="ann", anonymousId="81")]


def unmerging(world):
    world.happens(world.order(anonymousId="81"))
    world.happens(world.event("identify", userId="ann", traits={"tier": "gold"}))
    world.happens(command(world, "link"))
    return [command(world, "unmerge")]


def linking(world):
    world.happens(world.order(anonymousId="81"))
    world.happens(world.order(userId="ann"))
    return [command(world, "link")]


def claiming(world):
    """A word from earlier takes what a device did by itself from one person to another; a third has the device."""
    world.happens(world.order(anonymousId="81"))
    for hours, who in ((2, "ann"), (3, "eve")):
        world.happens(world.event("identify", userId=who, anonymousId="81", at=world.now + timedelta(hours=hours)))
    return [world.event("identify", userId="bob", anonymousId="81", at=world.now + timedelta(hours=1))]


@pytest.mark.parametrize("redriven", [False, True], ids=["received again", "redriven"])
@pytest.mark.parametrize("case", [entering, merging, linking, unmerging, claiming], ids=lambda case: case.__name__)
def test_a_crash_around_any_request_loses_nothing_and_tells_nothing_twice(case, redriven):
    def run(kill):
        world = World()
        events = case(world)
        world.faults.requests.clear()
        world.faults.kill = kill
        _through_crashes(world, lambda again: world.tell(*events, again=again, redriven=redriven))
        _through_crashes(world, lambda again: world.drain())
        world.check()
        return world

    clean = run(None)
    expected = sorted(clean.moves()), sorted(map(sorted, clean.members().values()))
    assert len(clean.faults.requests) > 4
    for point in range(1, len(clean.faults.requests) + 1):
        for moment in ("before", "after"):
            world = run((point, moment))
            assert world.faults.kill is None
            found = sorted(world.moves()), sorted(map(sorted, world.members().values()))
            assert found == expected, f"killed {moment} request {point} ({clean.faults.requests[point - 1]})"


def _through_crashes(world: World, work: Callable[[bool], None]) -> None:
    again = False
    while True:
        try:
            work(again)
        except Killed:
            world.restart()
            again = True
        else:
            return


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", range(1, 20))
def test_a_crash_of_the_poll_or_of_what_follows_is_made_up_by_the_next(point, moment):
    world = World()
    world.happens(world.order(userId="ann"), world.order(userId="bob"))
    world.now += 30 * DAY
    world.faults.requests.clear()
    world.faults.kill = (point, moment)
    for _poll in range(2):
        _through_crashes(world, lambda again: world.sweep())
        _through_crashes(world, lambda again: world.drain())
    assert world.moves().count(("Exited", "active")) == 2
    world.check()
    assert list(Standings(world.rows, "audiences").due(0, world.now)) == []
