"""Whole numbers in few bits."""

from hypothesis import given
from hypothesis import strategies as st

from functions.profiles.columns import Reader, Written

LARGE = 2**120


@given(
    st.lists(
        st.one_of(
            st.integers(-LARGE, LARGE),
            st.lists(st.integers(-LARGE, LARGE), max_size=20),
            st.lists(st.integers(0, 40).map(lambda n: 10_000_000 * n), max_size=60),
        ),
        max_size=10,
    )
)
def test_what_is_written_is_read_back_in_the_same_order(many: list[int | list[int]]) -> None:
    written = Written()
    for one in many:
        if isinstance(one, int):
            written.number(one)
        else:
            written.column(one)
    reader = Reader(written.to_bytes())
    assert [reader.number() if isinstance(one, int) else reader.column(len(one)) for one in many] == many


def test_numbers_that_are_all_the_same_take_no_more_than_one() -> None:
    few, many = Written(), Written()
    few.column([19_990_000_000])
    many.column([19_990_000_000] * 1_000)
    assert few.to_bytes() == many.to_bytes()


def test_decimals_that_none_has_take_nothing() -> None:
    written = Written()
    written.column([n * 10**9 for n in range(256)])
    assert len(written.to_bytes()) < 256 + 10
