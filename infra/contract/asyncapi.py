"""What travels on the event bus, from whom to whom? As an AsyncAPI 3 document."""

from collections.abc import Iterator
from typing import Any

from functions.audiences.policy import SOURCE as AUDIENCES_SOURCE
from functions.capture.model import CLAIM_BYTES
from functions.feedback.policy import SOURCE as FEEDBACK_SOURCE
from functions.journeys.acts import SOURCE as JOURNEYS_SOURCE
from functions.shared.bus import NOTICES as NOTICE_SOURCE
from infra.contract.examples import EXAMPLES
from infra.contract.messages import MESSAGES
from infra.contract.notices import DECISIONS, FEEDBACK, MOVES, NOTICES, Moved, Requested, Told
from infra.contract.schemas import part, parts_of, typed_elsewhere

BUS = {"$ref": "#/channels/bus"}


def asyncapi() -> dict[str, Any]:
    """The document."""
    messages = {name: message for name, _, message in _messages()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Segue's event bus",
            "version": "1.0.0",
            "description": (
                "An EventBridge bus. `detail-type` is a message's type, or any other text: then it is the event name "
                f"of a track. `detail` is the message, of at most {CLAIM_BYTES // 1024 // 1024} MB. What is refused is "
                "kept, and told as `event.rejected`."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "bus": {
                "address": "segue-{stage}",
                "title": "The bus",
                "description": "PutEvents on it, ten entries a request at most. Its name is an output of the stack.",
                "parameters": {"stage": {"enum": ["dev", "prod"]}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            name: {
                "action": action,
                "channel": BUS,
                "summary": summary,
                "messages": [
                    {"$ref": f"#/channels/bus/messages/{message}"} for message, of, _ in _messages() if of == name
                ],
            }
            for name, action, summary in (
                ("takeMessages", "receive", "What apps say about people."),
                (
                    "tellNotices",
                    "send",
                    f"What became of events and people. Source {NOTICE_SOURCE}; never taken in again.",
                ),
                ("tellFeedback", "send", f"What became of our messages. Source {FEEDBACK_SOURCE}; taken in as events."),
                (
                    "tellMoves",
                    "send",
                    f"Who entered an audience or left it. Source {AUDIENCES_SOURCE}; taken in as events.",
                ),
                (
                    "tellActs",
                    "send",
                    f"What journeys do to people; their traits and lists they tell as identify and audience. Source "
                    f"{JOURNEYS_SOURCE}; taken in as events.",
                ),
            )
        },
        "components": {"messages": messages, "schemas": _schemas()},
    }


def _messages() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each message by name, with the operation it belongs to."""
    for name, model in MESSAGES.items():
        kind = {"type": "string", "description": "track, or the event's name"} if name == "track" else {"const": name}
        message = _message(name, model.__doc__ or "", kind, {"type": "string"}, part(model.__name__))
        message["examples"] = [{"payload": dict(EXAMPLES[name])}]
        yield name, "takeMessages", message
    for name, notice in NOTICES.items():
        said = _message(name, notice.__doc__ or "", {"const": name}, {"const": NOTICE_SOURCE}, part(notice.__name__))
        yield name.replace(".", "-"), "tellNotices", said
    for name, meaning in FEEDBACK.items():
        said = _message(name, meaning, {"const": name}, {"const": FEEDBACK_SOURCE}, part(Told.__name__))
        yield name.replace(" ", "-"), "tellFeedback", said
    for name, meaning in MOVES.items():
        said = _message(name, meaning, {"const": name}, {"const": AUDIENCES_SOURCE}, part(Moved.__name__))
        yield name.replace(" ", "-"), "tellMoves", said
    for name, meaning in DECISIONS.items():
        said = _message(name, meaning, {"const": name}, {"const": JOURNEYS_SOURCE}, part(Requested.__name__))
        yield name.replace(" ", "-"), "tellActs", said


def _message(
    name: str, summary: str, kind: dict[str, Any], source: dict[str, Any], payload: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": name,
        "summary": summary.strip().replace("\n", " "),
        "headers": {
            "type": "object",
            "description": "The fields of the EventBridge entry.",
            "required": ["source", "detail-type"],
            "properties": {"source": source, "detail-type": kind},
        },
        "payload": payload,
    }


def _schemas() -> dict[str, Any]:
    parts = parts_of([*MESSAGES.values(), *NOTICES.values(), Told, Moved, Requested])
    for name, model in MESSAGES.items():
        schema = typed_elsewhere(parts[model.__name__], name)
        schema["description"] += " The detail-type says the type where it is left out."
        parts[model.__name__] = schema
    return dict(sorted(parts.items()))
