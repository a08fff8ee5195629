"""A day of events in few bytes."""

import base64
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from functions.profiles.older import Asked, Occurrence
from functions.profiles.packing import (
    HASH_BYTES,
    Days,
    Minutes,
    OpenDay,
    Packed,
    Persons,
    filed,
    id_hash,
    same_content,
    times_to_search,
)
from functions.profiles.policy import Person, State
from functions.profiles.series import with_occurrences
from functions.shared.events import Event

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def event(message_id: str, at: datetime = NOON, **body: object) -> Event:
    return Event(message_id, "page", at, NOON, "test", True, {"type": "page", **body})


@given(st.lists(st.text(st.characters(), max_size=30), max_size=20, unique=True))
def test_what_is_filed_is_read_back_and_found(ids: list[str]) -> None:
    events = [event(message_id) for message_id in ids]
    closed, open_row = filed(Packed(), events)
    assert [one for row in (*closed, open_row) for one in row.events()] == events
    assert all(any(row.may_hold(one) for row in (*closed, open_row)) for one in ids)


def test_a_hash_that_only_straddles_two_others_is_not_found() -> None:
    wanted = id_hash("m1")
    straddling = b"x" * 4 + wanted + b"x" * 4
    assert len(straddling) == 2 * HASH_BYTES
    assert not Packed(straddling).may_hold("m1")
    assert Packed(straddling + wanted).may_hold("m1")


def test_ten_ordinary_events_take_less_than_a_kilobyte() -> None:
    many = [
        event(f"b3a8e2f0-0000-4000-8000-00000000000{n}", userId="u1", properties={"path": f"/shop/{n}"})
        for n in range(10)
    ]
    _, row = filed(Packed(), many)
    assert len(row.hashes) + len(row.lines) < 1_000


def test_a_batch_too_large_for_one_item_is_spread_over_rows() -> None:
    _, row = filed(Packed(), [event("m0")])
    closed, open_row = filed(row, [event(f"m{n}", note=str(n) * 20_000) for n in range(1, 40)])
    assert len([one for part in (*closed, open_row) for one in part.events()]) == 40


def test_only_what_was_sent_counts_as_content() -> None:
    assert same_content(event("m", sentAt="2026-03-02T12:00:00Z"), event("m", NOON.replace(hour=13), sentAt="later"))
    assert not same_content(event("m", name="a"), event("m", name="b"))


def test_the_day_beside_midnight_is_searched_too() -> None:
    assert times_to_search(event("m", datetime(2026, 3, 2, 9, 30, tzinfo=UTC))) == {"2026-03-02": Minutes(565, 575)}
    assert times_to_search(event("m", datetime(2026, 3, 3, 0, 1, tzinfo=UTC))) == {
        "2026-03-02": Minutes(1436, 1439),
        "2026-03-03": Minutes(0, 6),
    }


def test_a_day_is_written_and_read_as_it_is():
    events = [event(f"m{n}", datetime(2026, 3, 2, 9, n, tzinfo=UTC)) for n in range(3)]
    _, row = filed(Packed(), events)
    assert row.minutes == (540, 542)
    for content in (OpenDay(), OpenDay(row), OpenDay(row, (Minutes(0, 7), Minutes(3, 1439)))):
        assert Days().decode(Days().encode(content)) == content


def test_a_persons_row_that_was_written_before_is_still_read() -> None:
    written = (
        "eLtTBQglQ06VyAkuMS8PS5oDJSpjXQOjEEMjQmkPqzJYajQmlPowExxyNOIP25L8ksQcpJCF8HGGK2oQ4ggmAB5zXz8pzlb+xIAU5yua2YAA"
        "sBkPPfFgAAAFlOcrf2JABbbugACzig6627S96yIBgAABQ93NZQBI"
    )
    orders = [Occurrence(NOON - timedelta(hours=n), f"m-{n}", {"total": n}) for n in range(3)]
    series = with_occurrences(None, orders, Asked((90 * 86_400_000,), ("total",), ids=False))
    person = Person({"customer_id#ann": State(NOON, NOON, 3, "trusted", series={"Order Completed": series})})
    assert Persons().decode(base64.b64decode(written)) == person
