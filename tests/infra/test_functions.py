"""infra/capabilities mirrors functions/: each handler is deployed, with what it asks for and what keeps work safe."""

import importlib

import pytest

from infra.bundling import ROOT

# No queue feeds these: machines and the function URL wait for their answer.
ANSWERING = {"accept_http", "evaluate_step", "register_wait"}
HANDLERS = {
    (path.parts[-3], path.stem) for path in ROOT.glob("functions/*/handlers/*.py") if path.name != "__init__.py"
}


@pytest.fixture(scope="session")
def functions(resources):
    """``functions[handler]`` is (logical id, properties)."""
    return {
        one["Properties"]["Handler"].split(".")[-2]: (logical_id, one["Properties"])
        for _, logical_id, one in resources("AWS::Lambda::Function")
    }


@pytest.fixture(scope="session")
def queues(resources):
    return {one["Properties"]["QueueName"]: (name, one["Properties"]) for _, name, one in resources("AWS::SQS::Queue")}


def physical(handler):
    return f"segue-dev-{handler.replace('_', '-')}"


def test_every_handler_is_deployed_by_the_stack_of_its_capability_and_nothing_else_is(resources):
    deployed = {(capability, f["Properties"]["Handler"]) for capability, _, f in resources("AWS::Lambda::Function")}
    assert deployed == {(one, f"functions.{one}.handlers.{handler}.handler") for one, handler in HANDLERS}


def test_every_capability_with_something_to_deploy_has_a_stack_of_its_name(templates):
    stacks = {path.stem for path in (ROOT / "infra" / "capabilities").glob("*.py")} - {"__init__"}
    assert set(templates["dev"]) == stacks | {"platform"}
    assert stacks - {"machines"} <= {path.name for path in (ROOT / "functions").iterdir()}


@pytest.mark.parametrize(("capability", "handler"), sorted(HANDLERS))
def test_a_functions_environment_is_its_settings(capability, handler, functions):
    module = importlib.import_module(f"functions.{capability}.handlers.{handler}")
    settings = module.build.__annotations__["settings"]
    _, said = functions[handler]
    assert set(said["Environment"]["Variables"]) == set(settings.variables())


@pytest.mark.parametrize(("capability", "handler"), sorted(HANDLERS))
def test_a_function_has_name_role_log_and_runtime_of_its_own(capability, handler, functions, templates):
    _, said = functions[handler]
    stack = templates["dev"][capability]["Resources"]
    assert said["FunctionName"] == physical(handler)
    assert (said["Runtime"], said["Architectures"]) == ("python3.13", ["arm64"])
    role = said["Role"]["Fn::GetAtt"][0]
    users = [one for _, one in functions.values() if one["Role"]["Fn::GetAtt"][0] == role]
    assert len(users) == 1, "a role is one function's"
    assert "ManagedPolicyArns" not in stack[role]["Properties"]
    log = stack[said["LoggingConfig"]["LogGroup"]["Ref"]]
    assert log["Properties"] == {"LogGroupName": f"/aws/lambda/{physical(handler)}", "RetentionInDays": 7}


READ = {
    "PUBLICATION_PATH": ("/opt/publication.json", "Publication"),
    "TRACKING_PLAN_PATH": ("/opt/tracking_plan.json", "TrackingPlan"),
}


def test_layers_are_the_packages_and_for_readers_the_files_of_authors(functions):
    for _, said in functions.values():
        variables = said["Environment"]["Variables"]
        expected = ["Packages"]
        for name, (path, layer) in READ.items():
            assert variables.get(name) in (None, path)
            expected += [layer] if name in variables else []
        assert [layer["Ref"].rstrip("0123456789ABCDEF") for layer in said["Layers"]] == expected


# What every event passes takes large deliveries; what walks over all people is asked once.
RECORDS = {"accept_bus_events": 100, "recognise_people": 100, "learn_intervals": 1}
CONSUMERS = sorted(handler for _, handler in HANDLERS if handler not in ANSWERING)


@pytest.mark.parametrize("handler", CONSUMERS)
def test_a_consumer_has_a_queue_with_redrive_that_only_its_dead_letters_take(handler, queues):
    dead_id, dead = queues[f"{physical(handler)}-dlq"]
    _, queue = queues[physical(handler)]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [dead_id, "Arn"]}
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 3
    allowed = dead["RedriveAllowPolicy"]
    assert allowed["redrivePermission"] == "byQueue"
    [source] = allowed["sourceQueueArns"]
    assert source["Fn::Join"][1][-1] == f":{physical(handler)}"
    for one in (queue, dead):
        assert one["SqsManagedSseEnabled"] is True
        assert one["MaximumMessageSize"] == 1_048_576
        assert one["MessageRetentionPeriod"] == 14 * 86_400


@pytest.mark.parametrize("handler", CONSUMERS)
def test_a_consumer_answers_for_each_record_and_is_limited_at_its_source(handler, functions, queues, resources):
    queue_id, queue = queues[physical(handler)]
    function_id, function = functions[handler]
    [source] = [
        one["Properties"]
        for _, _, one in resources("AWS::Lambda::EventSourceMapping")
        if one["Properties"]["FunctionName"] == {"Ref": function_id}
    ]
    assert source["EventSourceArn"] == {"Fn::GetAtt": [queue_id, "Arn"]}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert source["BatchSize"] == RECORDS.get(handler, 10)
    assert source["BatchSize"] <= 10 or source["MaximumBatchingWindowInSeconds"] == 1, "more than ten need a window"
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"], "else a batch comes twice while it is worked on"
    assert "ReservedConcurrentExecutions" not in function


@pytest.mark.parametrize("handler", CONSUMERS)
def test_somebody_is_told_when_work_is_given_up_or_waits(handler, queues, resources):
    watched = {
        (one["Properties"]["MetricName"], one["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0])
        for _, _, one in resources("AWS::CloudWatch::Alarm")
        if "QueueName" in str(one["Properties"]["Dimensions"])
    }
    assert ("ApproximateNumberOfMessagesVisible", queues[f"{physical(handler)}-dlq"][0]) in watched
    assert ("ApproximateAgeOfOldestMessage", queues[physical(handler)][0]) in watched


@pytest.mark.parametrize(("capability", "handler"), sorted(HANDLERS))
def test_somebody_is_told_when_work_is_put_off_that_grows_young_again(capability, handler, resources):
    module = importlib.import_module(f"functions.{capability}.handlers.{handler}")
    watched = {
        one["Properties"]["Dimensions"][0]["Value"]
        for _, _, one in resources("AWS::CloudWatch::Alarm")
        if one["Properties"]["MetricName"] == "held_back"
    }
    assert (handler.replace("_", "-") in watched) == hasattr(module, "Portions")


@pytest.mark.parametrize("handler", sorted(ANSWERING))
def test_somebody_is_told_when_a_function_without_a_queue_fails(handler, functions, resources):
    function_id, _ = functions[handler]
    watched = [
        one["Properties"]["Dimensions"]
        for _, _, one in resources("AWS::CloudWatch::Alarm")
        if one["Properties"]["Namespace"] == "AWS/Lambda" and one["Properties"]["MetricName"] == "Errors"
    ]
    assert [{"Name": "FunctionName", "Value": {"Ref": function_id}}] in watched


def test_every_alarm_tells_the_topic(resources):
    for _, _, alarm in resources("AWS::CloudWatch::Alarm"):
        [topic] = alarm["Properties"]["AlarmActions"]
        assert topic["Fn::Join"][1][-1] == ":segue-dev-alarms"


def test_rules_catch_events_on_the_bus_they_are_told_on(resources):
    rules = {one["Properties"]["Name"]: one["Properties"] for _, _, one in resources("AWS::Events::Rule")}
    capture = rules["segue-dev-accept-bus-events"]
    assert capture["EventBusName"] == "segue-dev"
    assert capture["EventPattern"] == {"source": [{"anything-but": ["segue.notice"]}]}
    polls = {"segue-dev-learn-intervals": "rate(7 days)", "segue-dev-find-due-people": "rate(15 minutes)"}
    for name in ("segue-dev-receive-email-events", "segue-dev-close-enrolments", *polls):
        assert "EventBusName" not in rules[name], "AWS tells the account's default bus"
    assert rules["segue-dev-receive-email-events"]["EventPattern"]["source"] == ["aws.ses"]
    ended = rules["segue-dev-close-enrolments"]["EventPattern"]
    assert (ended["source"], ended["detail"]["status"]) == (["aws.states"], ["FAILED", "TIMED_OUT", "ABORTED"])
    assert {name: rules[name]["ScheduleExpression"] for name in polls} == polls
    assert all("DeadLetterConfig" in target for rule in rules.values() for target in rule["Targets"])


def test_the_function_url_may_be_called_by_anybody_and_only_as_a_url(resources):
    [(_, _, url)] = resources("AWS::Lambda::Url")
    assert url["Properties"]["AuthType"] == "NONE"
    permissions = [one["Properties"] for _, _, one in resources("AWS::Lambda::Permission")]
    said = {one["Action"]: one for one in permissions if one["Principal"] == "*"}
    assert said["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "NONE"
    assert said["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    assert len(permissions) == 2


def test_names_begin_with_the_stage_so_that_stages_share_an_account(templates):
    keys = {"FunctionName", "QueueName", "TableName", "Name", "StateMachineName", "TopicName", "LogGroupName"}
    for capability, template in templates["prod"].items():
        for name, resource in template["Resources"].items():
            for key in keys & resource.get("Properties", {}).keys():
                said = str(resource["Properties"][key])
                assert "segue-prod" in said or said.startswith(("{'Ref'", "{'Fn::GetAtt'")), (capability, name)
