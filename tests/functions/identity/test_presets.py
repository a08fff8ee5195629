"""What a policy says about identity is what links people: presets, what is laid over them, and what is left out."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.model import NAMESPACES, OTHER, SOCIAL, Contested, Kind, Namespace, Rules
from functions.identity.presets import PRESETS, PresetName
from functions.journeys.language.policy import Identity

DEVICES = ("device_id", "ad_id", "push_token", "anonymous_id")


def rules(**identity: Any) -> Rules:
    """As a function reads them: through the model of policy.yaml and the publication's JSON."""
    checked = Identity.model_validate(identity).model_dump(mode="json", by_alias=True, exclude_none=True)
    return Rules.of({"brand": {"default_country": "FI"}, "identity": checked})


def test_a_policy_that_says_nothing_has_the_built_in_table() -> None:
    assert Rules.of({}) == Rules()
    assert rules() == rules(preset="retail") == Rules(country="FI")


def test_every_preset_has_a_name_and_says_for_whom_in_one_sentence() -> None:
    assert set(PRESETS) == set(get_args(PresetName))
    for preset in PRESETS.values():
        assert preset.whom.endswith(".")
        assert preset.whom.count(". ") == 0


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_what_a_policy_could_have_said(name: str) -> None:
    preset = rules(preset=name)
    assert preset == rules(**PRESETS[name].choices)
    anchors = {name for name, one in preset.namespaces.items() if one.kind == "anchor"}
    assert anchors == {"customer_id"}
    assert preset.namespace("customer_id") == NAMESPACES["customer_id"]


@pytest.mark.parametrize("name", ["b2b", "kiosk", "strict"])
def test_every_other_preset_links_less_than_retail(name: str) -> None:
    preset = rules(preset=name)
    assert preset != rules()
    assert preset.shared_after <= Rules().shared_after
    for namespace, usual in NAMESPACES.items():
        one = preset.namespace(namespace)
        assert (one.rank, one.kind) == (usual.rank, usual.kind)
        assert one.limit <= usual.limit
        assert (one.expires or 0) <= (usual.expires or 0)


def test_a_shared_company_phone_belongs_to_whoever_verified_it() -> None:
    b2b = rules(preset="b2b")
    assert b2b.namespace("phone") == Namespace(4, "contact", 2, "verified")
    assert b2b.namespace("email") == Namespace(3, "contact", 3, "verified")
    assert b2b.shared_after == 5


def test_a_kiosks_devices_stay_the_latest_logins_and_are_soon_forgotten() -> None:
    kiosk = rules(preset="kiosk")
    assert {kiosk.namespace(name).contested for name in DEVICES} == {"last"}
    assert kiosk.namespace("anonymous_id") == Namespace(8, "device", 5, "last", 1)
    assert kiosk.shared_after == 5


def test_strict_gives_a_person_one_verified_mailbox_and_phone() -> None:
    strict = rules(preset="strict")
    assert strict.namespace("email") == Namespace(3, "contact", 1, "verified")
    assert strict.namespace("phone") == Namespace(4, "contact", 1, "verified")
    assert strict.namespace("anonymous_id") == Namespace(8, "device", 10, "last", 90)
    assert not strict.bridge_on_device


def test_what_the_policy_says_is_laid_over_its_preset_field_by_field() -> None:
    said = rules(
        preset="kiosk",
        shared_after=9,
        bridge_on_device=True,
        namespaces={"anonymous_id": {"limit": 7}, "email": {"contested": "last", "expires": "P2W"}},
    )
    assert said.namespace("anonymous_id") == Namespace(8, "device", 7, "last", 1)
    assert said.namespace("email") == Namespace(3, "contact", 5, "last", 14)
    assert said.namespace("ad_id") == rules(preset="kiosk").namespace("ad_id")
    assert (said.shared_after, said.bridge_on_device) == (9, True)


def test_a_switch_set_to_its_default_counts_over_a_preset() -> None:
    assert rules(preset="b2b", shared_after=20, bridge_on_device=False).shared_after == 20


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("loyalty", {"rank": 2, "class": "strong"}, Namespace(2, "strong", 3)),
        ("membership", {"rank": 9, "class": "anchor"}, Namespace(9, "anchor", 1)),
        ("till", {"rank": 9, "class": "device"}, Namespace(9, "device", 3, "last")),
        ("till", {"rank": 9, "class": "device", "contested": "first"}, Namespace(9, "device", 3, "first")),
        ("fax", {"rank": 5, "class": "contact", "limit": 1, "expires": "30d"}, Namespace(5, "contact", 1, "first", 30)),
        ("email.sha256", {"rank": 3, "class": "contact"}, Namespace(3, "contact", 3)),
        ("social.mastodon", {"limit": 2}, Namespace(5, "contact", 2)),
    ],
)
def test_a_new_namespace_says_rank_and_class_and_the_rest_is_filled_in(name: str, said: Any, expected: Any) -> None:
    assert rules(namespaces={name: said}).namespace(name) == expected


@pytest.mark.parametrize("preset", PRESETS)
def test_namespaces_nobody_configured_stay_a_shops_own_id_or_a_social_handle(preset: str) -> None:
    assert rules(preset=preset).namespace("crm") == OTHER == Namespace(2, "strong", 3)
    assert rules(preset=preset).namespace("social.instagram") == SOCIAL == Namespace(5, "contact", 1)


def test_blocked_values_are_added_in_small_letters_without_the_space_around_them() -> None:
    assert rules(blocked=["ABC123", " Void "]).blocked == {"abc123", "void"}


SAID = st.fixed_dictionaries(
    {},
    optional={
        "rank": st.integers(1, 1000),
        "class": st.sampled_from(get_args(Kind)),
        "limit": st.integers(1, 1000),
        "contested": st.sampled_from(get_args(Contested)),
        "expires": st.integers(1, 36_500).map(lambda days: f"{days}d"),
    },
)


@given(st.sampled_from(get_args(PresetName)), st.sampled_from([*NAMESPACES, "social.x"]), SAID)
def test_each_field_said_counts_and_each_left_out_is_the_presets(preset: str, name: str, said: dict[str, Any]) -> None:
    before = rules(preset=preset).namespace(name)
    after = rules(preset=preset, namespaces={name: said}).namespace(name)
    assert after.rank == said.get("rank", before.rank)
    assert after.kind == said.get("class", before.kind)
    assert after.limit == said.get("limit", before.limit)
    assert after.contested == said.get("contested", before.contested)
    assert after.expires == (int(said["expires"][:-1]) if "expires" in said else before.expires)
