"""Which versions of a journey are published, and which of them does a run follow?

A run follows the definition its execution began with: UpdateStateMachine "will continue to use the previous definition"
for what is running (https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# The machine is updated before its version is published, and for "a few seconds" afterwards executions may still begin
# with the definition before.
UNSURE = timedelta(minutes=1)
HASH = re.compile(r" ([0-9a-f]{8})\)$")


@dataclass(frozen=True, slots=True)
class Version:
    """One published version: AWS's number, our hash of what it does, and when it was published (aware UTC)."""

    number: int
    hash: str
    published_at: datetime


def published(hash_: str, at: datetime, versions: Iterable[Version]) -> int | None:
    """The number of the version with this hash that was the newest at an instant; None when there is none.

    The same content may be published again later; a run that began before its first publication began while it was
    being deployed.
    """
    alike = sorted((one.published_at, one.number) for one in versions if one.hash == hash_)
    earlier = [number for published_at, number in alike if published_at <= at]
    return earlier[-1] if earlier else alike[0][1] if alike else None


def newest(at: datetime, versions: Iterable[Version]) -> Version | None:
    """The version that was the newest at an instant."""
    earlier = [one for one in versions if one.published_at <= at]
    return max(earlier, key=lambda one: one.number, default=None)


def sure(hash_: str, started_at: datetime, versions: Sequence[Version]) -> bool:
    """Does the time at which an execution started confirm what its row says? Else its definition has to be asked for.

    Row and machine are told of a deployment one after the other.
    """
    before, after = newest(started_at - UNSURE, versions), newest(started_at + UNSURE, versions)
    return before is not None and before == after and before.hash == hash_


def hash_in(definition: Mapping[str, Any]) -> str:
    """The hash a compiled machine names itself by; empty when it is none of ours."""
    found = HASH.search(str(definition.get("Comment", "")))
    return found[1] if found else ""
