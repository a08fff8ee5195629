"""Rendering: strict, bounded, escaped where it must be, parsed once."""

from datetime import UTC, datetime

import pytest

from functions.dispatch.model import SendRequest
from functions.dispatch.provider import Unrenderable
from functions.dispatch.render import Templates, context_of
from functions.journeys.model import Enrolment, EntryEvent
from functions.profiles.model import Snapshot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rendered(part="text", context=None, **parts):
    templates = Templates({"j/t": {"email": parts}})
    answer = templates.render("j/t", "email", context or {"profile": {"traits": {"name": "A<b>", "none": None}}})
    return answer if isinstance(answer, Unrenderable) else answer[part]


def test_html_is_escaped_and_text_is_not():
    assert rendered("html", html="{{ profile.traits.name }}") == "A&lt;b&gt;"
    assert rendered("text", text="{{ profile.traits.name }}") == "A<b>"


def test_printing_what_is_missing_fails_and_names_it():
    answer = rendered(text="Hi {{ profile.traits.nickname }}")
    assert isinstance(answer, Unrenderable)
    assert "nickname" in answer.why


def test_asking_about_what_is_missing_is_allowed():
    assert rendered(text="{{ profile.traits.nickname | default: 'you' }}") == "you"
    assert rendered(text="{% if profile.traits.nickname %}x{% else %}y{% endif %}") == "y"
    assert rendered(text="{% if profile.traits.nickname == 'x' %}x{% else %}y{% endif %}") == "y"


HOSTILE = {
    "endless loop": "{% for i in (1..100000000) %}{{ i }}{% endfor %}",
    "nested loops": "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
    "growing text": "{% assign s = 'xxxxxxxxxx' %}{% for i in (1..40) %}{% assign s = s | append: s %}{% endfor %}",
    "other files": "{% include 'secrets' %}",
    "broken": "{% if %}",
    "unknown filter": "{{ profile.traits.name | shell }}",
    "wrong type": "{{ profile.traits.name | divided_by: 0 }}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_template_cannot_take_the_function_down(kind):
    answer = rendered(text=HOSTILE[kind])
    assert isinstance(answer, Unrenderable)
    assert "A<b>" not in answer.why


def test_numbers_and_maps_of_a_notification_pass_through():
    source = {"title": "Hi {{ x }}", "ttl": 60, "data": {"key": "{{ x }}", "n": 1}}
    templates = Templates({"j/t": {"push": source}})
    expected = {"title": "Hi 1", "ttl": 60, "data": {"key": "1", "n": 1}}
    assert templates.render("j/t", "push", {"x": 1}) == expected
    assert templates.render("j/t", "push", {"x": 1}) == expected


def test_an_unknown_template_or_channel_cannot_be_rendered():
    assert isinstance(Templates({}).render("j/t", "email", {}), Unrenderable)
    assert isinstance(Templates({"j/t": {"sms": {}}}).render("j/t", "email", {}), Unrenderable)


def test_templates_see_what_the_language_promises():
    request = SendRequest.from_json(
        {
            "token": "t",
            "enrolment": "e",
            "profile": "p",
            "journey": "j",
            "version": "v",
            "step": "s",
            "visit": 1,
            "channel": "email",
            "class": "marketing",
            "template": "t",
            "planned_at": "2026-03-02T12:00:00Z",
            "steps": {"ask": {"event": {"properties": {"answer": "yes"}}}},
        }
    )
    snapshot = Snapshot("p", True, NOON, NOON, 1, {"tier": "gold"})
    run = Enrolment("p", "e", "j", "v", "active", NOON, EntryEvent("m", "Cart Updated", NOON, {"total": 20}, {}))
    context = context_of(
        request, snapshot, run, {"name": "Acme", "postal_address": "1 Main St"}, {"unsubscribe_url": "u"}
    )
    text = (
        "{{ profile.traits.tier }} {{ entry.event }} {{ event.properties.total }} {{ entry.timestamp | date: '%d' }} "
        "{{ steps.ask.event.properties.answer }} {{ brand.postal_address }} {{ unsubscribe_url }} "
        "{{ profile.identified }}"
    )
    assert rendered(text=text, context=context) == "gold Cart Updated 20 02 yes 1 Main St u true"
