"""A small story of three customers, for tests that tell it to a world."""

import json
import shutil
from datetime import UTC, datetime, timedelta

from functions.shared.clock import format_instant
from infra.local.requests import acting
from infra.local.world import ROOT

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
CUSTOMERS = ("17850", "13047", "12583")


def order(customer, number, at):
    return {
        "type": "track",
        "messageId": f"{customer}-order-{number}",
        "event": "Order Completed",
        "userId": customer,
        "timestamp": format_instant(at),
        "properties": {"order_id": f"{number}", "revenue": 40 + number, "currency": "GBP", "units": 3, "lines": 2},
    }


def arrival(customer, at, consent="granted"):
    return [
        {
            "type": "identify",
            "messageId": f"{customer}-identify",
            "userId": customer,
            "timestamp": format_instant(at),
            "traits": {"email": f"c{customer}@example.com", "first_name": "Ann"},
        },
        {
            "type": "consent",
            "messageId": f"{customer}-consent",
            "userId": customer,
            "timestamp": format_instant(at),
            "topic": "offers",
            "channel": "email",
            "state": consent,
        },
    ]


def tell(world, messages):
    """Puts each message at its own time."""
    for message in sorted(messages, key=lambda one: one["timestamp"]):
        world.run_until(datetime.fromisoformat(message["timestamp"]))
        world.put_events([message])
    world.drain()


def story():
    messages = []
    for index, customer in enumerate(CUSTOMERS):
        begin = START + timedelta(hours=index)
        messages += arrival(customer, begin, consent="withdrawn" if index == 2 else "granted")
        messages += [order(customer, n, begin + timedelta(hours=1, days=n * (9 + index))) for n in range(4)]
    return messages


def rows(world, face, table):
    """Every row of a capability's table, through its face."""
    with acting("local"):
        return list(face(world.table(table)).scan())


def with_journey(journeys, name, entry, step="{id: ask, send: ask, channel: email}", **more):
    """A journey of its own beside others, which sends one message."""
    folder = journeys / name
    folder.mkdir()
    head = {"journey": name, "title": name, "class": "transactional", "entry": entry, **more}
    lines = [f"{field}: {json.dumps(value)}" for field, value in head.items()]
    (folder / "journey.yaml").write_text("\n".join([*lines, "steps:", f"  - {step}", ""]))
    (folder / "ask.email.liquid").write_text(f"---\nsubject: {name}\n---\n<p>How are you?</p>\n")


def with_audiences(tmp_path, *lists, **conditions):
    """The shipped journeys, with a policy of these audiences beside them."""
    folder = tmp_path / "journeys"
    shutil.copytree(ROOT / "journeys", folder)
    audiences = {**{name: {"list": True} for name in lists}, **{name: {"where": it} for name, it in conditions.items()}}
    policy = folder / "policy.yaml"
    # JSON is YAML.
    policy.write_text(policy.read_text() + f"\naudiences: {json.dumps(audiences)}\n")
    return folder
