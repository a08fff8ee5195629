"""How did people flow through a journey? Its states as one static SVG, edges as wide as the people who took them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from textwrap import wrap

from markupsafe import Markup, escape

from infra.local.report.layout import Box, lay_out
from infra.local.report.model import Edge, Node

NODE_WIDTH = 236
LINE = 17
NOTE = 15
END_KINDS = frozenset({"end", "exit", "fail"})
MARGIN = 8
SMALLEST_SCALE = 0.72  # below, the words are too small to read and the picture scrolls instead
THINNEST, WIDEST = 1.25, 9.0

# 18 x 18 line icons; strokes take the text's colour, so they hold in light, dark and print.
_ICONS = {
    "entry": "M3 9h11M10 5l4 4-4 4",
    "wait": "M9 2.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13ZM9 5.5V9l2.6 1.7",
    "wait_for": "M9 2.5a6.5 6.5 0 0 1 6.5 6.5M9 5.6A3.4 3.4 0 0 1 12.4 9M9 15.5A6.5 6.5 0 0 1 2.5 9M9 8.2v1.6",
    "split": "M9 2.5v4M9 6.5L4 11v4.5M9 6.5l5 4.5v4.5",
    "experiment": "M7 2.5h4M8 2.5v4.5L3.8 14a1 1 0 0 0 .9 1.5h8.6a1 1 0 0 0 .9-1.5L10 7V2.5M5.6 11.5h6.8",
    "email": "M2.5 4.5h13v9h-13zM2.5 5l6.5 5l6.5-5",
    "sms": "M2.5 3.5h13v9h-7l-3 3v-3h-3zM6 8h.1M9 8h.1M12 8h.1",
    "push": "M9 2.5a4 4 0 0 0-4 4c0 4-1.5 5-1.5 6h11c0-1-1.5-2-1.5-6a4 4 0 0 0-4-4ZM7.5 15.2h3",
    "end": "M3.5 9.5l3.5 3.5L14.5 5.5",
    "exit": "M7 3.5H3.5v11H7M7.5 9h7M11.5 6l3 3l-3 3",
    "fail": "M4.5 4.5l9 9M13.5 4.5l-9 9",
}
_OTHER = "M9 5.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7Z"


@dataclass(frozen=True, slots=True)
class _Drawn:
    node: Node
    lines: Sequence[str]
    notes: Sequence[str]

    @property
    def height(self) -> float:
        return 24 + LINE * len(self.lines) + NOTE * len(self.notes)


def journey_svg(title: str, nodes: Sequence[Node], edges: Sequence[Edge]) -> Markup:
    """A self-contained ``<svg>`` with a description for screen readers; every text in it is escaped."""
    drawn = {node.id: _draw(node) for node in nodes}
    layout = lay_out(
        [node.id for node in nodes],
        [(edge.source, edge.target) for edge in edges],
        {name: Box(NODE_WIDTH, one.height) for name, one in drawn.items()},
    )
    most = max([edge.count for edge in edges] + [1])
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    shapes: list[Markup] = []
    labels: list[Markup] = []
    for edge, path in sorted(zip(edges, layout.paths, strict=True), key=lambda pair: pair[0].count):
        shapes.append(_edge(path, edge.count, most))
        labels.append(_edge_label(path, edge))
    boxes = [_node(one, *layout.centres[name]) for name, one in drawn.items()]
    description = Markup("; ").join(
        Markup("{} to {}{}: {}").format(
            drawn[edge.source].node.title,
            drawn[edge.target].node.title,
            f" ({edge.label})" if edge.label else "",
            edge.count,
        )
        for edge in edges
    )
    return Markup(
        '<svg class="journey" viewBox="0 0 {w} {h}" width="{w}" style="min-width:{least}px" role="img" '
        'xmlns="http://www.w3.org/2000/svg" '
        'aria-label="{title}"><title>{title}</title><desc>{description}</desc>'
        '<g transform="translate({m} {m})">{shapes}{boxes}{labels}</g></svg>'
    ).format(
        w=_number(width),
        h=_number(height),
        least=_number(SMALLEST_SCALE * width),
        m=MARGIN,
        title=f"Journey {title}, with the number of people on every edge",
        description=description,
        shapes=Markup().join(shapes),
        boxes=Markup().join(boxes),
        labels=Markup().join(labels),
    )


def _draw(node: Node) -> _Drawn:
    lines = wrap(node.title, 21, max_lines=3, placeholder=" ...") or [node.id]
    notes = [f"{count:,} left: {reason}" for reason, count in node.left_early.items()]
    if node.waiting:
        notes.append(f"{node.waiting:,} still here")
    return _Drawn(node, lines, notes)


def _edge(points: Sequence[tuple[float, float]], count: int, most: int) -> Markup:
    width = THINNEST if count == 0 else THINNEST + (WIDEST - THINNEST) * sqrt(count / most)
    commands = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        middle = (y0 + y1) / 2
        commands.append(f"C{_number(x0)} {_number(middle)} {_number(x1)} {_number(middle)} {_number(x1)} {_number(y1)}")
    kind = "flow never" if count == 0 else "flow"
    return Markup('<path class="{}" d="{}" stroke-width="{}"/>').format(kind, " ".join(commands), _number(width))


def _edge_label(points: Sequence[tuple[float, float]], edge: Edge) -> Markup:
    (x0, y0), (x1, y1) = points[0], points[1]
    # Nearer to the source, where edges that part have parted already but other boxes are still far.
    x, y = x0 + (x1 - x0) * 0.5, y0 + (y1 - y0) * 0.5
    count = Markup('<tspan class="count">{}</tspan>').format(f"{edge.count:,}")
    words = Markup('<tspan class="answer">{} </tspan>').format(edge.label) if edge.label else Markup()
    kind = "edge never" if edge.count == 0 else "edge"
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="middle">{}{}</text>').format(
        kind, _number(x), _number(y + 4), words, count
    )


def _node(one: _Drawn, x: float, y: float) -> Markup:
    node = one.node
    top = y - one.height / 2
    kind = node.channel if node.kind == "send" and node.channel else node.kind
    style = "end" if node.kind in END_KINDS else "send" if node.kind == "send" else "step"
    radius = min(20.5, one.height / 2) if style == "end" or node.kind == "entry" else 9
    left = x - NODE_WIDTH / 2
    tall = one.height - NOTE * len(one.notes)
    first = top + tall / 2 - LINE * (len(one.lines) - 1) / 2 + 4.5
    texts = [
        Markup('<tspan x="{}" y="{}">{}</tspan>').format(_number(left + 42), _number(first + LINE * index), line)
        for index, line in enumerate(one.lines)
    ]
    notes = [
        Markup('<text class="note" x="{}" y="{}">{}</text>').format(
            _number(left + 42), _number(top + tall + 2 + NOTE * index), note
        )
        for index, note in enumerate(one.notes)
    ]
    return Markup(
        '<g class="state {style}"><title>{title}: {entered}</title>'
        '<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{r}"/>'
        '<path class="icon" transform="translate({ix} {iy})" d="{icon}"/>'
        '<text class="name">{texts}</text>'
        '<text class="entered" x="{cx}" y="{cy}" text-anchor="end">{entered}</text>{notes}</g>'
    ).format(
        style=style,
        title=node.title,
        x=_number(left),
        y=_number(top),
        w=NODE_WIDTH,
        h=_number(one.height),
        r=_number(radius),
        ix=_number(left + 14),
        iy=_number(top + tall / 2 - 9),
        icon=_ICONS.get(str(kind), _OTHER),
        texts=Markup().join(texts),
        cx=_number(left + NODE_WIDTH - 14),
        cy=_number(top + tall / 2 + 4.5),
        entered=f"{node.entered:,}",
        notes=Markup().join(notes),
    )


def _number(value: float) -> Markup:
    return escape(f"{value:.1f}".rstrip("0").rstrip("."))
