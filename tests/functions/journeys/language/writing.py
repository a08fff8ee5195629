"""Journeys written for one test: a folder with a policy, one journey and its templates."""

import textwrap
from pathlib import Path

POLICY = """
brand: {name: Acme, postal_address: "1 Main St", default_zone: Europe/Helsinki}
topics: {offers: {title: Offers}, orders: {title: Orders, opt_in: none}}
channels: {email: {sender: hello@acme.example}, sms: {sender: ACME}, push: {}}
audiences: {vip: {where: profile.traits.tier == "gold"}, friends: {list: true}}
"""
EMAIL = """---
subject: Hello
preheader: Good to see you
---
<html><body><p>Hello {{ profile.traits.name | default: "there" }}</p>
<a href="{{ unsubscribe_url }}">Unsubscribe</a> {{ brand.postal_address }}</body></html>
"""
SMS = "Hello from {{ brand.name }}. Reply STOP to opt out\n"
PUSH = "title: Hello\nbody: Good to see you\n"
HEAD = """
journey: test
class: marketing
topic: offers
entry: {on: Cart Updated}
"""


def write_journey(root: Path, steps: str = "", head: str = HEAD, policy: str = POLICY, text: str | None = None) -> Path:
    """A ``journeys/`` folder with one journey ``test`` that has templates ``hello`` for every channel."""
    folder = root / "test"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "policy.yaml").write_text(policy, encoding="utf-8")
    body = f"{textwrap.dedent(head).strip()}\nsteps:\n{textwrap.indent(textwrap.dedent(steps).strip(), '  ')}\n"
    (folder / "journey.yaml").write_text(body if text is None else text, encoding="utf-8")
    (folder / "hello.email.liquid").write_text(EMAIL, encoding="utf-8")
    (folder / "hello.sms.liquid").write_text(SMS, encoding="utf-8")
    (folder / "hello.push.yaml").write_text(PUSH, encoding="utf-8")
    return root
