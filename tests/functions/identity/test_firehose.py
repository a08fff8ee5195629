"""One request for a delivery; what a busy stream refuses is put again, alone, and what it refuses for good is named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.identity.firehose import ATTEMPTS, CALL_BYTES, Stream

THROTTLED = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}


@dataclass
class Firehose:
    """Refuses each record so many times; answers as PutRecordBatch does."""

    refusals: dict[bytes, int] = field(default_factory=dict)
    fails: Exception | None = None
    calls: list[list[bytes]] = field(default_factory=list)

    def put_record_batch(self, *, DeliveryStreamName: str, Records: Sequence[Mapping[str, bytes]]) -> dict[str, Any]:  # noqa: N803
        assert DeliveryStreamName == "archive"
        self.calls.append([one["Data"] for one in Records])
        if self.fails is not None:
            raise self.fails
        answers = [self._answer(one["Data"]) for one in Records]
        return {"FailedPutCount": sum("ErrorCode" in one for one in answers), "RequestResponses": answers}

    def _answer(self, data: bytes) -> dict[str, str]:
        if self.refusals.get(data, 0) == 0:
            return {"RecordId": "1"}
        self.refusals[data] -= 1
        return THROTTLED


def stream(firehose: Firehose, pauses: list[float] | None = None) -> Stream:
    return Stream("archive", firehose, (pauses if pauses is not None else []).append)


def test_what_fits_goes_in_one_request() -> None:
    firehose = Firehose()
    assert stream(firehose).put([b"a", b"b", b"c"]) == set()
    assert firehose.calls == [[b"a", b"b", b"c"]]


def test_nothing_is_no_request() -> None:
    firehose = Firehose()
    assert stream(firehose).put([]) == set()
    assert firehose.calls == []


def test_only_what_was_refused_is_put_again_after_a_pause() -> None:
    firehose, pauses = Firehose({b"b": 2, b"c": 1}), list[float]()
    assert stream(firehose, pauses).put([b"a", b"b", b"c"]) == set()
    assert firehose.calls == [[b"a", b"b", b"c"], [b"b", b"c"], [b"b"]]
    assert len(pauses) == 2
    assert all(0 <= pause <= 0.2 for pause in pauses)


def test_what_is_refused_to_the_end_is_named_and_the_rest_is_kept() -> None:
    firehose = Firehose({b"b": 99})
    assert stream(firehose).put([b"a", b"b", b"c"]) == {1}
    assert firehose.calls == [[b"a", b"b", b"c"]] + [[b"b"]] * (ATTEMPTS - 1)


@pytest.mark.parametrize(
    "error",
    [ClientError({"Error": {"Code": "ServiceUnavailableException"}}, "x"), EndpointConnectionError(endpoint_url="x")],
)
def test_when_the_stream_does_not_answer_everything_is_named(error: Exception) -> None:
    assert stream(Firehose(fails=error)).put([b"a", b"b"]) == {0, 1}


def test_a_request_holds_no_more_than_500_records_and_4_mib() -> None:
    firehose = Firehose()
    many = [bytes([n % 256]) * 1024 * 1000 for n in range(9)] + [b"x"] * 1200
    assert stream(firehose).put(many) == set()
    assert [one for call in firehose.calls for one in call] == many
    assert all(len(call) <= 500 and sum(map(len, call)) <= CALL_BYTES for call in firehose.calls)
    assert len(firehose.calls) == 5
