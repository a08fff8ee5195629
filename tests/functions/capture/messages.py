"""Messages that are right, or wrong in a place or two, for tests of who takes them."""

from typing import Any

from hypothesis import strategies as st

from functions.capture.model import COMMANDS, TYPES
from infra.contract.examples import EXAMPLES

# What no JSON Schema can say stands apart: when a time is one, and that two ends differ.
TIMES = ("2026-03-02T11:00:00Z", "2026-03-02T13:00:00.123456+02:00", "2026-03-02T11:00:00")
NO_TIMES = ("yesterday", "", "2026-13-02T11:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00")
IDS = ("u1", 7, 7.5, "", " ", "\ud800", "x" * 100, -0.0)
NO_IDS = (True, [], {}, ["u1"], {"id": 1})
ENDS = (
    *({"type": "crm", "id": "7"}, {"type": "email", "id": "a@x.example", "note": None}, {"type": "shop.id", "id": 8}),
    *({"type": "Crm", "id": "7"}, {"type": "segue_profile", "id": "7"}, {"type": "", "id": "7"}, {"type": 1, "id": 1}),
    *({"type": "crm", "id": " "}, {"type": "crm", "id": None}, {"type": "crm"}, {"id": 7}, "crm", 7),
)


def one(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def ids(limit: int | None = None) -> st.SearchStrategy[Any]:
    """Usable ids mostly; ``limit`` adds texts around a limit of length."""
    around = [] if limit is None else ["x" * limit, "x" * (limit + 1)]
    return one(*IDS * 2, *NO_IDS, None, *around)


def some(fields: dict[str, st.SearchStrategy[Any]], most: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with a few of the fields."""
    pairs = [st.tuples(st.just(name), strategy) for name, strategy in fields.items()]
    return st.lists(st.one_of(pairs), max_size=most).map(dict)


TRAITS = (
    some({"email": ids(), "phone": ids(), "tier": one("gold", None, 3, [1])})
    | one(None, [], "x", 7)
    | st.integers(299, 301).map(lambda n: {f"t{i}": i for i in range(n)})
)
SCORES = (
    some({"churn": one(0.5, 7, -0.0, None, True, "x", [], 2**53, 2**53 + 1), "Churn": one(1, None), "x" * 41: one(1)})
    | one(None, [], "x", 7)
    | st.integers(99, 101).map(lambda n: {f"s{i}": i for i in range(n)})
)
DEVICE = some({"id": ids(), "token": ids(), "advertisingId": ids(), "adTrackingEnabled": one(True, False, "no", None)})
EXTERNAL = st.lists(some({"type": one("crm", "", None, 7), "id": ids()}) | one(None, "crm", 7), max_size=2)
CONTEXT = some({"traits": TRAITS, "device": DEVICE | one(None, [], "x"), "externalIds": EXTERNAL | one(None, {}, "x")})
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **{name: ids() for name in ("userId", "anonymousId", "previousId")},
    "messageId": ids(limit=100),
    "traits": TRAITS,
    "scores": SCORES,
    "context": CONTEXT | one(None, [], "x"),
    "properties": one({"total": 40, "deep": {"a": [1, None]}}, {}, None, [], "x", 7),
    "event": one("Order Completed", " ", "", "\ud800", None, 5, ["E"]),
    "type": one(*TYPES, "decline", "receipt", "tracks", "", None, 5, [], {}),
    "topic": one("offers", " ", "", None, 5, {}),
    "channel": one("email", "sms", "push", "fax", "", None, 5, []),
    "audience": one("friends", " ", "x" * 100, "x" * 101, "", None, 5, []),
    "state": one("granted", "withdrawn", "joined", "left", "maybe", None, True, {}),
    "address": one("a@x.example", "", None, 5, []),
    "command": one(*COMMANDS, "merge", "", None, 5, ["link"]),
    "a": one(*ENDS, None),
    "b": one(*ENDS, None),
    "sentAt": one("2026-03-02T12:00:00Z", "nonsense", None, 5, {}),
    "timestamp": one(*TIMES, None, 5, {}),
    "originalTimestamp": one(*TIMES, None, 5, {}),
    "integrations": one({"All": True}, "x", None),
}


EXAMPLE = st.sampled_from(list(EXAMPLES.values()))
SAYABLE = some(FIELDS)
BEYOND = some({**FIELDS, **dict.fromkeys(("timestamp", "originalTimestamp"), one(*TIMES, *NO_TIMES, None, 5, {}))})
LEFT_OUT = st.lists(st.integers(0, 9), max_size=2)


@st.composite
def messages(draw: st.DrawFn, beyond: bool = True) -> dict[str, Any]:
    """An example with up to three fields said otherwise, and up to two left out.

    Without ``beyond``, all that is wrong with it is its shape.
    """
    message: dict[str, Any] = {**draw(EXAMPLE), **draw(BEYOND if beyond else SAYABLE)}
    for place in draw(LEFT_OUT):
        message.pop(([*message, *"1234567890"])[place], None)
    if not beyond and isinstance(message.get("a"), dict) and message.get("a") == message.get("b"):
        message["b"] = {"type": "email", "id": "b@x.example"}
    return message
