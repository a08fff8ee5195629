"""What do we know about who is who, and what should we? The commands of ``segue identity``, one file each."""

import typer

from infra.cli.suggest import suggest

identity = typer.Typer(
    help="Who is who: suggestions of people who may be one.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@identity.callback()
def commands() -> None:
    """Who is who: suggestions of people who may be one."""


identity.command("suggest")(suggest)
