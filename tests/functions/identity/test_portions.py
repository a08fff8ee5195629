"""What is worked on at once takes seconds, whoever the events are of."""

from datetime import UTC, datetime
from typing import Any

from functions.identity.model import Rules
from functions.identity.naming import Named, named
from functions.identity.portions import EVENTS_TOGETHER, SECONDS_NEEDED, work_of
from functions.shared.delivery import Portions, whole_delivery
from functions.shared.events import Event
from functions.shared.sqs import MESSAGE_ITEMS, Queue

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECONDS_A_TRANSACTION = 0.02
FOUNDING = 2


def event(n: int, **body: Any) -> tuple[Event, Named]:
    one = Event(f"m{n}", "page", NOON, NOON, "shop", True, {"type": "page", **body})
    return one, named(one, Rules(), "pepper")


def portions_of(*sizes: int, people: int | None = None) -> list[int]:
    """How many events each portion holds of records of such sizes; everybody is new, or one of ``people``."""
    done: list[int] = []
    numbers = iter(range(1_000_000))

    def decode(size: int) -> list[tuple[Event, Named]]:
        return [
            event(n, userId=f"u{n if people is None else n % people}") for n in (next(numbers) for _ in range(size))
        ]

    def work(records: Any) -> tuple[()]:
        done.append(sum(map(len, records.values())))
        return ()

    records = [{"messageId": f"r{n}", "body": str(size)} for n, size in enumerate(sizes)]
    portions = Portions(EVENTS_TOGETHER, work_of, SECONDS_NEEDED, Queue("again", object()), lambda: 60_000)
    whole_delivery({"Records": records}, decode, work, "test", portions=portions)
    return done


def test_no_portion_of_strangers_takes_longer_than_the_time_there_must_be_for_it() -> None:
    for sizes in ([1] * 1_000, [10] * 100, [MESSAGE_ITEMS] * 3, [300, 300], [MESSAGE_ITEMS, 1, MESSAGE_ITEMS]):
        portions = portions_of(*sizes)
        assert sum(portions) == sum(sizes)
        assert max(portions) * FOUNDING * SECONDS_A_TRANSACTION < SECONDS_NEEDED
    assert max(portions_of(*[1] * 1_000)) == EVENTS_TOGETHER // 3


def test_events_of_few_people_are_worked_on_together() -> None:
    assert portions_of(*[10] * 100, people=3) == [1_000]
    assert portions_of(*[100] * 11, people=3) == [1_000, 100]


def test_who_names_nobody_is_somebody_of_their_own() -> None:
    blank = [event(n, userId="null") for n in range(5)]
    assert all(not names.linking for _, names in blank)
    assert work_of(blank) == 15
