"""What does an event or a journey cost in AWS requests, capacity units and transitions?"""

from typing import Annotated

import typer


def bench(as_json: Annotated[bool, typer.Option("--json", help="The counts as JSON.")] = False) -> None:
    """Count AWS requests."""
