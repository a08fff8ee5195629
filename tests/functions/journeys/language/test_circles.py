"""Which circles of decisions does check find, and which does it leave alone?"""

from pathlib import Path

import pytest

from functions.journeys.language.checks import check
from tests.functions.journeys.language.writing import POLICY

A_CIRCLE = "a circle of decisions without a wait: "


def circles(root: Path, **journeys: str) -> list[str]:
    """What check says of journeys given as ``entry`` and further lines, then ``---``, then their steps."""
    (root / "policy.yaml").write_text(POLICY, encoding="utf-8")
    for name, said in journeys.items():
        head, steps = said.split("---")
        folder = root / name
        folder.mkdir()
        text = f"journey: {name}\nclass: service\n{head.strip()}\nsteps:\n{steps.strip(chr(10))}\n"
        (folder / "journey.yaml").write_text(text, encoding="utf-8")
        (folder / "hello.sms.liquid").write_text("Hello\n", encoding="utf-8")
    found = [str(fault).removeprefix(f"{root}/") for fault in check(root)]
    assert [line for line in found if " error: " in line and A_CIRCLE not in line] == []
    return [line for line in found if A_CIRCLE in line]


def one(root: Path, steps: str, head: str = "entry: {decision: next}") -> list[str]:
    return circles(root, one=f"{head}\n---\n{steps}")


def test_a_journey_that_asks_for_what_enters_it_is_told_where_and_what_to_do(tmp_path: Path) -> None:
    assert one(tmp_path, "  - decide: next") == [
        "one/journey.yaml:5:13: error: a circle of decisions without a wait: one -> one, "
        "add - wait: 1d before it, or say in one of them reentry: {after: 1d}"
    ]


def test_a_circle_over_several_journeys_is_named_in_each(tmp_path: Path) -> None:
    found = circles(
        tmp_path,
        first="entry: {decision: a}\n---\n  - send: hello\n    channel: sms\n  - decide: b",
        second="entry: {decision: b}\n---\n  - set: {x: y}\n  - decide: c",
        third="entry: {decision: c}\nreentry: always\n---\n  - decide: a",
        beside="entry: {decision: c}\n---\n  - exit: done",
        outside="entry: {on: Cart Updated}\n---\n  - decide: a",
    )
    assert [line.split(":")[0] for line in found] == [f"{name}/journey.yaml" for name in ("first", "second", "third")]
    assert f"{A_CIRCLE}first -> second -> third -> first," in found[0]
    assert f"{A_CIRCLE}third -> first -> second -> third," in found[2]


GOES_ROUND = [
    "  - split: [{when: profile.identified, steps: [{wait: 1d}]}, {otherwise: []}]\n  - decide: next",
    "  - split:\n      - when: profile.identified\n        steps: [{decide: next}]\n  - set: {x: y}",
    "  - wait: {until: profile.traits.due}\n  - decide: next",
    "  - wait: {until: profile.traits.due}\n    on: {failed: [{decide: next}]}",
    "  - wait_for: {on: Ping, until: profile.traits.due}\n    on: {failed: [{decide: next}]}",
    "  - send: hello\n    channel: sms\n    on: {failed: [{decide: next}, {exit: lost}]}\n  - wait: 1d",
    "  - experiment: x\n    variants: {a: 50%, b: 50%}\n    steps: {a: [{wait: 1d}], b: [{decide: next}]}",
    "  - repeat: {while: profile.identified, steps: [{wait: 1d}]}\n  - decide: next",
    "  - repeat: {times: 2, steps: [{split: [{when: profile.identified, steps: [{wait: 1d}]}, {otherwise: []}]}]}\n"
    "  - decide: next",
]


@pytest.mark.parametrize("steps", GOES_ROUND)
def test_one_way_without_a_wait_is_enough(tmp_path: Path, steps: str) -> None:
    assert len(one(tmp_path, steps)) == 1


RESTS = [
    "  - wait: 1s\n  - decide: next",
    '  - wait: {until: "09:00"}\n  - decide: next',
    "  - wait_for: {on: Ping, within: 1d}\n    then: [{decide: next}]\n    otherwise: [{decide: next}]",
    "  - wait_for: {on: Ping, until: profile.traits.due}\n  - decide: next",
    "  - split:\n      - when: profile.identified\n        steps: [{wait: 1d}]\n      - otherwise: [{exit: stranger}]\n"
    "  - decide: next",
    "  - repeat: {times: 2, steps: [{wait: 1d}]}\n  - decide: next",
    # Whoever asks and stays is under way, so that nobody enters again.
    "  - decide: next\n  - wait: 1d",
    "  - decide: other",
]


@pytest.mark.parametrize("steps", RESTS)
def test_a_wait_on_every_way_breaks_the_circle(tmp_path: Path, steps: str) -> None:
    assert one(tmp_path, steps) == []


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("entry: {decision: next}\nreentry: never", False),
        ("entry: {decision: next}\nreentry: {after: 1h}", False),
        ("entry: {decision: next}\nreentry: {per: event.properties.decision}", False),
        ("entry: {decision: next}\nreentry: {per: profile.traits.home}", False),
        ("entry: {decision: next}\nreentry: {per: profile.traits.x}", True),
        ("entry: {decision: next}\nreentry: {per: event.timestamp, after: 1d}", True),
        ("entry: {on: Decision Requested}", True),
        ('entry: {on: Decision Requested, where: event.properties.decision == "next" and profile.identified}', True),
        ('entry: {on: Decision Requested, where: event.properties.decision == "other"}', False),
    ],
)
def test_who_may_not_enter_again_at_once_breaks_it_too(tmp_path: Path, entry: str, found: bool) -> None:
    assert bool(one(tmp_path, "  - set: {x: now}\n  - decide: next", entry)) is found


def test_who_runs_side_by_side_enters_again_while_under_way(tmp_path: Path) -> None:
    head = "entry: {decision: next}\nreentry: {per: now}"
    assert len(one(tmp_path, "  - decide: next\n  - wait: 1d", head)) == 1
