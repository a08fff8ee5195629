"""Stores in memory answer every question of the stores they stand for; one suite of cases holds both (ADR 18)."""

import inspect

import pytest

from functions.decisioning.api import Decisions
from functions.dispatch.api import Messages
from functions.journeys.api import Enrolments
from functions.permissions.api import Permissions
from infra.local.runner.stores.decisions import MemoryDecisions
from infra.local.runner.stores.enrolments import MemoryEnrolments
from infra.local.runner.stores.messages import MemoryMessages
from infra.local.runner.stores.permissions import MemoryPermissions

# What the real store does by asking itself only what the one in memory answers.
BUILT_ON_OTHERS = {
    "Decisions": {"population"},
    "Messages": {"add_claim"},
    "Permissions": {"entomb", "keep_pending", "of_contact", "read", "record", "suppress"},
}
PAIRS = [
    (Decisions, MemoryDecisions),
    (Enrolments, MemoryEnrolments),
    (Messages, MemoryMessages),
    (Permissions, MemoryPermissions),
]


@pytest.mark.parametrize(("store", "memory"), PAIRS, ids=lambda one: one.__name__)
def test_every_question_has_an_answer_in_memory(store, memory):
    asked = {name for name, one in vars(store).items() if inspect.isfunction(one) and not name.startswith("_")}
    assert asked - vars(memory).keys() == BUILT_ON_OTHERS.get(store.__name__, set())
