"""The rows that deliveries leave are what the oracle makes of the same lines, in any order and any portions."""

from datetime import timedelta
from random import Random

import pytest

from functions.shared.clock import format_instant
from tests.functions.identity import streams
from tests.functions.identity.worlds import World, must_agree, up_to

RULES = [streams.rules_of(config) for config in streams.CONFIGS.values()]
# So many seeds, about as many lines, crowded or not.
FILES = [
    *((seed, 12, "dense") for seed in range(120)),
    *((seed, 40, "dense") for seed in range(30)),
    *((seed, 60, "sparse") for seed in range(30)),
    *((seed, 110, "dense") for seed in range(6)),
]


@pytest.mark.parametrize(("seed", "size", "pool"), FILES)
def test_rows_hold_what_the_oracle_says(seed: int, size: int, pool: str) -> None:
    lines = streams.lines(seed, size, pool)
    world = World(RULES[seed % len(RULES)])
    world.take(lines, up_to(1 if seed % 2 else 6, Random(seed)))
    must_agree(world, lines)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("pool", ["dense", "sparse"])
def test_any_order_and_repetition_leave_the_same_people(seed: int, pool: str) -> None:
    random = Random(seed)
    lines = streams.lines(seed, 25, pool)
    again = [*lines, *random.sample(lines, len(lines) // 3)]
    random.shuffle(again)
    rules = RULES[seed % len(RULES)]
    one, other = World(rules), World(rules)
    one.take(lines)
    other.take(again, up_to(5, random))
    must_agree(one, lines)
    must_agree(other, again)
    assert _together(one) == _together(other)


@pytest.mark.parametrize("seed", range(20))
def test_lines_told_again_move_nobody_and_count_nothing(seed: int) -> None:
    lines = streams.lines(seed, 30, "dense")
    world = World()
    world.take(lines, up_to(6, Random(seed)))
    before = _people_and_trails(world)
    world.take(lines, up_to(6, Random(seed)))
    assert _people_and_trails(world) == before


def test_an_old_profile_is_two_reads_from_its_person_through_six_merges_and_never_lost() -> None:
    world, count = World(), 20
    mailboxes = [("email", f"person{number}@example.com") for number in range(count)]
    # Each person is older than the one before, so that every merge changes the survivor: the longest way there is.
    for number, mailbox in enumerate(mailboxes):
        world.take([_at(20 - number / 2, f"m{number}", streams.message("identify", mailbox))])
    profiles = [world.profile(":".join(mailbox)) for mailbox in mailboxes]
    longest = []
    for number in range(1, count):
        world.take([_at(21, f"c{number}", streams.command("link", *mailboxes[number - 1 : number + 1]))])
        ways = [world.way(profile) for profile in profiles[: number + 1]]
        assert {way[-1] for way in ways} == {profiles[number]}
        longest.append(max(map(len, ways)) - 1)
    assert longest[:6] == [1, 2, 2, 2, 2, 2]
    assert max(longest) < count // 2


def _at(day: float, message_id: str, line: streams.Line) -> streams.Line:
    return {**line, "messageId": message_id, "timestamp": format_instant(streams.START + timedelta(days=day))}


def _together(world: World) -> set[frozenset[str]]:
    people = world.people()
    return {frozenset(key for key, one in people.items() if one == profile) for profile in people.values()}


def _people_and_trails(world: World) -> object:
    """Everything but what a copy may freshen: when an identifier expires, what a person's row knows of strangers."""
    rows = world.rows.everything()
    return {key: row for key, row in rows.items() if key[0] == "profiles" or key[2].startswith("AUDIT")}, world.people()
