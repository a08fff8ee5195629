"""The enrolments table: who may change a row, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from moto import mock_aws

from functions.journeys.api import Enrolments
from functions.journeys.enrolment_ids import enrolment_id
from functions.journeys.model import Enrolment, EntryEvent, Goal, Wait
from functions.shared.errors import TransientError
from infra.local.runner.stores.enrolments import MemoryEnrolments
from infra.local.runner.stores.together import MemoryTransactions
from tests.fakes.tables import create_table
from tests.functions.journeys.published import NOON

RUN = Enrolment(
    profile="ann",
    enrolment="e-1",
    journey="welcome",
    version="v1",
    status="starting",
    entered_at=NOON,
    entry=EntryEvent("m-1", "Order Completed", NOON, {"revenue": 12.5, "näme": ["ä", None, True]}, {"tier": "gold"}),
    arms={"nudge": "short"},
)
WAIT = Wait("s", "t-1", ("Order Completed",), "event.properties.x > 1", None, NOON, ("m-0",), {"a": {"n": 1.5}})


@pytest.fixture(params=["dynamodb", "memory"])
def enrolments(request):
    if request.param == "memory":
        yield MemoryEnrolments()
        return
    with mock_aws():
        yield Enrolments(create_table("enrolments"), pause=lambda _: None)


def row(enrolments):
    return enrolments.get("ann", "e-1")


def committed(enrolments, add):
    memory = isinstance(enrolments, MemoryEnrolments)
    return (MemoryTransactions() if memory else enrolments._transactions).commit("plan", add)


def test_a_run_is_read_back_as_entered(enrolments):
    assert enrolments.enter(RUN, 0)
    standing = enrolments.standing(("ann",))
    assert standing.enrolments == {"e-1": RUN}
    assert standing.entries == {"welcome": 1}
    assert row(enrolments) == RUN
    assert list(enrolments.scan()) == [RUN]
    assert enrolments.standing(("nobody",)).enrolments == {}


def test_a_run_is_entered_once(enrolments):
    assert enrolments.enter(RUN, 0)
    assert not enrolments.enter(replace(RUN, status="active", entered_at=NOON + timedelta(1)), 1)
    assert row(enrolments) == RUN


def test_an_entry_decided_on_an_old_standing_is_refused(enrolments):
    assert enrolments.enter(RUN, 0)
    assert not enrolments.enter(replace(RUN, enrolment="e-2"), 0)
    assert enrolments.enter(replace(RUN, enrolment="e-2"), 1)
    assert enrolments.enter(replace(RUN, enrolment="e-3", journey="other"), 0)
    assert enrolments.standing(("ann",)).entries == {"welcome": 2, "other": 1}


@pytest.mark.parametrize("end", ["exit", "close"])
def test_an_ended_run_neither_starts_nor_ends_again(enrolments, end):
    enrolments.enter(RUN, 0)
    assert enrolments.activate("ann", "e-1")
    assert enrolments.activate("ann", "e-1"), "said twice"
    if end == "exit":
        assert enrolments.exit(RUN, "Order Completed", NOON, "m-2", Goal(NOON, 3.0))
    else:
        assert enrolments.close("ann", "e-1", run=1, status="failed", reason="timed_out", at=NOON)
    ended = row(enrolments)
    assert not enrolments.activate("ann", "e-1")
    assert not enrolments.exit(RUN, "other", NOON, "m-3", None)
    assert not enrolments.close("ann", "e-1", run=1, status="failed", reason="other", at=NOON)
    assert enrolments.open_wait("ann", "e-1", WAIT, NOON) is None
    assert row(enrolments) == ended


def test_the_first_goal_stays(enrolments):
    enrolments.enter(RUN, 0)
    assert enrolments.reach_goal("ann", "e-1", Goal(NOON, 12.5))
    assert not enrolments.reach_goal("ann", "e-1", Goal(NOON + timedelta(1), 99.0))
    assert not enrolments.reach_goal("ann", "nothing", Goal(NOON, 1.0))
    assert (row(enrolments).goal_reached_at, row(enrolments).goal_value) == (NOON, 12.5)
    assert row(enrolments).status == "starting"


def test_a_wait_is_kept_until_it_is_answered_or_replaced(enrolments):
    enrolments.enter(RUN, 0)
    assert enrolments.open_wait("ann", "e-1", WAIT, NOON).wait == WAIT
    other = replace(WAIT, token="t-2")
    assert enrolments.open_wait("ann", "e-1", other, NOON + timedelta(1)).wait == other
    assert not enrolments.close_wait("ann", "e-1", WAIT)
    assert row(enrolments).wait == other
    assert enrolments.close_wait("ann", "e-1", other)
    assert row(enrolments).wait is None


def test_ending_a_run_forgets_its_wait(enrolments):
    enrolments.enter(RUN, 0)
    enrolments.open_wait("ann", "e-1", WAIT, NOON)
    enrolments.exit(RUN, "Order Completed", NOON, "m-2", None)
    assert row(enrolments).wait is None


def test_others_read_a_run_inside_their_own_transaction(enrolments):
    enrolments.enter(RUN, 0)
    with enrolments.reading() as transaction:
        found = enrolments.request(transaction, "ann", "e-1")
        nothing = enrolments.request(transaction, "ann", "e-2")
    assert (found.enrolment(), nothing.enrolment()) == (RUN, None)


@pytest.mark.parametrize(
    ("status", "holds"), [("starting", True), ("active", True), ("exited", False), ("superseded", False)]
)
def test_others_may_demand_that_a_run_still_runs(enrolments, status, holds):
    enrolments.enter(replace(RUN, status=status), 0)

    def demand(enrolment):
        return committed(enrolments, lambda together: enrolments.still_active(together, "ann", enrolment))

    assert not demand("nothing")
    assert demand("e-1") is holds


@pytest.mark.parametrize("status", ["active", "exited"])
def test_a_run_gives_way_inside_a_transaction_of_others_while_it_runs(enrolments, status):
    enrolments.enter(run := replace(RUN, status=status), 0)
    running = status == "active"
    assert committed(enrolments, lambda together: enrolments.add_supersede(together, run, NOON)) is running
    assert (row(enrolments).status, row(enrolments).ended_at) == (("superseded", NOON) if running else (status, None))


def test_a_delayed_registration_replaces_no_later_wait(enrolments):
    enrolments.enter(RUN, 0)
    enrolments.open_wait("ann", "e-1", WAIT, NOON)
    assert enrolments.open_wait("ann", "e-1", replace(WAIT, token="old"), NOON - timedelta(1)) is None
    assert row(enrolments).wait == WAIT


def test_a_table_keeps_whole_milliseconds(enrolments):
    finer = NOON + timedelta(microseconds=1_234)
    enrolments.enter(replace(RUN, entered_at=finer, entry=replace(RUN.entry, timestamp=finer)), 0)
    kept = NOON + timedelta(milliseconds=1)
    assert (row(enrolments).entered_at, row(enrolments).entry.timestamp) == (kept, kept)
    assert enrolments.open_wait("ann", "e-1", replace(WAIT, since=finer), finer).wait.since == kept
    assert enrolments.close_wait("ann", "e-1", replace(WAIT, since=finer))
    enrolments.exit(RUN, "left", finer, "m-2", Goal(finer))
    assert (row(enrolments).ended_at, row(enrolments).goal_reached_at) == (kept, kept)


def test_enrolment_ids_tell_nothing_and_never_change():
    assert (
        enrolment_id("key", "welcome", "m-1") == "b9bf1a5d3e8f2c47" or len(enrolment_id("key", "welcome", "m-1")) == 32
    )
    ids = {enrolment_id(k, j, m) for k in ("key", "other") for j in ("a", "ab") for m in ("m-1", "bm-1")}
    assert len(ids) == 8
    assert enrolment_id("key", "welcome", "\ud800") == enrolment_id("key", "welcome", "\ud800")


def test_a_run_gives_way_to_an_earlier_one_and_never_to_another_row_of_its_own(enrolments):
    late = replace(RUN, entered_at=NOON + timedelta(hours=1))
    enrolments.enter(late, 0)
    enrolments.enter(replace(RUN, profile="bob"), 0)
    assert enrolments.earlier(late, ("ann", "bob")) is None
    enrolments.enter(elder := replace(RUN, profile="eve", enrolment="e-2"), 0)
    assert enrolments.earlier(late, ("ann", "bob", "eve")) == elder
    assert enrolments.earlier(late, ("ann", "bob")) is None


def test_a_run_moves_to_another_version_once_and_forgets_what_it_waited_for(enrolments):
    enrolments.enter(replace(RUN, status="active"), 0)
    enrolments.open_wait("ann", "e-1", WAIT, NOON)
    moved = enrolments.move("ann", "e-1", 1, version="v2", arms={"nudge": "long"})
    assert (moved.run, moved.version, moved.arms, moved.wait) == (2, "v2", {"nudge": "long"}, None)
    assert enrolments.move("ann", "e-1", 1, version="v3", arms={}) is None
    assert enrolments.go_on("ann", "e-1", 2).run == 3
    assert enrolments.go_on("ann", "e-1", 2) is None
    assert row(enrolments).version == "v2"


def read_together(enrolments):
    with enrolments.reading() as transaction:
        enrolments.request(transaction, "ann", "e-1")


@pytest.mark.parametrize(
    "ask",
    [
        lambda enrolments: enrolments.get("ann", "e-1"),
        lambda enrolments: enrolments.standing(("ann",)),
        lambda enrolments: list(enrolments.scan()),
        read_together,
        lambda enrolments: enrolments.enter(RUN, 0),
        lambda enrolments: enrolments.activate("ann", "e-1"),
        lambda enrolments: enrolments.exit(RUN, "left", NOON, "m-2", None),
    ],
    ids=["get", "standing", "scan", "reading", "enter", "activate", "exit"],
)
@pytest.mark.parametrize("lost", [ReadTimeoutError, ConnectionClosedError])
def test_a_lost_connection_is_passing(ask, lost):
    def lose(**_):
        raise lost(endpoint_url="https://dynamodb")

    with mock_aws():
        enrolments = Enrolments(create_table("enrolments"), pause=lambda _: None)
        client = enrolments._transactions.connection.client
        client.meta.events.register("before-parameter-build.dynamodb", lose)
        with pytest.raises(TransientError, match=lost.__name__):
            ask(enrolments)
