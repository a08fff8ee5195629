"""Which step of the new version is which of the old one? A small file says where the ids differ."""

from collections.abc import Collection, Mapping
from pathlib import Path

from functions.journeys.language.faults import Fault, FaultsFound, did_you_mean
from functions.journeys.language.reader import Document, read


def read_steps(path: Path, old: Collection[str], new: Collection[str]) -> Mapping[str, str]:
    """The new id by old id, as ``old_id: new_id`` lines say; raises ``FaultsFound`` with every fault at once.

    A step that keeps its id needs no line.
    """
    document = read(path, str(path))
    said, faults = document.value, list(document.faults)
    if not faults and not isinstance(said, Mapping):
        faults.append(document.fault((), "this is no mapping", "write old_id: new_id lines, or leave --map out"))
    steps: dict[str, str] = {}
    for before, after in said.items() if isinstance(said, Mapping) else ():
        found = _faults(document, before, after, old, new)
        faults += found
        if not found:
            steps[before] = after
    if faults:
        raise FaultsFound(faults)
    return steps


def _faults(
    document: Document, before: object, after: object, old: Collection[str], new: Collection[str]
) -> list[Fault]:
    place = (str(before),)
    if before not in old:
        return [document.key_fault(place, f'the old version has no step "{before}"', did_you_mean(str(before), old))]
    if not isinstance(after, str):
        return [document.fault(place, "this is no step", f"write {before}: and the id it has in the new version")]
    if after not in new:
        return [document.fault(place, f'the new version has no step "{after}"', did_you_mean(after, new))]
    return []
