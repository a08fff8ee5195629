"""A changed copy is what ``dataclasses.replace`` makes, for records with slots."""

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from functions.shared.changed import changed


@dataclass(frozen=True, slots=True)
class Record:
    one: int
    two: str = "b"
    three: tuple = ()


def test_named_fields_are_otherwise_and_the_others_as_they_were():
    record = Record(1, "x", (1,))
    assert changed(record, two="y") == replace(record, two="y")
    assert changed(record) == record
    assert record == Record(1, "x", (1,))


def test_a_field_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError):
        changed(Record(1), four=4)


def test_a_copy_is_as_frozen_as_its_record():
    copy = changed(Record(1), two="y")
    assert type(copy) is Record
    with pytest.raises(FrozenInstanceError):
        copy.two = "z"
