"""Which audiences are there, who is in them, and why? The commands of ``segue audiences``."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from infra.cli.numbers import many
from infra.cli.problems import Absent, Unusable
from infra.cli.show import deployed, profile_of, replayed

if TYPE_CHECKING:
    from infra.cli.memberships import Membership

Stage: TypeAlias = Annotated[str, typer.Option(help="The deployed stage.")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="For machines.")]
PolicyFile: TypeAlias = Annotated[Path, typer.Option("--policy", metavar="FILE", help="The policy that says which.")]

POLICY = Path("journeys/policy.yaml")

audiences = typer.Typer(
    help="Groups of people: which there are, who is in them, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@audiences.callback()
def commands() -> None:
    """Groups of people: which there are, who is in them, and why."""


@audiences.command("list")
def listed(*, policy: PolicyFile = POLICY, as_json: Json = False) -> None:
    """List the audiences of a policy, each said in words.

    Example:

    segue audiences list --policy journeys/policy.yaml
    """
    from infra.cli.memberships import in_words

    said = in_words(policy_in(policy))
    if as_json:
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    for name, words in said.items():
        typer.echo(f"{name}: {words}")
    if not said:
        typer.echo(f"{policy} has no audiences.")


@audiences.command()
def show(
    who: Annotated[str, typer.Argument(metavar="PERSON", help="namespace:value, or a profile's id.")],
    *,
    stage: Stage = "dev",
    events: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Replay this file in memory instead of reading a stage.")
    ] = None,
    policy: PolicyFile = POLICY,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="As if it were then; with --events their end by itself.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show which audiences a person is in, and why they are in no others.

    Nothing is written. Examples:

    \b
    segue audiences show customer_id:u-17
    segue audiences show customer_id:u-17 --events events.jsonl --at 2026-04-02T00:00:00Z
    """
    from functions.audiences.api import Standing
    from functions.shared.clock import system_clock
    from infra.cli.memberships import memberships

    said = policy_in(policy)
    now = None if at is None else _instant(at)
    recogniser = deployed(stage, policy) if events is None else replayed(events, policy)
    person = recogniser.profiles.snapshot(profile_of(recogniser, who))
    if person is None:
        raise Absent(f"nobody is {who}", "segue identity show names people by namespace:value, or a profile's id")
    standing = Standing()
    if events is None:
        from infra.cli.standings import standing_of

        standing, now = standing_of(stage, person), now or system_clock()
    else:
        now = now or max(one.last_seen for one in recogniser.profiles.scan())
    found = memberships(said, person, standing, now)
    if as_json:
        due = None if standing.due is None else standing.due.isoformat()
        shown = {"profile": person.profile, "due": due, "audiences": [one.to_json() for one in found]}
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{person.profile}, as of {now:%Y-%m-%d %H:%M} UTC")
    for one in found:
        typer.echo("\n".join(_lines(one)))


def _lines(one: "Membership") -> list[str]:
    since = f" since {one.since:%Y-%m-%d %H:%M}" if one.since is not None else ""
    lines = [f"  {'in' if one.holds else 'not in'} {one.audience}{since}: {one.words}"]
    lines += [f"    not so: {part}" for part in one.lacking]
    lines += [f"    not known: {name}" for name in one.missing]
    if not one.holds and one.since is not None:
        lines.append("    about to leave it")
    return lines


@audiences.command()
def members(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An audience of the policy.")],
    *,
    count: Annotated[bool, typer.Option("--count", help="Only how many.")] = False,
    stage: Stage = "dev",
    policy: PolicyFile = POLICY,
    as_json: Json = False,
) -> None:
    """List the profiles in an audience, each with since when; reads the whole table of audiences.

    Examples:

    \b
    segue audiences members vip --count
    segue audiences members vip --json > vip.json
    """
    from functions.shared.clock import format_instant
    from infra.cli.standings import standings_of

    _known(name, policy)
    found = {who: one.members[name] for who, one in standings_of(stage) if name in one.members}
    if count:
        typer.echo(json.dumps({"audience": name, "members": len(found)}) if as_json else str(len(found)))
    elif as_json:
        typer.echo(json.dumps([{"profile": who, "since": format_instant(at)} for who, at in sorted(found.items())]))
    else:
        for who, since in sorted(found.items()):
            typer.echo(f"{who} since {since:%Y-%m-%d %H:%M}")


@audiences.command()
def build(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An audience of the policy that is deployed.")],
    *,
    stage: Stage = "dev",
    policy: PolicyFile = POLICY,
    after: Annotated[
        str | None, typer.Option(metavar="PROFILE", help="Go on after this one, as an interrupted build says.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at everybody who is there already, so that a new or changed audience has its members.

    Puts every profile on the audiences queue; who enters or leaves is told as events, so journeys that listen to them
    begin. Doing it twice changes nothing the second time. Deploy the policy first. Examples:

    segue audiences build vip --stage prod
    """
    from infra.cli.standings import everybody_looked_at

    _known(name, policy)
    number = everybody_looked_at(stage, after)
    where = f"segue-{stage}-update-audiences"
    if as_json:
        typer.echo(json.dumps({"audience": name, "people": number, "queue": where}))
    else:
        there = many(number, "person is", "people are")
        typer.echo(f"{there} on {where}. segue audiences members {name} --count tells who entered.")


def _known(name: str, policy: Path) -> None:
    known = policy_in(policy).get("audiences", {})
    if name not in known:
        raise Unusable(f'no audience "{name}" in {policy}', f"it has {', '.join(sorted(known)) or 'none'}")


def policy_in(policy: Path) -> Any:
    """What a policy.yaml says; raises ``Unusable`` with every fault in it."""
    from functions.journeys.language.faults import FaultsFound
    from infra.local.replay.replay import publication_of

    try:
        return publication_of(policy).policy
    except FaultsFound as faults:
        raise Unusable(str(faults), "segue check names every fault of a folder") from faults


def _instant(text: str) -> datetime:
    from functions.shared.clock import parse_instant

    try:
        return parse_instant(text)
    except ValueError as error:
        raise Unusable(f"--at {text} is no time", "write it like 2026-03-02T10:00:00Z") from error
