"""Who may do what? Sending is dispatch's alone; roles allow what functions do, and a star only where AWS wants it."""

import json
import re
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from urllib.parse import unquote

import pytest

from functions.shared.sqs import Queue
from infra.local.requests import Observer, acting, observed
from infra.local.templates import ACCOUNT, REGION, Templates
from infra.local.world import LocalWorld
from tests.infra.local.story import with_audiences, with_journey

SENDING = (
    "ses:Send*",
    "ses-v2:*",
    "sms-voice:Send*",
    "mobiletargeting:Send*",
    "sns:Publish*",
    "social-messaging:Send*",
)
SENDERS = {
    "SendEmailRole": {"ses:SendEmail", "ses:SendRawEmail"},
    "SendSmsRole": {"sms-voice:SendTextMessage"},
    "SendPushRole": {"mobiletargeting:SendMessages"},
}
# AWS's own statement for these knows no resources.
ON_ANYTHING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
LOG_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}


def listed(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def rights(resources):
    """(capability, role's logical id, action, resource) of every statement of every role."""
    found = []
    for capability, _, policy in resources("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for role in policy["Properties"]["Roles"]:
                for action in listed(statement["Action"]):
                    found += [(capability, role["Ref"], action, one) for one in listed(statement["Resource"])]
    assert not [name for _, name, role in resources("AWS::IAM::Role") if "Policies" in role["Properties"]]
    return found


def name_of(logical_id):
    return logical_id[:-8]


def overlap(action, pattern):
    return fnmatchcase(action.lower(), pattern.lower()) or fnmatchcase(pattern.lower(), action.lower())


def test_only_the_sending_functions_may_send_and_each_by_its_one_channel(rights):
    may = {}
    for capability, role, action, _ in rights:
        if any(overlap(action, pattern) for pattern in SENDING):
            assert capability == "dispatch", (role, action)
            may.setdefault(name_of(role), set()).add(action)
    assert may == SENDERS


def test_each_function_tells_the_bus_only_what_is_its_own_to_tell(resources):
    told = {}
    for _, _, policy in resources("AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if "events:PutEvents" in listed(statement["Action"]):
                [role] = policy["Properties"]["Roles"]
                told[name_of(role["Ref"])] = statement["Condition"]["ForAllValues:StringEquals"]["events:source"]
    assert told == {
        "EvaluateStepRole": ["segue.journeys"],
        "QuarantineEventsRole": ["segue.notice"],
        "ReceiveEmailEventsRole": ["segue.feedback"],
        "RecognisePeopleRole": ["segue.notice"],
        "UpdateAudiencesRole": ["segue.audiences"],
    }


def test_email_leaves_only_under_the_configuration_set_that_reports_back(rights):
    resources = {str(one) for _, _, action, one in rights if action == "ses:SendEmail"}
    assert len(resources) == 2
    assert any("configuration-set/segue-dev" in one for one in resources)


def test_no_right_names_its_actions_by_pattern(rights):
    assert [action for _, _, action, _ in rights if "*" in action] == []


def test_a_right_on_everything_is_one_that_knows_no_resources(rights):
    anything = {(name_of(role), action) for _, role, action, resource in rights if resource == "*"}
    assert {action for role, action in anything if role != "MachinesRole"} == ON_ANYTHING
    assert {action for role, action in anything if role == "MachinesRole"} == LOG_DELIVERY


def test_machines_may_only_hand_on_ask_and_close_enrolments(rights):
    may = {
        (action, str(resource).split(":")[-1].rstrip("']}"))
        for capability, _, action, resource in rights
        if capability == "machines" and resource != "*"
    }
    assert may == {
        ("sqs:SendMessage", "segue-dev-send-email"),
        ("sqs:SendMessage", "segue-dev-send-sms"),
        ("sqs:SendMessage", "segue-dev-send-push"),
        ("lambda:InvokeFunction", "segue-dev-evaluate-step"),
        ("lambda:InvokeFunction", "segue-dev-register-wait"),
        ("dynamodb:UpdateItem", "table/segue-dev-enrolments"),
    }


def test_a_table_is_written_only_by_those_who_answer_for_it(rights):
    writers = {}
    for _, role, action, resource in rights:
        if action in {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}:
            table = resource["Fn::Join"][1][-1].removeprefix(":table/segue-dev-")
            writers.setdefault(table, set()).add(name_of(role).removesuffix("Role"))
    sending = {"SendEmail", "SendSms", "SendPush"}
    assert writers == {
        "identity": {"RecognisePeople"},
        "profiles": {"RecognisePeople"},
        "permissions": {"RecordConsent", "ReceiveEmailEvents"},
        # Whoever notices that a merge brought two runs together ends the later one: in the transaction that says so.
        "enrolments": {"AdvancePeople", "EvaluateStep", "RegisterWait", "CloseEnrolments", "Machines", *sending},
        "messages": {"ReceiveEmailEvents", *sending},
        "decisioning": {"LearnIntervals"},
        "audiences": {"UpdateAudiences"},
    }


def test_the_bus_door_takes_its_work_from_the_rule_of_the_bus_and_from_operators_alone(rights, resources):
    """Who may send to it may say anything of anybody: what is put back from quarantine says how it was trusted."""
    queue = "segue-dev-accept-bus-events"
    senders = [(role, action) for _, role, action, one in rights if "sqs:Send" in action and queue in str(one)]
    assert senders == []
    assert not [action for _, _, action, one in rights if action.startswith("sqs:") and one == "*"]
    ((_, _, policy),) = [one for one in resources("AWS::SQS::QueuePolicy") if one[1].startswith("AcceptBusEventsQueue")]
    allowed = [one for one in policy["Properties"]["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    (statement,) = [one for one in allowed if "sqs:SendMessage" in listed(one["Action"])]
    assert allowed == [statement]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    (rule,) = statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][:1]
    assert rule.startswith("AcceptBusEventsRule")


def test_secrets_are_read_by_those_who_hash_or_know_callers(rights):
    readers = {
        (name_of(role), resource["Fn::Join"][1][-1].removeprefix(":secret:"))
        for _, role, action, resource in rights
        if action.startswith("secretsmanager:")
    }
    assert readers == {
        ("AcceptHttpRole", "segue-dev/write-keys-??????"),
        ("AdvancePeopleRole", "segue-dev/deployment-key-??????"),
        ("RecognisePeopleRole", "segue-dev/deployment-key-??????"),
    }


# What functions do on the laptop, held against what their roles allow: a missing right would show on AWS only.

ITEM_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
PREFIX = f"{REGION}:{ACCOUNT}"
ANY_MACHINE = f"arn:aws:states:{PREFIX}:stateMachine:segue-dev-welcome"


def demands(request):
    """The (IAM action, resource) pairs that AWS would ask the caller's role for."""
    operation = request.model.name
    service = request.model.service_model.service_name
    if service == "s3":
        bucket = request.params["context"]["s3_redirect"]["bucket"]
        if operation == "DeleteObjects":
            keys = re.findall("<Key>(.*?)</Key>", request.params["body"].decode())
            return [("s3:DeleteObject", f"arn:aws:s3:::{bucket}/{key}") for key in keys]
        return [(f"s3:{operation}", f"arn:aws:s3:::{bucket}{unquote(request.params['url_path'])}")]
    if service == "pinpoint":
        app = unquote(request.params["url_path"]).split("/")[3]
        return [(f"mobiletargeting:{operation}", f"arn:aws:mobiletargeting:{PREFIX}:apps/{app}/messages")]
    body = json.loads(request.params["body"])
    match service:
        case "dynamodb":
            return [(f"dynamodb:{action}", table_arn(table)) for action, table in items(operation, body)]
        case "sqs":
            action = operation.removesuffix("Batch")
            return [(f"sqs:{action}", f"arn:aws:sqs:{PREFIX}:{body['QueueUrl'].rpartition('/')[2]}")]
        case "events":
            return [
                ("events:PutEvents", f"arn:aws:events:{PREFIX}:event-bus/{one['EventBusName']}")
                for one in body["Entries"]
            ]
        case "firehose":
            return [(f"firehose:{operation}", f"arn:aws:firehose:{PREFIX}:deliverystream/{body['DeliveryStreamName']}")]
        case "secretsmanager":
            return [
                (f"secretsmanager:{operation}", f"arn:aws:secretsmanager:{PREFIX}:secret:{body['SecretId']}-a1B2c3")
            ]
        case "stepfunctions":
            return [(f"states:{operation}", body.get("stateMachineArn") or body.get("executionArn") or ANY_MACHINE)]
        case "sesv2":
            sender = f"arn:aws:ses:{PREFIX}:identity/acme.example"
            reported = f"arn:aws:ses:{PREFIX}:configuration-set/{body['ConfigurationSetName']}"
            return [(action, one) for action in ("ses:SendEmail", "ses:SendRawEmail") for one in (sender, reported)]
        case "pinpoint-sms-voice-v2":
            return [(f"sms-voice:{operation}", f"arn:aws:sms-voice:{PREFIX}:sender-id/ACME/FI")]
    raise AssertionError(f"a function asks {request.name}, which no role of ours knows")


def table_arn(table):
    return f"arn:aws:dynamodb:{PREFIX}:table/{table}"


def items(operation, body):
    if operation in {"TransactGetItems", "TransactWriteItems"}:
        for item in body["TransactItems"]:
            [(kind, said)] = item.items()
            yield ITEM_ACTIONS.get(kind, "GetItem"), said["TableName"]
    elif "RequestItems" in body:
        yield from ((operation, table) for table in body["RequestItems"])
    else:
        yield operation, body["TableName"] + (f"/index/{body['IndexName']}" if "IndexName" in body else "")


class Demanded(Observer):
    """Notes what each function asks for."""

    def __init__(self):
        self.seen = set()

    def before(self, request):
        if request.actor not in {"local", "app", "stepfunctions"}:
            self.seen.update((request.actor, *one) for one in demands(request))


@pytest.fixture
def allowed(resources):
    """``allowed(function id, action, resource)``: does the function's role say so?"""
    statements = {}
    for capability, _, policy in resources("AWS::IAM::Policy"):
        known = Templates([], {}, Anything(capability))
        role = name_of(policy["Properties"]["Roles"][0]["Ref"]).removesuffix("Role")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            for action in listed(statement["Action"]):
                for one in listed(statement["Resource"]):
                    statements.setdefault(role, []).append((action, known.resolve(one, capability)))

    def says(function, action, resource):
        role = "".join(word.capitalize() for word in function.split("-"))
        return any(action == may and fnmatchcase(resource, pattern) for may, pattern in statements[role])

    return says


class Anything(dict):
    """Stands for what only CloudFormation knows: the ARN of a resource of the same stack."""

    def __init__(self, capability):
        super().__init__()
        self.capability = capability

    def __getitem__(self, key):
        _, logical_id, _ = key
        return f"arn:aws:s3:::segue-dev-{name_of(logical_id).lower()}-{ACCOUNT}-{REGION}"


START = datetime(2026, 1, 1, tzinfo=UTC)


def person(number):
    user = f"u{number}"
    at = START.isoformat()
    yield {
        "type": "identify",
        "userId": user,
        "messageId": f"{user}-who",
        "timestamp": at,
        "traits": {"email": f"{user}@example.com", "phone": f"+35840123450{number}"},
        "context": {"device": {"id": f"{user}-d", "token": f"{user}-token", "type": "android"}},
    }
    for channel in ("email", "sms", "push"):
        consent = {"type": "consent", "topic": "offers", "channel": channel, "state": "granted"}
        yield {**consent, "userId": user, "messageId": f"{user}-{channel}", "timestamp": at}


def order(number, at):
    properties = {"order_id": f"{number}-{at.date()}", "total": 10.0, "revenue": 10.0}
    order_completed = {"type": "track", "event": "Order Completed", "properties": properties, "userId": f"u{number}"}
    return {**order_completed, "messageId": f"order-{number}-{at.date()}", "timestamp": at.isoformat()}


def large(number):
    """Too large to travel: it is put in the claims' bucket, and goes with its person."""
    said = {"event": "Report Read", "properties": {f"k{n}": "x" * 8000 for n in range(5)}}
    return {"type": "track", "userId": f"u{number}", "messageId": "large", "timestamp": START.isoformat(), **said}


def erasure(number):
    return {"type": "command", "command": "erase", "messageId": "forget", "a": {"type": "user_id", "id": f"u{number}"}}


def fate(address):
    return "bounced" if "u3" in address else "delivered"


def test_who_closes_runs_may_look_up_their_executions(allowed):
    """An event leaves out a large input, which no laptop's execution has."""
    execution = f"arn:aws:states:{PREFIX}:execution:segue-dev-welcome:e-1"
    assert allowed("close-enrolments", "states:DescribeExecution", execution)


def test_roles_allow_all_that_functions_do(allowed, tmp_path):
    demanded = Demanded()
    people = range(4)
    journeys = with_audiences(tmp_path, active='count("Order Completed", within="20d") >= 1')
    weekly = {"schedule": "0 9 * * mon", "audience": "active"}
    with_journey(journeys, "weekly", weekly, reentry={"after": "100d"})
    with LocalWorld(journeys, start=START, fate_of=fate) as world:
        with observed(demanded):
            world.put_events([line for number in people for line in person(number)])
            world.put_events([{"type": "track", "messageId": "nobody's"}, large(2)])
            world.run_until(START + timedelta(hours=1))
            for days in (1, 16, 31):
                at = START + timedelta(days=days)
                world.run_until(at)
                world.put_events([order(number, at) for number in people])
            at = START + timedelta(days=40)
            world.run_until(at)
            world.put_events([order(0, at)])
            world.run_until(START + timedelta(days=75))
            world.put_events([erasure(2)])
            with acting("local"):
                # On the laptop polls that can find nothing are left out.
                Queue(world.queue_url("sweep-enrolments")).send({})
            world.drain()
        assert world.dead_letters() == {}
        assert {message.channel for message in world.outbox} == {"email", "sms", "push"}
        idle = {name.removeprefix("segue-dev-") for name in world.functions} - {who for who, *_ in demanded.seen}
    refused = sorted(one for one in demanded.seen if not allowed(*one))
    assert refused == []
    assert {"s3:PutObject", "s3:DeleteObject"} <= {action for _, action, _ in demanded.seen}
    assert idle == {"accept-http"}, "the story should make every function ask for something"
