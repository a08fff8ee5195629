"""Whose is each event, said as plainly as rule R22 says it? A device's events go by who claimed it around that time."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeAlias

from functions.identity.model import Identifier, Rules
from functions.identity.naming import Named
from functions.shared.events import Event
from tests.functions.identity.oracle import F, Ledger, Moment, about

LOOKS_AHEAD = timedelta(days=30)
# A person (the keys), ("anonymous", device's key, number of logouts before), ("event", message id).
Owner: TypeAlias = frozenset[str] | tuple[str, str, int] | tuple[str, str]


def owners(ledger: Ledger, rules: Rules, events: Iterable[tuple[Event, Named]]) -> dict[str, Owner]:
    """The owner of each event by message id, once everything in ``ledger`` is known."""
    home = {key: people for people in F(ledger, rules).components for key in people}
    shared = ledger.shared(rules)
    found: dict[str, Owner] = {}
    for event, named in events:
        best = min(named.linking, key=lambda one: (one.rank, one.key), default=None)
        if best is None:
            found[event.message_id] = ("event", event.message_id)
        elif best.kind != "device" or best.key in shared:
            found[event.message_id] = home[best.key]
        else:
            found[event.message_id] = _of_device(event.order, best, ledger, rules, home)
    return found


def _of_device(now: Moment, device: Identifier, ledger: Ledger, rules: Rules, home: dict[str, frozenset[str]]) -> Owner:
    claims = claims_on(device.key, ledger, rules)
    outs = sorted(ledger.logouts.get(device.key, ()))
    past = [claim for claim in claims if claim[0] <= now]
    future = [claim for claim in claims if claim[0] > now]
    if past:
        latest = max(moment for moment, _ in past)
        if not any(latest < out < now for out in outs):
            return home[next(who for moment, who in past if moment == latest)]
    if future:
        earliest, who = future[0]
        if earliest[0] - now[0] <= LOOKS_AHEAD and not any(now < out < earliest for out in outs):
            return home[who]
    last_out = outs[-1] if outs else None
    out_later = last_out is not None and last_out > now
    claimed_since = any(last_out is None or moment > last_out for moment, _ in claims)
    if not out_later and not claimed_since:
        return home[device.key]
    return ("anonymous", device.key, sum(out < now for out in outs))


def claims_on(device: str, ledger: Ledger, rules: Rules) -> list[tuple[Moment, str]]:
    """Who claimed a device when, in order; at one moment the better identifier first. What was cut claims nothing."""
    claims: list[tuple[Moment, str]] = []
    cuts = ledger.standing("cut")
    for pair, edge in ledger.edges.items():
        if device in pair:
            who = pair[0] if pair[1] == device else pair[1]
            cut = (min(pair), max(pair)) in cuts
            if about(who, rules).kind != "device" and not cut:
                claims.extend((moment, who) for moment in edge.claims or {edge.first})
    return sorted(claims, key=lambda claim: (claim[0], about(claim[1], rules).rank, claim[1]))
