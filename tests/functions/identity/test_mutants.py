"""Would the tests notice? Identity with one thing wrong at a time, each of which one of them must catch."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from functions.identity import ledger, resolve, settlement
from functions.identity.ledger import milliseconds
from functions.identity.store import IdentityStore
from functions.shared import rows
from functions.shared.clock import format_instant
from tests.functions.identity import streams
from tests.functions.identity.scheduler import Chances
from tests.functions.identity.test_races import CALM, raced
from tests.functions.identity.worlds import World, must_agree, up_to

Mutant = Callable[[pytest.MonkeyPatch], None]
RULES = [streams.rules_of(config) for config in streams.CONFIGS.values()]


def agrees(seed: int) -> None:
    lines = streams.lines(seed, 14, "dense")
    world = World(RULES[seed % len(RULES)])
    world.take(lines, up_to(4, Random(seed)))
    must_agree(world, lines)


def races(seed: int, size: int = 16, chances: Chances = CALM) -> None:
    lines = streams.lines(seed, size, "dense")
    world = World(RULES[seed % len(RULES)])
    raced(world, lines, seed, chances)
    must_agree(world, lines)


def the_elder_survives(seed: int) -> None:
    """Rule R17, whoever came first to the tables: known before anonymous, then seen earlier."""
    random = Random(seed)
    people = [("customer_id", "u1"), ("email", "a@example.com"), ("anonymous_id", "c1")]
    one, other = random.sample(people, 2)
    days = {one: random.randrange(20), other: random.randrange(20, 40)}
    world = World()
    for identifier in random.sample([one, other], 2):
        world.take([_on(days[identifier], identifier[1], streams.message("identify", identifier))])
    profiles = {identifier: world.profile(":".join(identifier)) for identifier in (one, other)}
    world.take([_on(41, "link", streams.command("link", one, other))])
    elder = min((one, other), key=lambda identifier: (identifier[0] == "anonymous_id", days[identifier]))
    assert world.profile(":".join(one)) == world.profile(":".join(other)) == profiles[elder]


def _on(day: int, message_id: str, line: streams.Line) -> streams.Line:
    return {**line, "messageId": message_id, "timestamp": format_instant(streams.START + timedelta(days=day))}


def checks() -> Iterator[Callable[[], None]]:
    for seed in range(60):
        yield lambda seed=seed: agrees(seed)  # type: ignore[misc]
    for seed in range(12):
        yield lambda seed=seed: the_elder_survives(seed)  # type: ignore[misc]
    for seed in range(40):
        yield lambda seed=seed: races(seed)  # type: ignore[misc]
    for seed in range(50, 60):
        yield lambda seed=seed: races(seed, 25, Chances())  # type: ignore[misc]


def is_caught() -> bool:
    for check in checks():
        try:
            check()
        except Exception:
            return True
    return False


def versions_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    holds = rows._holds
    patch.setattr(
        rows,
        "_holds",
        lambda expects, row: expects is None or holds({**expects, "version": (row or {}).get("version")}, row),
    )


def pointers_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    pointer = IdentityStore._pointer
    patch.setattr(IdentityStore, "_pointer", lambda store, change: replace(pointer(store, change), expects={}))


def a_lost_race_is_written_all_the_same(patch: pytest.MonkeyPatch) -> None:
    """A retry with the plan that lost."""
    commit = rows.MemoryRows.commit

    def anyway(store: rows.MemoryRows, writes: Any) -> bool:
        return commit(store, writes) or commit(store, [replace(one, expects={}) for one in writes])

    patch.setattr(rows.MemoryRows, "commit", anyway)


def cuts_count_between_named_identifiers_only(patch: pytest.MonkeyPatch) -> None:
    settle, partition, named = settlement.settle, settlement.partition, set[str]()

    def settles(sayings: Any, *rest: Any) -> Any:
        named.clear()
        named.update(key for saying in sayings for key in saying.values)
        return settle(sayings, *rest)

    def parts(said: Any, *rest: Any) -> Any:
        known = {pair: one for pair, one in said.registers.items() if one.verdict != "cut" or set(pair) <= named}
        return partition(replace(said, registers=known), *rest)

    patch.setattr(resolve, "settle", settles)
    patch.setattr(settlement, "partition", parts)


def an_event_happens_when_it_arrives(patch: pytest.MonkeyPatch) -> None:
    def arrived(event: Any) -> Any:
        return milliseconds(event.received_at), event.message_id

    patch.setattr(ledger, "stamp_of", arrived)
    patch.setattr(resolve, "stamp_of", arrived)


def a_visit_claims_a_device(patch: pytest.MonkeyPatch) -> None:
    """``last`` advances on a track."""
    for module in (ledger, resolve):
        patch.setattr(module, "IDENTIFYING", module.IDENTIFYING | {"track", "page"})


def logouts_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    spans = settlement.spans
    for module in (settlement, resolve):
        patch.setattr(module, "spans", lambda key, said, *rest: spans(key, replace(said, logouts={}), *rest))


def the_younger_survives(patch: pytest.MonkeyPatch) -> None:
    seniority = settlement._Settling._seniority

    def reverse(settling: Any, profile: Any) -> Any:
        anonymous, first_seen, pid = seniority(settling, profile)
        return anonymous, -first_seen, pid

    patch.setattr(settlement._Settling, "_seniority", reverse)


def anonymous_people_survive_known_ones(patch: pytest.MonkeyPatch) -> None:
    seniority = settlement._Settling._seniority
    patch.setattr(settlement._Settling, "_seniority", lambda settling, pid: seniority(settling, pid)[1:])


def nobody_is_told_what_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(settlement.Person, "misplaced", lambda person, arrival: False)


def what_is_adopted_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    standing = settlement._Settling._standing

    def trusting(settling: Any) -> Any:
        found = standing(settling)
        settling._adopted.clear()
        settling._departed.clear()
        return found

    patch.setattr(settlement._Settling, "_standing", trusting)


def layers_stay_where_they_were(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(settlement._Layers, "_place", lambda layers, profile, layer, state: (profile, layer))


def limits_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    partition = settlement.partition

    def parts(said: Any, present: Any, rules: Any) -> Any:
        free = {name: replace(one, limit=10_000) for name, one in rules.namespaces.items()}
        return partition(said, present, replace(rules, namespaces=free))

    patch.setattr(settlement, "partition", parts)


MUTANTS: list[Mutant] = [
    versions_are_not_checked,
    pointers_are_not_checked,
    a_lost_race_is_written_all_the_same,
    cuts_count_between_named_identifiers_only,
    an_event_happens_when_it_arrives,
    a_visit_claims_a_device,
    logouts_are_forgotten,
    the_younger_survives,
    anonymous_people_survive_known_ones,
    nobody_is_told_what_left,
    what_is_adopted_is_not_checked,
    layers_stay_where_they_were,
    limits_are_forgotten,
]


def test_without_a_mutation_nothing_is_caught() -> None:
    assert not is_caught()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutation_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    assert is_caught()
