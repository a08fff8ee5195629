"""What of a person is otherwise than before? In the words of ``publication.mentions``: few audiences need be asked."""

from collections.abc import Collection, Iterable

from functions.audiences.model import Look
from functions.profiles.model import Snapshot
from functions.shared.events import Event

# Of everybody something is known: since when, and whether they have said who they are.
OF_ALL = frozenset({"first_seen", "identified"})


def news(
    mentions: Collection[str], person: Snapshot, events: Iterable[Event], newly_known: bool = False
) -> frozenset[str]:
    """What of a person is otherwise because of these events, as far as some audience mentions it.

    ``newly_known`` = it was not known before who this is, or nobody can tell any more whether it was.
    """
    found: set[str] = {"identified"} if newly_known and person.identified else set()
    for event in events:
        found.add(f"event:{event.name}")
        if event.type == "identify":
            found.update(f"trait:{name}" for name in event.traits)
            found.update(f"score:{name}" for name in event.scores)
        elif event.type == "audience":
            found.add(f"list:{event.body['audience']}")
        if event.timestamp <= person.first_seen:
            found.add("first_seen")
    return frozenset(what for what in found if what in mentions)


def all_of(person: Snapshot) -> frozenset[str]:
    """All that is known of a person: whoever gets or loses it can change with it."""
    known = {"event": person.series, "trait": person.traits, "score": person.scores, "list": person.lists}
    return OF_ALL.union(f"{kind}:{name}" for kind, names in known.items() for name in names)


def looks_after_moving(mentions: Collection[str], people: Collection[Snapshot]) -> list[Look]:
    """What to look at when these people have given parts of themselves to one another."""
    changed = frozenset[str]().union(*map(all_of, people)).intersection(mentions)
    return [Look(person.profile, person, changed) for person in people] if changed else []
