"""A journey's schedule as deployed: one of EventBridge Scheduler's own, which may tell one queue and nothing else."""

import json
from pathlib import Path

import pytest
from aws_cdk.assertions import Template

from infra.application import Application
from infra.constructs.capability import Capability
from infra.constructs.consumer import Consumer
from infra.constructs.schedule import schedules

NEWS = {"entry": {"on": [], "audience": "vip", "schedule": {"cron": "0 9 * * mon", "zone": "Europe/Helsinki"}}}
CART = {"entry": {"on": ["Cart Updated"]}}


class Audiences(Capability):
    """The stack of that capability with nothing else in it."""

    def __init__(self, app, journeys):
        super().__init__(app, "audiences")
        names = ("audiences_table", "journeys_queue_url", "schedules_queue_url", "publication_path")
        consumer = Consumer(self, "enter_scheduled", environment=dict.fromkeys(names, "x"), may=[])
        schedules(self, consumer, journeys)


@pytest.fixture
def deployed(tmp_path: Path):
    def deploy(**journeys):
        app = Application(outdir=tmp_path)
        Audiences(app, journeys)
        return Template.from_string((app.finish() / "segue-dev-audiences.template.json").read_text())

    return deploy


def test_a_schedule_tells_its_queue_of_each_tick_in_the_zone_of_the_authors(deployed):
    template = deployed(news=NEWS, cart=CART)
    [made] = template.find_resources("AWS::Scheduler::Schedule").values()
    said = made["Properties"]
    assert (said["Name"], said["ScheduleExpression"]) == ("segue-dev-news", "cron(0 9 ? * MON *)")
    assert said["ScheduleExpressionTimezone"] == "Europe/Helsinki"
    assert said["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = said["Target"]
    assert json.loads(target["Input"]) == {"journey": "news", "tick": "<aws.scheduler.scheduled-time>"}
    queues = template.find_resources("AWS::SQS::Queue")
    assert queues[target["Arn"]["Fn::GetAtt"][0]]["Properties"]["QueueName"] == "segue-dev-enter-scheduled"
    dead = queues[target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]]
    assert dead["Properties"]["QueueName"] == "segue-dev-enter-scheduled-dlq"
    assert len(made["DependsOn"]) == 2, "a schedule is made when its role may tell the queue"


def test_the_role_of_schedules_may_tell_two_queues_and_is_no_strangers(deployed):
    template = deployed(news=NEWS)
    [(role_id, role)] = [
        (name, one)
        for name, one in template.find_resources("AWS::IAM::Role").items()
        if "scheduler.amazonaws.com" in str(one)
    ]
    [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    [policy] = [
        one["Properties"]
        for one in template.find_resources("AWS::IAM::Policy").values()
        if one["Properties"]["Roles"] == [{"Ref": role_id}]
    ]
    [may] = policy["PolicyDocument"]["Statement"]
    assert (may["Action"], len(may["Resource"])) == ("sqs:SendMessage", 2)


def test_without_a_schedule_there_is_no_role(deployed):
    template = deployed(cart=CART)
    assert "scheduler.amazonaws.com" not in str(template.to_json())
