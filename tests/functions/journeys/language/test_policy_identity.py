"""What `segue check` says of the identity part of a policy, and where."""

from pathlib import Path

import pytest

from functions.identity.presets import PRESETS
from functions.journeys.language.checks import check
from tests.functions.journeys.language.writing import POLICY, write_journey

STEPS = "- send: hello\n  channel: email"
LINES_BEFORE = POLICY.count("\n")


def said(root: Path, identity: str) -> list[str]:
    """Each fault as ``line of the identity part: severity: what, fix``."""
    indented = "\n".join(f"  {line}" for line in identity.splitlines())
    faults = check(write_journey(root, STEPS, policy=f"{POLICY}identity:\n{indented}\n"))
    return [f"{one.line - LINES_BEFORE - 1}: {one.severity}: {one.what}, {one.fix}" for one in faults]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_sound(tmp_path: Path, preset: str) -> None:
    assert said(tmp_path, f"preset: {preset}") == []


SOUND = [
    "{bridge_on_device: true, shared_after: 5, blocked: [void]}",
    "namespaces: {email: {limit: 3}, phone: {contested: verified}, anonymous_id: {expires: 30d}}",
    "namespaces: {loyalty: {rank: 2, class: strong}, till: {rank: 9, class: device, limit: 3, expires: 24h}}",
    "namespaces: {membership: {rank: 2, class: anchor}}",
    "namespaces: {email.sha256: {rank: 3, class: contact}, social.instagram: {limit: 2}}",
    "namespaces: {customer_id: {rank: 5}, email: {rank: 5}}",
    "namespaces: {device_id: {contested: verified}}",
]


@pytest.mark.parametrize("identity", SOUND)
def test_what_can_be_meant_is_no_fault(tmp_path: Path, identity: str) -> None:
    assert said(tmp_path, identity) == []


FAULTS = [
    ("preset: kiosks", '1: error: "kiosks" is not allowed here, did you mean "kiosk"?'),
    ("preset: shop", '1: error: "shop" is not allowed here, use one of b2b, kiosk, retail, strict'),
    ("pre_set: kiosk", '1: error: unknown field "pre_set", did you mean "preset"?'),
    (
        "preset: b2b\nnamespaces:\n  emial: {limit: 2}",
        '3: error: new namespace "emial" without rank and class, did you mean "email"?',
    ),
    (
        "namespaces:\n  shop: {limit: 2}",
        '2: error: new namespace "shop" without rank and class, add rank: and class:',
    ),
    ("namespaces:\n  shop: {rank: 2}", '2: error: new namespace "shop" without class, add class:'),
    ("namespaces:\n  shop: {rank: 2, class: null}", '2: error: new namespace "shop" without class, add class:'),
    (
        "namespaces:\n  shop:\n    rank: 2\n    class: social",
        '4: error: "social" is not allowed here, use one of anchor, contact, device, strong',
    ),
    (
        "namespaces: {segue_profile: {rank: 1, class: anchor}}",
        '1: error: namespace "segue_profile" is kept for our own events, choose another name',
    ),
    (
        "namespaces: {ios.idfa: {limit: 2}}",
        '1: error: identifiers of type "ios.idfa" are read as ad_id, write ad_id:',
    ),
    ("namespaces: {Shop: {rank: 2, class: strong}}", '1: error: "Shop" is no name'),
    (f"namespaces: {{{'s' * 41}: {{rank: 2, class: strong}}}}", "is no name"),
    ("namespaces: {email: {contested: newest}}", "1: error: "),
    ("namespaces: {email: {limit: 0}}", '1: error: "0" is too small, write 1 or more'),
    (
        "namespaces:\n  anonymous_id:\n    expires: 36h",
        '3: error: "36h" is not 1 to 36500 whole days, write days, such as 90d',
    ),
    ("namespaces: {email: {expires: 0d}}", '"0d" is not 1 to 36500 whole days'),
    ("namespaces: {email: {expires: 200000d}}", '"200000d" is not 1 to 36500 whole days'),
    ("namespaces: {email: {expires: 90}}", "90 of what?"),
    (
        "namespaces:\n  email:\n    class: anchor\n    rank: 2",
        "2: error: 5 of an anchor, of which nobody has two, write limit: 1, or class: strong",
    ),
    (
        "namespaces:\n  membership:\n    class: anchor\n    rank: 2\n    limit: 4",
        "5: error: 4 of an anchor, of which nobody has two, write limit: 1, or class: strong",
    ),
    (
        "namespaces:\n  membership: {class: anchor, rank: 1}",
        '2: error: anchors "customer_id" and "membership" have the same rank, give each its own',
    ),
    (
        "namespaces:\n  till: {rank: 2, class: device}",
        '2: warning: device "till" is ranked before "phone", give devices the last ranks',
    ),
    (
        "namespaces:\n  loyalty: {rank: 9, class: strong}",
        '2: warning: device "ad_id" is ranked before "loyalty", give devices the last ranks',
    ),
    ("shared_after: 0", '1: error: "0" is too small, write 1 or more'),
    ("blocked: [123]", '1: error: "123" is no text'),
]


@pytest.mark.parametrize(("identity", "fault"), FAULTS)
def test_what_cannot_be_meant_is_one_fault_where_it_stands(tmp_path: Path, identity: str, fault: str) -> None:
    found = said(tmp_path, identity)
    assert len(found) == 1, found
    assert fault in found[0]


def test_two_anchors_written_side_by_side_are_told_once(tmp_path: Path) -> None:
    found = said(tmp_path, "namespaces:\n  club: {rank: 2, class: anchor}\n  bank: {rank: 2, class: anchor}")
    assert found == ['2: error: anchors "bank" and "club" have the same rank, give each its own']
