"""Ten at a time, each of the 1,024 ways in which some may be bad: only the bad ones come back or stand aside."""

import itertools
from typing import Any

from functions.capture.bus_door import BusDoor
from functions.capture.sqs import Intake
from tests.functions.capture.test_doors import BAD, GOOD, Doors, envelope

SUBSETS = list(itertools.product([True, False], repeat=10))
# Each bad in another way.
BADS: list[Any] = [
    *(BAD, {"type": "nonsense", "userId": "u1"}, 7, None, [], {**GOOD, "userId": True}, {**GOOD, "properties": "x"}),
    *({**GOOD, "event": " "}, {**GOOD, "timestamp": "yesterday"}, {**GOOD, "messageId": "m" * 101}),
]


def taken_ids(doors: Doors) -> list[str]:
    return [one["messageId"] for one in doors.identity.items]


def test_the_http_door_tells_of_the_bad_ones_by_their_place() -> None:
    for good in SUBSETS:
        doors = Doors()
        batch = [{**GOOD, "messageId": f"m{n}"} if one else BADS[n] for n, one in enumerate(good)]
        status, body, _ = doors.post(body={"batch": batch})
        assert status == (200 if any(good) else 400)
        assert [one["index"] for one in body["rejected"]] == [n for n, one in enumerate(good) if not one]
        assert taken_ids(doors) == [f"m{n}" for n, one in enumerate(good) if one]
        assert len(doors.quarantine.items) == 10 - sum(good)


def test_the_bus_door_sets_the_bad_ones_aside_and_gives_none_back() -> None:
    for good in SUBSETS:
        doors = Doors()
        bodies = [
            envelope({**GOOD, "messageId": f"m{n}"}) if one else ("no json" if n == 3 else envelope(BADS[n]))
            for n, one in enumerate(good)
        ]
        assert doors.deliver(*bodies) == []
        assert taken_ids(doors) == [f"m{n}" for n, one in enumerate(good) if one]
        assert len(doors.quarantine.items) == 10 - sum(good)


class Unforeseen(Intake):
    """Meets a bug at some events."""

    def take(self, events: Any, rejections: Any) -> None:
        if any(event.message_id.startswith("poison") for event in events):
            raise ZeroDivisionError
        super().take(events, rejections)


def test_the_bus_door_gives_back_those_with_something_unforeseen_alone() -> None:
    for good in SUBSETS:
        doors = Doors()
        doors.bus = BusDoor(Unforeseen(doors.identity, doors.quarantine, doors.bucket))  # type: ignore[arg-type]
        bodies = [envelope({**GOOD, "messageId": f"{'m' if one else 'poison'}{n}"}) for n, one in enumerate(good)]
        assert doors.deliver(*bodies) == [f"r{n}" for n, one in enumerate(good) if not one]
        assert taken_ids(doors) == [f"m{n}" for n, one in enumerate(good) if one]
