"""How does a failed scenario look? Expected and got side by side, and below each difference why it is so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.cli.numbers import many
from infra.local.scenarios.compare import Difference, Side
from infra.local.scenarios.explain import since
from infra.local.scenarios.suite import Result

Facts = Mapping[str, Any]
WIDTH = 120
NOTHING = "-"
# Of a row that nobody wrote, what is not there is not told.
LEFT_OUT = frozenset({None, ""})


def shown(result: Result) -> RenderableType:
    """Everything about a scenario that failed."""
    parts: list[RenderableType] = []
    start = result.case.scenario.starts_at
    for name in ("when", "messages", "decisions", "enrolments"):
        some = [one for one in result.compared.differences if one.list == name]
        if not some:
            continue
        parts.append(Text(name, style="bold"))
        if name == "messages":
            parts.append(_beside(result.compared.messages, start))
        else:
            parts.append(_listed(some, start))
        parts += [_why(one, start) for one in some if one.because]
    return Padding(Group(*parts), (0, 0, 0, 2), expand=False)


def as_text(result: Result) -> str:
    """Its heading, and the same without colours, for a file or a test's failure."""
    if result.passed:
        return heading(result)
    written = StringIO()
    Console(file=written, width=WIDTH, color_system=None).print(shown(result))
    return "\n".join([heading(result), *(line.rstrip() for line in written.getvalue().splitlines())])


def heading(result: Result) -> str:
    """Where the scenario stands, its name and how long it took."""
    case = result.case
    return f"{case.document.file}:{case.line}: {case.scenario.name} ({result.seconds:.1f} s)"


def verdict(results: Sequence[Result], seconds: float) -> str:
    """``3 scenarios passed, 1 failed, in 5.2 s.``"""
    failed = sum(not one.passed for one in results)
    said = f"{many(len(results) - failed, 'scenario')} passed"
    return f"{said}{f', {failed:,} failed' if failed else ''}, in {seconds:.1f} s."


def _beside(sides: Sequence[Side], start: datetime) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in ("", "expected", "got"):
        table.add_column(name, header_style="dim")
    for side in sides:
        style = "dim" if side.same else "red" if side.got is None else "yellow"
        # What is the same is shown as it was written: the other side says no more than that.
        names = [*side.expected] if side.expected is not None else None
        table.add_row(
            Text("" if side.same else "!", style=style),
            Text(_line(side.expected, start), style=style),
            Text(_line(side.got, start, names), style=style),
        )
    if not sides:
        table.add_row("", NOTHING, NOTHING)
    return table


def _listed(differences: Sequence[Difference], start: datetime) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in ("", "expected", "got"):
        table.add_column(name, header_style="dim")
    for one in differences:
        names = [*one.expected] if one.expected is not None else None
        table.add_row(
            Text("!", style="red"),
            Text(_line(one.expected, start), style="red"),
            Text(_line(one.got, start, names), style="yellow"),
        )
    return table


def _why(difference: Difference, start: datetime) -> RenderableType:
    about = difference.expected if difference.expected is not None else difference.got
    lines = [Padding(Text(one), (0, 0, 0, 2), expand=False) for one in difference.because]
    return Padding(Group(Text(_line(about, start), style="dim"), *lines), (0, 0, 0, 2), expand=False)


def _line(facts: Facts | None, start: datetime, names: Sequence[str] | None = None) -> str:
    if facts is None:
        return NOTHING
    said = [(name, facts[name]) for name in names or facts if name in facts]
    words = [_word(name, value, start) for name, value in said if names or value not in LEFT_OUT]
    return "  ".join(word for word in words if word)


def _word(name: str, value: Any, start: datetime) -> str:
    if isinstance(value, datetime):
        return since(start, value) if name == "at" else f"{name} {since(start, value)}"
    if value is None:
        return f"no {name}"
    return f'"{value}"' if name == "subject" else str(value)
