"""When did people buy, and when did they hear from us? Two rows of bars over the same months, static SVG."""

from collections.abc import Sequence

from markupsafe import Markup

from functions.shared.names import CHANNELS
from infra.local.report.model import Month

WIDTH = 1080
LEFT, RIGHT = 44, 8
PANEL, GAP, TOP, FOOT = 120, 48, 22, 26


def months_svg(months: Sequence[Month]) -> Markup:
    """Orders above, messages by channel below; one bar a month."""
    if not months:
        return Markup()
    pitch = (WIDTH - LEFT - RIGHT) / len(months)
    orders = [month.orders for month in months]
    totals = [sum(month.messages.values()) for month in months]
    height = TOP + PANEL + GAP + PANEL + FOOT
    shapes = [
        _scale("Orders", max(orders, default=0), TOP),
        _scale("Messages", max(totals, default=0), TOP + PANEL + GAP),
    ]
    for index, month in enumerate(months):
        x = LEFT + index * pitch
        shapes.append(
            _bar(
                "orders",
                f"{month.start:%B %Y}: {month.orders} orders",
                x=x,
                pitch=pitch,
                base=TOP + PANEL,
                number=month.orders,
                most=max(orders),
            )
        )
        base = float(TOP + PANEL + GAP + PANEL)
        for channel in CHANNELS:
            number = month.messages.get(channel, 0)
            words = f"{month.start:%B %Y}: {number} by {channel}"
            shapes.append(_bar(channel, words, x=x, pitch=pitch, base=base, number=number, most=max(totals)))
            base -= _tall(number, max(totals))
        if month.start.month in {1, 4, 7, 10}:
            name = f"{month.start:%b %Y}" if month.start.month == 1 else f"{month.start:%b}"
            shapes.append(Markup('<text class="tick" x="{}" y="{}">{}</text>').format(f"{x + 1:.1f}", height - 6, name))
    return Markup(
        '<svg class="months" viewBox="0 0 {w} {h}" role="img" xmlns="http://www.w3.org/2000/svg" '
        'aria-label="Orders and messages per month"><title>Orders and messages per month</title>{shapes}</svg>'
    ).format(w=WIDTH, h=height, shapes=Markup().join(shapes))


def _scale(name: str, most: int, top: int) -> Markup:
    return Markup(
        '<line class="axis" x1="{left}" x2="{right}" y1="{base}" y2="{base}"/>'
        '<text class="panel" x="{left}" y="{title}">{name}</text>'
        '<text class="tick" x="{beside}" y="{high}" text-anchor="end">{most}</text>'
        '<text class="tick" x="{beside}" y="{base}" text-anchor="end">0</text>'
    ).format(
        left=LEFT,
        right=WIDTH - RIGHT,
        base=top + PANEL,
        title=top - 8,
        name=name,
        beside=LEFT - 8,
        high=top + 10,
        most=f"{most:,}",
    )


def _bar(kind: str, words: str, *, x: float, pitch: float, base: float, number: int, most: int) -> Markup:
    if number == 0:
        return Markup()
    tall = _tall(number, most)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
        kind, f"{x + pitch * 0.14:.1f}", f"{base - tall:.1f}", f"{pitch * 0.72:.1f}", f"{tall:.1f}", words
    )


def _tall(number: int, most: int) -> float:
    return PANEL * number / most if most else 0.0
