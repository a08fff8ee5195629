"""What do later steps and messages read of the event that a wait_for got? A look back finds only what is kept of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError

from functions.journeys.conditions.tree import Path, walk
from functions.journeys.language.definition import Journey, placed_steps
from functions.journeys.language.expressions import Written, parsed, written_in
from functions.journeys.language.steps import WaitForStep
from functions.shared.publication import ALL_PROPERTIES

# Liquid's own words for one of many, whichever it is.
_ANY = ("first", "last")
_environment = Environment()


def read_later(journey: Journey, templates: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """For each wait_for by its step id the properties that are read as ``steps.ID.event.properties.x``, however that is
    spelt; ``ALL_PROPERTIES`` where the text does not tell which. ``templates`` = the published parts of each."""
    waits = {placed.id: set[str]() for placed in placed_steps(journey) if isinstance(placed.step, WaitForStep)}
    if not waits:
        return waits
    ids = {placed.id for placed in placed_steps(journey)}
    paths: list[Sequence[str | None]] = [keys for written in written_in(journey) for keys in _keys(written)]
    paths += [path for parts in templates for text in _texts(parts) for path in _paths(text, ids)]
    for step, properties in waits.items():
        properties.update(name for path in paths for name in _property(("steps", step, "event", "properties"), path))
    return waits


def _keys(written: Written) -> Iterator[Sequence[str]]:
    condition = parsed(written.text)
    for node in walk(condition.tree) if condition else ():
        # Whether there is an event is asked of the whole; who sets a trait to it has every property.
        if isinstance(node, Path) and (len(node.keys) > 2 or not written.question):
            yield (node.root, *node.keys)


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for one in part.values():
            yield from _texts(one)


def _paths(text: str, ids: Collection[str]) -> Iterator[Sequence[str | None]]:
    """Every variable of a piece of Liquid, as keys; None stands for one that only sending knows. Also those that the
    template may have given another meaning, since it has not everywhere."""
    try:
        variables = _environment.from_string(text).analyze(include_partials=False).variables
    except LiquidError:
        # Kept of an earlier version, and refused by this one's Liquid.
        yield (None,)
        return
    for found in variables.values():
        for variable in found:
            yield [
                key if isinstance(key, str) and (key not in _ANY or key in ids) else None for key in variable.segments
            ]


def _property(wanted: Sequence[str], path: Sequence[str | None]) -> Iterator[str]:
    """Which property of one event a path reads: none, one, or nobody knows."""
    for name, key in zip(wanted, path, strict=False):
        if key is None:
            break
        if key != name:
            return
    named = path[len(wanted)] if len(path) > len(wanted) and None not in path[: len(wanted)] else None
    yield ALL_PROPERTIES if named is None else named
