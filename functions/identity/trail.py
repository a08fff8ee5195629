"""What happened to a person, in words? Each line of the trail as a sentence an operator can act on."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from functions.identity.records import Audit
from functions.shared.names import ProfileId

Rank = Callable[[str], tuple[int, str]]
"""What orders identifiers, best first."""


def told(
    ids: Collection[ProfileId],
    trails: Mapping[ProfileId, Iterable[Audit]],
    names: Mapping[str, str],
    rank: Rank,
) -> Iterator[str]:
    """One line for each change of the person with these ids, oldest first.

    ``trails`` = of all profiles that its own trails name; ``names`` = identifiers as people write them, by key.
    """
    members: dict[ProfileId, set[str]] = {}
    every = [(_turn(audit), profile, audit) for profile, audits in trails.items() for audit in audits]
    for _at, profile, audit in sorted(every, key=lambda one: one[:2]):
        here = members.setdefault(profile, set())
        came = {key for key, _before, _after in audit.moves}
        left = [before for _key, before, _after in audit.moves if before is not None]
        stayed = set().union(*(members.get(before, set()) for before in left)) - came
        concerns = profile in ids or not set(left).isdisjoint(ids)
        what = _what(audit, _all(came, names, rank), _best(here, names, rank), _best(stayed, names, rank))
        if came and concerns:
            yield f"{what[0]} {_day(audit)} by {audit.cause} {audit.at[1]}: {what[1]}"
        here |= came
        for key, before, _after in audit.moves:
            if before is not None and before != profile:
                members.get(before, set()).discard(key)


def _what(audit: Audit, came: str, here: str | None, stayed: str | None) -> tuple[str, str]:
    if audit.deed == "split":
        return "parted", f"{came} from {stayed}" if stayed else came
    return ("linked", f"{came} = {here}") if here else ("founded", came)


def _turn(audit: Audit) -> tuple[int, str]:
    """When it was written: operations count up, whenever the events that caused them happened."""
    count, _, rest = audit.operation.partition("-")
    return int(count, 16), rest


def _day(audit: Audit) -> str:
    return datetime.fromtimestamp(audit.at[0] / 1000, UTC).strftime("%Y-%m-%d")


def _best(keys: Iterable[str], names: Mapping[str, str], rank: Rank) -> str | None:
    best = min(keys, key=rank, default=None)
    return None if best is None else names.get(best, best)


def _all(keys: Iterable[str], names: Mapping[str, str], rank: Rank) -> str:
    return ", ".join(names.get(key, key) for key in sorted(keys, key=rank))
