"""Cron as authors write it, as EventBridge Scheduler reads it, and as the laptop lets it fire."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.journeys.language.cron import CronFault, read_cron

HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("0 9 * * mon", "cron(0 9 ? * MON *)"),
        ("0 9 * * 7", "cron(0 9 ? * SUN *)"),
        ("0 9 * * 1-5", "cron(0 9 ? * MON,TUE,WED,THU,FRI *)"),
        ("*/15 * * * *", "cron(0,15,30,45 * * * ? *)"),
        ("0 0 1 jan,jul *", "cron(0 0 1 1,7 ? *)"),
        ("30 3 * * *", "cron(30 3 * * ? *)"),
    ],
)
def test_the_scheduler_is_told_in_its_own_spelling(said, expected):
    assert read_cron(said).for_scheduler() == expected


@pytest.mark.parametrize(
    ("said", "what", "column"),
    [
        ("0 9 * *", "4 fields of a cron expression, not 5", 1),
        ("0 0 9 * * mon", "6 fields of a cron expression, not 5", 1),
        ("@daily", "1 fields of a cron expression, not 5", 1),
        ("60 9 * * *", '"60" is no minute', 1),
        ("0  24 * * *", '"24" is no hour', 4),
        ("0 9 30 2 *", '"30" is no day-of-month', 5),
        ("0 9 * 13 *", '"13" is no month', 7),
        ("0 9 * * moon", '"moon" is no day-of-week', 9),
        ("0 9 L * *", '"L" is not available as day-of-month', 5),
        ("0 9 * * mon#2", '"mon#2" is not available as day-of-week', 9),
        ("0 9 1 * mon", "a day of month and a weekday", 5),
    ],
)
def test_what_is_none_is_said_with_its_place(said, what, column):
    with pytest.raises(CronFault) as fault:
        read_cron(said)
    assert (fault.value.what, fault.value.column) == (what, column)


@given(st.text(alphabet="0123456789*/-,#LW? monjan@", max_size=30))
def test_any_text_is_read_or_refused(said):
    try:
        answer = read_cron(said).for_scheduler()
    except CronFault as fault:
        answer = fault
    assert 1 <= answer.column <= max(1, len(said)) if isinstance(answer, CronFault) else answer.startswith("cron(")


def times(said, *begin, zone=HELSINKI, many=3):
    return list(islice(read_cron(said).after(datetime(*begin, tzinfo=UTC), zone), many))


def local(*instants, zone=HELSINKI):
    return [one.astimezone(zone).strftime("%d %H:%M %z") for one in instants]


def test_a_time_that_does_not_exist_is_left_out():
    # 29 March 2026: 03:00 is 04:00.
    assert local(*times("30 3 * * *", 2026, 3, 27, 12)) == ["28 03:30 +0200", "30 03:30 +0300", "31 03:30 +0300"]


def test_a_time_that_comes_twice_fires_once_the_first_time():
    # 25 October 2026: 04:00 is 03:00 again.
    assert local(*times("30 3 * * *", 2026, 10, 24, 12)) == ["25 03:30 +0300", "26 03:30 +0200", "27 03:30 +0200"]
    # Who begins between the two has missed it.
    assert local(*times("30 3 * * *", 2026, 10, 25, 1, many=1)) == ["26 03:30 +0200"]


def test_it_is_nine_oclock_on_both_sides_of_a_jump():
    assert local(*times("0 9 * * *", 2026, 3, 28, 0)) == ["28 09:00 +0200", "29 09:00 +0300", "30 09:00 +0300"]


@given(
    st.sampled_from(["0 9 * * *", "30 2 * * *", "15 */3 * * *", "0 0 1 * *", "30 3 * * sun"]),
    st.sampled_from(["Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tokyo"]),
    st.integers(0, 700 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
)
def test_times_come_in_order_later_than_asked_and_each_local_time_once(said, zone, begin):
    found = list(islice(read_cron(said).after(begin, ZoneInfo(zone)), 30))
    assert found[0] > begin
    assert all(one < other for one, other in pairwise(found))
    said_local = [one.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) for one in found]
    assert len(set(said_local)) == len(found)
    assert all(one.second == 0 for one in said_local)
    assert found[-1] - found[0] > timedelta(hours=20)
