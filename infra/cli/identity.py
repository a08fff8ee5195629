"""What do we know about who is who, and what should we? The commands of ``segue identity``."""

import typer

from infra.cli.operate import clear, cut, link, unmerge
from infra.cli.show import show
from infra.cli.suggest import suggest

identity = typer.Typer(
    help="Who is who: look, correct, undo, and find people who may be one.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@identity.callback()
def commands() -> None:
    """Who is who: look, correct, undo, and find people who may be one."""


for command in (show, link, cut, clear, unmerge, suggest):
    identity.command(command.__name__)(command)
