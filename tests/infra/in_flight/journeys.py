"""A journey in two versions, and people who enter it."""

from datetime import UTC, datetime, timedelta

from functions.shared.clock import format_instant

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
POLICY = """brand: {name: Acme, postal_address: "1 Main St", default_zone: UTC, default_country: FI}
topics: {orders: {title: Your orders, opt_in: none}}
channels: {email: {sender: hello@acme.example}}
channel_order: [email]
"""
HEAD = """journey: trial
title: The trial
class: service
topic: orders
entry: {on: Trial Started}
steps:
"""
FIRST = """
  - id: settle
    wait: 2d
  - id: remind
    send: reminder
    channel: email
  - id: reply
    wait_for: {on: Replied, within: 5d}
"""
SECOND = """
  - id: settle_in
    wait: 4d
  - id: remind
    send: reminder
    channel: email
  - id: reply
    wait_for: {on: [Replied, Called], within: 9d}
  - id: again
    send: reminder
    channel: email
"""
REMINDER = "---\nsubject: Your trial\n---\n<p>Hello</p>\n"


def write(root, steps=FIRST, name="trial", head=HEAD):
    """A ``journeys/`` folder with one journey of these steps."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (root / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "journey.yaml").write_text(head.replace("trial", name, 1) + steps.lstrip("\n"), encoding="utf-8")
    (folder / "reminder.email.liquid").write_text(REMINDER, encoding="utf-8")
    return root


def enter(world, *people, event="Trial Started"):
    """Each person is known with an address, and the event happens to them now."""
    for who in people:
        traits = {"type": "identify", "messageId": f"{event}-known-{who}", "userId": who}
        happened = {"type": "track", "messageId": f"{event}-{who}", "userId": who, "event": event}
        at = format_instant(world.clock())
        world.put_events(
            [
                {**traits, "timestamp": at, "traits": {"email": f"{who}@example.com"}},
                {**happened, "timestamp": at, "properties": {}},
            ]
        )
    world.drain()


def days(number):
    return timedelta(days=number)
