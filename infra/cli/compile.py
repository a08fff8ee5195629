"""Which state machine does a journey become?"""

from typing import Annotated

import typer


def compile_journey(journey: Annotated[str, typer.Argument(help="Name or folder of a journey.")]) -> None:
    """Print the state machine."""
