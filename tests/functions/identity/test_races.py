"""Several workers at once, interleaved request by request, delivered twice, throttled, cut off: the same people."""

from collections import Counter
from random import Random

import pytest

from functions.shared.errors import TransientError
from tests.functions.identity import streams
from tests.functions.identity.scheduler import Chances, Killed, Scheduler
from tests.functions.identity.worlds import Told, World, delivery, must_agree, parts, up_to

RULES = [streams.rules_of(config) for config in streams.CONFIGS.values()]
CALM = Chances(throttled=0, conflict=0, unanswered=0, killed=0)


def raced(world: World, lines: list[streams.Line], seed: int, chances: Chances) -> Counter[str]:
    """Delivers lines to 2 to 6 workers at once, a third of the deliveries twice; what fails comes again."""
    random = Random(f"race {seed}")
    scheduler = Scheduler(seed, chances)
    waiting = [list(part) for part in parts(world.events_at_once(lines), up_to(3, random))]
    waiting += [part for part in waiting if random.random() < 1 / 3]
    random.shuffle(waiting)

    def work() -> None:
        while waiting:
            part = waiting.pop()
            waiting.extend(handled(part))

    def handled(part: list[Told]) -> list[list[Told]]:
        """What is left of a delivery."""
        worker = world.worker_on(scheduler.rows(world.rows))
        records = delivery(part)
        try:
            stuck = worker.recognise(records)
        except (TransientError, Killed):
            return [part]
        return [records[record] for record in sorted(stuck)]

    scheduler.run([work] * random.randint(2, 6))
    return scheduler.seen


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize(("pool", "size"), [("dense", 20), ("sparse", 30)])
def test_workers_that_race_leave_what_the_oracle_says(seed: int, pool: str, size: int) -> None:
    lines = streams.lines(seed, size, pool)
    world = World(RULES[seed % len(RULES)])
    raced(world, lines, seed, Chances())
    must_agree(world, lines)


@pytest.mark.parametrize("seed", range(10))
def test_a_crowd_on_one_cookie_races(seed: int) -> None:
    """Every delivery meets every other in one row."""
    lines = streams.delivered(streams.kiosk(Random(seed), customers=12))
    world = World()
    seen = raced(world, lines, seed, CALM)
    assert seen["lost races"] > 0
    must_agree(world, lines)


def test_in_these_races_everything_that_can_go_wrong_does() -> None:
    seen: Counter[str] = Counter()
    for seed in range(12):
        seen += raced(World(), streams.lines(seed, 20, "dense"), seed, Chances())
    assert {name for name, count in seen.items() if count > 5} >= {
        "switches",
        "lost races",
        "throttled",
        "conflict",
        "unanswered",
        "killed",
        "killed after",
    }


def test_a_race_is_run_again_by_its_seed() -> None:
    lines = streams.lines(3, 20, "dense")
    one, other = World(), World()
    assert raced(one, lines, 3, Chances()) == raced(other, lines, 3, Chances())
    assert one.rows.everything() == other.rows.everything()
