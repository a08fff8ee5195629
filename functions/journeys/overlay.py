"""What does a run know of its person that others do not yet? What it did itself, until that has gone round.

It travels with the machine, and is laid over the person wherever a condition is asked or a message is written.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from functions.profiles.model import Snapshot
from functions.shared.changed import changed
from functions.shared.clock import parse_instant


def laid_over(snapshot: Snapshot, steps: Mapping[str, Any]) -> Snapshot:
    """The person with what the run itself has done, where nothing later is known of it."""
    done = list(done_by(steps))
    if not done:
        return snapshot
    done.sort(key=lambda one: one[0])
    traits, lists = dict(snapshot.traits), set(snapshot.lists)
    for at, did in done:
        stamp = (at, did["messageId"])

        def newest(what: str, stamp: tuple[datetime, str] = stamp) -> bool:
            known = snapshot.stated.get(what)
            return known is None or known < stamp

        traits.update({name: value for name, value in did.get("set", {}).items() if newest(f"trait:{name}")})
        if "joined" in did and newest(f"list:{did['joined']}"):
            lists.add(did["joined"])
        if "left" in did and newest(f"list:{did['left']}"):
            lists.discard(did["left"])
    return changed(snapshot, traits=traits, lists=tuple(sorted(lists)))


def done_by(steps: Mapping[str, Any]) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """What the steps of a run say that they did (``functions.journeys.acts.Act.did``), and when."""
    for answer in steps.values():
        did = answer.get("did") if isinstance(answer, Mapping) else None
        if did:
            yield parse_instant(did["at"]), did
