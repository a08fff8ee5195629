"""The identity consumer on tables and queues: delivered twice, out of order, in part, or cut off at any AWS call."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.identity.handlers.recognise_people import build
from functions.identity.history import History
from functions.identity.recognise import SERVICE, Recogniser
from functions.identity.settings import RecognisePeopleSettings
from functions.identity.sqs import Listeners
from functions.profiles.model import Snapshot
from functions.shared.bus import NOTICES, Bus
from functions.shared.clock import system_clock
from functions.shared.delivery import text_of, whole_delivery
from functions.shared.events import Event
from functions.shared.publication import Publication
from functions.shared.sqs import Queue
from functions.shared.store import DynamoRows
from infra.local.functions import LambdaContext

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PUBLICATION = Publication(
    policy={"brand": {"default_country": "FI"}},
    journeys={},
    interest={"Order Completed": {"enter": ["welcome"]}},
    series={"Order Completed": ["revenue"]},
    expected=[],
    templates={},
    freshness_seconds=3600,
)


class Killed(BaseException):
    """The environment ends here."""


class Notices:
    """Takes every notice."""

    def __init__(self) -> None:
        self.notices: list[tuple[str, str, dict[str, Any]]] = []

    def put_events(self, *, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.notices += [(one["Source"], one["DetailType"], json.loads(one["Detail"])) for one in Entries]
        return {"FailedEntryCount": 0}


class Intake:
    """The consumer with its tables and queues; ``hook`` sees every AWS call before (and after) it has its effect."""

    def __init__(self, name: str = "intake") -> None:
        self.tables = {table: f"{name}-{table}" for table in ("identity", "profiles")}
        dynamodb = boto3.client("dynamodb")
        for table, keys in (("identity", ["pk", "sk"]), ("profiles", ["pk", "sk"])):
            dynamodb.create_table(
                TableName=self.tables[table],
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ["HASH", "RANGE"], strict=False)
                ],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            )
        sqs = boto3.client("sqs")
        self.urls = {
            queue: sqs.create_queue(QueueName=f"{name}-{queue}")["QueueUrl"]
            for queue in ("journeys", "permissions", "audiences")
        }
        self.before: Callable[[str, Any], None] = lambda operation, params: None
        self.after: Callable[[str], None] = lambda operation: None
        rows = DynamoRows(pause=lambda _: None)
        queues = (Queue(url, self._hooked(boto3.client("sqs"))) for url in self.urls.values())
        self.bus = Notices()
        listeners = Listeners(*queues, Bus("segue", NOTICES, self.bus))
        self.recogniser = Recogniser.on(rows, *self.tables.values(), listeners, PUBLICATION, pepper="pepper")
        self.identity = self.recogniser.identity
        self.profiles = self.recogniser.profiles
        self.history = History(self.identity, self.profiles, self.recogniser.rules)
        self._hooked(rows.connection.client)

    def _hooked(self, client: Any) -> Any:
        def before(params: Any, model: Any, **_: Any) -> None:
            self.before(model.name, params)

        def after(model: Any, **_: Any) -> None:
            self.after(model.name)

        client.meta.events.register("before-parameter-build", before)
        client.meta.events.register("after-call", after)
        return client

    def deliver(self, *records: Sequence[Event] | str) -> list[str]:
        bodies = [
            one if isinstance(one, str) else json.dumps({"events": [event.to_json() for event in one]})
            for one in records
        ]
        delivery = {"Records": [{"messageId": f"r{n}", "body": body} for n, body in enumerate(bodies)]}
        answer = whole_delivery(delivery, self.recogniser.read, self.recogniser.recognise, SERVICE, read=text_of)
        return [one["itemIdentifier"] for one in answer["batchItemFailures"]]

    def people(self) -> list[Snapshot]:
        return sorted(self.profiles.scan(), key=lambda one: one.profile)

    def sent(self, queue: str, field: str) -> list[Any]:
        found = []
        sqs = boto3.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.urls[queue], MaxNumberOfMessages=10).get("Messages"):
            found += [entry for message in messages for entry in json.loads(message["Body"])[field]]
        return found

    def journey_events(self) -> set[tuple[str, str]]:
        return {
            (entry["profile"]["profile"], event["messageId"])
            for entry in self.sent("journeys", "people")
            for event in entry["events"]
        }


@pytest.fixture
def intake() -> Iterator[Intake]:
    with mock_aws():
        yield Intake()


def message(n: int, kind: str = "track", trusted: bool = True, **body: Any) -> Event:
    at = NOON + timedelta(seconds=n)
    named = {"event": "Order Completed"} if kind == "track" else {}
    return Event(f"m{n:03}", kind, at, at, "shop", trusted, {"type": kind, **named, **body})


def order(n: int, who: str, **properties: Any) -> Event:
    return message(n, userId=who, properties=properties)


def identify(n: int, who: str, **traits: Any) -> Event:
    return message(n, "identify", userId=who, anonymousId=f"cookie-{who}", traits=traits)


def consent(n: int, who: str, channel: str = "email", **more: Any) -> Event:
    said = {"topic": "offers", "channel": channel, "state": "granted", **more}
    return message(n, "consent", userId=who, **said)


def test_a_delivery_becomes_people_and_what_listens_hears_of_it(intake: Intake) -> None:
    assert intake.deliver([identify(1, "u", email="Ann@X.example", tier="gold"), order(2, "u", revenue=9)]) == []
    (person,) = intake.people()
    assert (person.identified, person.events, person.traits["tier"]) == (True, 2, "gold")
    best = person.best_contact("email")
    assert best is not None
    assert (best.address, best.key.startswith("email#")) == ("Ann@X.example", True)
    (entry,) = intake.sent("journeys", "people")
    assert Snapshot.from_json(entry["profile"]) == person
    assert [Event.from_json(one).message_id for one in entry["events"]] == ["m002"]
    assert [event.message_id for event in intake.history.timeline(person.profile)] == ["m001", "m002"]


def test_a_merge_is_told_on_the_bus_by_ids_alone(intake: Intake) -> None:
    intake.deliver([message(1, "page", anonymousId="c1")])
    (web,) = intake.people()
    intake.deliver([identify(2, "u", email="ann@x.example")])
    intake.deliver([message(3, "identify", userId="u", anonymousId="c1")])
    (person,) = intake.people()
    assert person.aka == (web.profile,)
    ((source, name, detail),) = intake.bus.notices
    assert (source, name) == ("segue.notice", "profile.merged")
    assert detail == {"loser": web.profile, "survivor": person.profile, "op": f"merge-{web.profile}-{person.profile}"}


def test_consent_goes_to_the_best_address_or_to_the_one_it_names(intake: Intake) -> None:
    intake.deliver(
        [identify(1, "u", email="ann@x.example", phone="040 123 4567")],
        [consent(2, "u"), consent(3, "u", "sms"), consent(4, "u", address="other@x.example"), consent(5, "u", "push")],
    )
    (person,) = intake.people()
    email, phone = person.best_contact("email"), person.best_contact("sms")
    assert email is not None
    assert phone is not None
    sent = {one["messageId"]: one for one in intake.sent("permissions", "consents")}
    assert sent.keys() == {"m002", "m003", "m004"}
    assert sent["m002"] == {
        "profile": person.profile,
        "contact": email.key,
        "channel": "email",
        "topic": "offers",
        "state": "granted",
        "source": "shop",
        "effectiveAt": "2026-03-02T12:00:02.000Z",
        "messageId": "m002",
    }
    assert sent["m003"]["contact"] == phone.key
    assert sent["m004"]["contact"] not in {email.key, phone.key}


def test_an_event_of_our_own_goes_straight_to_the_person_it_names(intake: Intake) -> None:
    intake.deliver([identify(1, "u")])
    (person,) = intake.people()
    context = {"externalIds": [{"type": "segue_profile", "id": person.profile}]}
    opened = replace(message(2, event="Email Opened", context=context), source="segue.feedback")
    intake.deliver([opened])
    assert [one.events for one in intake.people()] == [2]


STORY = [
    identify(1, "u", email="ann@x.example"),
    order(2, "u", revenue=1),
    order(3, "v", revenue=2),
    identify(4, "v", phone="+358401234567"),
    message(5, anonymousId="cookie-u"),
    consent(6, "u"),
]


@pytest.fixture
def told_once(intake: Intake) -> tuple[list[Snapshot], set[tuple[str, str]]]:
    twin = Intake("twin")
    assert twin.deliver(STORY) == []
    return twin.people(), twin.journey_events()


def test_copies_and_another_order_give_the_same_people(intake: Intake, told_once: Any) -> None:
    people, heard = told_once
    shuffled = Random(7).sample([*STORY, *STORY], 2 * len(STORY))
    assert intake.deliver(*([event] for event in shuffled[:5]), shuffled[5:]) == []
    assert intake.deliver(shuffled) == []
    assert intake.people() == people
    assert intake.journey_events() == heard


@pytest.mark.parametrize("size", range(1, 7))
def test_of_every_delivery_only_the_unreadable_records_are_returned(intake: Intake, size: int) -> None:
    for number, good in enumerate(itertools.product([True, False], repeat=size)):
        records = [[order(number * 10 + n, "u")] if one else '{"events": [{}]}' for n, one in enumerate(good)]
        assert intake.deliver(*records) == [f"r{n}" for n, one in enumerate(good) if not one]


def test_a_known_persons_ten_events_cost_no_more_than_their_budget(intake: Intake) -> None:
    intake.deliver([identify(1, "u", email="ann@x.example", first_name="Ann", country="FI", tier="gold")])
    calls: list[str] = []
    intake.before = lambda operation, params: calls.append(operation)
    events = [order(n, "u", order_id=f"o-{n}", revenue=n * 1.5, currency="EUR", coupon="SPRING") for n in range(2, 12)]
    assert intake.deliver(events) == []
    assert calls == ["BatchGetItem", "BatchGetItem", "TransactWriteItems", "SendMessage"]


def test_a_new_identifier_of_a_known_person_costs_three_identity_requests(intake: Intake) -> None:
    intake.deliver([identify(1, "u")])
    calls: list[str] = []
    intake.before = lambda operation, params: calls.append(operation)
    intake.deliver([message(2, userId="u", anonymousId="another")])
    assert calls[:3] == ["BatchGetItem", "TransactGetItems", "TransactWriteItems"]
    assert calls[3:] == ["BatchGetItem", "TransactWriteItems", "SendMessage"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("cut", range(8))
def test_killed_at_any_call_the_next_delivery_completes_it(intake: Intake, told_once: Any, cut: int, when: str) -> None:
    count = itertools.count()

    def kill(*_: Any) -> None:
        if next(count) == cut:
            raise Killed

    setattr(intake, when, kill)
    with pytest.raises(Killed):
        intake.deliver(STORY)
    setattr(intake, when, lambda *_: None)
    assert intake.deliver(STORY) == []
    assert (intake.people(), intake.journey_events()) == told_once


def test_the_story_makes_the_eight_calls_that_are_cut() -> None:
    with mock_aws():
        intake = Intake()
        calls: list[str] = []
        intake.before = lambda operation, params: calls.append(operation)
        intake.deliver(STORY)
        assert len(calls) == 8


def test_a_person_that_cannot_be_written_returns_only_the_records_with_its_events(intake: Intake) -> None:
    intake.deliver([identify(1, "u")], [identify(2, "v")])
    stuck = next(one.profile for one in intake.people() if one.first_seen.second == 1)

    def refuse(operation: str, params: Any) -> None:
        if operation == "TransactWriteItems" and stuck in json.dumps(params, default=str):
            refusal = {"Error": {"Code": "ThrottlingException"}, "CancellationReasons": []}
            raise ClientError(refusal, operation)

    intake.before = refuse
    assert intake.deliver([order(3, "u")], [order(4, "v")], [order(5, "v"), order(6, "u")]) == ["r0", "r2"]
    intake.before = lambda *_: None
    assert intake.deliver([order(3, "u")], [order(5, "v"), order(6, "u")]) == []
    assert [one.events for one in intake.people()] == [3, 3]


def test_when_a_queue_refuses_the_whole_delivery_comes_again(intake: Intake) -> None:
    tries = 0

    def refuse(operation: str, params: Any) -> None:
        nonlocal tries
        if operation == "SendMessage":
            tries += 1
            raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, operation)

    intake.before = refuse
    assert intake.deliver([order(1, "u")], [order(2, "v")]) == ["r0", "r1"]
    assert tries == 1
    intake.before = lambda *_: None
    assert intake.deliver([order(1, "u")], [order(2, "v")]) == []
    assert {message_id for _, message_id in intake.journey_events()} == {"m001", "m002"}


def test_two_workers_that_meet_a_new_person_at_once_make_one(intake: Intake) -> None:
    overtaken = False

    def overtake(operation: str, params: Any) -> None:
        nonlocal overtaken
        if operation == "TransactWriteItems" and not overtaken:
            overtaken = True
            assert intake.deliver([message(1, anonymousId="cookie-u")]) == []

    intake.before = overtake
    assert intake.deliver([identify(2, "u")]) == []
    (person,) = intake.people()
    assert (person.events, person.identified) == (2, True)


def test_the_handler_builds_its_collaborators_from_its_environment(intake: Intake, tmp_path: Path) -> None:
    boto3.client("secretsmanager").create_secret(Name="key", SecretString="pepper")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    boto3.client("firehose").create_delivery_stream(
        DeliveryStreamName="archive",
        ExtendedS3DestinationConfiguration={"BucketARN": "arn:aws:s3:::archive", "RoleARN": "arn:aws:iam::1:role/r"},
    )
    (tmp_path / "publication.json").write_text(json.dumps(PUBLICATION.to_json()))
    settings = RecognisePeopleSettings(
        identity_table=intake.tables["identity"],
        profiles_table=intake.tables["profiles"],
        identity_queue_url="https://queue",
        journeys_queue_url=intake.urls["journeys"],
        permissions_queue_url=intake.urls["permissions"],
        audiences_queue_url=intake.urls["audiences"],
        bus_name="segue",
        archive_stream="archive",
        claims_bucket="claims",
        deployment_key_secret="key",
        publication_path=str(tmp_path / "publication.json"),
    )
    body = json.dumps({"events": [order(1, "u").to_json()]})
    delivery = {"Records": [{"messageId": "r", "body": body}]}
    context = LambdaContext("recognise-people", "request")
    assert build(settings, system_clock)(delivery, context) == {"batchItemFailures": []}
    assert [one.events for one in intake.people()] == [1]
    assert s3.list_objects_v2(Bucket="archive")["KeyCount"] == 1
