"""What must hold after every story, whatever happened in it (docs/reference/invariants.md numbers them).

``check(world, put)`` looks at tables, queues, outbox and executions of a laptop's world, never at our own counters.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from functions.dispatch.api import Messages
from functions.journeys.api import Enrolments
from functions.permissions.api import Permissions
from functions.shared.clock import parse_instant
from functions.shared.reasons import Reason
from infra.local.replay.archive import ArchiveBucket
from infra.local.requests import acting
from infra.local.world import LocalWorld

RUNNING = {"starting", "active"}
REASONS = set(get_args(Reason))


def check(world: LocalWorld, put: Iterable[Mapping[str, Any]]) -> None:
    """Asserts every invariant that a settled world can show; ``put`` = the messages apps sent, with messageId."""
    with acting("local"):
        everything_put_is_stored_once_or_kept_with_its_reason(world, [one["messageId"] for one in put])
        everything_stored_stands_in_the_archive(world)
        nothing_stands_in_a_queue_or_a_dead_letter_queue(world)
        no_message_reached_a_provider_twice(world)
        every_marketing_message_had_consent_when_it_was_claimed(world)
        nobody_held_out_got_a_message_of_that_journey(world)
        every_decision_says_why(world)
        every_execution_ended_or_visibly_waits_and_its_row_agrees(world)


def everything_put_is_stored_once_or_kept_with_its_reason(world: LocalWorld, put: list[str]) -> None:
    """Invariants 1 and 2."""
    history = world.history()
    people = [snapshot.profile for snapshot in history.profiles.scan()]
    stored = Counter(event.message_id for person in people for event in history.timeline(person))
    assert [message for message, times in stored.items() if times > 1] == []
    quarantined = [line["messageId"] for line in world.quarantined()]
    missing = [one for one in set(put) if one not in stored and one not in quarantined]
    assert missing == []
    assert not set(quarantined) & set(stored) - {None}


def everything_stored_stands_in_the_archive(world: LocalWorld) -> None:
    """Invariant 1: what the tables hold could be made again."""
    history = world.history()
    bucket = ArchiveBucket(world.bucket("archive"), history.profiles)
    archived = bucket.read(bucket.objects())
    assert archived.damaged == []
    stored = {event.message_id for one in history.profiles.scan() for event in history.timeline(one.profile)}
    assert stored <= {event.message_id for event in archived.events()}


def nothing_stands_in_a_queue_or_a_dead_letter_queue(world: LocalWorld) -> None:
    """Invariant 1: what could not be done is visible; a story without faults leaves nothing."""
    assert world.queued() == {}
    assert world.dead_letters() == {}


def no_message_reached_a_provider_twice(world: LocalWorld) -> None:
    """Invariant 3."""
    calls = Counter(sent.message for sent in world.outbox)
    assert [message for message, times in calls.items() if times > 1] == []
    known = {one.message: one for one in Messages(world.table("messages")).scan()}
    assert set(calls) <= set(known)
    assert {one.message for one in known.values() if one.decision == "sent"} == set(calls)


def every_marketing_message_had_consent_when_it_was_claimed(world: LocalWorld) -> None:
    """Invariant 4, told by the append-only ledger and not by the state the gate read."""
    permissions = Permissions(world.table("permissions"))
    for message in Messages(world.table("messages")).scan():
        if message.decision != "sent":
            continue
        assert message.contact is not None
        lines = list(permissions.ledger(message.contact))
        before = [line for line in lines if line.what == "suppression" and _at(line.said) <= message.decided_at]
        assert before == []
        if message.message_class == "marketing":
            said = [
                (_at(line.said), line.said["state"] == "withdrawn", line.said["state"])
                for line in lines
                if line.what == "consent" and line.said["topic"] == message.topic
            ]
            at_the_time = [one for one in said if one[0] <= message.decided_at]
            assert max(at_the_time)[2] == "granted"


def nobody_held_out_got_a_message_of_that_journey(world: LocalWorld) -> None:
    """Invariant 7."""
    held_out = {
        (one.profile, one.journey) for one in Enrolments(world.table("enrolments")).scan() if one.status == "held_out"
    }
    got = {(one.profile, one.journey) for one in Messages(world.table("messages")).scan()}
    assert not held_out & got


def every_decision_says_why(world: LocalWorld) -> None:
    """Invariant 9: a reason of the closed list with every no, none with a yes."""
    for message in Messages(world.table("messages")).scan():
        # Held back by a pause or a guard, and then its run ended.
        assert message.decision in {"sent", "withheld", "failed", "deferred"}
        assert (message.reason is None) == (message.decision == "sent")
        assert message.reason is None or message.reason in REASONS


def every_execution_ended_or_visibly_waits_and_its_row_agrees(world: LocalWorld) -> None:
    """Invariant 10: Step Functions and our own authority say the same of every run."""
    rows = {one.execution_name: one for one in Enrolments(world.table("enrolments")).scan() if one.status != "held_out"}
    every = {one.name: one for one in world.executions()}
    # A run that went on in another execution, or in another version, has left some behind, each with one after it.
    left = {name: one for name, one in every.items() if int(name.rpartition("-")[2]) < _run_of(name, rows)}
    for name, one in left.items():
        assert (one.status, one.error) in {("SUCCEEDED", None), ("ABORTED", "Migrated")}, (name, one.status, one.error)
    executions = {name: one for name, one in every.items() if name not in left}
    assert rows.keys() == executions.keys()
    for name, execution in executions.items():
        assert execution.status in {"RUNNING", "SUCCEEDED", "ABORTED"}, (name, execution.error, execution.cause)
        assert (execution.status == "RUNNING") == (rows[name].status in RUNNING), (name, rows[name].status)
        assert execution.states, f"{name} never began"
        if execution.status == "ABORTED":
            assert (execution.error, execution.cause) == ("Exit", rows[name].reason)


def _run_of(name: str, rows: Mapping[str, Any]) -> int:
    """Which execution of its run is the present one."""
    enrolment = name.rpartition("-")[0]
    return max((one.run for one in rows.values() if one.enrolment == enrolment), default=0)


def check_that_replay_changes_nothing(world: LocalWorld, put: list[Mapping[str, Any]]) -> None:
    """Invariant 11: the same messages again, all of them, leave the world as it was."""
    before = _picture(world)
    world.put_events(put)
    world.run_until(world.clock())
    assert _picture(world) == before


def _picture(world: LocalWorld) -> Any:
    with acting("local"):
        history = world.history()
        people = sorted((one.profile, one.to_json()) for one in history.profiles.scan())
        timelines = {who: [event.message_id for event in history.timeline(who)] for who, _ in people}
        enrolments = sorted((one.enrolment, one.status) for one in Enrolments(world.table("enrolments")).scan())
        messages = sorted((one.message, one.phase) for one in Messages(world.table("messages")).scan())
        return people, timelines, enrolments, messages, len(world.outbox), len(list(world.executions()))


def _at(said: Mapping[str, Any]) -> Any:
    return parse_instant(said.get("effective_at") or said["at"])
