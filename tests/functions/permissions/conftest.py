"""Permissions on a moto table, and in memory where the same is asked of both."""

import pytest
from moto import mock_aws

from functions.permissions.api import Permissions
from infra.local.runner.stores.permissions import MemoryPermissions
from tests.fakes.tables import create_table


@pytest.fixture
def permissions():
    with mock_aws():
        yield Permissions(create_table("permissions"))


@pytest.fixture(params=["dynamodb", "memory"])
def either(request):
    if request.param == "memory":
        yield MemoryPermissions()
        return
    with mock_aws():
        yield Permissions(create_table("permissions"))
