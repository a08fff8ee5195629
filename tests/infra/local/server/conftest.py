import pytest

from tests.fakes.local_server import segue_local


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """One endpoint for all tests here; each sends its own people."""
    with segue_local(tmp_path_factory.mktemp("local")) as server:
        yield server
