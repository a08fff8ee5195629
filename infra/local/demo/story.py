"""How do two years pass in half a minute? Events go in when they happened; the virtual clock moves between them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from infra.local.demo.purchases import Arrival

AFTERWARDS = timedelta(days=1)
"""How long the world goes on after the last event: messages that it caused are still sent and delivered."""


class World(Protocol):
    """What a story needs of a laptop's AWS."""

    def put_events(self, messages: Sequence[Mapping[str, Any]]) -> Any:
        """Puts Segment messages on the bus now."""

    def run_until(self, instant: datetime) -> Any:
        """Lets everything happen that happens up to ``instant``; the clock then stands there."""


def play(world: World, arrivals: Sequence[Arrival], console: Console, sent: Callable[[], int]) -> datetime:
    """Puts every event on the bus at its time; ``sent`` counts messages so far. Answers the virtual end.

    A terminal shows a progress bar; anything else stays quiet.
    """
    end = arrivals[-1].at + AFTERWARDS
    with _progress(console, len(arrivals)) as show:
        done = 0
        for at, together in groupby(arrivals, key=lambda arrival: arrival.at):
            world.run_until(at)
            messages = [arrival.detail for arrival in together]
            world.put_events(messages)
            done += len(messages)
            show(at, done, sent())
        world.run_until(end)
        show(end, done, sent())
    return end


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[datetime, int, int], None]]:
    if not console.is_terminal:
        yield lambda at, events, messages: None
        return
    columns = (
        SpinnerColumn(style="green"),
        TextColumn("{task.fields[day]}"),
        BarColumn(bar_width=None, complete_style="green", finished_style="green"),
        TextColumn("{task.completed:,} of {task.total:,} events"),
        TextColumn("[bold]{task.fields[messages]:,}[/] messages"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("story", total=total, day="", messages=0)

        def show(at: datetime, events: int, messages: int) -> None:
            progress.update(task, completed=events, day=f"{at:%-d %b %Y}".rjust(11), messages=messages)

        yield show
