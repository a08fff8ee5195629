"""How many people can a laptop take through their journeys? A crowd on the runner, beside a bare heap of instants.

Everything is decided as in production: who enters, which way, whether a message may go. Nothing is rendered.
"""

import gc
import heapq
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from time import process_time
from typing import Any, TypeAlias

from infra.local.benchmarks.budgets import Measured
from infra.local.benchmarks.intake import JOURNEYS
from infra.local.runner import executor
from infra.local.runner.garbage import seldom_collected
from infra.local.runner.world import RunnerWorld, published

START = datetime(2026, 3, 2, tzinfo=UTC)
AT_ONCE = 500
# The journey takes three days; who comes later than this would not be through it at the end.
LAST_TO_COME = timedelta(days=5)
COMPARED = 5_000
ROUNDS = 3
WAITING = 2_000

Progress: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a crowd. ``seconds`` of CPU; ``states`` entered; ``messages`` decided."""

    people: int
    days: int
    seconds: float
    states: int
    messages: int
    completed: int


def run_crowd(people: int, days: int, progress: Progress = lambda n: None) -> Told:
    """Makes so many people, lets each order once at a time of their own, and lets so many days pass.

    From the bus on: capture, identity, journeys and dispatch. ``progress`` is told twice of every person.
    """
    with seldom_collected():
        return _run_crowd(people, days, progress)


def _run_crowd(people: int, days: int, progress: Progress) -> Told:
    began = process_time()
    world = RunnerWorld(published(JOURNEYS), START, rendering=False)
    for _ in _in_portions(world, (_known(number, START) for number in range(people))):
        progress(AT_ONCE)
    random = Random(people)
    span = timedelta(days=days) - LAST_TO_COME
    came = sorted((START + span * random.random(), number) for number in range(people))
    for at, number in came:
        world.run_until(at)
        world.put_events([_order(number, at)])
        progress(1)
    world.run_until(START + timedelta(days=days))
    done = sum(run.status == "completed" for run in world.stores.enrolments.scan())
    messages = sum(1 for _ in world.stores.messages.scan())
    return Told(people, days, process_time() - began, world.executor.entered, messages, done)


def measured(people: int = COMPARED) -> Iterator[Measured]:
    """CPU of the runner as a multiple of a bare heap's, and bytes of somebody who waits; both of this run alone."""
    # The best of some rounds each: whatever else the machine does only ever adds.
    with seldom_collected():
        ours = min(_through(people) for _ in range(ROUNDS))
        bare = min(_bare(people) for _ in range(ROUNDS))
    yield Measured("runner", "a_crowd", {"times_a_bare_heap": ours / bare})
    yield Measured("runner", "somebody_who_waits", bytes_of_a_wait(WAITING))


def _through(people: int) -> float:
    """Seconds from the entry event as identity tells it to the end of the journey, of everybody."""
    world = RunnerWorld(published(JOURNEYS), START, rendering=False)
    told = _told(world, people)
    gc.collect()
    began = process_time()
    for body in told:
        world.stage.advancer.advance(body)
    world.run_until(START + timedelta(days=10))
    taken = process_time() - began
    assert world.executor.entered == 8 * people, "everybody comes to the end"
    return taken


def _told(world: RunnerWorld, people: int) -> list[Any]:
    """What identity tells journeys of so many people who order."""
    told: list[Any] = []
    feed = world.queues.feeds["advance-people"]

    def keep(batch: Sequence[Any]) -> tuple[()]:
        told.extend(message.said for message in batch)
        return ()

    feed.deliver, deliver = keep, feed.deliver
    for messages in (_known, _order):
        for _ in _in_portions(world, (messages(number, START) for number in range(people))):
            pass
    feed.deliver = deliver
    return told


def _bare(people: int) -> float:
    """Seconds that a loop over one heap takes for the same journeys: it knows where everybody stands, asks the split's
    question of what they ordered, and writes down what is sent; no gate, no rows, no merges, no exits.

    Eight states each, as in the machine: begin, a message, a day, a question, a choice, two days, a message, the end.
    It is generous to the runner in that every state goes over the heap, and hard on it in that nothing is decided: the
    runner's time begins with the entry event, and holds the entry, two passes of the gate with their claims, and all
    rows that they leave.
    """
    waits = (0, 0, 86_400, 0, 0, 2 * 86_400, 0, 0)
    orders = [{"revenue": 40.0} for _ in range(people)]
    gc.collect()
    began = process_time()
    stands: dict[int, int] = {}
    sent: list[tuple[int, int, int]] = []
    heap = [(0, number, number, 0) for number in range(people)]
    order = people
    while heap:
        at, _, who, state = heapq.heappop(heap)
        stands[who] = state
        if state in (1, 6):
            sent.append((at, who, state))
        rich = state == 3 and orders[who]["revenue"] > 1_000_000
        if state + 1 < len(waits):
            heapq.heappush(heap, (at + waits[state], order, who, 7 if rich else state + 1))
            order += 1
    return process_time() - began


def bytes_of_a_wait(people: int) -> dict[str, float]:
    """Of everybody who rests in the first wait: ``bytes`` = what the runner keeps of the execution, ``with_rows``
    = also what stands in tables of their run and of their first message."""
    world = RunnerWorld(published(JOURNEYS), START, rendering=False)
    told = _told(world, people)
    gc.collect()
    tracemalloc.start()
    try:
        for body in told:
            world.stage.advancer.advance(body)
        world.drain()
        world.next_due()
        told.clear()
        gc.collect()
        kept = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    resting = kept.filter_traces([tracemalloc.Filter(True, executor.__file__)])
    # The name of an execution is made by whoever starts it.
    names = sum(sys.getsizeof(name) for name in world.executor.names())
    return {"bytes": (_size(resting) + names) / people, "with_rows": _size(kept) / people}


def _size(kept: tracemalloc.Snapshot) -> int:
    return sum(trace.size for trace in kept.traces)


def _in_portions(world: RunnerWorld, messages: Iterator[Mapping[str, Any]]) -> Iterator[None]:
    while portion := list(islice(messages, AT_ONCE)):
        world.put_events(portion)
        world.drain()
        yield


def _known(number: int, at: datetime) -> dict[str, Any]:
    return {**_said("identify", f"i{number}", number, at), "traits": {"email": f"u{number}@example.com"}}


def _order(number: int, at: datetime) -> dict[str, Any]:
    properties = {"order_id": str(number), "revenue": 40.0, "currency": "EUR"}
    return {**_said("track", f"o{number}", number, at), "event": "Order Completed", "properties": properties}


def _said(kind: str, message: str, number: int, at: datetime) -> dict[str, Any]:
    return {"type": kind, "messageId": message, "userId": f"u{number}", "timestamp": at.isoformat()}
