"""What goes to AWS?"""

import json
from pathlib import Path

import pytest

from functions.journeys.language.faults import FaultsFound
from functions.journeys.language.publication import publish
from functions.shared.publication import load_publication
from tests.functions.journeys.language.writing import EMAIL, HEAD, write_journey

JOURNEYS = Path(__file__).parents[4] / "journeys"
STEPS = """
- id: remind
  send: hello
  channel: email
- id: clicked
  wait_for: {on: [Email Link Clicked, Call Made], message: remind, within: 1d, where: event.properties.link == "a"}
- split:
    - when: sum("Order Completed", "revenue") > 5 and steps.clicked.event.properties.link == "a"
    - otherwise: []
- experiment: nudge
  variants: {short: 25%, long: 75%}
"""
FULL = HEAD + (
    "reentry: {per: event.properties.cart_id, after: 7d}\nholdout: 12.5%\n"
    "goal: {on: Order Completed, within: 5d, value: event.properties.revenue}\n"
    "exit: [{on: Cart Cleared, where: event.properties.cart_id == entry.properties.cart_id}]\n"
)


def test_the_shipped_journeys_are_published_as_the_functions_read_them(tmp_path: Path) -> None:
    publication, machines = publish(JOURNEYS)
    path = tmp_path / "publication.json"
    path.write_text(json.dumps(publication.to_json()), encoding="utf-8")
    assert load_publication(path).to_json() == publication.to_json()
    assert list(machines) == list(publication.journeys) == ["order-confirmation", "replenish", "welcome"]
    assert publication.interest == {
        "Order Completed": {
            "enter": ["order-confirmation", "replenish", "welcome"],
            "exit": ["replenish"],
            "goal": ["replenish", "welcome"],
            "wake": ["welcome"],
        }
    }
    assert publication.series == {"Order Completed": []}
    assert publication.expected == ["Order Completed"]
    assert publication.freshness_seconds == 3600
    assert publication.journeys["replenish"]["holdout"] == 0.1
    assert set(publication.templates["replenish/reminder"]) == {"email", "push"}


def test_a_journey_carries_its_rules_and_what_must_be_known_for_them(tmp_path: Path) -> None:
    publication, machines = publish(write_journey(tmp_path, STEPS, FULL))
    journey = publication.journeys["test"]
    assert journey["reentry"] == {"kind": "per", "seconds": 604_800.0, "key": "event.properties.cart_id"}
    assert journey["holdout"] == 0.125
    assert journey["goal"] == {
        "on": ["Order Completed"],
        "where": None,
        "within_seconds": 432_000.0,
        "keep": False,
        "value": "event.properties.revenue",
    }
    assert journey["exit"][0]["where"] == "event.properties.cart_id == entry.properties.cart_id"
    assert journey["experiments"] == {"nudge": {"variants": {"short": 0.25, "long": 0.75}}}
    assert journey["steps"]["remind"] == {"kind": "send", "title": "Remind by email"}
    assert publication.interest["Cart Cleared"]["exit"] == ["test"]
    assert publication.interest["Call Made"]["wake"] == ["test"]
    assert publication.series["Order Completed"] == ["revenue"]
    assert set(publication.series["Email Link Clicked"]) == {"link", "message"}
    assert machines["test"]["Comment"].endswith(f"({journey['journey']} {journey['version']})")


WAITS = "- {id: a, wait_for: {on: Ordered, within: 1d}}\n- {id: first, send: hello, channel: sms}\n"


@pytest.mark.parametrize(
    ("step", "kept"),
    [
        ("split: [{when: \"steps.a.event.properties['cart id'] == 7\"}, {otherwise: []}]", ["cart id"]),
        ('split: [{when: \'steps["a"].event["properties"].x == steps.a.event.properties.size.y\'}]', ["size", "x"]),
        ("set: {cart: 'steps.a.event.properties[\"cart id\"]'}", ["cart id"]),
        ("set: {text: '\"steps.a.event.properties.x\"'}", []),
        ("set: {whole: steps.a.event}", ["*"]),
        ("split: [{when: exists(steps.a.event) or steps.first.outcome == 'sent'}]", []),
        ("wait_for: {on: Paid, within: 1d, where: \"event.properties.id == steps.a.event.properties['id']\"}", ["id"]),
        ("wait: {until: steps.a.event.properties.due}", ["due"]),
    ],
)
def test_a_look_back_keeps_what_later_steps_read_however_it_is_spelt(
    tmp_path: Path, step: str, kept: list[str]
) -> None:
    publication, _ = publish(write_journey(tmp_path, f"{WAITS}- {step}"))
    assert publication.series["Ordered"] == kept


@pytest.mark.parametrize(
    ("liquid", "kept"),
    [
        ('{{ steps["a"].event.properties["cart id"] }}', ["cart id"]),
        ("{% if steps.a['event']['properties'].x.y[0] == 1 %}yes{% endif %}", ["x"]),
        ("{{ steps.a.outcome }} {{ steps.first.outcome }} steps.a.event.properties.x", []),
        ("{{ steps.b.event.properties.x }}", []),
        ("{{ profile.traits.name | default: steps.a.event.properties.size }}", ["size"]),
        # Which of them is read is known only when the message is written.
        ("{{ steps.a.event.properties[entry.properties.which] }}", ["*"]),
        ("{% assign event = steps.a.event %}{{ event.properties.x }}", ["*"]),
        ("{% for one in steps.a.event.properties %}{{ one[0] }}{% endfor %}", ["*"]),
        ("{% for one in steps %}{{ one[1].event.properties.x }}{% endfor %}", ["*"]),
        ("{{ steps.a.event.properties.last }}", ["*"]),
    ],
)
def test_a_look_back_keeps_what_messages_read_and_all_where_nobody_can_tell(
    tmp_path: Path, liquid: str, kept: list[str]
) -> None:
    root = write_journey(tmp_path, f"{WAITS}- {{id: b, wait_for: {{on: Paid, within: 1d}}}}")
    (root / "test" / "hello.sms.liquid").write_text(f"{liquid} STOP", encoding="utf-8")
    assert publish(root)[0].series["Ordered"] == kept


def test_an_audience_and_a_decision_list_their_journeys_by_name(tmp_path: Path) -> None:
    for entry, event, way in (
        ("{audience: vip}", "Audience Entered", "audience:vip"),
        ("{decision: next-offer}", "Decision Requested", "decision:next-offer"),
    ):
        publication, _ = publish(write_journey(tmp_path, STEPS, HEAD.replace("{on: Cart Updated}", entry)))
        assert publication.interest[event] == {"enter": [], "exit": [], "goal": [], "wake": [], way: ["test"]}


def test_a_schedule_is_told_by_nobodys_event(tmp_path: Path) -> None:
    for zone, expected in ((", zone: Asia/Tokyo", "Asia/Tokyo"), ("", "Europe/Helsinki")):
        entry = f'{{schedule: "0 9 * * mon", audience: vip{zone}}}'
        publication, _ = publish(write_journey(tmp_path, STEPS, HEAD.replace("{on: Cart Updated}", entry)))
        assert publication.journeys["test"]["entry"] == {
            "on": [],
            "where": None,
            "audience": "vip",
            "schedule": {"cron": "0 9 * * mon", "zone": expected},
        }
        assert not any("test" in names for ways in publication.interest.values() for names in (ways["enter"],))
        assert "Audience Entered" not in publication.interest


def test_says_how_far_back_events_are_counted_and_what_is_added_up(tmp_path: Path) -> None:
    steps = """
- split:
    - when: count("Order Completed", within="90d") > 1 and sum("Order Completed", "lines.net", within="1.5s") > 2
      steps: [{wait: 1h}]
    - otherwise: []
"""
    publication, _ = publish(write_journey(tmp_path, steps))
    assert publication.series["Order Completed"] == ["lines"]
    assert publication.windows == {"Order Completed": {"within": [2, 7_776_000], "sums": ["lines.net"]}}


def test_the_version_follows_meaning_not_spelling(tmp_path: Path) -> None:
    first = publish(write_journey(tmp_path, "- wait: 1h"))[0].journeys["test"]["version"]
    spelt = publish(write_journey(tmp_path, "# a comment\n- {wait: 1h}"))[0].journeys["test"]["version"]
    changed = publish(write_journey(tmp_path, "- wait: 2h"))[0].journeys["test"]["version"]
    (tmp_path / "test" / "hello.email.liquid").write_text(EMAIL.replace("Hello", "Hi"), encoding="utf-8")
    worded = publish(tmp_path)[0].journeys["test"]["version"]
    assert first == spelt
    assert len({first, changed, worded}) == 3


def test_nothing_with_an_error_is_published(tmp_path: Path) -> None:
    with pytest.raises(FaultsFound) as caught:
        publish(write_journey(tmp_path, "- wiat: 1h"))
    assert any("wiat" in fault.what for fault in caught.value.faults)


def test_a_warning_does_not_stop_publishing(tmp_path: Path) -> None:
    assert publish(write_journey(tmp_path, "- wait: 1h"))[0].journeys["test"]
