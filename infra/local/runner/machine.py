"""What does a compiled machine become before it runs? States that know each other; what is not understood is refused.

Every field of every state is read here, once. A field, resource, comparison or function that this executor does not
know raises ``Unsupported``: a machine that ran without it would be another machine.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.local.runner import states
from infra.local.runner.choices import rule
from infra.local.runner.executor import State
from infra.local.runner.paths import Put, Taken, Unsupported, put, taken, template

SEND_MESSAGE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
INVOKE = "arn:aws:states:::lambda:invoke"
INVOKE_AND_WAIT = f"{INVOKE}.waitForTaskToken"
UPDATE_ITEM = "arn:aws:states:::dynamodb:updateItem"

_RETRIER = frozenset(
    {"ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds", "JitterStrategy", "Comment"}
)
_CATCHER = frozenset({"ErrorEquals", "ResultPath", "Next", "Comment"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Whom machines may ask, by the names that stand in the definition (``${EvaluateStepArn}``, ``${EmailQueueUrl}``).

    ``functions`` answer a payload, ``queues`` take a body, ``tables`` take the parameters of an UpdateItem.
    """

    functions: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    queues: Mapping[str, Callable[[Any], None]] = field(default_factory=dict)
    tables: Mapping[str, Callable[[Any], None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that is ready to run; ``states`` are those of the top level, by name."""

    name: str
    first: State
    states: Mapping[str, State]


def load(name: str, definition: Mapping[str, Any], around: Surroundings) -> Machine:
    """Reads a definition (JSONPath ASL); raises ``Unsupported`` with the state and what is wrong with it."""
    _only(definition, frozenset({"Comment", "StartAt", "States"}), "the machine")
    made: dict[str, State] = {}
    for state, said in definition["States"].items():
        try:
            made[state] = _state(name, state, said, around)
        except Unsupported as unsupported:
            raise Unsupported(f"{name}: {state}: {unsupported} is not supported") from None
    for state, said in definition["States"].items():
        _connect(made[state], said, made)
    return Machine(name, _way(definition["StartAt"], made), made)


def _state(machine: str, name: str, said: Mapping[str, Any], around: Surroundings) -> State:
    kind = said.get("Type", "")
    if kind not in _KINDS:
        raise Unsupported(f"the type {kind!r}")
    fields, make = _KINDS[kind]
    _only(said, fields, "the state")
    return make(machine, name, said, around)


def _succeed(machine: str, name: str, _said: Mapping[str, Any], _around: Surroundings) -> State:
    return states.Succeed(name, machine)


def _fail(machine: str, name: str, said: Mapping[str, Any], _around: Surroundings) -> State:
    return states.Fail(name, machine, said.get("Error", ""), said.get("Cause", ""))


def _pass(machine: str, name: str, said: Mapping[str, Any], _around: Surroundings) -> State:
    if "Result" in said and "Parameters" in said:
        raise Unsupported("a Pass with both Result and Parameters")
    result = said.get("Result")
    given = template(said["Parameters"]) if "Parameters" in said else taken("$")
    said_anew: Taken = (lambda _data, _task: result) if "Result" in said else given
    return states.Pass(name, machine, said_anew, put(said.get("ResultPath", "$")))


def _choice(machine: str, name: str, said: Mapping[str, Any], _around: Surroundings) -> State:
    rules = [(rule(one), one["Next"]) for one in said["Choices"]]
    return states.Choice(name, machine, rules, said.get("Default"))


def _parallel(machine: str, name: str, said: Mapping[str, Any], around: Surroundings) -> State:
    given = template(said["Parameters"]) if "Parameters" in said else taken("$")
    firsts = [load(machine, branch, around).first for branch in said["Branches"]]
    return states.Parallel(name, machine, *_working(said), given, firsts)


def _wait(machine: str, name: str, said: Mapping[str, Any], _around: Surroundings) -> State:
    ways = [one for one in ("Seconds", "SecondsPath", "TimestampPath") if one in said]
    if len(ways) != 1:
        raise Unsupported(f"a Wait with {' and '.join(ways) or 'no time'}")
    if ways == ["TimestampPath"]:
        return states.Wait(name, machine, None, taken(said["TimestampPath"]))
    seconds = template(said["Seconds"]) if "Seconds" in said else taken(said["SecondsPath"])
    return states.Wait(name, machine, seconds, None)


def _task(machine: str, name: str, said: Mapping[str, Any], around: Surroundings) -> State:
    resource = said.get("Resource")
    act = _act(resource, said.get("Parameters", {}), around)
    if resource in (SEND_MESSAGE, INVOKE_AND_WAIT):
        return states.TokenTask(name, machine, *_working(said), act, _timeout(said))
    if "TimeoutSeconds" in said or "TimeoutSecondsPath" in said:
        raise Unsupported("a timeout of a task that waits for no token")
    return states.Task(name, machine, *_working(said), act)


def _act(resource: Any, parameters: Mapping[str, Any], around: Surroundings) -> states.Act:
    if resource == SEND_MESSAGE:
        _only(parameters, frozenset({"QueueUrl", "MessageBody"}), "the parameters")
        deliver, body = _known(around.queues, parameters["QueueUrl"]), template(parameters["MessageBody"])
        return lambda data, run: deliver(body(data, run))
    if resource in (INVOKE, INVOKE_AND_WAIT):
        _only(parameters, frozenset({"FunctionName", "Payload"}), "the parameters")
        function, payload = _known(around.functions, parameters["FunctionName"]), template(parameters["Payload"])
        return lambda data, run: {
            "ExecutedVersion": "$LATEST",
            "Payload": function(payload(data, run)),
            "StatusCode": 200,
        }
    if resource == UPDATE_ITEM:
        update, request = _known(around.tables, parameters["TableName"]), template(parameters)
        return lambda data, run: update(request(data, run))
    raise Unsupported(f"the resource {resource!r}")


def _known(named: Mapping[str, Any], name: Any) -> Any:
    if name not in named:
        raise Unsupported(f"a request to {name!r}")
    return named[name]


def _timeout(said: Mapping[str, Any]) -> Taken:
    if "TimeoutSecondsPath" in said:
        return taken(said["TimeoutSecondsPath"])
    return template(said.get("TimeoutSeconds", states.LONGEST_TASK_SECONDS))


def _working(
    said: Mapping[str, Any],
) -> tuple[Taken | None, Put, Sequence[states.Retrier], Sequence[states.Catcher]]:
    select = template(said["ResultSelector"]) if "ResultSelector" in said else None
    retry = [_retrier(one) for one in said.get("Retry", ())]
    catch = [_catcher(one) for one in said.get("Catch", ())]
    return select, put(said.get("ResultPath", "$")), retry, catch


def _retrier(said: Mapping[str, Any]) -> states.Retrier:
    _only(said, _RETRIER, "a retrier")
    return states.Retrier(
        errors=frozenset(said["ErrorEquals"]),
        interval=said.get("IntervalSeconds", 1),
        rate=said.get("BackoffRate", 2.0),
        most=said.get("MaxAttempts", 3),
        longest=said.get("MaxDelaySeconds", float("inf")),
        jitter=said.get("JitterStrategy", "NONE") == "FULL",
    )


def _catcher(said: Mapping[str, Any]) -> states.Catcher:
    _only(said, _CATCHER, "a catcher")
    return states.Catcher(frozenset(said["ErrorEquals"]), put(said.get("ResultPath", "$")), said["Next"])


def _connect(state: State, said: Mapping[str, Any], made: Mapping[str, State]) -> None:
    if isinstance(state, states.Placed) and "Next" in said:
        state.onward = _way(said["Next"], made)
    elif said["Type"] not in ("Choice", "Succeed", "Fail") and not said.get("End"):
        raise Unsupported(f"{state.machine}: {state.name}: a state that leads nowhere is not supported")
    if isinstance(state, states.Choice):
        ways = {way for _, way in state.rules} | ({state.default} if state.default is not None else set())
        state.ways = {way: _way(way, made) for way in ways}
    elif isinstance(state, states.Working):
        state.ways = {catcher.way: _way(catcher.way, made) for catcher in state.catch}


def _way(name: str, made: Mapping[str, State]) -> State:
    if name not in made:
        raise Unsupported(f"the way to a state {name!r} that is not there")
    return made[name]


def _only(said: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(said.keys() - known)
    if unknown:
        raise Unsupported(f"{', '.join(map(repr, unknown))} in {where}")


_COMMON = frozenset({"Type", "Comment", "Next", "End"})
_WORKING = _COMMON | {"ResultSelector", "ResultPath", "Retry", "Catch"}
_KINDS: Mapping[str, tuple[frozenset[str], Callable[[str, str, Mapping[str, Any], Surroundings], State]]] = {
    "Succeed": (frozenset({"Type", "Comment"}), _succeed),
    "Fail": (frozenset({"Type", "Comment", "Error", "Cause"}), _fail),
    "Pass": (_COMMON | {"Result", "Parameters", "ResultPath"}, _pass),
    "Wait": (_COMMON | {"Seconds", "SecondsPath", "TimestampPath"}, _wait),
    "Choice": (frozenset({"Type", "Comment", "Choices", "Default"}), _choice),
    "Task": (_WORKING | {"Resource", "Parameters", "TimeoutSeconds", "TimeoutSecondsPath"}, _task),
    "Parallel": (_WORKING | {"Parameters", "Branches"}, _parallel),
}
