"""Where does Firehose put records on the laptop? Where AWS would: compressed, under the hour of the virtual clock.

moto writes them as they are, under a prefix taken literally and the hour of the day outside.
"""

import gzip
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.firehose.models import FirehoseBackend
from moto.s3.models import s3_backends

from functions.shared.clock import Clock

# https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
TIMES: Mapping[str, str] = {"yyyy-MM-dd": "%Y-%m-%d", "HH": "%H"}


@contextmanager
def delivered_as_on_aws(clock: Clock) -> Iterator[None]:
    """Holds inside: each request becomes one object at once, for the laptop waits for no buffer."""
    numbers = itertools.count()

    def put_s3_records(
        backend: FirehoseBackend,
        name: str,
        version: str,
        destination: dict[str, Any],
        records: Sequence[dict[str, bytes]],
    ) -> list[dict[str, str]]:
        prefix = re.sub(
            r"!\{timestamp:([^}]*)\}", lambda found: f"{clock():{TIMES[found.group(1)]}}", destination["Prefix"]
        )
        key = f"{prefix}{name}-{version}-{clock():%Y-%m-%d-%H-%M-%S}-{next(numbers):08}.gz"
        bucket = destination["BucketARN"].rpartition(":")[2]
        data = gzip.compress(b"".join(record["Data"] for record in records), mtime=0)
        s3_backends[backend.account_id][backend.partition].put_object(bucket, key, data)
        return [{"RecordId": f"{key}-{number}"} for number in range(len(records))]

    with patch.object(FirehoseBackend, "put_s3_records", put_s3_records):
        yield
