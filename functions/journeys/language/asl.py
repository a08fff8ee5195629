"""What are states made of? The parts of the Amazon States Language that machines of journeys share."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from functions.shared.deadlines import SEND_TIMEOUT

State: TypeAlias = dict[str, Any]

ALREADY_ENDED = "Already ended"
SEND_TIMEOUT_SECONDS = int(SEND_TIMEOUT.total_seconds())
# An execution ends after a year (AWS quotas), whatever holds it.
LONGEST_PAUSE_SECONDS = 31_536_000
ATTEMPTS = 8

QUEUES = {"email": "${EmailQueueUrl}", "sms": "${SmsQueueUrl}", "push": "${PushQueueUrl}"}
SEND_MESSAGE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
INVOKE = "arn:aws:states:::lambda:invoke"
UPDATE_ITEM = "arn:aws:states:::dynamodb:updateItem"
PERSON = {"enrolment.$": "$.enrolment", "profile.$": "$.profile", "steps.$": "$.steps"}


def _retry(*names: str) -> list[State]:
    """Patient and jittered, on failures that pass by themselves and nothing else."""
    return [
        {
            "ErrorEquals": list(names),
            "IntervalSeconds": 2,
            "BackoffRate": 2,
            "MaxAttempts": ATTEMPTS,
            "MaxDelaySeconds": 300,
            "JitterStrategy": "FULL",
        }
    ]


# The service's own, and a function's that took too long or too much memory: all they do may be done again.
# https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html (Lambda.Unknown as well)
# https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html (Sandbox.Timedout)
# https://repost.aws/knowledge-center/lambda-runtime-error (Runtime.ExitError)
RETRY_LAMBDA = _retry(
    "TransientError",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
)
RETRY_SQS = _retry("SQS.SdkClientException")
RETRY_DYNAMODB = _retry(
    "DynamoDB.SdkClientException",
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceededException",
    "DynamoDB.ThrottlingException",
)


def evaluate(
    payload: Mapping[str, Any], selector: Mapping[str, str], result: str | None, catch: list[State], after: str
) -> State:
    """A question to evaluate_step; ``selector`` picks from its answer what ``result`` keeps (None: nothing)."""
    task: State = {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {
            "FunctionName": "${EvaluateStepArn}",
            "Payload": {**payload, **PERSON, "entered_at.$": "$$.State.EnteredTime"},
        },
        "ResultSelector": dict(selector),
        "ResultPath": result,
        "Retry": RETRY_LAMBDA,
        "Catch": catch,
        "Next": after,
    }
    if not selector:
        del task["ResultSelector"]
    return task


def caught(error: str, result: str, after: str) -> State:
    """A way out of a task that failed with ``error``."""
    return {"ErrorEquals": [error], "ResultPath": result, "Next": after}


def standing_still(says: Mapping[str, Any], failed: str, after: str) -> State:
    """Where a pause holds a run: ended by whoever resumes, after which the step asks anew.

    So a pause takes nothing of the step's own time, and the console shows whom it holds.
    """
    payload = {
        "do": "park",
        "token.$": "$$.Task.Token",
        "enrolment.$": "$.enrolment",
        "profile.$": "$.profile",
        **says,
        "channel.$": "$.paused.Cause",
        "entered_at.$": "$$.State.EnteredTime",
    }
    return {
        "Type": "Task",
        "Resource": f"{INVOKE}.waitForTaskToken",
        "Parameters": {"FunctionName": "${RegisterWaitArn}", "Payload": payload},
        "TimeoutSeconds": LONGEST_PAUSE_SECONDS,
        "ResultPath": None,
        "Retry": RETRY_LAMBDA,
        "Catch": [caught("States.ALL", "$.paused", failed)],
        "Next": after,
    }


def ending(status: str, reason: str | None) -> State:
    """Writes the outcome; a row that was closed meanwhile (an exit, a merge) stays as it is."""
    values: State = {
        ":status": {"S": status},
        ":at": {"S.$": "$$.State.EnteredTime"},
        ":starting": {"S": "starting"},
        ":active": {"S": "active"},
    }
    names = {"#status": "status", "#ended": "ended_at", "#wait": "wait"}
    update = "SET #status = :status, #ended = :at"
    if reason is not None:
        values[":reason"] = {"S": reason}
        names["#reason"] = "reason"
        update += ", #reason = :reason"
    return {
        "Type": "Task",
        "Resource": UPDATE_ITEM,
        "Parameters": {
            "TableName": "${EnrolmentsTable}",
            "Key": {"pk": {"S.$": "$.profile"}, "sk": {"S.$": "States.Format('E#{}', $.enrolment)"}},
            "UpdateExpression": f"{update} REMOVE #wait",
            "ConditionExpression": "#status IN (:starting, :active)",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        },
        "ResultPath": None,
        "Retry": RETRY_DYNAMODB,
        "Catch": [caught("DynamoDB.ConditionalCheckFailedException", "$.ended", ALREADY_ENDED)],
        "End": True,
    }


def targets(state: Mapping[str, Any]) -> list[str]:
    """The states a state may go to, as written."""
    rules = [*state.get("Choices", []), *state.get("Catch", []), state]
    return [rule[key] for rule in rules for key in ("Next", "Default") if key in rule]


def reachable(states: Mapping[str, State], first: str) -> dict[str, State]:
    """The states ``first`` leads to, in their order: no "Completed" where every way exits."""
    found: set[str] = set()
    open_ends = [first]
    while open_ends:
        name = open_ends.pop()
        if name not in found:
            found.add(name)
            open_ends += targets(states[name])
    return {name: state for name, state in states.items() if name in found}
