"""A guard may say "not now": the execution gets the time, and the same message goes later."""

from dataclasses import replace
from datetime import timedelta

from functions.dispatch.api import Messages
from functions.dispatch.assemble import assemble
from functions.dispatch.gate.verdict import Deferred, Pass
from functions.dispatch.ses import SesEmail
from functions.dispatch.settings import SendSettings
from functions.shared.publication import load_publication
from tests.functions.dispatch.conftest import NOON


def until_one(question):
    opens = NOON + timedelta(hours=1)
    return Pass() if question.now >= opens else Deferred(opens, "quiet_hours", {"zone": "UTC"})


def test_a_deferred_message_leaves_its_line_and_goes_when_asked_again(world):
    world.consent()
    names = {f"{name}_table": name for name in ("enrolments", "profiles", "permissions", "messages")}
    urls = {f"{channel}_queue_url": url for channel, url in world.queues.items()}
    settings = SendSettings(**names, **urls, machine_prefix="", publication_path=world.publication_path)
    publication = load_publication(world.publication_path)
    sender = assemble(settings, publication, SesEmail("hello@acme.example", "segue"), lambda: world.now)
    sender = replace(sender, guards=(*sender.guards, until_one))

    sender.send(world.body())
    sender.send(world.body())
    assert world.answers == [{"token": "token-1", "error": "Deferred", "cause": "2026-03-02T13:00:00.000Z"}] * 2
    [line] = world.lines
    assert (line.phase, line.decision, line.reason, line.guard) == ("planned", "deferred", "quiet_hours", "until_one")
    assert line.facts["zone"] == "UTC"

    world.later(hours=1)
    sender.send(world.body(token="token-2", planned_at="2026-03-02T13:00:00.000Z"))
    assert world.answers[-1]["outcome"] == "sent"
    # A wait after it looks back to when the step began: what happened meanwhile is not missed.
    assert world.answers[-1]["at"] == "2026-03-02T12:00:00.000Z"
    [line] = Messages("messages").scan()
    assert (line.decision, line.until) == ("sent", None)
    assert len(world.inbox) == 1
