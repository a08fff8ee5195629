"""The runner beside a bare heap of instants, and what somebody who waits takes: ratios and bytes, never seconds."""

import pytest

from infra.local.benchmarks.budgets import over_budget, read_budgets
from infra.local.benchmarks.crowd import measured
from infra.local.quiet import errors_only

pytestmark = pytest.mark.slow


TRIES = 4


def test_a_crowd_stays_within_its_budget():
    """Other work on the machine takes more of the cache from whoever needs more of it: hence some tries."""
    faults = ["not measured"]
    for _ in range(TRIES):
        with errors_only():
            faults = over_budget(list(measured(1_000)), {"runner": read_budgets()["runner"]})
        if not faults:
            break
    assert faults == []
