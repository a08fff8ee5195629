import pytest
from typer.testing import CliRunner

from infra.cli.main import app


@pytest.fixture
def segue():
    """Runs one command as a shell would; ``result.exit_code``, ``.stdout``, ``.stderr``."""

    def run(*arguments: str):
        return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})

    return run
