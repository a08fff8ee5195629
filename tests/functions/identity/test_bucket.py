"""Objects of the claims' bucket are deleted one by one, and what S3 refuses is tried again with the whole erasure."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.identity.bucket import Claims
from functions.shared.errors import TransientError


class S3:
    """Deletes, unless it refuses."""

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses
        self.deleted: list[tuple[str, str]] = []

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if self.refuses:
            raise ClientError({"Error": {"Code": "SlowDown"}}, "DeleteObject")
        self.deleted.append((Bucket, Key))
        return {}


def test_each_object_is_deleted() -> None:
    s3 = S3()
    Claims("claims", s3).erase(["claims/a", "claims/b"])
    assert s3.deleted == [("claims", "claims/a"), ("claims", "claims/b")]


def test_a_refusal_is_passing_and_names_no_object() -> None:
    with pytest.raises(TransientError, match=r"^claims refused: ClientError$"):
        Claims("claims", S3(refuses=True)).erase(["claims/a"])
