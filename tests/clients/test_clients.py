"""The official clients, unchanged, against ``segue local``: everything arrives once, as said; failures are told."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from functions.shared.events import Event
from tests.fakes.local_server import KEY, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

HERE = Path(__file__).parent
NODE = [str(Path(sys.executable).parent / "node")]
MODULES = ROOT / "infra" / "node" / "node_modules"
# Installed apart from the others, for it pins an old backoff (requirements/clients.in).
APART = ROOT / ".make" / "clients"
IMPORTED = datetime(2026, 3, 2, 10, tzinfo=UTC)
BATCH = 20


@dataclass(frozen=True)
class Client:
    """One official client: how a script with it is started, and how it may be asked to send."""

    name: str
    command: tuple[str, ...]
    gzip: bool = True

    def __str__(self):
        return self.name


def python(name, package):
    return Client(name, (sys.executable, str(HERE / "python_client.py"), package))


def node(name, gzip=False):
    return Client(name, (*NODE, str(HERE / "node_client.cjs"), name), gzip)


CLIENTS = [
    python("segment-analytics-python", "segment.analytics"),
    python("rudder-sdk-python", "rudderstack.analytics"),
    python("analytics-python", "analytics"),
    node("@segment/analytics-node"),
    node("@rudderstack/rudder-sdk-node", gzip=True),
    node("analytics-node"),
    Client("@segment/analytics-next", (*NODE, str(HERE / "browser_client.cjs")), gzip=False),
]
WAYS = [
    (client, gzip, at_once)
    for client in CLIENTS
    for gzip, at_once in ((False, 1), (False, BATCH), (True, BATCH))
    if client.gzip or not gzip
]


def run(client, host, key, gzip, at_once, calls):
    """What a client says of its errors once it has sent these calls."""
    task = {"host": host, "key": key, "gzip": gzip, "at_once": at_once, "calls": calls}
    paths = {"NODE_PATH": str(MODULES), **({"PYTHONPATH": str(APART)} if client.name == "analytics-python" else {})}
    done = subprocess.run(
        client.command,
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **paths, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    assert done.stdout, f"{client} printed nothing (make test installs it): {done.stderr[-2000:]}"
    return json.loads(done.stdout)["errors"]


def conversation(user, length):
    """One person's calls of each type: first an unknown browser's, then a customer's; a track of last March."""
    calls = [
        {
            "type": "page",
            "anonymousId": f"{user}-a",
            "category": "Docs",
            "name": "Home",
            "properties": {"ref": "letter"},
        },
        {
            "type": "identify",
            "anonymousId": f"{user}-a",
            "userId": user,
            "traits": {"email": f"{user}@example.com", "first_name": "Ängla"},
        },
        {
            "type": "track",
            "userId": user,
            "event": "Order Completed",
            "properties": {"revenue": 39.95, "products": [{"sku": "a", "quantity": 2}]},
            "context": {"ip": "203.0.113.7"},
            "timestamp": IMPORTED.isoformat(),
        },
        {"type": "screen", "userId": user, "name": "Cart", "properties": {"items": 2}},
        {"type": "group", "userId": user, "groupId": f"{user}-g", "traits": {"plan": "pro"}},
        {"type": "alias", "userId": user, "previousId": f"{user}-a"},
    ]
    return calls + [
        {"type": "track", "userId": user, "event": "Viewed", "properties": {"n": n}} for n in range(length - len(calls))
    ]


def found(local, user):
    """Events that name the person, as they were understood."""
    names = {("userId", user), ("anonymousId", f"{user}-a")}
    return [one for one in local.look("events") if names & {(name, one["body"].get(name)) for name, _ in names}]


def said(call):
    """What of a call must have arrived; clients add to it, each its own."""
    return (call["type"], call.get("event"), call.get("name"), call.get("groupId"), call.get("properties", {}).get("n"))


@pytest.mark.parametrize(("client", "gzip", "at_once"), WAYS, ids=str)
def test_everything_arrives_once_as_it_was_said(local, client, gzip, at_once):
    user = f"{client.name.strip('@').replace('/', '-')}-{'gzip' if gzip else 'plain'}-{at_once}"
    calls = conversation(user, max(at_once, 6))
    host = local.url if at_once == 1 else f"{local.url}/behind/a/prefix"
    assert run(client, host, KEY, gzip, at_once, calls) == []

    events = found(local, user)
    assert Counter(said(one["body"]) for one in events) == Counter(said(call) for call in calls)
    by_type = {one["type"]: Event.from_json(one) for one in events}
    assert by_type["identify"].traits["first_name"] == "Ängla"
    assert by_type["page"].properties["ref"] == "letter"
    assert by_type["page"].body["category"] == "Docs"
    assert by_type["screen"].properties["items"] == 2
    assert by_type["group"].traits["plan"] == "pro"
    assert by_type["alias"].body["previousId"] == f"{user}-a"
    [order] = [Event.from_json(one) for one in events if one["body"].get("event") == "Order Completed"]
    assert order.properties["products"] == [{"sku": "a", "quantity": 2}]
    # An imported event keeps its time, but for the moment between sending and receiving.
    assert abs(order.timestamp - IMPORTED) < timedelta(seconds=20)
    assert all(one["trusted"] for one in events)

    world = local.look("world")
    [person] = [
        one
        for one in world["profiles"]
        if {"namespace": "customer_id", "soft": False, "value": user} in one["identifiers"]
    ]
    assert {"namespace": "anonymous_id", "soft": False, "value": f"{user}-a"} in person["identifiers"]
    assert person["events"] == len(calls)
    assert person["traits"]["email"] == f"{user}@example.com"
    owners = {one["messageId"]: one["profile"] for one in world["events"]}
    assert {owners[one["messageId"]] for one in events} == {person["profile"]}


@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_a_wrong_key_is_an_error_and_is_not_tried_again(local, client):
    user = f"{client.name.strip('@').replace('/', '-')}-refused"
    before = local.log().count(" 401 ")
    assert run(client, f"{local.url}/{user}", "wrong", client.gzip, 1, conversation(user, 6)[:1])
    assert local.log().count(" 401 ") - before == 1
    assert found(local, user) == []
