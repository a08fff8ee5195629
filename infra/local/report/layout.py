"""Where does each state of a journey stand on the page? A small layered layout, top to bottom (Sugiyama's method)."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

ORDERING_SWEEPS = 12
PLACING_SWEEPS = 300


@dataclass(frozen=True, slots=True)
class Box:
    """The size that a node takes; units are pixels of the drawing."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Centres of nodes, way points of edges (start and end included), and the drawing's size."""

    centres: Mapping[str, tuple[float, float]]
    paths: Sequence[tuple[tuple[float, float], ...]]
    width: float
    height: float


def lay_out(
    nodes: Sequence[str],
    edges: Sequence[tuple[str, str]],
    boxes: Mapping[str, Box],
    across: float = 36,
    down: float = 58,
) -> Layout:
    """Places ``nodes`` in layers so that edges run down, long ones around the nodes between; same input, same picture.

    ``across`` and ``down`` are the gaps between boxes. An edge that closes a loop is drawn upwards. Names in ``edges``
    that are not in ``nodes`` raise ``KeyError``.
    """
    layer = _layers(nodes, edges)
    # A way point per layer passed lets a long edge bend around what stands between.
    chains: list[list[str]] = []
    sizes: dict[str, Box] = dict(boxes)
    layer_of: dict[str, int] = dict(layer)
    for number, (source, target) in enumerate(edges):
        chain = [source]
        low, high = sorted((layer[source], layer[target]))
        between = list(range(low + 1, high))
        for at in between if layer[source] <= layer[target] else reversed(between):
            name = f"\0{number}.{at}"
            layer_of[name] = at
            sizes[name] = Box(14, 0)
            chain.append(name)
        chains.append([*chain, target])

    rows = _order(nodes, layer_of, chains)
    x = _columns(rows, chains, sizes, across)
    heights = [max(sizes[name].height for name in row) for row in rows]
    tops = [sum(heights[:number]) + down * number for number in range(len(rows))]
    centres = {name: (x[name], tops[number] + heights[number] / 2) for number, row in enumerate(rows) for name in row}
    paths = [_path(chain, centres, sizes, layer_of) for chain in chains]
    width = max((x[name] + sizes[name].width / 2 for name in x), default=0)
    height = (tops[-1] + heights[-1]) if rows else 0
    return Layout({name: centres[name] for name in nodes}, paths, width, height)


def _layers(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    after: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        if target not in after:
            raise KeyError(target)
        after[source].append(target)
    state: dict[str, str] = {}
    finished: list[str] = []
    forward: dict[str, list[str]] = defaultdict(list)

    def visit(name: str) -> None:
        state[name] = "open"
        for target in after[name]:
            if state.get(target) == "open":
                continue
            forward[name].append(target)
            if target not in state:
                visit(target)
        state[name] = "done"
        finished.append(name)

    for name in nodes:
        if name not in state:
            visit(name)
    layer = dict.fromkeys(nodes, 0)
    for name in reversed(finished):
        for target in forward[name]:
            layer[target] = max(layer[target], layer[name] + 1)
    return layer


def _order(nodes: Sequence[str], layer_of: Mapping[str, int], chains: Sequence[Sequence[str]]) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for name in [*nodes, *(name for name in layer_of if name.startswith("\0"))]:
        rows[layer_of[name]].append(name)
    above, below = _neighbours(layer_of, chains)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(ORDERING_SWEEPS):
        down = sweep % 2 == 0
        numbers = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for number in numbers:
            beside = rows[number - 1] if down else rows[number + 1]
            place = {name: position for position, name in enumerate(beside)}
            near = above if down else below
            current = {name: position for position, name in enumerate(rows[number])}

            def middle(name: str, place: Mapping[str, int] = place, near: Mapping[str, list[str]] = near) -> float:
                spots = [place[other] for other in near[name] if other in place]
                return sum(spots) / len(spots) if spots else -1.0

            rows[number].sort(key=lambda name: (middle(name), current[name]))
        crossings = _crossings(rows, below)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _neighbours(
    layer_of: Mapping[str, int], chains: Sequence[Sequence[str]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = defaultdict(list)
    below: dict[str, list[str]] = defaultdict(list)
    for chain in chains:
        for one, other in itertools.pairwise(chain):
            upper, lower = (one, other) if layer_of[one] < layer_of[other] else (other, one)
            below[upper].append(lower)
            above[lower].append(upper)
    return above, below


def _crossings(rows: Sequence[Sequence[str]], below: Mapping[str, Sequence[str]]) -> int:
    total = 0
    for number, row in enumerate(rows[:-1]):
        place = {name: position for position, name in enumerate(rows[number + 1])}
        ends = [
            place[other]
            for name in row
            for other in sorted(below[name], key=lambda o: place.get(o, 0))
            if other in place
        ]
        total += sum(ends[i] > ends[j] for i in range(len(ends)) for j in range(i + 1, len(ends)))
    return total


def _columns(
    rows: Sequence[Sequence[str]], chains: Sequence[Sequence[str]], sizes: Mapping[str, Box], across: float
) -> dict[str, float]:
    near: dict[str, list[str]] = defaultdict(list)
    for chain in chains:
        for one, other in itertools.pairwise(chain):
            near[one].append(other)
            near[other].append(one)
    x: dict[str, float] = {}
    for row in rows:
        at = 0.0
        for name in row:
            x[name] = at + sizes[name].width / 2
            at += sizes[name].width + across
        middle = (at - across) / 2
        for name in row:
            x[name] -= middle
    for sweep in range(PLACING_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = {
                name: sum(x[other] for other in near[name]) / len(near[name]) if near[name] else x[name] for name in row
            }
            # Weighed by edges, each step lowers the sum of squared slants, so the picture settles instead of drifting.
            weight = {name: len(near[name]) or 1 for name in row}
            _spread(row, wanted=wanted, weight=weight, x=x, sizes=sizes, across=across)
    left = min((x[name] - sizes[name].width / 2 for name in x), default=0.0)
    return {name: value - left for name, value in x.items()}


def _spread(
    row: Sequence[str],
    *,
    wanted: Mapping[str, float],
    weight: Mapping[str, int],
    x: dict[str, float],
    sizes: Mapping[str, Box],
    across: float,
) -> None:
    """The places nearest to ``wanted`` that keep the order and the gaps (pool adjacent violators)."""
    offsets = [0.0]
    for one, other in itertools.pairwise(row):
        offsets.append(offsets[-1] + (sizes[one].width + sizes[other].width) / 2 + across)
    pools: list[tuple[float, int, int]] = []
    for name, offset in zip(row, offsets, strict=True):
        total, weights, size = (wanted[name] - offset) * weight[name], weight[name], 1
        while pools and pools[-1][0] / pools[-1][1] > total / weights:
            earlier, mass, number = pools.pop()
            total, weights, size = total + earlier, weights + mass, size + number
        pools.append((total, weights, size))
    names, shifts = iter(row), iter(offsets)
    for total, weights, size in pools:
        for _ in range(size):
            x[next(names)] = total / weights + next(shifts)


def _path(
    chain: Sequence[str],
    centres: Mapping[str, tuple[float, float]],
    sizes: Mapping[str, Box],
    layer_of: Mapping[str, int],
) -> tuple[tuple[float, float], ...]:
    falls = 1 if layer_of[chain[0]] <= layer_of[chain[-1]] else -1
    first, last = chain[0], chain[-1]
    start = (centres[first][0], centres[first][1] + falls * sizes[first].height / 2)
    end = (centres[last][0], centres[last][1] - falls * sizes[last].height / 2)
    return (start, *(centres[name] for name in chain[1:-1]), end)
