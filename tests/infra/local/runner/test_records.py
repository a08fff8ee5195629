"""A record that is made often is the record it was."""

from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from infra.local.runner.records import made_often


def test_it_is_equal_and_frozen_and_has_its_defaults():
    @dataclass(frozen=True, slots=True)
    class Record:
        one: int
        two: str = "b"
        three: list = field(default_factory=list)
        four: dict = field(default_factory=dict, init=False)

    before = Record(1, three=[3])
    made_often(Record)
    made_often(Record)
    after = Record(1, three=[3])
    assert (after, type(after), hash(type(after)), repr(after)) == (before, Record, hash(Record), repr(before))
    assert Record(2).three == []
    assert Record(2).three is not Record(2).three
    with pytest.raises(FrozenInstanceError):
        after.one = 2


def test_a_field_too_few_or_too_many_is_the_error_it_was():
    @dataclass(frozen=True, slots=True)
    class Record:
        one: int

    made_often(Record)
    with pytest.raises(TypeError, match="one"):
        Record()
    with pytest.raises(TypeError, match="two"):
        Record(1, two=2)


def test_what_computes_something_as_it_is_made_is_refused():
    @dataclass(frozen=True, slots=True)
    class Record:
        one: int

        def __post_init__(self):
            """Computes something."""

    with pytest.raises(TypeError, match="Record"):
        made_often(Record)
