"""Which faults does check find, where, and what does it say to do?"""

import shutil
from pathlib import Path
from typing import get_args

import pytest

from functions.journeys.language.checks import check
from functions.journeys.language.policy import FoldName
from functions.journeys.language.publication import publish
from functions.profiles.folds import RULES, SOURCES_HEARD
from functions.profiles.traits import Folds
from tests.functions.journeys.language.writing import HEAD, POLICY, write_journey

SEND = "- send: hello\n  channel: email\n"
JOURNEYS = Path(__file__).parents[4] / "journeys"


def faults(root: Path) -> list[str]:
    return [str(fault).removeprefix(str(root)).lstrip("/") for fault in check(root)]


def test_the_shipped_journeys_have_no_faults() -> None:
    assert check(JOURNEYS) == []


def test_a_sound_journey_has_none(tmp_path: Path) -> None:
    steps = """
    - wait: 1h
    - id: remind
      send: hello
      channel: [push, email]
      on: {withheld: [{exit: not_allowed}], failed: [{wait: 1d}]}
    - wait_for: {on: Email Link Clicked, message: remind, within: 1d}
      then: [{exit: interested}]
      otherwise:
        - split:
            - when: profile.traits.tier == "gold" or in_audience("vip")
              steps: [{send: hello, channel: sms}]
            - otherwise: []
    - experiment: nudge
      variants: {short: 33.3%, middle: 33.3%, long: 33.4%}
      steps: {short: [{wait: {until: "09:00", days: [mon]}}]}
    """
    assert faults(write_journey(tmp_path, steps)) == []


BROKEN = [
    ("- wiat: 1h", 'test/journey.yaml:6:5: error: unknown step "wiat", did you mean "wait"?'),
    ("- wait: 1 h", 'test/journey.yaml:6:11: error: "1 h" is no duration, write a duration such as'),
    ("- wait: 90", "test/journey.yaml:6:11: error: 90 of what?, add a unit"),
    ("- wait: 0s", "test/journey.yaml:6:11: error: 0s is no time at all, write how long"),
    ("- wait: 400d", "test/journey.yaml:6:11: error: 400d is longer than a year"),
    ("- wait: 200d\n- wait: 200d", "test/journey.yaml:5:1: error: the waits add up to 400 days"),
    ('- wait: {until: "9:00"}', 'test/journey.yaml:6:11: error: "9:00" is no time of day'),
    (
        '- wait: {until: "09:00", zone: Europe/Helsinky}',
        'test/journey.yaml:6:34: error: "Europe/Helsinky" is no time zone',
    ),
    ("- wait: {until: profile.traits.x, days: [mon]}", "test/journey.yaml:6:11: error: days belong to a time of day"),
    ("- wait: {until: event.properties.x}", "test/journey.yaml:6:19: error: event is not at hand here, write entry."),
    ("- wait: {until: profile.traits.x == 1}", "test/journey.yaml:6:19: error: this is no time"),
    ("- send: helo\n  channel: email", 'test/journey.yaml:6:11: error: unknown template "helo", did you mean "hello"?'),
    (
        "- send: hello\n  channel: emial",
        'test/journey.yaml:7:14: error: "emial" is not allowed here, did you mean "email"?',
    ),
    ("- send: hello", 'test/journey.yaml:6:5: error: "channel" is missing, add channel:'),
    ("- send: hello\n  channel: [sms, sms]", 'test/journey.yaml:7:20: error: channel "sms" stands twice, keep one'),
    (
        "- wait_for: {on: X, message: remind, within: 1d}",
        'test/journey.yaml:6:32: error: no earlier send step "remind"',
    ),
    ("- wait_for: {on: X}", "test/journey.yaml:6:15: error: within or until is wanted, and only one"),
    ("- exit: done\n- wait: 1h", "test/journey.yaml:7:5: error: never reached: the step before it always exits"),
    (
        "- wait_for: {on: X, within: 1d}\n  then: [{exit: a}]\n  otherwise: [{exit: b}]\n- wait: 1h",
        "test/journey.yaml:9:5: error: never reached",
    ),
    ("- split: [{when: profile.traits.x = 1}]", 'test/journey.yaml:6:37: error: cannot read "=", write == to compare'),
    (
        '- split:\n    - when: "profile.traits.x == \\"a\\" adn true"',
        "test/journey.yaml:7:",
    ),
    ('- split: [{when: weekday(now) == "monday"}]', "test/journey.yaml:6:20: error: this can never be true"),
    ("- split: [{when: profile.traits.x == 1 and profile.traits.x == 2}]", "error: this can never be true"),
    ("- split: [{when: profile.traits.x > 5 and profile.traits.x < 5}]", "error: this can never be true"),
    ("- split: [{when: count('X') == '3'}]", "error: this can never be true"),
    ("- split: [{when: count('X')}]", "error: this is a value, not a yes or no"),
    ("- split: [{when: 'true', steps: []}, {otherwise: []}]", "error: a branch that can never be taken"),
    ("- split: [{otherwise: []}]", "error: a split without a condition"),
    (
        "- split: [{when: profile.identified}, {when: profile.identified}, {otherwise: []}]",
        "error: the same condition again",
    ),
    ("- split: [{when: in_audience('vop')}, {otherwise: []}]", 'error: unknown audience "vop", did you mean "vip"?'),
    (
        "- split: [{when: steps.later.outcome == 'sent'}, {otherwise: []}]\n- {id: later, send: hello, channel: sms}",
        "has not run by then",
    ),
    ("- split: [{when: steps.nowhere.outcome == 'sent'}, {otherwise: []}]", 'unknown step "nowhere"'),
    ("- split: [{when: score('promo') > 1}, {otherwise: []}]", "score() is not available yet"),
    ("- split:\n  - when: consented('offers', 'sms')\n  - otherwise: []", "consented() is not available yet"),
    ("- experiment: x\n  variants: {a: 50%, b: 40%}", "test/journey.yaml:7:15: error: variants add up to 90%"),
    ("- experiment: x\n  variants: {a: 100%}", "error: an experiment with one variant"),
    ("- experiment: x\n  variants: {a: 100%, b: 0%}", 'error: variant "b" has no share'),
    ("- experiment: x\n  variants: {a: 50%, b: 50%}\n  steps: {c: []}", 'error: unknown variant "c"'),
    ("- {id: a, wait: 1h}\n- {id: a, wait: 1h}", 'error: id "a" stands twice'),
    ("- {id: step_3, wait: 1h}", 'error: id "step_3" is kept for unnamed steps'),
    ("- {id: Aa, wait: 1h}", 'error: "Aa" is no name'),
    ("- {wait: 1h, on: {failed: []}}", "error: a plain wait has no outcomes"),
    ("- wait: 1h\n  chanel: x", 'test/journey.yaml:7:5: error: unknown field "chanel"'),
    ("- {exit: '${Stage}'}", "is no name"),
    ("- {title: 'a ${Stage}', exit: x}", "error: ${ is kept for deployment"),
    ("- just text", 'error: "just text" is no step'),
    (
        "- repeat: {times: 3, steps: [{send: hello, channel: email}]}",
        "test/journey.yaml:6:5: error: a loop without a wait, add - wait: 1d to its steps",
    ),
    ("- repeat: {times: 3, steps: []}", "error: a loop without a wait"),
    ("- repeat: {times: 0, steps: [{wait: 1h}]}", 'error: "0" is too small, write 1 or more'),
    ("- repeat: {steps: [{wait: 1h}]}", "error: times or while is wanted, and only one"),
    (
        "- repeat: {while: profile.identified, steps: [{wait: {until: profile.traits.x}}]}",
        "error: a date that is past is no wait",
    ),
    ("- repeat: {while: 'true', steps: [{wait: 1h}]}", "error: this is always true: nobody leaves"),
    ("- repeat: {while: count('X') < 0, steps: [{wait: 1h}]}", "error: this can never be true"),
    (
        "- repeat: {times: 2, steps: [{wait: 1h}, {exit: a}]}\n- wait: 1h",
        "test/journey.yaml:7:5: error: never reached: the step before it always exits",
    ),
    ("- repeat: {times: 2, steps: [{wait: 1h}, {exit: a}]}", "warning: every pass exits, so there is only one"),
    (
        "- repeat:\n    times: 2\n    steps:\n      - split: [{when: profile.identified, steps: [{wait: 1h}]}]",
        "warning: a pass of this loop can go by without a wait",
    ),
    ("- {id: visit, repeat: {times: 2, steps: [{wait: 1h}]}}", 'error: id "visit" is kept for the counts of loops'),
    ("- repeat: {times: 2, steps: [{wait: 400d}]}", "error: 400d is longer than a year"),
    ("- repeat: {times: 2, steps: [{wait: 200d}, {wait: 200d}]}", "error: the waits add up to 400 days"),
    (
        "- repeat: {times: 2, steps: [{wait: 1h}]}\n- split: [{when: steps.step_1.outcome == 'x'}]",
        'error: step "step_1" answers nothing',
    ),
    ("- wait_for: {on: X, until: profile.traits.x, within: 1d}", "error: within or until is wanted, and only one"),
    ("- wait_for: {on: X, within: 1d, minus: 1d}", "error: minus: without until:"),
    ('- wait_for: {on: X, until: "09:00", zone: Nowhere}', 'error: "Nowhere" is no time zone'),
    ("- wait_for: {on: X, until: event.timestamp}", "error: event is not at hand here"),
    ("- {wait_for: {on: X, within: 1d}, on: {failed: []}}", "error: only a date can be unreadable"),
    (
        "- {wait_for: {on: X, until: profile.traits.x}, on: {withheld: []}}",
        "error: a wait is never withheld, write failed:",
    ),
    ("- send: hello\n  channel: [all, email]", "error: all stands for channels by itself, write channel: all alone"),
    ("- send: hello\n  channel: [push, preferred]", "error: preferred stands for channels by itself"),
    ("- set: {}", "test/journey.yaml:6:10: error: nothing is set, write set: {tier: gold}"),
    ("- set: {tier: null}", 'error: trait "tier" is set to nothing'),
    ("- set: {tier: profile.trait.tier}", 'error: profile has no "trait", did you mean "profile.traits"?'),
    ("- set: {orders: count('X')}", "error: an expression that is no path"),
    ("- set: {total: event.properties.total}", "error: event is not at hand here, write entry."),
    ("- set: {a: steps.nowhere.outcome}", 'unknown step "nowhere"'),
    (
        "- split: [{when: 'profile.traits.x == \"\\ud800\"'}, {otherwise: []}]",
        "test/journey.yaml:6:41: error: half a character (a lone surrogate), write the whole character",
    ),
    ("- set: {a: '\"\\ud800\"'}", "test/journey.yaml:6:15: error: half a character (a lone surrogate)"),
    ('- set: {"x.$": hello}', 'test/journey.yaml:6:11: error: "x.$": names that end in .$ are kept for the machine'),
    ('- set: {x: [{a: 1}, {"y.$": $.profile}]}', 'test/journey.yaml:6:24: error: "y.$": names that end in .$'),
    ("- set: {tier: {.$: gold}}", 'test/journey.yaml:6:18: error: ".$": names that end in .$'),
    ('- set: {"": gold}', "test/journey.yaml:6:11: error: a trait without a name, write its name before the colon"),
    ('- set: {x: {"": gold}}', "test/journey.yaml:6:15: error: a trait without a name"),
    ("- join: frends", 'error: unknown audience "frends", did you mean "friends"?'),
    ("- leave: vip", 'error: audience "vip" has a condition, so nobody is put on it'),
    ("- decide: next", 'warning: no journey is entered by decision "next"'),
    (
        "- id: way\n  split:\n    - when: profile.identified\n      steps: [{id: a, send: hello, channel: sms}]\n"
        "    - otherwise:\n        - split: [{when: steps.a.outcome == 'sent'}, {otherwise: []}]",
        'error: step "a" has not run by then',
    ),
    (
        "- {id: a, send: hello, channel: sms}\n- split: [{when: steps.a.outcome == 'happened'}, {otherwise: []}]",
        'error: step "a" is never "happened"',
    ),
    ("- {id: a, wait: 1h}\n- split: [{when: exists(steps.a.outcome)}, {otherwise: []}]", 'step "a" answers nothing'),
]


def test_a_step_may_read_what_an_earlier_pass_of_its_loop_left(tmp_path: Path) -> None:
    steps = """
    - id: tries
      repeat:
        while: not exists(steps.paid.event)
        steps:
          - split:
              - when: steps.paid.outcome == none
                steps: [{send: hello, channel: sms}]
              - otherwise: []
          - {id: paid, wait_for: {on: Paid, within: 1d}}
    """
    assert faults(write_journey(tmp_path, steps)) == []


def test_five_hundred_steps_are_the_most(tmp_path: Path) -> None:
    steps = "- experiment: x\n  variants: {a: 50%, b: 50%}\n  steps:\n"
    for arm in ("a", "b"):
        steps += f"    {arm}:\n" + "      - {wait: 1s}\n" * 250
    assert any("501 steps, 500 at most, make two" in line for line in faults(write_journey(tmp_path, steps)))


def test_a_machine_that_step_functions_would_not_take_is_a_fault(tmp_path: Path) -> None:
    found = faults(write_journey(tmp_path, "- {send: hello, channel: all}\n" * 400))
    assert any("bytes, 1,000,000 at most, make two journeys of it" in line for line in found)


def test_a_template_without_a_part_for_every_channel_is_warned_of(tmp_path: Path) -> None:
    root = write_journey(tmp_path, "- send: hello\n  channel: all")
    assert faults(root) == []
    (root / "test" / "hello.push.yaml").unlink()
    assert faults(root) == [
        'test/journey.yaml:7:14: warning: template "hello" has no push part, so it is not sent by push, '
        "add hello.push.yaml"
    ]


TWO = """
journey: other
class: marketing
topic: offers
entry: {on: Cart Updated%s}
steps:
  - wait: %s
  - send: hello
    channel: email
"""


@pytest.mark.parametrize(
    ("where", "wait", "warned"),
    [
        ("", "2h", True),
        ("", "25h", True),
        ("", "26h", False),
        ("", "1h\n  - wait_for: {on: X, within: 3d}", True),
        ("", "{until: profile.traits.x}", False),
        ("", '{until: "09:00"}', True),
        (", where: event.properties.total > 10", "2h", True),
        (", where: event.properties.total < 5", "2h", False),
    ],
)
def test_two_journeys_that_write_to_one_person_at_once_are_warned_of(
    tmp_path: Path, where: str, wait: str, warned: bool
) -> None:
    head = HEAD.replace("{on: Cart Updated}", "{on: Cart Updated, where: event.properties.total >= 5}")
    root = write_journey(tmp_path, f"- wait: 2h\n{SEND}", head)
    shutil.copytree(root / "test", root / "other")
    (root / "other" / "journey.yaml").write_text(TWO % (where, wait), encoding="utf-8")
    found = faults(root)
    assert [line.split(":")[0] for line in found] == (["test/journey.yaml"] if warned else [])
    if warned:
        assert (
            'one person may hear from "other" and from this journey within 1 day: Cart Updated enters both' in found[0]
        )


@pytest.mark.parametrize(("steps", "fault"), BROKEN)
def test_says_each_fault_of_a_step_with_place_and_fix(tmp_path: Path, steps: str, fault: str) -> None:
    root = write_journey(tmp_path, steps)
    found = faults(root)
    assert any(fault in line for line in found), found
    assert all(" error: " in line or " warning: " in line for line in found)


LATER = [
    "- call: {url: https://x.example}",
    "- wait: {best_time: 24h}",
    "- send: hello\n  channel: [push, email]\n  hurry: true",
    "- experiment: x\n  variants: {a: 50%, b: 50%}\n  optimise: thompson",
]


@pytest.mark.parametrize("steps", LATER)
def test_what_later_versions_run_is_said_and_never_ignored(tmp_path: Path, steps: str) -> None:
    assert any("not available yet" in line for line in faults(write_journey(tmp_path, steps)))


@pytest.mark.parametrize(
    "line",
    ["group: promotions", "offer: spring"],
)
def test_what_later_versions_arbitrate_is_said_too(tmp_path: Path, line: str) -> None:
    assert any("not available yet" in one for one in faults(write_journey(tmp_path, SEND, f"{HEAD}{line}\n")))


HEADS = [
    ("journey: test", "journey: tset", 'error: journey "tset" in folder "test"'),
    ("topic: offers", "topic: offer", 'test/journey.yaml:3:8: error: unknown topic "offer", did you mean "offers"?'),
    ("topic: offers", "", "error: marketing without a topic"),
    ("class: marketing", "class: promo", 'error: "promo" is not allowed here'),
    ("class: marketing", "", 'error: "class" is missing'),
    ("{on: Cart Updated}", "{where: profile.identified}", "error: nothing enters this journey"),
    ("{on: Cart Updated}", "{audience: vop}", 'error: unknown audience "vop", did you mean "vip"?'),
    ("{on: Cart Updated}", '{schedule: "0 9 * * mon"}', "test/journey.yaml:4:9: error: a schedule without an audience"),
    (
        "{on: Cart Updated}",
        '{schedule: "0 25 * * mon", audience: vip}',
        'test/journey.yaml:4:22: error: "25" is no hour, write minute, hour, day of month, month and weekday',
    ),
    (
        "{on: Cart Updated}",
        '{schedule: "0 9 1 * mon", audience: vip}',
        "test/journey.yaml:4:24: error: a day of month and a weekday, write * for one of them",
    ),
    (
        "{on: Cart Updated}",
        '{schedule: "0 9 * * *", zone: profile, audience: vip}',
        'error: "profile" is no time zone, write an IANA name',
    ),
    ("{on: Cart Updated}", "{on: Cart Updated, zone: Europe/Helsinki}", "error: zone: without schedule:"),
    (
        "{on: Cart Updated}",
        "{on: Cart Updated, where: event.total > 3}",
        'test/journey.yaml:4:34: error: event has no "total"',
    ),
    (
        "{on: Cart Updated}",
        "{on: Cart Updated, where: entry.event == 'x'}",
        "error: entry is not at hand here, write event.",
    ),
    ("topic: offers", "topic: offers\nholdout: 0.1", "error: 0.1 of what?, write a share such as 10%"),
    ("topic: offers", "topic: offers\nholdout: 101%", "error: this is no share"),
    ("topic: offers", "topic: offers\nreentry: {per: true false}", "error: cannot be read"),
    ("topic: offers", "topic: offers\nreentry: {}", "error: no rule"),
    (
        "topic: offers",
        "topic: offers\npriorty: 5",
        'test/journey.yaml:4:1: error: unknown field "priorty", did you mean "priority"?',
    ),
    ("topic: offers", "topic: offers\ntopic: offers", 'error: "topic" stands twice'),
    ("topic: offers", "topic: offers\ngoal: {on: X, within: soon}", "is no duration"),
    ("topic: offers", "topic: offers\ngoal: {on: X, within: 0s}", "0s is no time at all"),
    ("topic: offers", "topic: offers\nlate: {after: 0s, then: skip}", "0s is no time at all"),
    ("topic: offers", "topic: offers\nlate: {after: 1h, then: wait}", '"wait" is not allowed here'),
    ("topic: offers", "topic: offers\ngroup: promotion", 'unknown group "promotion"'),
    ("topic: offers", "topic: offers\nexit: [{on: X, where: steps.a.outcome == 'sent'}]", "steps is not at hand here"),
]


@pytest.mark.parametrize(("before", "after", "fault"), HEADS)
def test_says_each_fault_of_the_head(tmp_path: Path, before: str, after: str, fault: str) -> None:
    found = faults(write_journey(tmp_path, SEND, HEAD.replace(before, after)))
    assert any(fault in line for line in found), found


POLICIES = [
    ("sender: hello@acme.example", "sender: hello", "policy.yaml"),
    ("sms: {sender: ACME}, ", "", 'error: channel "sms" is not set up'),
    ("opt_in: none", "opt_in: double", "opt_in: double is not available yet"),
    ("opt_in: none", "opt_in: sometimes", "use one of double, none, single"),
    ("Europe/Helsinki", "Europe/Nowhere", "is no time zone"),
    ('profile.traits.tier == "gold"', 'in_audience("vip")', "depends on itself"),
    ('profile.traits.tier == "gold"', 'event.properties.x == "gold"', "event is not at hand here"),
    ("audiences:", "caps: [{name: daily, count: 2, per: 24h}]\naudiences:", "caps: is not available yet"),
    (
        "audiences:",
        "caps: [{name: daily, count: 2, per: 24h, topics: [ofers]}]\naudiences:",
        'unknown topic "ofers", did you mean "offers"?',
    ),
    (
        "audiences:",
        "groups: {promos: {}}\ncaps: [{name: a, count: 2, per: 24h, groups: [promo]}]\naudiences:",
        'unknown group "promo", did you mean "promos"?',
    ),
    (
        "audiences:",
        "caps: [{name: a, count: 2, per: 24h}, {name: a, count: 2, per: 24h}]\naudiences:",
        'cap "a" stands twice',
    ),
    ("audiences:", "quiet_hours: [{channels: [sms], from: '21:00', to: '08:00'}]\naudiences:", "not available yet"),
    ("audiences:", "holdout: 5%\naudiences:", "holdout: is not available yet"),
    ("audiences:", "groups: {promotions: {max_active: 1}}\naudiences:", "groups: is not available yet"),
    (
        "audiences:",
        "traits: {tier: {fold: biggest}}\naudiences:",
        'policy.yaml:5:23: error: "biggest" is not allowed here, use one of first, last,',
    ),
    ("audiences:", "traits: {tier: {fold: maxx}}\naudiences:", 'did you mean "max"?'),
    ("audiences:", "timeline: {keep: 36h}\naudiences:", '"36h" is not 1 to 36500 whole days, write days, such as 90d'),
    ("audiences:", "timeline: {keep: 0d}\naudiences:", '"0d" is not 1 to 36500 whole days'),
    ("audiences:", "timeline: {keep: long}\naudiences:", '"long" is no duration'),
    ("audiences:", "traits: {tier: {}}\naudiences:", '"fold" is missing, add fold:'),
    ("audiences:", "traits: {tier: {fold: sum, pin: 3}}\naudiences:", 'unknown field "pin"'),
    (
        "audiences:",
        "traits: {address: {fold: source_priority}}\naudiences:",
        "policy.yaml:5:19: error: source_priority without sources, add sources: with the best source first",
    ),
    ("audiences:", "traits: {tier: {fold: source_priority, sources: []}}\naudiences:", "error: too few, at least 1"),
    (
        "audiences:",
        "traits: {tier: {fold: max, sources: [crm]}}\naudiences:",
        "policy.yaml:5:16: error: sources: without source_priority, write fold: source_priority, or leave sources: out",
    ),
    (
        "audiences:",
        "traits: {tier: {fold: source_priority, sources: [crm, crm]}}\naudiences:",
        'error: source "crm" stands twice, keep one',
    ),
    (
        "audiences:",
        "traits: {tier: {fold: source_priority, sources: [segue.operator]}}\naudiences:",
        "error: segue.operator stands above every fold, leave it out of sources:",
    ),
    ("audiences:", "audience:", 'unknown field "audience", did you mean "audiences"?'),
    ('brand: {name: Acme, postal_address: "1 Main St", default_zone: Europe/Helsinki}', "", '"brand" is missing'),
]


@pytest.mark.parametrize(("before", "after", "fault"), POLICIES)
def test_says_each_fault_of_the_policy(tmp_path: Path, before: str, after: str, fault: str) -> None:
    steps = "- send: hello\n  channel: [push, email, sms]"
    found = faults(write_journey(tmp_path, steps, policy=POLICY.replace(before, after)))
    assert any(fault in line for line in found), found


def test_every_fold_can_be_named_in_the_policy_and_is_read_by_profiles(tmp_path: Path) -> None:
    named = {name: f"{{fold: {name}}}" for name in get_args(FoldName) if name != "source_priority"}
    listed = [f"source{n}" for n in range(SOURCES_HEARD - 1)]
    named["firstName"] = f"{{fold: source_priority, sources: [{', '.join(listed)}]}}"
    lines = "".join(f"  {name}: {fold}\n" for name, fold in named.items())
    root = write_journey(tmp_path, SEND, policy=f"{POLICY}\ntraits:\n{lines}")
    assert not [line for line in faults(root) if " error: " in line]
    folds = Folds.of(publish(root)[0].policy)
    assert {folds[name].kind for name in named} == set(RULES)
    assert folds["firstName"].sources == tuple(listed)


def test_says_every_fault_of_every_file_at_once(tmp_path: Path) -> None:
    root = write_journey(
        tmp_path, "- wiat: 1h\n- send: helo\n  channel: email\n- wait: 1x\n", HEAD.replace("offers", "offer")
    )
    (root / "test" / "hello.sms.liquid").write_text("{{ broken", encoding="utf-8")
    (root / "policy.yaml").write_text(POLICY.replace("brand", "brnad"), encoding="utf-8")
    found = "\n".join(faults(root))
    for part in ("wiat", "helo", '"1x"', "offer", "brnad", "Liquid"):
        assert part in found


def test_no_policy_and_no_journeys_are_faults_too(tmp_path: Path) -> None:
    assert len(faults(tmp_path)) == 2
    assert len(faults(tmp_path / "nowhere")) == 2
