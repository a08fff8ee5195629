"""When is the next order due?"""

from datetime import UTC, datetime, timedelta

from functions.decisioning.policy import expected_next

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=30)


def days(*offsets: int) -> list[datetime]:
    return [FIRST + timedelta(days=offset) for offset in offsets]


def test_nobody_is_due_who_never_did_it() -> None:
    assert expected_next([], MONTH) is None


def test_the_populations_interval_serves_until_a_person_has_two_of_their_own() -> None:
    assert expected_next(days(0), MONTH) == FIRST + MONTH
    assert expected_next(days(0, 4), MONTH) == FIRST + timedelta(days=4) + MONTH
    assert expected_next(days(0, 4), None) is None


def test_two_own_intervals_count_more_than_the_populations() -> None:
    assert expected_next(days(0, 10, 40), MONTH) == FIRST + timedelta(days=60)
