"""What S3 takes stands under its key; what it refuses is tried again by whoever asked, and names no object."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.shared.bucket import KEYS_PER_CALL, Bucket
from functions.shared.errors import TransientError
from infra.local.meter import Meter
from infra.local.requests import acting


class S3:
    """Deletes all but what it keeps, or refuses whole requests; answers as DeleteObjects does when told to be quiet."""

    def __init__(self, keeps: Mapping[str, str] | None = None, refuses: bool = False) -> None:
        self.keeps = keeps or {}
        self.refuses = refuses
        self.calls: list[Sequence[str]] = []

    def put_object(self, **_: Any) -> None:
        self._maybe_refuse("PutObject")

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        assert (Bucket, Delete["Quiet"]) == ("claims", True)
        self._maybe_refuse("DeleteObjects")
        keys = [one["Key"] for one in Delete["Objects"]]
        self.calls.append(keys)
        errors = [{"Key": key, "Code": self.keeps[key], "Message": key} for key in keys if key in self.keeps]
        return {"Errors": errors} if errors else {}

    def _maybe_refuse(self, operation: str) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": "SlowDown"}}, operation)


@pytest.fixture
def stored() -> Iterator[Bucket]:
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="claims", CreateBucketConfiguration={"LocationConstraint": boto3.client("s3").meta.region_name}
        )
        yield Bucket("claims", client=boto3.client("s3"))


def keys() -> list[str]:
    return [one["Key"] for one in boto3.client("s3").list_objects_v2(Bucket="claims").get("Contents", [])]


def test_what_is_put_stands_under_its_key_until_it_is_deleted(stored: Bucket) -> None:
    stored.put_json("a", "{}")
    stored.put_lines("b", "{}\n")
    stored.put_json("c", "{}")
    with Meter() as meter, acting("forget-people"):
        stored.delete(["a", "c", "gone"])
    assert keys() == ["b"]
    assert meter.reading.requests == {("forget-people", "s3.DeleteObjects"): 1}


def test_a_request_deletes_a_thousand_each_named_once_and_nothing_is_no_request() -> None:
    s3 = S3()
    Bucket("claims", client=s3).delete([])
    Bucket("claims", client=s3).delete([f"{n // 2}" for n in range(4 * KEYS_PER_CALL + 2)])
    assert [len(call) for call in s3.calls] == [1000, 1000, 1]
    assert [key for call in s3.calls for key in call] == [f"{n}" for n in range(2 * KEYS_PER_CALL + 1)]


def test_what_s3_keeps_is_passing_and_holds_up_no_other_object() -> None:
    s3 = S3(keeps={"3": "InternalError", "1500": "AccessDenied"})
    with pytest.raises(TransientError, match=r"^a bucket refused: AccessDenied, InternalError$"):
        Bucket("claims", client=s3).delete([f"{n}" for n in range(2000)])
    assert [len(call) for call in s3.calls] == [1000, 1000]


def test_a_refusal_is_passing_and_names_no_object() -> None:
    for ask in (lambda one: one.put_json("claims/a", "{}"), lambda one: one.delete(["claims/a"])):
        with pytest.raises(TransientError, match=r"^a bucket refused: ClientError$"):
            ask(Bucket("claims", client=S3(refuses=True)))
