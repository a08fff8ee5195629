"""Whose is an event that names only a device? That of whoever had the device then (rule R22).

A device's line of time falls into spans between claims and logouts; each span has one owner, which follows from the
ledger alone, so that an event that arrives late belongs where it would have belonged in time.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from functions.identity.ledger import Claim, Ledger, Stamp
from functions.identity.model import Rules

BEFORE_EVERYTHING: Stamp = (-(2**62), "")
# How long before somebody says who they are their anonymous events are still taken for theirs.
REACH_MS = 30 * 86_400_000
# A logout divides what comes after it; what carries its very stamp is still before it.
JUST_AFTER = "\0"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody's, in the n-th stretch of time between logouts."""

    segment: int


Owner: TypeAlias = str | Anonymous | None
"""The key of the identifier that claimed the device then; ``Anonymous``; None = whoever holds the device now."""


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` up to the next span, a device's events belong to ``owner``."""

    start: Stamp
    owner: Owner


ALWAYS = (Span(BEFORE_EVERYTHING, None),)
"""The spans of a shared device: what it does by itself is nobody else's (rule R14)."""


def spans(device: str, ledger: Ledger, rules: Rules, together: Collection[str]) -> tuple[Span, ...]:
    """The spans of a device. ``together`` = the identifiers of the person that holds it now."""
    return _spans(claims_on(device, ledger, rules), ledger.logouts.get(device, ()), together)


def _spans(claims: Sequence[Claim], logouts: Sequence[Stamp], together: Collection[str]) -> tuple[Span, ...]:
    starts = {BEFORE_EVERYTHING}
    for ms, message, _claimant_key in claims:
        starts |= {(ms - REACH_MS, ""), (ms, message)}
    starts |= {(ms, message + JUST_AFTER) for ms, message in logouts}
    found: list[Span] = []
    for start in sorted(starts):
        owner = _owner(start, claims, logouts, together)
        if not found or found[-1].owner != owner:
            found.append(Span(start, owner))
    return tuple(found)


def owner_at(found: Sequence[Span], at: Stamp) -> Owner:
    """The owner of an event at a stamp."""
    return found[bisect_right(found, at, key=lambda span: span.start) - 1].owner


def constant_owner(found: Sequence[Span], first_ms: int, last_ms: int) -> tuple[Owner] | None:
    """The one owner of everything between two instants (milliseconds, both included); None when there are several."""
    begins = bisect_right(found, (first_ms, ""), key=lambda span: span.start) - 1
    ends = bisect_right(found, (last_ms + 1, ""), key=lambda span: span.start) - 1
    owners = {span.owner for span in found[begins : ends + 1] if span.start < (last_ms + 1, "")}
    return (owners.pop(),) if len(owners) == 1 else None


def claims_on(device: str, ledger: Ledger, rules: Rules) -> list[Claim]:
    """Who claimed a device when, in order; an edge that nobody claimed counts as its first event. Cut pairs never."""
    cuts = {pair for pair, said in ledger.registers.items() if said.verdict == "cut" and device in pair}
    claims = [claim for claim in ledger.claims.get(device, ()) if rules.kind(claim[2]) != "device"]
    claims += [
        (*edge.first, stronger)
        for (stronger, weaker), edge in ledger.edges.items()
        if weaker == device and edge.last is None and rules.kind(stronger) != "device"
    ]
    apart = {one for pair in cuts for one in pair}
    return sorted(
        (claim for claim in claims if claim[2] not in apart),
        key=lambda claim: (claim[0], claim[1], rules.rank(claim[2]), claim[2]),
    )


def _owner(at: Stamp, claims: Sequence[Claim], logouts: Sequence[Stamp], together: Collection[str]) -> Owner:
    claimant = _claimant(at, claims, logouts)
    if claimant is not None:
        return None if claimant in together else claimant
    segment = sum(out < at for out in logouts)
    latest = segment == len(logouts) and not any(not logouts or claim[:2] > logouts[-1] for claim in claims)
    return None if latest else Anonymous(segment)


def _claimant(at: Stamp, claims: Sequence[Claim], logouts: Sequence[Stamp]) -> str | None:
    earlier = [claim for claim in claims if claim[:2] <= at]
    if earlier:
        stamp = earlier[-1][:2]
        if not any(stamp < out < at for out in logouts):
            return next(claim[2] for claim in earlier if claim[:2] == stamp)
    later = next((claim for claim in claims if claim[:2] > at), None)
    if later is None or later[0] - at[0] > REACH_MS:
        return None
    return later[2] if not any(at <= out < later[:2] for out in logouts) else None
