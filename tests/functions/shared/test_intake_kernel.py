"""The shared pieces that intake stands on: transactions, ids."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.connection import Connection

from functions.shared.errors import TransientError
from functions.shared.identifiers import id_text
from functions.shared.store import ATTEMPTS, Transactions


class Refusing:
    """A connection whose transactions fail as told."""

    def __init__(self, *codes: str, error: str = "TransactionCanceledException") -> None:
        self.connection = Connection()
        self.codes = codes
        self.error = error
        self.pauses: list[float] = []
        self.tokens: list[str] = []
        self.connection.client.meta.events.register("before-parameter-build", self._refuse)

    def _refuse(self, params: Any, **_: Any) -> None:
        self.tokens.append(params["ClientRequestToken"])
        reasons = [{"Code": code} for code in self.codes]
        answer: Any = {"Error": {"Code": self.error}, "CancellationReasons": reasons}
        raise ClientError(answer, "TransactWriteItems")

    def commit(self, plan: str = "plan") -> bool:
        return Transactions(self.connection, self.pauses.append).commit(plan, lambda transaction: None)


def test_a_failed_condition_is_an_answer_not_an_error() -> None:
    assert Refusing("None", "ConditionalCheckFailed").commit() is False


@pytest.mark.parametrize(
    "refusing",
    [Refusing("TransactionConflict", "None"), Refusing(error="ThrottlingException")],
    ids=["conflict", "throttle"],
)
def test_conflict_and_throttling_are_waited_out_under_one_token(refusing: Refusing) -> None:
    with pytest.raises(TransientError):
        refusing.commit()
    assert len(refusing.pauses) == ATTEMPTS
    assert all(pause <= 0.025 * 2**attempt for attempt, pause in enumerate(refusing.pauses))
    assert len(set(refusing.tokens)) == 1
    assert len(refusing.tokens[0]) == 32


def test_what_will_not_pass_is_not_waited_for() -> None:
    refusing = Refusing("ValidationError")
    with pytest.raises(TransientError):
        refusing.commit()
    assert refusing.pauses == []


def test_texts_and_numbers_are_ids() -> None:
    values = ["u", 42, 42.0, 4.5, -0.0, True, None, [], float("nan"), float("inf")]
    assert [id_text(value) for value in values] == ["u", "42", "42", "4.5", "0", None, None, None, None, None]
