"""How do I bring in people I already know? A file of them, row by row, into a stage or through an HTTP door."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.audiences import POLICY, policy_in
from infra.cli.imported import AsOf, progress, reading_of, report, stopping
from infra.cli.problems import Unusable

if TYPE_CHECKING:
    from infra.cli.http_door import HttpDoor
    from infra.imports.messages import Letter, Meaning
    from infra.imports.rows import Source
    from infra.imports.run import Door, Refusal

# How long timelines keep events unless policy.yaml says otherwise; what is older changes nobody.
KEPT = timedelta(days=400)
AHEAD = timedelta(minutes=5)
HTTP_LETTERS, HTTP_BYTES = 1_000, 500_000
# Of PutEvents and of our own events.
RESERVED = ("aws.", "segue.")

imports = typer.Typer(
    no_args_is_help=True, help="Bring in people from files: what is known of them, and lists of them."
)

File = Annotated[
    Path, typer.Argument(metavar="FILE.csv|jsonl", help="A row, or a JSON object a line, for each person.")
]
Named = Annotated[str, typer.Option("--source", metavar="NAME", help="Where the file comes from: crm, warehouse ...")]
Stage = Annotated[str | None, typer.Option(help="The deployed stage. [default: dev]", show_default=False)]
Bus = Annotated[str | None, typer.Option(help="Event bus, when it is not segue-STAGE.")]
To = Annotated[str | None, typer.Option(metavar="URL", help="An HTTP door instead, such as that of `segue local`.")]
Key = Annotated[str, typer.Option(metavar="KEY", envvar="SEGUE_WRITE_KEY", help="Of the HTTP door: a secret one.")]
IdColumn = Annotated[str, typer.Option("--id", metavar="COLUMN", help="The column that is the userId.")]
FileTime = Annotated[
    str | None, typer.Option(metavar="TIME", help="When this was so (RFC 3339). [default: when the file changed]")
]
BeginningTime = Annotated[
    str | None, typer.Option("--as-of", metavar="TIME", help="Since when (RFC 3339). [default: when the import began]")
]
Encoding = Annotated[str, typer.Option(help="What the file is written in.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every row, send nothing, write nothing.")]
Restart = Annotated[bool, typer.Option("--restart", help="Forget how far an earlier run came.")]
AsJson = Annotated[bool, typer.Option("--json", help="What became of the rows as JSON.")]


@imports.command("profiles")
def profiles(
    file: File,
    *,
    source: Named,
    stage: Stage = None,
    bus: Bus = None,
    to: To = None,
    write_key: Key = "dev",
    id_column: IdColumn = "userId",
    text: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Keep this column as text, though it looks like numbers.")
    ] = None,
    as_of: FileTime = None,
    encoding: Encoding = "utf-8",
    dry_run: DryRun = False,
    restart: Restart = False,
    as_json: AsJson = False,
) -> None:
    """Import traits and scores of people.

    Columns: userId, anonymousId, email, phone, id:NAMESPACE say who; score.NAME is a score; trait.NAME, or any other
    name, is a trait. An empty cell says nothing, null deletes. Rows that break a rule go to FILE.rejected.csv, with the
    line and the reason; mend and import that file. Stopped, it goes on where it was; twice is once. Example:

    segue import profiles customers.csv --source crm --id customer_id --dry-run
    """
    from infra.imports.messages import Profiles

    run = _Run(file, source, stage, bus, to, write_key, as_of, encoding, dry_run, restart, as_json)
    run.go(Profiles(id_column, tuple(sorted(text or ()))))


@imports.command("audience")
def audience(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A list of policy.yaml (list: true).")],
    file: File,
    *,
    source: Named,
    id_column: IdColumn = "userId",
    leave: Annotated[bool, typer.Option("--leave", help="These people leave the list.")] = False,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"The policy that names the list. [default: {POLICY}]")
    ] = None,
    stage: Stage = None,
    bus: Bus = None,
    to: To = None,
    write_key: Key = "dev",
    as_of: BeginningTime = None,
    encoding: Encoding = "utf-8",
    dry_run: DryRun = False,
    restart: Restart = False,
    as_json: AsJson = False,
) -> None:
    """Let the people of a file join a list, or leave it.

    Each row names a person: userId, anonymousId, email, phone or id:NAMESPACE. Other columns say nothing. It holds from
    the moment the import begins, so what was imported last holds. Rejected rows and stopping are as with `segue import
    profiles`. Example:

    segue import audience beta-testers testers.csv --source crm
    """
    from infra.imports.messages import Membership

    _check_list(name, policy)
    run = _Run(file, source, stage, bus, to, write_key, as_of, encoding, dry_run, restart, as_json)
    run.go(Membership(name, leave, id_column))


def _check_list(name: str, policy: Path | None) -> None:
    """Raises ``Unusable`` for what is no list of the policy; without one, says that nobody looked."""
    from functions.journeys.language.faults import did_you_mean

    if policy is None and not POLICY.is_file():
        typer.echo(f"note: no {POLICY} here to say whether {name} is a list; --policy FILE names another", err=True)
        return
    file = policy or POLICY
    known = policy_in(file).get("audiences", {})
    lists = [one for one, said in known.items() if said.get("list")]
    if name in known and name not in lists:
        raise Unusable(f"a condition of {file} says who is in {name}", "people are put on lists only ({list: true})")
    if name not in lists:
        raise Unusable(f'no list "{name}" in {file}', did_you_mean(name, lists))


@dataclass(frozen=True, slots=True)
class _Run:
    """The options that both commands share."""

    file: Path
    source: str
    stage: str | None
    bus: str | None
    to: str | None
    write_key: str
    as_of: str | None
    encoding: str
    dry_run: bool
    restart: bool
    as_json: bool

    def go(self, meaning: "Meaning") -> None:
        from functions.shared.clock import system_clock
        from infra.imports.rows import Table, source_of
        from infra.imports.run import Import

        self._check()
        rows = source_of(self.file, self.encoding)
        wrong = meaning.misnamed(rows.named) if isinstance(rows, Table) else None
        if wrong is not None:
            raise Unusable(f"{self.file}: {wrong[0]}", f"{wrong[1]}; segue import profiles --help lists the names")
        door, target = self._door()
        as_of = self._as_of(rows, meaning, target)
        work = Import(rows, meaning, None if self.dry_run else door(), self.source, as_of.at, system_clock, target)
        with stopping(work), progress(rows.rows) as told:
            done = work.run(told, self.restart)
        reading = reading_of(rows, meaning) if self.dry_run else {}
        report(done, as_of, reading, file=self.file, source=self.source, as_json=self.as_json, dry_run=self.dry_run)
        raise typer.Exit(bool(done.rejected_rows))

    def _check(self) -> None:
        if not self.source.strip() or self.source.lower().startswith(RESERVED):
            raise Unusable(f"--source {self.source} cannot be one", "name where the file comes from, such as crm")
        if self.to is not None and (self.stage is not None or self.bus is not None):
            raise Unusable("--to and --stage are two places", "name one of them")

    def _as_of(self, rows: "Source", meaning: "Meaning", target: str) -> AsOf:
        from functions.shared.clock import format_instant, parse_instant
        from infra.imports.run import kind_of, noted_as_of

        now = datetime.now(UTC)
        begun = None if self.restart else noted_as_of(rows, kind_of(rows, self.source, target, meaning))
        try:
            if self.as_of is not None:
                when = AsOf(parse_instant(self.as_of), "as --as-of says")
            # An import that stopped goes on with the time it began with: a file that is copied has another.
            elif begun is not None:
                when = AsOf(begun, "as the import that stopped")
            elif meaning.of_now:
                when = AsOf(now, "when this import began")
            else:
                changed = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
                when = AsOf(changed, "when the file last changed")
        except (ValueError, OverflowError) as error:
            raise Unusable(f"--as-of {self.as_of} is no time", "write it like 2026-03-02T10:00:00Z") from error
        if when.at > now + AHEAD:
            raise Unusable(f"{format_instant(when.at)} lies ahead", "say when the file was right with --as-of")
        if now - when.at > KEPT:
            typer.echo(
                f"note: as of {format_instant(when.at)} is longer ago than timelines keep events ({KEPT.days} days "
                "unless policy.yaml says otherwise),\n  and such events change nobody; --as-of says a later time",
                err=True,
            )
        return when

    def _door(self) -> "tuple[Callable[[], Door], str]":
        if self.to is not None:
            from infra.cli.http_door import HttpDoor

            door = _ThroughHttp(HttpDoor(self.to, self.write_key))
            return lambda: door, door.door.url
        from infra.cli.bus import BusDoor

        bus = self.bus or f"segue-{self.stage or 'dev'}"
        return lambda: BusDoor(bus, self.source), bus


class _ThroughHttp:
    """An HTTP door as the importer knows doors. Of a batch that is refused whole, halves are tried."""

    most, most_bytes = HTTP_LETTERS, HTTP_BYTES

    def __init__(self, door: "HttpDoor") -> None:
        self.door = door

    def send(self, letters: "Sequence[Letter]") -> "Sequence[Refusal]":
        from infra.cli.http_door import Refused
        from infra.imports.run import Refusal

        try:
            told = self.door.send([one.text.encode() for one in letters])
        except Refused as refused:
            if len(letters) == 1:
                return [Refusal(0, refused.field, refused.rule)]
            half = len(letters) // 2
            later = [Refusal(half + one.index, one.field, one.reason) for one in self.send(letters[half:])]
            return [*self.send(letters[:half]), *later]
        return [Refusal(one["index"], one["field"], one["reason"]) for one in told.rejected]
