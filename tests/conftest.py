"""Every test runs as if in one AWS account and region, with no way to reach a real one."""

import os
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import HealthCheck, settings

from tests.fakes.local_server import segue_local

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_REGION="eu-west-1",
    POWERTOOLS_DEV="0",
)
os.environ.pop("AWS_PROFILE", None)
# A machine that is busy is no fault of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# Each store makes its own botocore session, and each session reads the service models anew, 50 ms a client, and looks
# through the folders of 400 services: reading every file and folder once halves a suite. botocore treats the data as
# read-only, as it must within one session.
_models: dict[str, Any] = {}
_services: dict[tuple[str, ...], list[str]] = {}
_load_file = JSONFileLoader.load_file
_list_services = Loader.list_available_services


def _load_once(loader: JSONFileLoader, path: str) -> Any:
    if path not in _models:
        _models[path] = _load_file(loader, path)
    return _models[path]


def _list_once(loader: Loader, type_name: str) -> list[str]:
    asked = (type_name, *loader.search_paths)
    if asked not in _services:
        _services[asked] = _list_services(loader, type_name)
    return _services[asked]


JSONFileLoader.load_file = _load_once
Loader.list_available_services = _list_once


Said: TypeAlias = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Said:
    """Answers with all that was said since it was last asked: what was printed, and log records with what they carry.

    A logger writes to the output of whichever test made it first, so its lines are not among what is printed here.
    """

    def read() -> str:
        records = [str(record.__dict__) for record in caplog.records]
        caplog.clear()
        return "\n".join([*capsys.readouterr(), *records])

    return read


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """One running ``segue local`` for all who ask; each test sends people of its own."""
    with segue_local(tmp_path_factory.mktemp("local")) as server:
        yield server


@pytest.fixture
def segue():
    """Runs one command as a shell would; ``result.exit_code``, ``.stdout``, ``.stderr``."""
    # Read here, since most tests run no command.
    from typer.testing import CliRunner

    from infra.cli.main import app

    def run(*arguments: str):
        return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})

    return run
