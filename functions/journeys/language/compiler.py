"""What state machine is a journey? A pure function to JSONPath ASL: same definition and version in, same bytes out.

Placeholders ``${...}`` are filled by whoever deploys: CloudFormation's DefinitionSubstitutions or the laptop target.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from functions.journeys.language.definition import Journey, Placed, placed_steps
from functions.journeys.language.fields import seconds_of
from functions.journeys.language.reader import Place
from functions.journeys.language.steps import (
    ExitStep,
    ExperimentStep,
    SendStep,
    SplitStep,
    Step,
    Until,
    WaitForStep,
    WaitStep,
    blocks_of,
)
from functions.journeys.language.titles import split_question, step_title

State: TypeAlias = dict[str, Any]

START = "Start"
COMPLETED = "Completed"
ALREADY_ENDED = "Already ended"
MAX_STATE_NAME = 80
# Four days: longer than any hold a gate asks for, after which the outcome of a send is unknown.
SEND_TIMEOUT_SECONDS = 345_600

_QUEUES = {"email": "${EmailQueueUrl}", "sms": "${SmsQueueUrl}", "push": "${PushQueueUrl}"}
_SEND_MESSAGE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
_INVOKE = "arn:aws:states:::lambda:invoke"
_UPDATE_ITEM = "arn:aws:states:::dynamodb:updateItem"
_PERSON = {"enrolment.$": "$.enrolment", "profile.$": "$.profile", "steps.$": "$.steps"}


def _retry(*names: str) -> list[State]:
    """Patient and jittered, on failures that pass by themselves and nothing else."""
    return [
        {
            "ErrorEquals": list(names),
            "IntervalSeconds": 2,
            "BackoffRate": 2,
            "MaxAttempts": 8,
            "MaxDelaySeconds": 300,
            "JitterStrategy": "FULL",
        }
    ]


# "Handling transient Lambda service exceptions":
# https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
_RETRY_LAMBDA = _retry(
    "TransientError",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
_RETRY_SQS = _retry("SQS.SdkClientException")
_RETRY_DYNAMODB = _retry(
    "DynamoDB.SdkClientException",
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceededException",
    "DynamoDB.ThrottlingException",
)


def compile_journey(journey: Journey, version: str) -> State:
    """The ASL definition of a checked journey; ``version`` travels with every message and evaluation as a literal."""
    return _Machine(journey, version).definition()


class _Machine:
    """One compilation. Names are given in document order first, so that they do not depend on how states are wired."""

    def __init__(self, journey: Journey, version: str) -> None:
        self.journey = journey
        self.version = version
        self.steps = placed_steps(journey)
        self.ids = {placed.place: placed.id for placed in self.steps}
        self.taken: set[str] = set()
        self.names: dict[tuple[Place | str, str], str] = {}
        self.states: dict[str, State] = {}

    def definition(self) -> State:
        self._give("end", START, START)
        for placed in self.steps:
            self._name(placed)
        self._give("end", "completed", COMPLETED)
        for placed in self.steps:
            if isinstance(placed.step, ExitStep) and ("exit", placed.step.exit) not in self.names:
                self._give("exit", placed.step.exit, f"Exit: {placed.step.exit}")
        self._give("end", ALREADY_ENDED, ALREADY_ENDED)

        first = self._entry(self.journey.steps, ("steps",), COMPLETED)
        self._block(self.journey.steps, ("steps",), COMPLETED)
        self.states[COMPLETED] = self._end("completed", None)
        for (kind, reason), name in self.names.items():
            if kind == "exit":
                self.states[name] = self._end("exited", reason)
        self.states[ALREADY_ENDED] = {"Type": "Succeed"}
        reached = reachable(self.states, first)
        doors = [self.names.get((placed.place, "main"), "") for placed in self.steps]
        # A Choice needs a rule, also where the journey is one exit.
        doors = [name for name in doors if name in reached] or [first]
        start = {
            "Type": "Choice",
            "Choices": [{"Variable": "$.resume_at", "StringEquals": name, "Next": name} for name in doors],
            "Default": first,
        }
        return {
            "Comment": f"{self.journey.title or self.journey.journey} ({self.journey.journey} {self.version})",
            "StartAt": START,
            "States": {START: start, **reached},
        }

    # Names

    def _give(self, key: Place | str, role: str, wanted: str) -> str:
        name = unique(wanted, self.taken)
        self.taken.add(name)
        self.names[key, role] = name
        return name

    def _name(self, placed: Placed) -> None:
        step, place = placed.step, placed.place
        if isinstance(step, ExitStep):
            return
        title = step_title(step)
        computed = isinstance(step, WaitStep) and isinstance(step.wait, Until)
        main = self._give(place, "main", f"Find the time: {title}" if computed else title)
        if isinstance(step, SendStep):
            if step.on is not None:
                self._give(place, "outcome", f"Outcome: {main}")
            self._give(place, "held", f"Held: {main}")
            self._give(place, "failed", f"Failed: {main}")
        elif computed:
            self._give(place, "wait", title)
            self._give(place, "unreadable", f"Unreadable date: {title}")
            self._give(place, "failed", f"Failed: {title}")
        elif isinstance(step, SplitStep):
            self._give(place, "choice", split_question(step))
            self._give(place, "failed", f"Failed: {main}")
        elif isinstance(step, WaitForStep):
            self._give(place, "failed", f"Failed: {main}")

    # Wiring

    def _entry(self, steps: Sequence[Step], place: Place, following: str) -> str:
        """The state a block of steps begins with; what follows when it is empty."""
        return self._door(steps[0], (*place, 0)) if steps else following

    def _door(self, step: Step, place: Place) -> str:
        return self.names["exit", step.exit] if isinstance(step, ExitStep) else self.names[place, "main"]

    def _block(self, steps: Sequence[Step], place: Place, following: str) -> None:
        for index, step in enumerate(steps):
            here = (*place, index)
            last = index + 1 == len(steps)
            after = following if last else self._door(steps[index + 1], (*place, index + 1))
            self._step(step, here, after)
            for inside, block in blocks_of(step):
                self._block(block, (*here, *inside), after)
            if isinstance(step, ExitStep):
                return

    def _step(self, step: Step, place: Place, after: str) -> None:
        match step:
            case WaitStep(wait=str() as duration):
                self.states[self.names[place, "main"]] = {
                    "Type": "Wait",
                    "Seconds": seconds_of(duration),
                    "Next": after,
                }
            case WaitStep():
                self._computed_wait(step, place, after)
            case SendStep():
                self._send(step, place, after)
            case WaitForStep():
                self._wait_for(step, place, after)
            case SplitStep():
                self._split(step, place, after)
            case ExperimentStep():
                self._experiment(step, place, after)
            case ExitStep():
                return
            case _:
                raise NotImplementedError(f"{step.kind}: is not available yet")

    def _ways(self, step: Step, place: Place, after: str) -> dict[Place, str]:
        """The state each block inside a step begins with."""
        return {inside: self._entry(block, (*place, *inside), after) for inside, block in blocks_of(step)}

    # Steps

    def _send(self, step: SendStep, place: Place, after: str) -> None:
        name, held, failed = (self.names[place, role] for role in ("main", "held", "failed"))
        result = f"$.steps.{self.ids[place]}"
        ways = self._ways(step, place, after)
        message = {
            "token.$": "$$.Task.Token",
            **_PERSON,
            "contacts.$": "$.contacts",
            **self._says(place),
            "visit": 1,
            "channel": step.channel[0],
            "fallback": list(step.channel[1:]),
            "class": self.journey.class_,
            "topic": self.journey.topic,
            "template": step.send,
            "planned_at.$": "$$.State.EnteredTime",
        }
        if self.journey.offer is not None:
            message["offer"] = self.journey.offer
        self.states[name] = {
            "Type": "Task",
            "Resource": _SEND_MESSAGE,
            "Parameters": {"QueueUrl": _QUEUES[step.channel[0]], "MessageBody": message},
            "TimeoutSeconds": SEND_TIMEOUT_SECONDS,
            "ResultPath": result,
            "Retry": _RETRY_SQS,
            "Catch": [
                {"ErrorEquals": ["Deferred"], "ResultPath": "$.held", "Next": held},
                {"ErrorEquals": ["States.ALL"], "ResultPath": result, "Next": failed},
            ],
            "Next": after if step.on is None else self.names[place, "outcome"],
        }
        if step.on is not None:
            self.states[self.names[place, "outcome"]] = {
                "Type": "Choice",
                "Choices": [
                    {"Variable": f"{result}.outcome", "StringEquals": outcome, "Next": ways["on", outcome]}
                    for outcome in ("withheld", "failed")
                    if getattr(step.on, outcome) is not None
                ],
                "Default": after,
            }
        self.states[held] = {"Type": "Wait", "TimestampPath": "$.held.Cause", "Next": name}
        self.states[failed] = {
            "Type": "Pass",
            "Parameters": {
                "outcome": "failed",
                "reason": "unknown_outcome",
                "at.$": "$$.State.EnteredTime",
            },
            "ResultPath": result,
            "Next": ways.get(("on", "failed"), after),
        }

    def _computed_wait(self, step: WaitStep, place: Place, after: str) -> None:
        name, wait, unreadable, failed = (self.names[place, role] for role in ("main", "wait", "unreadable", "failed"))
        assert isinstance(step.wait, Until)
        result = f"$.steps.{self.ids[place]}"
        until = step.wait.model_dump(mode="json", exclude_none=True)
        self.states[name] = self._evaluate(
            {"do": "wait", **self._says(place), "until": until},
            {"until.$": "$.Payload.until"},
            result,
            [
                {"ErrorEquals": ["UnreadableDate"], "ResultPath": result, "Next": unreadable},
                {"ErrorEquals": ["States.ALL"], "ResultPath": result, "Next": failed},
            ],
            wait,
        )
        self.states[wait] = {"Type": "Wait", "TimestampPath": f"{result}.until", "Next": after}
        if step.on is not None and step.on.failed is not None:
            self.states[unreadable] = {
                "Type": "Pass",
                "Result": {"outcome": "failed", "reason": "unreadable_date"},
                "ResultPath": result,
                "Next": self._ways(step, place, after)["on", "failed"],
            }
        else:
            self.states[unreadable] = self._end("failed", "unreadable_date")
        self.states[failed] = self._end("failed", "step_failed")

    def _split(self, step: SplitStep, place: Place, after: str) -> None:
        name, choice, failed = (self.names[place, role] for role in ("main", "choice", "failed"))
        result = f"$.steps.{self.ids[place]}"
        ways = self._ways(step, place, after)
        conditions = [branch.when for branch in step.split if branch.when is not None]
        self.states[name] = self._evaluate(
            {"do": "split", **self._says(place), "branches": conditions},
            # The time is what a later wait_for looks back to.
            {"branch.$": "$.Payload.branch", "at.$": "$$.State.EnteredTime"},
            result,
            [{"ErrorEquals": ["States.ALL"], "ResultPath": result, "Next": failed}],
            choice,
        )
        self.states[choice] = {
            "Type": "Choice",
            "Choices": [
                {"Variable": f"{result}.branch", "NumericEquals": index, "Next": ways["split", index, "steps"]}
                for index in range(len(conditions))
            ],
            "Default": ways.get(("split", len(conditions), "otherwise"), after),
        }
        self.states[failed] = self._end("failed", "step_failed")

    def _evaluate(
        self, payload: Mapping[str, Any], selector: Mapping[str, str], result: str, catch: list[State], after: str
    ) -> State:
        return {
            "Type": "Task",
            "Resource": _INVOKE,
            "Parameters": {
                "FunctionName": "${EvaluateStepArn}",
                "Payload": {**payload, **_PERSON, "entered_at.$": "$$.State.EnteredTime"},
            },
            "ResultSelector": dict(selector),
            "ResultPath": result,
            "Retry": _RETRY_LAMBDA,
            "Catch": catch,
            "Next": after,
        }

    def _wait_for(self, step: WaitForStep, place: Place, after: str) -> None:
        awaited, ways = step.wait_for, self._ways(step, place, after)
        assert awaited.within is not None
        result = f"$.steps.{self.ids[place]}"
        failed = self.names[place, "failed"]
        self.states[self.names[place, "main"]] = {
            "Type": "Task",
            "Resource": f"{_INVOKE}.waitForTaskToken",
            "Parameters": {
                "FunctionName": "${RegisterWaitArn}",
                "Payload": {
                    "token.$": "$$.Task.Token",
                    **self._says(place),
                    "on": list(awaited.on),
                    "where": awaited.where,
                    "message": awaited.message,
                    **_PERSON,
                    "entered_at.$": "$$.State.EnteredTime",
                },
            },
            "TimeoutSeconds": seconds_of(awaited.within),
            "ResultPath": result,
            "Retry": _RETRY_LAMBDA,
            "Catch": [
                {"ErrorEquals": ["States.Timeout"], "ResultPath": result, "Next": ways["otherwise",]},
                {"ErrorEquals": ["States.ALL"], "ResultPath": result, "Next": failed},
            ],
            "Next": ways["then",],
        }
        self.states[failed] = self._end("failed", "step_failed")

    def _experiment(self, step: ExperimentStep, place: Place, after: str) -> None:
        ways = self._ways(step, place, after)
        self.states[self.names[place, "main"]] = {
            "Type": "Choice",
            "Choices": [
                {"Variable": f"$.arms.{step.experiment}", "StringEquals": arm, "Next": ways["steps", arm]}
                for arm in step.variants
            ],
            "Default": after,
        }

    def _says(self, place: Place) -> dict[str, str]:
        return {"journey": self.journey.journey, "version": self.version, "step": self.ids[place]}

    def _end(self, status: str, reason: str | None) -> State:
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
            "Resource": _UPDATE_ITEM,
            "Parameters": {
                "TableName": "${EnrolmentsTable}",
                "Key": {"pk": {"S.$": "$.profile"}, "sk": {"S.$": "States.Format('E#{}', $.enrolment)"}},
                "UpdateExpression": f"{update} REMOVE #wait",
                "ConditionExpression": "#status IN (:starting, :active)",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            },
            "ResultPath": None,
            "Retry": _RETRY_DYNAMODB,
            "Catch": [
                {
                    "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"],
                    "ResultPath": "$.ended",
                    "Next": ALREADY_ENDED,
                }
            ],
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


def unique(wanted: str, taken: set[str]) -> str:
    """A state name nobody has: `` (2)`` for the second, at most 80 characters."""
    number = 1
    while True:
        name = shortened(wanted if number == 1 else f"{wanted} ({number})")
        if name not in taken:
            return name
        number += 1


def shortened(name: str) -> str:
    """A name of more than 80 characters becomes its first 71, a space and 8 hex digits of its hash."""
    if len(name) <= MAX_STATE_NAME:
        return name
    return f"{name[:71]} {hashlib.sha256(name.encode()).hexdigest()[:8]}"
