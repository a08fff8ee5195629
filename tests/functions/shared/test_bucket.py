"""What S3 takes stands under its key; what it refuses is tried again by whoever asked, and names no object."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.shared.bucket import Bucket
from functions.shared.errors import TransientError


class S3:
    """Puts and deletes, unless it refuses."""

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses
        self.asked: list[tuple[str, str, str]] = []

    def put_object(self, *, Bucket: str, Key: str, **_: Any) -> None:  # noqa: N803
        self._ask("put", Bucket, Key)

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803
        self._ask("delete", Bucket, Key)

    def _ask(self, *request: str) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": "SlowDown"}}, "DeleteObject")
        self.asked.append(request)  # type: ignore[arg-type]


def test_each_object_is_put_or_deleted_under_its_key() -> None:
    s3 = S3()
    bucket = Bucket("claims", client=s3)
    bucket.put_json("a", "{}")
    bucket.put_lines("b", "{}\n")
    bucket.delete(["a", "b"])
    assert s3.asked == [
        ("put", "claims", "a"),
        ("put", "claims", "b"),
        ("delete", "claims", "a"),
        ("delete", "claims", "b"),
    ]


def test_a_refusal_is_passing_and_names_no_object() -> None:
    for ask in (lambda one: one.put_json("claims/a", "{}"), lambda one: one.delete(["claims/a"])):
        with pytest.raises(TransientError, match=r"^a bucket refused: ClientError$"):
            ask(Bucket("claims", client=S3(refuses=True)))
