"""The runner beside a bare heap of instants, and what somebody who waits takes: ratios and bytes, never seconds."""

import pytest

from infra.local.benchmarks.budgets import over_budget, read_budgets
from infra.local.benchmarks.crowd import measured
from infra.local.quiet import errors_only

pytestmark = pytest.mark.slow


def test_a_crowd_stays_within_its_budget():
    with errors_only():
        assert over_budget(list(measured(1_000)), {"runner": read_budgets()["runner"]}) == []
