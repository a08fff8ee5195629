"""What came of the run, in a table that fits a screen?"""

from collections import Counter
from collections.abc import Mapping

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.local.report.model import DemoResult
from infra.local.report.words import CHANNEL_NAMES, STATUS_NAMES, reason_in_words


def print_summary(result: DemoResult, console: Console) -> None:
    """The short table: what came in, what was sent, what was not and why, what it took."""
    console.print(summary(result))


def summary(result: DemoResult) -> RenderableType:
    """The table as rich renders it; plain text when the output is no terminal."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    span = f"{result.started_at:%Y-%m-%d} to {result.ended_at:%Y-%m-%d}"
    _rows(table, "events", [(result.events, f"of {result.customers} customers", span)])
    _rows(table, "profiles", [(result.profiles, "", "")])
    funnels = [page.funnel for page in result.journeys]
    _rows(
        table,
        "enrolments",
        [(one.entered + one.held_out, one.journey, _listing(one.statuses, STATUS_NAMES)) for one in funnels],
    )
    _rows(
        table,
        "messages sent",
        [(one.sent, one.journey, _listing(one.sent_by_channel, CHANNEL_NAMES)) for one in funnels],
    )
    withheld: Counter[str] = sum((Counter(one.withheld) for one in funnels), Counter())
    failed: Counter[str] = sum((Counter(one.failed) for one in funnels), Counter())
    _rows(table, "withheld", [(n, name, reason_in_words(name)) for name, n in withheld.most_common()])
    _rows(table, "failed", [(n, name, reason_in_words(name)) for name, n in failed.most_common()])
    rules = Counter((one.field, one.rule) for one in result.quarantined)
    _rows(table, "quarantined", [(n, field, rule) for (field, rule), n in rules.most_common()])
    per_event = f"{result.requests / max(result.events, 1):.2f} an event"
    _rows(table, "AWS requests", [(result.requests, per_event, "")])
    _rows(table, "state transitions", [(result.state_transitions, f"{result.executions:,} executions", "")])
    table.add_row("elapsed", f"{result.elapsed_seconds:.1f} s", "", "")
    return Group(Text(), table, Text())


def _rows(table: Table, name: str, rows: list[tuple[int, str, str]]) -> None:
    for index, (number, what, detail) in enumerate(rows):
        table.add_row("" if index else name, f"{number:,}", Text(what), Text(detail))


def _listing(counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    return ", ".join(f"{n:,} {names.get(name, name)}" for name, n in counts.items())
