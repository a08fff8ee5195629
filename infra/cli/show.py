"""Who is this, and why? A person's identifiers, traits and trail, from a deployed stage or from a file of events."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.identifiers import EXAMPLE, identifier
from infra.cli.numbers import many
from infra.cli.problems import Absent, Lacking, Unusable

if TYPE_CHECKING:
    from functions.identity.recognise import Recogniser


ASIDE_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A person as operators see them."""

    profile: str
    identifiers: list[dict[str, Any]]
    traits: dict[str, Any]
    events: int
    aka: list[str]
    trail: list[str]


def show(
    who: Annotated[str, typer.Argument(metavar="WHO", help="namespace:value, or a profile's id, old ones too.")],
    *,
    stage: Annotated[str, typer.Option(help="The deployed stage to read.")] = "dev",
    events: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Replay this file in memory instead of reading a stage.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="policy.yaml; without it the built-in rules.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show a person: identifiers, traits, and what joined or parted them, in words.

    Nothing is written. Examples:

    \b
    segue identity show customer_id:u-17
    segue identity show email:ann@example.com --events events.jsonl
    """
    recogniser = deployed(stage, policy) if events is None else replayed(events, policy)
    shown = _found(recogniser, who)
    if as_json:
        typer.echo(json.dumps({name: getattr(shown, name) for name in Shown.__slots__}, indent=2, sort_keys=True))
        return
    typer.echo(f"{shown.profile}, {many(shown.events, 'event')}")
    for one in shown.identifiers:
        typer.echo(f"  {one['namespace']} {one['value']}{' (soft: nothing is sent to it)' if one['soft'] else ''}")
    for name, value in sorted(shown.traits.items()):
        typer.echo(f"  {name}: {json.dumps(value, ensure_ascii=False)}")
    if shown.aka:
        typer.echo(f"stands for {', '.join(shown.aka)}")
    typer.echo("trail")
    for line in shown.trail:
        typer.echo(f"  {line}")


def _found(recogniser: "Recogniser", who: str) -> Shown:
    from functions.identity.records import shown
    from functions.identity.trail import told
    from functions.shared.names import ProfileId

    identity, rules = recogniser.identity, recogniser.rules
    profile = profile_of(recogniser, who)
    snapshot = recogniser.profiles.snapshot(profile)
    head = identity.head(snapshot.profile if snapshot else profile)
    if head is None or not head.members:
        raise Absent(f"nobody is {who}", EXAMPLE)
    ids = (head.profile, *sorted(head.aka))
    trails = {one: list(identity.trail(one)) for one in ids}
    own = [audit for audits in trails.values() for audit in audits]
    befores = {before for audit in own for _key, before, _after in audit.moves if before is not None}
    others = befores.union(*((*audit.merged, *audit.revived) for audit in own)) - set(ids)
    trails.update({one: list(identity.trail(one)) for one in sorted(others)})
    keys = {key for audits in trails.values() for audit in audits for key, _before, _after in audit.moves}
    pointers = identity.pointers(keys | head.members.keys(), 0).pointers
    named = {key: shown(pointer) for key, pointer in pointers.items() if pointer is not None}
    identifiers = [
        {"namespace": named[key][0], "value": named[key][1], "soft": member.soft}
        for key, member in sorted(head.members.items(), key=lambda one: (rules.rank(one[0]), one[0]))
        if (pointer := pointers[key]) is not None and pointer.profile == head.profile
    ]
    names = {key: " ".join(name) for key, name in named.items()}
    return Shown(
        profile=str(head.profile),
        identifiers=identifiers,
        traits=dict(snapshot.traits) if snapshot else {},
        events=snapshot.events if snapshot else 0,
        aka=[str(ProfileId(one)) for one in sorted(head.aka)],
        trail=list(told(ids, trails, names, lambda key: (rules.rank(key), key))),
    )


def profile_of(recogniser: "Recogniser", who: str) -> Any:
    """The profile an identifier leads to, or the id as it is; raises ``Unusable`` when nobody is that."""
    from functions.identity.canonical import canonical
    from functions.identity.keys import identifier_key
    from functions.identity.naming import known_namespace
    from functions.shared.names import ProfileId

    if ":" not in who:
        return ProfileId(who)
    namespace, text = identifier(who)
    name = known_namespace(namespace) or namespace
    value = canonical(name, text, recogniser.rules.country)
    if value is None:
        raise Unusable(f"{who} is no {name}", EXAMPLE)
    key = identifier_key(name, value, recogniser.pepper)
    pointer = recogniser.identity.pointers([key], 0).pointers[key]
    if pointer is None or pointer.profile is None:
        raise Absent(f"nobody is {who}", "was it ever sent, and to this stage? segue replay tells what a file leads to")
    return pointer.profile


def replayed(events: Path, policy: Path | None) -> "Recogniser":
    """Identity's function over rows in this process, when it has heard a file."""
    from functions.journeys.language.faults import FaultsFound
    from infra.local.quiet import errors_only
    from infra.local.replay.lines import read_lines
    from infra.local.replay.replay import plan_of, publication_of, recognised

    try:
        publication, plan = publication_of(policy), plan_of(policy)
    except FaultsFound as faults:
        raise Unusable(str(faults), "segue check names every fault of a folder") from faults
    with errors_only():
        recogniser, aside = recognised(read_lines(events, None), publication, plan)
    for one in aside[:ASIDE_SHOWN]:
        typer.echo(f"{events}:{one.line}: {one.field}: {one.reason}", err=True)
    if aside:
        typer.echo(f"{many(len(aside), 'line was', 'lines were')} left out.", err=True)
    return recogniser


def deployed(stage: str, policy: Path | None) -> "Recogniser":
    """Identity's function over a stage's tables; nobody hears of what it does."""
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.identity.secrets import deployment_key
    from functions.shared.store import DynamoRows
    from infra.local.replay.replay import publication_of, recogniser_on

    try:
        pepper = deployment_key(f"segue-{stage}/deployment-key")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        fix = "deploy the stage first, or name another with --stage; --events FILE needs none"
        raise Lacking(f"the key of stage {stage} cannot be read: {code}", fix) from error
    except BotoCoreError as error:
        raise Lacking(
            f"no AWS account: {error}", "set AWS_PROFILE and AWS_REGION; --events FILE needs neither"
        ) from error
    tables = (f"segue-{stage}-identity", f"segue-{stage}-profiles")
    return recogniser_on(DynamoRows(), publication_of(policy), *tables, pepper=pepper)
