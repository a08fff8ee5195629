"""People as identity would have recorded them, for tests of what comes after identity."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from functions.profiles.api import Arrival, Profiles, Recorded
from functions.shared.names import ProfileId
from functions.shared.rows import Rows
from functions.shared.store import DynamoRows


def record(
    table: str,
    person: ProfileId,
    *arrivals: Arrival,
    series: Mapping[str, list[str]] | None = None,
    rows: Rows | None = None,
    awaited: Collection[str] | None = None,
) -> Recorded:
    """Records events of a person who holds every address they claim."""
    rows = rows or DynamoRows(pause=lambda seconds: None)
    profiles = Profiles(table, series, rows, awaited=awaited)
    held = {claim.contact.key: False for arrival in arrivals for claim in arrival.claims}
    if held:
        seen = profiles.stored(rows.read([profiles.key(person)]).get(profiles.key(person)))
        after = replace(seen.person, contacts={**seen.person.contacts, **held})
        assert rows.commit([profiles.write(person, seen, after, None)])
    home = f"customer_id#{person}"
    placed = [replace(arrival, home=home, layer=home) for arrival in arrivals]
    outcome = profiles.record({person: placed})[person]
    assert isinstance(outcome, Recorded)
    return outcome
