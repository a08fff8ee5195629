"""Do these journeys do what their authors expect? Stories told to what deploys, in virtual time."""

import json
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.problems import Lacking, Unusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from infra.local.scenarios.read import Case
    from infra.local.scenarios.suite import Result, Suite


class EngineName(StrEnum):
    """What runs the state machines."""

    local = "local"
    moto = "moto"


def run_scenarios(
    path: Annotated[Path, typer.Argument(help="A scenarios.yaml, or a folder: every scenarios.yaml below it.")] = Path(
        "journeys"
    ),
    *,
    engine: Annotated[
        EngineName, typer.Option(help="local is quick; moto runs the same on everything that deploys.")
    ] = EngineName.local,
    only: Annotated[
        str, typer.Option("--only", "-k", metavar="TEXT", help="Only scenarios whose name holds this text.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Name, passed and differences of each, as JSON.")] = False,
) -> None:
    """Tell scenarios to journeys and compare what comes of it.

    A scenarios.yaml stands beside a journey.yaml: who there is, what happens and when, and what is to come of it.

    \b
    scenarios:
      - name: buys before the reminder
        start: 2026-03-02T10:00:00Z
        people:
          - {userId: u1, traits: {email: a@example.com}, consent: {offers: {email: granted}}}
        when:
          - {at: 0s, type: track, userId: u1, event: Cart Updated, properties: {total: 40}}
          - {at: 30m, type: track, userId: u1, event: Order Completed, properties: {revenue: 40}}
        until: 10d
        expect:
          messages: []
          enrolments: [{userId: u1, status: exited, reason: Order Completed}]

    Time is virtual and AWS is simulated: months pass in seconds. Of a scenario that fails you see expected and got side
    by side, and the decision that explains the difference. Exit code 1 when one fails, 2 when a file is at fault.

    \b
    segue test
    segue test journeys/welcome -k reminder
    segue test journeys --json

    See docs/how-to/test-journeys.md for everything that can happen, and for pytest.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    from functions.journeys.language.faults import FaultsFound
    from infra.local.scenarios.engines import opener
    from infra.local.scenarios.show import verdict
    from infra.local.scenarios.suite import suite_of
    from infra.local.templates import TemplateFault

    if not path.exists():
        raise Unusable(f"there is no {path}", "name a scenarios.yaml, or a folder that holds some")
    began = time.perf_counter()
    open_world = opener(engine)
    console = Console(highlight=False)
    results: list[Result] = []
    try:
        with (
            suite_of(path) as suite,
            Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as bar,
        ):
            cases = _named(suite, only, path)
            task = bar.add_task("scenarios", total=len(cases))
            for case in cases:
                bar.update(task, description=escape(case.scenario.name))
                results.append(suite.run(case, open_world))
                bar.advance(task)
                if not as_json:
                    _print(results[-1], console)
    except FaultsFound as faults:
        raise Unusable(str(faults), "nothing was run") from faults
    except TemplateFault as fault:
        raise Lacking(str(fault), "scenarios run what deploys: restore infra/snapshots, or `make synth`") from fault
    if as_json:
        typer.echo(json.dumps([result.to_json() for result in results], indent=2, ensure_ascii=False))
    else:
        typer.echo(verdict(results, time.perf_counter() - began))
    if not all(result.passed for result in results):
        raise typer.Exit(1)


def _named(suite: "Suite", only: str, path: Path) -> "Sequence[Case]":
    cases = [case for case in suite.cases if only.lower() in case.scenario.name.lower()]
    if cases:
        return cases
    if suite.cases:
        raise Unusable(f'no scenario of {path} has "{only}" in its name', "leave -k out to run them all")
    raise Unusable(f"{path} holds no scenario", "write a scenarios.yaml; segue test --help shows one")


def _print(result: "Result", console: "Console") -> None:
    from rich.text import Text

    from infra.local.scenarios.show import as_text, heading, shown

    word, style = ("passed", "green") if result.passed else ("failed", "bold red")
    if not console.is_terminal:
        typer.echo(f"{word} {as_text(result)}")
        return
    console.print(Text.assemble((word, style), " ", heading(result)), soft_wrap=True)
    if not result.passed:
        console.print(shown(result))
