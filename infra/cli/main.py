"""What can I ask of Segue from a terminal? One command per file; each imports what it needs only when it runs."""

import os
import sys
import traceback
from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from infra.cli.audiences import audiences
from infra.cli.bench import bench
from infra.cli.check import check
from infra.cli.compile import compile_journey
from infra.cli.consent import consent
from infra.cli.demo import demo
from infra.cli.identity import identity
from infra.cli.imports import imports
from infra.cli.local import local
from infra.cli.migrate import migrate
from infra.cli.problems import Problem
from infra.cli.quarantine import quarantine
from infra.cli.redrive import redrive
from infra.cli.replay import replay
from infra.cli.schemas import schemas
from infra.cli.send import send
from infra.cli.switches import kill, pause, resume, stop
from infra.cli.test import run_scenarios
from infra.cli.versions import versions

HELP = """Marketing orchestration you own.

Journeys are folders under journeys/. Check them, look at the state machine each becomes, and watch two years of real
purchases go through them on this machine; then deploy the same files to your AWS account.

Exit codes: 0 done, 1 the answer is no, 2 unusable input or arguments, 3 something is missing here.
"""


class Commands(TyperGroup):
    """Turns a problem into its message and exit code; a bug keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except Problem as problem:
            _stop(ctx, problem, str(problem), problem.exit_code)
        except (OSError, UnicodeDecodeError) as error:
            _stop(ctx, error, _file_trouble(error), 2)


app = typer.Typer(
    cls=Commands,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"segue {metadata.version('segue')}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback behind a message.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """What every command understands; read by ``_stop``."""
    del debug, version
    # The AWS CLI and Lambda know both names; boto3 reads only the second.
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region


app.command("demo")(demo)
app.command("check")(check)
app.command("compile")(compile_journey)
app.command("test")(run_scenarios)
app.command("bench")(bench)
app.command("replay")(replay)
app.command("local")(local)
app.command("send")(send)
app.command("consent")(consent)
app.command("redrive")(redrive)
app.command("schemas")(schemas)
app.command("versions")(versions)
app.command("migrate")(migrate)
app.command("pause")(pause)
app.command("resume")(resume)
app.command("stop")(stop)
app.command("kill")(kill)
app.add_typer(identity, name="identity")
app.add_typer(audiences, name="audiences")
app.add_typer(imports, name="import")
app.add_typer(quarantine, name="quarantine")


def main() -> None:
    """The ``segue`` command. ``--debug`` may stand anywhere."""
    arguments = [one for one in sys.argv[1:] if one != "--debug"]
    debug = ["--debug"] if len(arguments) < len(sys.argv) - 1 else []
    try:
        app(args=[*debug, *arguments], prog_name="segue")
    except BrokenPipeError:
        # The reader (head, less) has gone; Python would complain once more while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _stop(ctx: Any, error: Exception, message: str, exit_code: int) -> None:
    if isinstance(error, BrokenPipeError):
        raise error
    if ctx.params.get("debug"):
        traceback.print_exception(error)
        raise typer.Exit(exit_code)
    typer.echo("\n  ".join([f"segue: {message}", *getattr(error, "__notes__", ())]), err=True)
    raise typer.Exit(exit_code)


def _file_trouble(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "a file is not UTF-8 text\n  save it as UTF-8; --debug shows where it was read"
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}\n  --debug shows where"
