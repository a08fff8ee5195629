"""Permissions on a moto table."""

import pytest
from moto import mock_aws

from functions.permissions.api import Permissions
from tests.fakes.tables import create_table


@pytest.fixture
def permissions():
    with mock_aws():
        yield Permissions(create_table("permissions"))
