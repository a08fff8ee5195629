"""Messages of people who became one: to the address they have now, once for each step, and of one run per journey."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_string, policy

import pytest

from functions.dispatch.assemble import assemble
from functions.dispatch.dynamodb import Records
from functions.dispatch.send_key import message_id
from functions.dispatch.ses import SesEmail
from functions.dispatch.settings import SendSettings
from functions.journeys.api import Enrolment, Enrolments, EntryEvent
from functions.permissions.api import Consent
from functions.profiles.api import Arrival, Claim, Profiles
from functions.profiles.model import Contact
from functions.shared.events import Event
from functions.shared.publication import load_publication
from tests.fakes.merges import MergedProfiles
from tests.fakes.people import record
from tests.fakes.providers import Killed
from tests.functions.dispatch.conftest import NOON, PERSON

BOB = "p-bob"


class Merging:
    """Ann (the world's person, run ``e-1``) and bob, who entered ``welcome`` an hour before or after her."""

    def __init__(self, world):
        self.world = world
        self.enrolments = Enrolments("enrolments", pause=lambda _: None)
        self.profiles = MergedProfiles(Profiles("profiles"))
        # Of two addresses the one that was claimed last is written to: the world's person's.
        before = NOON - timedelta(days=1)
        claim = Claim("email", Contact("Bob@Example.com", "email#bob", before), "m-bob", True)
        body = {"type": "identify", "traits": {"first_name": "Bob"}}
        event = Event("m-bob", "identify", before, before, "test", True, body)
        record("profiles", BOB, Arrival(event, [claim], "trusted"))
        world.consent()
        names = {f"{name}_table": name for name in ("enrolments", "profiles", "permissions", "messages")}
        urls = {f"{channel}_queue_url": url for channel, url in world.queues.items()}
        prefix = "arn:aws:states:eu-west-1:123456789012:stateMachine:segue-test-"
        settings = SendSettings(**names, **urls, machine_prefix=prefix, publication_path=world.publication_path)
        publication = load_publication(world.publication_path)
        provider = SesEmail("hello@acme.example", "segue")
        sender = assemble(settings, publication, provider, lambda: world.now)
        records = Records(self.enrolments, self.profiles, world.permissions, world.messages, world.switches)
        self.sender = replace(sender, records=records)

    def enters(self, profile, enrolment, hour, *, key=None, journey="welcome", status="active"):
        entry = EntryEvent(f"m-{enrolment}", "Order Completed", NOON, {"total": 40})
        at = NOON.replace(hour=hour)
        run = Enrolment(profile, enrolment, journey, "v1", status, at, entry, key=key)
        entries = self.enrolments.standing((profile,)).own_entries.get(journey, 0)
        assert self.enrolments.enter(run, entries)
        return run

    def send(self, run, **changes):
        """One delivery of the run's step; the requests it took."""
        self.world.wire.reset()
        said = {"enrolment": run.enrolment, "profile": run.profile, "token": f"token-{run.enrolment}", **changes}
        self.sender.send(self.world.body(**said))
        return list(self.world.wire.requests)

    def status(self, run):
        found = self.enrolments.get(run.profile, run.enrolment)
        return found.status, found.reason

    def decided(self, run):
        return [(line.decision, line.reason) for line in self.world.lines if line.enrolment == run.enrolment]

    def recipients(self):
        return [message_from_string(raw, policy=policy.default)["To"] for raw in self.world.inbox]


@pytest.fixture
def merging(world):
    return Merging(world)


@pytest.fixture
def anns(merging):
    return merging.enters(PERSON, "e-ann", 10)


@pytest.fixture
def bobs(merging):
    return merging.enters(BOB, "e-bob", 9)


def test_a_run_of_the_merged_person_writes_to_the_survivor(merging, bobs):
    merging.profiles.merge(BOB, PERSON)
    merging.send(bobs)
    assert merging.recipients() == ["Ann@Example.com"]
    [line] = merging.world.lines
    assert (line.decision, line.profile, line.contact) == ("sent", BOB, "email#1"), "rows keep the id at entry"


def test_the_later_of_two_runs_is_withheld_ended_and_stopped(merging, anns, bobs):
    merging.profiles.merge(BOB, PERSON)
    assert merging.send(anns)[-2:] == ["TransactWriteItems", "StopExecution"]
    [line] = merging.world.lines
    assert (line.decision, line.reason, line.guard) == ("withheld", "merged", "enrolment_active")
    assert line.facts == {"enrolment": "active", "earlier": "e-bob"}
    assert merging.status(anns) == ("superseded", "merged")
    assert merging.world.answers == []
    merging.send(bobs)
    assert merging.status(bobs) == ("active", None)
    assert merging.decided(bobs) == [("sent", None)]


def test_no_other_channel_is_tried_for_a_run_that_gave_way(merging, anns, bobs):
    merging.profiles.merge(BOB, PERSON)
    merging.send(anns, fallback=["sms"])
    assert merging.world.forwarded("sms") == []


def test_a_run_that_stands_beside_another_of_its_own_key_goes_on(merging):
    merging.enters(BOB, "e-bob", 9, key="order-1")
    run = merging.enters(PERSON, "e-ann", 10, key="order-2")
    merging.profiles.merge(BOB, PERSON)
    merging.send(run)
    assert merging.decided(run) == [("sent", None)]


def test_runs_that_ended_or_are_of_other_journeys_are_in_nobodys_way(merging, anns):
    merging.enters(BOB, "e-old", 8, status="completed")
    merging.enters(BOB, "e-other", 8, journey="other")
    merging.profiles.merge(BOB, PERSON)
    merging.send(anns)
    assert merging.decided(anns) == [("sent", None)]


def test_a_person_never_merged_costs_what_it_did_and_a_merged_one_two_reads_more(merging, anns):
    merging.profiles.profiles.snapshot(PERSON)
    usual = ["TransactGetItems", "TransactWriteItems", "SendEmail", "UpdateItem", "SendTaskSuccess"]
    assert merging.send(anns) == usual
    merging.profiles.merge(BOB, PERSON)
    requests = merging.send(anns, step="second")
    assert requests == [
        "TransactGetItems",
        "TransactGetItems",
        "BatchGetItem",
        *usual[1:],
    ]


# A step sends once, whatever becomes of its person


@pytest.mark.parametrize("first", ["apart", "merged"])
@pytest.mark.parametrize("second", ["apart", "merged"])
@pytest.mark.parametrize("survivor", ["ann survives", "bob survives"])
def test_a_step_delivered_before_and_after_a_merge_or_an_unmerge_sends_once(merging, bobs, first, second, survivor):
    merging.world.consent()
    merging.world.permissions.record(Consent(BOB, "email#bob", "email", "offers", "granted", "test", NOON, "bobs"))
    loser, winner = (BOB, PERSON) if survivor == "ann survives" else (PERSON, BOB)
    for state in (first, second, first):
        if state == "merged":
            merging.profiles.merge(loser, winner)
        merging.send(bobs)
        if state == "merged":
            merging.profiles.unmerge(loser)
    assert len(merging.world.inbox) == 1
    [line] = merging.world.lines
    assert line.message == message_id(bobs.enrolment, "greet", "1", "email")
    assert {answer["outcome"] for answer in merging.world.answers} == {"sent"}


def test_a_merge_between_reading_and_claiming_leaves_one_claim(merging, bobs):
    merging.world.permissions.record(Consent(BOB, "email#bob", "email", "offers", "granted", "test", NOON, "bobs"))

    def merged_and_delivered_again():
        merging.profiles.merge(BOB, PERSON)
        merging.send(bobs)

    merging.world.wire.before["TransactWriteItems"] = merged_and_delivered_again
    merging.send(bobs)
    assert len(merging.world.inbox) == 1
    assert len(merging.world.lines) == 1


def test_a_run_that_gave_way_sends_nothing_after_the_unmerge_either(merging, anns, bobs):
    merging.profiles.merge(BOB, PERSON)
    merging.send(anns)
    merging.profiles.unmerge(BOB)
    merging.send(anns)
    merging.send(anns, step="second")
    assert merging.world.inbox == []
    assert merging.decided(anns) == [("withheld", "merged"), ("withheld", "superseded")]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", range(1, 10))
def test_a_crash_while_a_run_gives_way_leaves_one_line_and_an_ended_row(merging, anns, bobs, point, moment):
    merging.profiles.merge(BOB, PERSON)
    merging.world.wire.reset()
    merging.world.wire.kill = (point, moment)
    body = merging.world.body(enrolment="e-ann", profile=PERSON)
    try:
        merging.sender.send(body)
    except Killed:
        merging.send(anns)
    merging.world.wire.kill = None
    assert merging.world.wire.requests[-1] == "StopExecution"
    assert merging.decided(anns) == [("withheld", "merged")]
    assert merging.status(anns) == ("superseded", "merged")
    assert merging.world.provider_calls == 0


def test_an_exit_that_comes_first_is_the_reason(merging, anns, bobs):
    merging.profiles.merge(BOB, PERSON)
    merging.world.wire.before["TransactWriteItems"] = lambda: merging.enrolments.exit(anns, "Left", NOON, "m-9", None)
    merging.send(anns)
    assert merging.decided(anns) == [("withheld", "exited")]
    assert merging.status(anns) == ("exited", "Left")


# A merge permits nothing


@pytest.mark.parametrize("who", [PERSON, BOB])
@pytest.mark.parametrize("run_of", [PERSON, BOB])
def test_leaving_a_channel_on_either_side_holds_for_the_runs_of_both(merging, who, run_of):
    run = merging.enters(run_of, "e-x", 9)
    merging.world.permissions.record(Consent(who, None, "email", None, "withdrawn", "test", NOON, "left"))
    merging.profiles.merge(BOB, PERSON)
    merging.send(run)
    assert merging.decided(run) == [("withheld", "opted_out")]


def test_erasure_of_either_side_stops_the_runs_of_both(merging, anns):
    merging.world.permissions.entomb(BOB, NOON, "e")
    merging.profiles.merge(BOB, PERSON)
    merging.send(anns)
    assert merging.decided(anns) == [("withheld", "erased")]


def test_a_survivor_who_leaves_between_reading_and_claiming_is_heard(merging, bobs):
    merging.profiles.merge(BOB, PERSON)
    merging.world.wire.before["TransactWriteItems"] = lambda: merging.world.consent("withdrawn", topic=None)
    merging.send(bobs)
    assert merging.decided(bobs) == [("withheld", "opted_out")]
    assert merging.world.inbox == []


# History


def test_a_persons_messages_are_those_of_all_their_ids_in_the_order_they_were_planned(merging, anns, bobs):
    merging.send(anns, step="b", planned_at="2026-03-02T12:00:00.000Z")
    merging.send(bobs, step="a", planned_at="2026-03-01T12:00:00.000Z")
    merging.send(bobs, step="c", planned_at="2026-03-03T12:00:00.000Z")
    merging.profiles.merge(BOB, PERSON)
    whole = merging.profiles.snapshot(PERSON)
    assert [line.step for line in merging.world.messages.of_person(whole.ids)] == ["a", "b", "c"]
    merging.profiles.unmerge(BOB)
    apart = merging.profiles.snapshot(PERSON)
    assert [line.step for line in merging.world.messages.of_person(apart.ids)] == ["b"]
