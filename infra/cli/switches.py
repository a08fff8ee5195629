"""How is a journey or a channel held, let go, ended or cut off at once? segue pause, resume, stop and kill."""

import getpass
import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from infra.cli.numbers import many
from infra.cli.problems import Unusable

if TYPE_CHECKING:
    from functions.journeys.operate import Operator
    from functions.journeys.switches.model import Target

Journey: TypeAlias = Annotated[str | None, typer.Argument(metavar="JOURNEY", help="A journey's name.")]
Channel: TypeAlias = Annotated[
    str | None, typer.Option(metavar="CHANNEL", help="A channel of all journeys, instead of one journey.")
]
Stage: TypeAlias = Annotated[str, typer.Option(help="The deployed stage.")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="For machines.")]

WITHIN = "Every function knows within five seconds."


def pause(journey: Journey = None, *, channel: Channel = None, stage: Stage = "dev", as_json: Json = False) -> None:
    """Hold everybody of a journey, or on a channel, at their next message or wait for an event.

    Nobody enters a paused journey: those entries are refused, not kept. A wait that has begun goes on, and whoever
    comes out of it is held at the next message. Undo: segue resume. Examples:

    \b
    segue pause welcome
    segue pause --channel sms
    """
    _turn("pause", journey, channel, stage, as_json)


def resume(journey: Journey = None, *, channel: Channel = None, stage: Stage = "dev", as_json: Json = False) -> None:
    """Let a paused, stopped or killed journey, or a channel, go on as usual.

    Whoever was held longest goes on first. Whom stop ended stays ended, and what kill withheld is not sent. Example:

    segue resume welcome
    """
    _turn("resume", journey, channel, stage, as_json)


def kill(journey: Journey = None, *, channel: Channel = None, stage: Stage = "dev", as_json: Json = False) -> None:
    """Withhold every message of a journey, or on a channel, from now on: for when something wrong goes out.

    People go on through their steps and get nothing. Nobody enters a killed journey. Undo: segue resume; what was
    withheld meanwhile is not sent later. Examples:

    \b
    segue kill welcome
    segue kill --channel email
    """
    _turn("kill", journey, channel, stage, as_json)


def stop(
    journey: Annotated[str, typer.Argument(metavar="JOURNEY", help="A journey's name.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be done.")] = False,
    stage: Stage = "dev",
    as_json: Json = False,
) -> None:
    """End every run of a journey, for good, and let nobody enter any more.

    Cannot be undone for who was under way; segue resume lets people enter again. Interrupted, say it again. Examples:

    \b
    segue stop welcome
    segue stop welcome --yes
    """
    from infra.cli.deployed_journey import deployed_journey, progress

    with deployed_journey(journey, stage, RIGHTS) as deployed:
        operator = _operator(stage, deployed.machine.client)
        running = sum(row.running for row in deployed.enrolments.scan(journey))
        if not yes:
            if as_json:
                typer.echo(json.dumps({"journey": journey, "stage": stage, "running": running, "stopped": None}))
            else:
                typer.echo(
                    f"This ends the journey for {many(running, 'person', 'people')}, and cannot be undone for them."
                )
                typer.echo(
                    f"segue stop {journey} --stage {stage} --yes does it; segue pause {journey} only holds them."
                )
            raise typer.Exit(1)
        with progress("runs ended") as (ended,):
            ended(total=running)
            number = operator.stop(_target(journey, None), _asker(), told=lambda run: ended(1))
    if as_json:
        typer.echo(json.dumps({"journey": journey, "stage": stage, "running": running, "stopped": number}))
    else:
        typer.echo(f"{many(number, 'person', 'people')} ended; nobody enters {journey} until segue resume {journey}.")


RIGHTS = "states:ListStateMachines and StopExecution, and dynamodb:Scan, GetItem and UpdateItem on the enrolments table"
SAID = {
    "pause": "held at their next message or wait for an event",
    "kill": "get nothing of it any more, and go on through their steps",
}


def _turn(word: str, journey: str | None, channel: str | None, stage: str, as_json: bool) -> None:
    from infra.cli.deployed_journey import deployed_stage, progress

    target = _target(journey, channel)
    with deployed_stage(stage, journey, RIGHTS) as (client, enrolments):
        operator = _operator(stage, client)
        before = operator.switches.look().switches.get(target)
        with progress("people let go") as (advance,):
            let_go: int | None = None
            match word:
                case "pause":
                    operator.pause(target, _asker())
                case "kill":
                    let_go = operator.kill(target, _asker(), told=lambda run: advance(1))
                case _:
                    let_go = operator.resume(target, _asker(), told=lambda run: advance(1))
        # Counted afterwards: a table may be long, and whoever kills is in a hurry.
        rows = enrolments.scan(None if journey is None else journey)
        under_way = Counter("held" if row.parked else "running" for row in rows if row.running)
    people = under_way.total()
    if as_json:
        was = None if before is None else before.word
        told: dict[str, Any] = {target.kind: target.name, "stage": stage, "word": word, "was": was}
        typer.echo(json.dumps({**told, "running": people, "held": under_way["held"], "let_go": let_go or 0}))
        return
    if before is None and word == "resume":
        typer.echo(f"The {target} was neither paused, stopped nor killed.")
    typer.echo(_words(word, target, people, let_go))


def _words(word: str, target: "Target", people: int, let_go: int | None) -> str:
    undo = f"segue resume {target.name if target.kind == 'journey' else f'--channel {target.name}'}"
    if word == "resume":
        return f"The {target} goes on as usual; {many(let_go or 0, 'person', 'people')} let go. {WITHIN}"
    of = "" if target.kind == "journey" else " under way in any journey"
    return f"{many(people, 'person', 'people')}{of}: {SAID[word]}. {WITHIN} Undo: {undo}"


def _target(journey: str | None, channel: str | None) -> "Target":
    from functions.journeys.language.faults import did_you_mean
    from functions.journeys.switches.model import Target
    from functions.shared.names import CHANNELS

    if (journey is None) == (channel is None):
        raise Unusable("name a journey, or a channel with --channel", "like segue pause welcome")
    if channel is not None and channel not in CHANNELS:
        raise Unusable(f'there is no channel "{channel}"', did_you_mean(channel, CHANNELS))
    return Target("journey", journey) if journey is not None else Target("channel", str(channel))


def _operator(stage: str, client: Any) -> "Operator":
    from functions.journeys.api import Enrolments, Switches
    from functions.journeys.machines import Machines
    from functions.journeys.operate import Operator
    from functions.shared.clock import system_clock
    from infra.cli.deployed_journey import machines_of

    table = f"segue-{stage}-enrolments"
    name, arn = next(iter(machines_of(stage, client).items()))
    return Operator(
        switches=Switches(table, system_clock),
        enrolments=Enrolments(table),
        machines=Machines(arn.removesuffix(name), client),
        clock=system_clock,
    )


def _asker() -> str:
    """Who says so, for whoever asks later: the name this terminal is used under."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
