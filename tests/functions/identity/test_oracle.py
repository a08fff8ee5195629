"""Whether the model of who is who says what the rules say, whatever the order, and what other products document."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.identity.model import IDENTIFIERS_PER_PROFILE, NAMESPACES, Namespace, Rules
from functions.shared.clock import format_instant
from tests.functions.identity.attribution_oracle import owners
from tests.functions.identity.oracle import Answer, F, about, namespace
from tests.functions.identity.streams import (
    CONFIGS,
    POOLS,
    START,
    Identifier,
    Line,
    command,
    configs,
    delivered,
    kiosk,
    lines,
    message,
    rules_of,
    streams,
    told,
    wanderer,
)

PREFIXES = {"u": "customer_id", "c": "anonymous_id", "d": "device_id", "+": "phone", "k": "loyalty"}


def who(name: str) -> Identifier:
    """``u1`` is a customer id, ``c1`` a cookie, ``d1`` a device, ``k1`` a loyalty card; phones and mailboxes show."""
    return ("email" if "@" in name else PREFIXES[name[0]]), name


def said(kind: str, *names: str, day: float | None = None, **more: Any) -> Line:
    return message(kind, *map(who, names), **more) | ({} if day is None else {"day": day})


def login(*names: str, day: float | None = None, **more: Any) -> Line:
    return said("identify", *names, day=day, **more)


def visit(*names: str, day: float | None = None, **more: Any) -> Line:
    return said("track", *names, day=day, **more)


def logout(*names: str, day: float | None = None) -> Line:
    return said("reset", *names, day=day)


def operator(kind: str, *names: str, day: float | None = None) -> Line:
    return command(kind, *map(who, names)) | ({} if day is None else {"day": day})


class World:
    """What is known after these lines, a day apart unless they say when; identifiers by the names above."""

    def __init__(self, *given_lines: Line, rules: Rules | None = None, **limits: Any) -> None:
        self.rules = rules or replace(Rules(), **limits)
        timed = [
            {
                **line,
                "messageId": f"m{index}",
                "timestamp": format_instant(START + timedelta(days=line.pop("day", index))),
            }
            for index, line in enumerate([dict(line) for line in given_lines])
        ]
        heard = told(timed, self.rules)
        self.names = {key: text.partition(":")[2] for key, text in heard.texts.items()}
        self.answer = F(heard.ledger, self.rules)
        self.owners = owners(heard.ledger, self.rules, heard.events)

    @property
    def people(self) -> set[str]:
        return {" ".join(sorted(self.names[key] for key in person)) for person in self.answer.components}

    @property
    def refused(self) -> dict[str, str]:
        return {f"{self.names[a]} {self.names[b]}": reason for (a, b), reason in self.answer.rejected.items()}

    @property
    def soft(self) -> set[str]:
        return {self.names[key] for key in self.answer.soft}

    def owner(self, index: int) -> str:
        """Whose the line of that index is: the person's identifiers, or how it stays nobody's."""
        owner = self.owners[f"m{index}"]
        if isinstance(owner, frozenset):
            return " ".join(sorted(self.names[key] for key in owner))
        kind, *rest = owner
        return kind if kind == "event" else f"anonymous {self.names[str(rest[0])]} {rest[1]}"


def with_namespaces(**changed: Namespace) -> Rules:
    return replace(Rules(), namespaces={**NAMESPACES, **changed})


def test_an_event_with_more_values_than_a_person_may_have_does_not_link_by_them() -> None:
    """R5."""
    assert World(login("a@x.example", "k1", "k2", "k3", "k4", "c1")).people == {"a@x.example c1"}


def test_at_most_eight_identifiers_of_an_event_link_best_first() -> None:
    """R6."""
    cookies = [f"c{index}" for index in range(9)]
    externals = {"externalIds": [{"type": "anonymous_id", "id": one} for one in cookies]}
    world = World({"type": "identify", "userId": "u1", "context": externals})
    (person,) = world.people
    assert len(person.split()) == 8
    assert "u1" in person


def test_an_event_ties_its_best_identifier_to_each_other_one() -> None:
    """R7: a star, so what a customer's cookie and mailbox share is the customer."""
    world = World(login("u1", "a@x.example", "c1"), operator("cut", "u1", "c1"))
    assert world.people == {"a@x.example u1", "c1"}
    assert world.refused == {"u1 c1": "cut"}


def test_only_a_claim_moves_a_device_not_a_visit() -> None:
    """R7."""
    claims = [login("u1", "c1"), login("u2", "c1")]
    assert World(*claims, visit("u1", "c1")).people == {"u1", "c1 u2"}
    assert World(*claims, login("u1", "c1")).people == {"u2", "c1 u1"}


def test_two_mailboxes_on_one_browser_stay_two_people_until_a_customer_says_otherwise() -> None:
    """R8."""
    forms = [visit("a@x.example", "c1"), visit("b@x.example", "c1")]
    assert World(*forms).people == {"a@x.example c1", "b@x.example"}
    assert World(*forms).refused == {"b@x.example c1": "bridge"}
    assert World(*forms, bridge_on_device=True).people == {"a@x.example b@x.example c1"}
    assert World(*forms, login("u1", "a@x.example"), login("u1", "b@x.example")).people == {
        "a@x.example b@x.example c1 u1"
    }


def test_evidence_of_a_better_identifier_comes_first_whenever_it_was_given() -> None:
    """R8: a mailbox is settled before a phone, a phone before a cookie."""
    assert World(
        login("u1", "+358401234001"), login("a@x.example", "+358401234001"), login("u2", "a@x.example")
    ).people == {
        "+358401234001 u1",
        "a@x.example u2",
    }


def test_of_two_links_that_one_event_gives_the_smaller_key_comes_first() -> None:
    """R8: nothing but the key tells them apart, and only one still fits."""
    cookies = [{"type": "anonymous_id", "id": f"c{index}"} for index in range(7)]
    rules = with_namespaces(anonymous_id=Namespace(8, "device", 7, "last"))
    world = World({"type": "identify", "userId": "u1", "context": {"externalIds": cookies}}, rules=rules)
    assert len(world.people) == 1
    full = World(
        login("u1", "c9"),
        {"type": "track", "event": "x", "userId": "u1", "context": {"externalIds": cookies}},
        rules=rules,
    )
    ((_, refused),) = full.answer.rejected
    assert refused == max(key for key in full.names if namespace(key) == "anonymous_id" and full.names[key] != "c9")


def test_a_profile_never_grows_over_fifty_identifiers() -> None:
    """R8."""
    for seed in range(3):
        heard = told(delivered(wanderer(Random(seed))), rules := Rules())
        answer = F(heard.ledger, rules)
        assert sorted(map(len, answer.components))[-2:] == [1, IDENTIFIERS_PER_PROFILE]
        assert list(answer.rejected.values()) == ["limit"] * 6


@pytest.mark.parametrize("shared", ["c1", "d1", "a@x.example", "+358401234001", "k1"])
def test_nothing_two_customers_share_makes_them_one(shared: str) -> None:
    """R9."""
    world = World(login("u1", shared), login("u2", shared))
    assert len(world.people) == 2
    assert set(world.refused.values()) == {"limit"}


def test_a_contested_contact_goes_to_the_first_the_latest_or_the_verified_claim_as_configured() -> None:
    """R10."""
    phone = "+358401234001"
    claims = [login("u1", phone), login("u2", phone, verified=True), login("u3", phone)]

    def holder(contested: Any) -> set[str]:
        world = World(*claims, rules=with_namespaces(phone=Namespace(4, "contact", 5, contested)))
        return {person for person in world.people if phone in person}

    assert holder("first") == {f"{phone} u1"}
    assert holder("verified") == {f"{phone} u2"}
    assert holder("last") == {f"{phone} u3"}


def test_a_browsers_word_verifies_nothing() -> None:
    """R10."""
    claims = [login("u1", "a@x.example"), login("u2", "a@x.example", verified=True, trusted=False)]
    rules = with_namespaces(email=Namespace(3, "contact", 5, "verified"))
    assert World(*claims, rules=rules).people == {"a@x.example u1", "u2"}


def test_under_last_what_nobody_claimed_comes_after_every_claim_oldest_first() -> None:
    """R10, R11."""
    assert World(login("u1", "c1"), visit("u2", "c1")).people == {"c1 u1", "u2"}
    assert World(visit("u1", "c1"), visit("u2", "c1")).people == {"c1 u1", "u2"}
    assert World(visit("u1", "c1"), visit("u2", "c1"), login("u2", "c1", day=0.5)).people == {"u1", "c1 u2"}


def test_a_device_goes_to_the_latest_claim_and_a_claim_beats_being_seen_with_another_device() -> None:
    """R11."""
    assert World(login("u1", "c1"), login("u2", "c1")).people == {"u1", "c1 u2"}
    world = World(login("u1", "d1"), said("identify", "d1", "c1"), login("u2", "c1", day=0.5))
    assert world.people == {"d1 u1", "c1 u2"}
    assert world.refused == {"d1 c1": "limit"}


def test_a_contact_that_only_a_device_holds_is_soft_and_leaves_when_the_real_one_comes() -> None:
    """R11b."""
    guest = [login("guest@x.example", "c1"), login("u1", "c1")]
    assert World(*guest).people == {"c1 guest@x.example u1"}
    assert World(*guest).soft == {"guest@x.example"}
    later = World(*guest, login("u1", "a@x.example"))
    assert later.people == {"a@x.example c1 u1", "guest@x.example"}
    assert later.soft == set()
    assert later.refused == {"guest@x.example c1": "bridge"}


def test_a_contact_is_firm_by_way_of_another_contact_or_of_a_declared_link() -> None:
    """R11b."""
    assert World(login("u1", "a@x.example"), login("a@x.example", "+358401234001")).soft == set()
    assert World(login("guest@x.example", "c1"), login("u1", "c1"), operator("link", "u1", "c1")).soft == {
        "guest@x.example"
    }
    linked = World(login("guest@x.example", "c1"), login("u1", "c1"), operator("link", "u1", "guest@x.example"))
    assert linked.soft == set()
    by_device = [operator("link", "guest@x.example", "c1"), operator("link", "u1", "c1")]
    assert World(login("guest@x.example"), login("u1"), visit("c1"), *by_device).soft == set()


def test_a_link_may_exceed_a_limit_a_cut_stands_until_cleared_and_the_last_word_counts() -> None:
    """R12."""
    two = [login("u1", "a@x.example"), login("u2", "b@x.example")]
    together = "a@x.example b@x.example u1 u2"
    assert World(*two, operator("link", "u1", "u2")).people == {together}
    assert World(*two, operator("link", "u1", "u2"), operator("cut", "u2", "u1")).people != {together}
    assert World(*two, operator("cut", "u1", "u2"), operator("link", "u1", "u2", day=1.5)).people != {together}
    cut = [operator("cut", "u1", "a@x.example"), login("u1", "a@x.example")]
    assert World(*cut).people == {"u1", "a@x.example"}
    assert World(*cut, operator("clear", "u1", "a@x.example")).people == {"a@x.example u1"}


def test_a_cut_holds_between_identifiers_that_the_joining_event_does_not_name() -> None:
    """R12."""
    grown = [login("u1", "c1"), login("a@x.example", "+358401234001"), login("u1", "a@x.example")]
    assert len(World(*grown).people) == 1
    world = World(*grown, operator("cut", "c1", "+358401234001"))
    assert world.people == {"+358401234001 a@x.example u1", "c1"}
    assert world.refused == {"u1 c1": "cut"}


def test_a_link_does_not_get_past_a_cut_nor_past_fifty() -> None:
    """R12."""
    people = [login("u1", "a@x.example"), login("u2", "b@x.example")]
    world = World(*people, operator("cut", "a@x.example", "b@x.example"), operator("link", "u1", "u2"))
    assert "a@x.example b@x.example u1 u2" not in world.people
    assert set(world.refused.values()) == {"cut"}
    chain = [login(f"u{index}", day=0) for index in range(52)]
    links = [operator("link", "u0", f"u{index}", day=1 + index) for index in range(1, 52)]
    assert sorted(len(person.split()) for person in World(*chain, *links).people) == [1, 1, IDENTIFIERS_PER_PROFILE]


def test_after_a_logout_a_device_is_nobodys_until_the_next_claim() -> None:
    """R13."""
    out = [login("u1", "c1"), logout("c1")]
    assert World(*out).people == {"u1", "c1"}
    assert World(*out).refused == {"u1 c1": "logout"}
    assert World(login("u1", "c1", day=1), logout("c1", day=1)).people == {"u1", "c1"}
    assert World(*out, visit("u1", "c1")).people == {"u1", "c1"}
    assert World(*out, login("u1", "c1")).people == {"c1 u1"}


def test_what_more_than_twenty_customers_used_links_nobody_until_an_operator_clears_it() -> None:
    """R14."""
    logins = [login(f"u{index}", "c1") for index in range(21)]
    assert "c1 u19" in World(*logins[:20]).people
    world = World(*logins, visit("c1"))
    assert "c1" in world.people
    assert set(world.refused.values()) == {"shared"}
    assert world.owner(21) == "c1"
    assert "c1 u20" in World(*logins, operator("clear_shared", "c1")).people


def test_a_kiosk_gathers_nobody() -> None:
    """R14."""
    heard = told(delivered(kiosk(Random(1))), rules := Rules())
    assert max(map(len, F(heard.ledger, rules).components)) == 1


def test_a_browsers_word_gives_a_known_customer_devices_but_no_contacts_and_no_merges() -> None:
    known = login("u1", "a@x.example")
    assert World(known, login("u1", "c1", trusted=False)).people == {"a@x.example c1 u1"}
    world = World(known, login("u1", "b@x.example", trusted=False))
    assert world.people == {"a@x.example u1", "b@x.example"}
    assert world.refused == {"u1 b@x.example": "untrusted"}
    assert World(login("u1", "b@x.example", trusted=False)).people == {"b@x.example u1"}
    assert World(login("u1", "b@x.example", trusted=False), login("u1")).people == {"u1", "b@x.example"}


def test_a_visit_before_the_login_belongs_to_who_logs_in_within_thirty_days() -> None:
    """R22."""
    world = World(visit("c1", day=0), visit("c1", day=10), login("u1", "c1", day=31))
    assert world.owner(0) == "anonymous c1 0"
    assert world.owner(1) == "c1 u1"


def test_between_two_logins_a_device_is_the_earlier_ones() -> None:
    """R22: what was a known person's is never re-owned."""
    world = World(login("u1", "c1"), visit("c1"), login("u2", "c1"), visit("c1"))
    assert [world.owner(index) for index in range(4)] == ["u1", "u1", "c1 u2", "c1 u2"]
    assert World(login("u1", "c1"), login("u2", "c1"), login("u1", "c1"), visit("c1")).owner(3) == "c1 u1"


def test_after_a_logout_a_visit_is_the_next_ones_or_nobodys() -> None:
    """R22, R13."""
    out = [login("u1", "c1"), logout("c1"), visit("c1")]
    world = World(*out)
    assert world.owner(1) == "u1"
    assert world.owner(2) == "c1"
    assert World(*out, login("u2", "c1")).owner(2) == "c1 u2"
    assert World(*out, logout("c1"), login("u2", "c1")).owner(2) == "anonymous c1 1"
    assert World(*out, logout("c1")).owner(2) == "anonymous c1 1"
    assert World(visit("d1", "c1"), visit("c1"), logout("c1")).owner(1) == "anonymous c1 0"


def test_a_claim_that_was_cut_owns_nothing_and_an_event_that_names_nobody_is_its_own() -> None:
    """R22."""
    world = World(login("u1", "c1"), visit("c1"), operator("cut", "u1", "c1"), {"type": "page", "anonymousId": "null"})
    assert world.owner(1) == "c1"
    assert world.owner(3) == "event"


# Any order, any repetition.


@given(streams("dense") | streams("sparse"), configs(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_and_repetition_say_nothing(given_lines: list[Line], rules: Rules, random: Random) -> None:
    once = told(given_lines, rules)
    again = [*given_lines, *(line for line in given_lines if random.random() < 0.3)]
    random.shuffle(again)
    twice = told(again, rules)
    assert twice.ledger == once.ledger
    assert F(twice.ledger, rules) == F(once.ledger, rules)
    assert owners(twice.ledger, rules, twice.events) == owners(once.ledger, rules, once.events)


@given(streams("dense"), st.integers(0, 100), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_telling_part_by_part_says_the_same_in_any_grouping(given_lines: list[Line], one: int, other: int) -> None:
    low, high = sorted((one % (len(given_lines) + 1), other % (len(given_lines) + 1)))
    first, middle, last = given_lines[:low], given_lines[low:high], given_lines[high:]
    ledgers = [
        told(part, Rules()).ledger for part in (first + middle + last, last + first + middle, middle + last + first)
    ]
    assert ledgers[0] == ledgers[1] == ledgers[2]


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("config", CONFIGS)
def test_seeded_files_say_the_same_shuffled(pool: str, config: str) -> None:
    rules = rules_of(CONFIGS[config])
    for seed in range(5):
        given_lines = lines(seed, 80, pool)
        assert given_lines == lines(seed, 80, pool)
        shuffled = Random(seed).sample(given_lines, len(given_lines))
        one, other = told(given_lines, rules), told(shuffled, rules)
        assert F(one.ledger, rules) == F(other.ledger, rules)
        assert owners(one.ledger, rules, one.events) == owners(other.ledger, rules, other.events)


@given(streams("dense") | streams("sparse"), configs())
@settings(max_examples=60, deadline=None)
def test_every_answer_keeps_the_rules(given_lines: list[Line], rules: Rules) -> None:
    heard = told(given_lines, rules)
    answer = F(heard.ledger, rules)
    everyone = [key for person in answer.components for key in person]
    assert len(everyone) == len(set(everyone))
    assert heard.ledger.named <= set(everyone)
    assert all(len(person) <= IDENTIFIERS_PER_PROFILE for person in answer.components)
    assert not any({a, b} <= person for a, b in heard.ledger.standing("cut") for person in answer.components)
    declared = {key for pair in heard.ledger.standing("link") for key in pair}
    for person in answer.components:
        assert person & declared or _within_limits(person, rules)
    assert_together_only_by_accepted_links(answer, heard.ledger.edges.keys() | set(heard.ledger.standing("link")))


def _within_limits(person: frozenset[str], rules: Rules) -> bool:
    counts = [(key, sum(namespace(one) == namespace(key) for one in person)) for key in person]
    return all(count <= about(key, rules).limit for key, count in counts)


def assert_together_only_by_accepted_links(answer: Answer, said_pairs: set[tuple[str, str]]) -> None:
    refused = {frozenset(pair) for pair in answer.rejected}
    accepted = [set(pair) for pair in said_pairs if frozenset(pair) not in refused]
    for person in answer.components:
        assert all(pair <= person or not pair & person for pair in accepted)


# What other products document, with their configuration and with ours.

SEGMENT = with_namespaces(
    email=Namespace(2, "contact", 5), anonymous_id=Namespace(3, "device", 5), device_id=Namespace(3, "device", 5)
)
# One e-mail and several user ids (say of a shop and of an app) a person.
SEGMENT_BY_EMAIL = with_namespaces(
    email=Namespace(1, "anchor", 1), customer_id=Namespace(2, "strong", 2), anonymous_id=Namespace(3, "device", 5)
)
ADOBE = replace(
    with_namespaces(
        email=Namespace(2, "contact", 1, "last"),
        phone=Namespace(3, "contact", 1, "last"),
        device_id=Namespace(4, "device", 50, "last"),
        anonymous_id=Namespace(5, "device", 50, "last"),
    ),
    bridge_on_device=True,
)
MIXPANEL = with_namespaces(anonymous_id=Namespace(8, "device", 50, "first"))
MPARTICLE = with_namespaces(email=Namespace(2, "contact", 1), device_id=Namespace(3, "device", 50, "last"))
OURS = Rules()


@pytest.mark.parametrize("rules", [SEGMENT, OURS])
def test_segment_a_new_user_id_with_a_known_mailbox_is_a_new_person_without_it(rules: Rules) -> None:
    """Unify, identity resolution onboarding, "Priority": the e-mail is demoted and the user id stands alone."""
    world = World(login("uabc123", "jane@example1.com"), login("uabc456", "jane@example1.com"), rules=rules)
    assert world.people == {"jane@example1.com uabc123", "uabc456"}


@pytest.mark.parametrize("rules", [SEGMENT, OURS])
def test_segment_an_event_joins_the_profiles_it_matches_when_no_limit_objects(rules: Rules) -> None:
    """The same page, "Flat matching logic": create, add, merge."""
    seen = [visit("c1"), login("a@x.example", "c2"), login("u1", "c1")]
    assert World(*seen, rules=rules).people == {"c1 u1", "a@x.example c2"}
    assert World(*seen, login("u1", "a@x.example"), rules=rules).people == {"a@x.example c1 c2 u1"}


def test_segment_a_sixth_anonymous_id_does_not_fit() -> None:
    """The same page, "Limit": five of everything but the user id; ours takes fifty cookies."""
    logins = [login("u1", f"c{index}") for index in range(1, 7)]
    assert World(*logins, rules=SEGMENT).people == {"c1 c2 c3 c4 c5 u1", "c6"}
    assert World(*logins, rules=OURS).people == {"c1 c2 c3 c4 c5 c6 u1"}


def test_segment_two_user_ids_and_one_mailbox_where_the_mailbox_is_the_person() -> None:
    """The same page, "Limit": a person may have two user ids but one e-mail; a third user id does not fit."""
    logins = [login(f"u{index}", "a@x.example") for index in (1, 2, 3)]
    assert World(*logins, rules=SEGMENT_BY_EMAIL).people == {"a@x.example u1 u2", "u3"}
    assert World(*logins, rules=OURS).people == {"a@x.example u1", "u2", "u3"}


def test_segment_a_tablet_in_a_shop_stays_with_its_first_user_and_with_us_goes_to_the_latest() -> None:
    """The same page, "Shared iPad": with priorities it is no merge; whose the device is differs by policy."""
    logins = [login("u1", "d1"), login("u2", "d1"), login("u3", "d1")]
    assert World(*logins, rules=SEGMENT).people == {"d1 u1", "u2", "u3"}
    assert World(*logins, rules=OURS).people == {"u1", "u2", "d1 u3"}


@pytest.mark.parametrize("rules", [ADOBE, OURS])
def test_adobe_a_shared_computer_goes_to_who_logged_in_last(rules: Rules) -> None:
    """Identity Graph Linking Rules, "CRMID only": Tom's older link to the ECID is removed."""
    assert World(login("uTom", "c111"), login("uSummer", "c111"), rules=rules).people == {"uTom", "c111 uSummer"}


@pytest.mark.parametrize("rules", [ADOBE, OURS])
def test_adobe_customer_records_keep_their_mailboxes_when_a_laptop_is_shared(rules: Rules) -> None:
    """Identity Optimization Algorithm, "Shared device", example one."""
    records = [login("uJane", "jane@x.example"), login("uJohn", "john@x.example")]
    world = World(*records, login("uJane", "jane@x.example", "c1"), login("uJohn", "john@x.example", "c1"), rules=rules)
    assert world.people == {"jane@x.example uJane", "c1 john@x.example uJohn"}


def test_adobe_a_made_up_mailbox_goes_to_the_newest_record_and_with_us_stays_with_the_first() -> None:
    """The same page, "Bad email"."""
    logins = [login("uJane", "c1"), login("uJohn", "c2")]
    records = [login("uJane", "nobody@x.example"), login("uJohn", "nobody@x.example")]
    assert World(*logins, *records, rules=ADOBE).people == {"c1 uJane", "c2 nobody@x.example uJohn"}
    assert World(*logins, *records, rules=OURS).people == {"c1 nobody@x.example uJane", "c2 uJohn"}


@pytest.mark.parametrize("rules", [ADOBE, OURS])
def test_adobe_a_phone_handed_over_goes_with_its_cookie_unless_the_cookie_was_reset(rules: Rules) -> None:
    """Example configurations, the IDFA with and without a reset of the ECID."""
    before = [login("uTom", "c222", "dA"), login("uSummer", "c333")]
    assert World(*before, login("uSummer", "c222", "dA"), rules=rules).people == {"uTom", "c222 c333 dA uSummer"}
    assert World(*before, login("uSummer", "c555", "dA"), rules=rules).people == {"c222 uTom", "c333 c555 dA uSummer"}


def test_adobe_the_only_number_a_person_may_have_is_the_newest_one() -> None:
    """Example configurations, "Non-unique phone" with the phone unique: Summer's older number is unlinked."""
    old, shared = "+358401234765", "+358401234123"
    records = [login("uTom", shared), login("uSummer", old), login("uSummer", shared)]
    assert World(*records, rules=ADOBE).people == {"uTom", f"{shared} uSummer", old}
    assert World(*records, rules=OURS).people == {f"{shared} uTom", f"{old} uSummer"}


@pytest.mark.parametrize("rules", [ADOBE, OURS])
def test_adobe_browsing_on_a_shared_tablet_is_the_last_users_and_with_us_stays_so(rules: Rules) -> None:
    """The same page, "Anonymous event association": Kevin, Nora, browsing, and Kevin again.

    There the second login hands Kevin what was browsed as Nora; here a known person's events keep their owner.
    """
    first = [login("uKevin", "c1"), login("uNora", "c1"), visit("c1")]
    assert World(*first, rules=rules).owner(2) == "c1 uNora"
    again = World(*first, login("uKevin", "c1"), rules=rules)
    assert again.people == {"c1 uKevin", "uNora"}
    assert again.owner(2) == "uNora"


@pytest.mark.parametrize("rules", [MIXPANEL, OURS])
def test_mixpanel_events_before_the_sign_up_become_the_users_on_every_device(rules: Rules) -> None:
    """Simplified ID merge, "New user signup" and "Returning user"."""
    world = World(visit("c1"), visit("c1"), visit("u1", "c1"), visit("c2"), visit("c2"), visit("u1", "c2"), rules=rules)
    assert {world.owner(index) for index in range(6)} == {"c1 c2 u1"}


@pytest.mark.parametrize("rules", [MIXPANEL, OURS])
def test_mixpanel_after_a_reset_with_a_new_device_id_two_users_stay_apart(rules: Rules) -> None:
    """Simplified ID merge, "Multiple users, one device"."""
    world = World(visit("c1"), visit("u1", "c1"), visit("c2"), visit("c2"), visit("u2", "c2"), rules=rules)
    assert [world.owner(index) for index in range(5)] == ["c1 u1", "c1 u1", "c2 u2", "c2 u2", "c2 u2"]


def test_mixpanel_without_a_reset_the_device_stays_the_first_users_and_with_us_follows_the_login() -> None:
    """Simplified ID merge: the mapping is made the first time both ids are seen, and two user ids never merge."""
    logins = [login("u1", "c1"), login("u2", "c1")]
    assert World(*logins, rules=MIXPANEL).people == {"c1 u1", "u2"}
    assert World(*logins, rules=OURS).people == {"u1", "c1 u2"}


@pytest.mark.parametrize("rules", [MPARTICLE, OURS])
def test_mparticle_a_device_converts_logs_out_and_comes_back(rules: Rules) -> None:
    """IDSync, profile conversion strategy: launch, login, logout, a letter from another address, login again."""
    launch, customer = visit("d9876"), login("uABC123", "ed.hyde@example.com", "d9876")
    person = "d9876 ed.hyde@example.com uABC123"
    assert World(launch, customer, rules=rules).owner(0) == person
    out = [launch, customer, logout("d9876"), visit("d9876")]
    away = World(*out, rules=rules)
    assert away.people == {"ed.hyde@example.com uABC123", "d9876"}
    assert [away.owner(index) for index in (1, 3)] == ["ed.hyde@example.com uABC123", "d9876"]
    back = World(*out, login("h.jekyll.md@example.com"), customer, rules=rules)
    assert back.people == {person, "h.jekyll.md@example.com"}


def test_mparticle_a_unique_mailbox_stays_single_and_with_us_a_person_may_have_five() -> None:
    """IDSync, unique ids: one e-mail a profile, one profile an e-mail."""
    logins = [login("u1", "ed@x.example"), login("u1", "hyde@x.example"), login("u2", "ed@x.example")]
    assert World(*logins, rules=MPARTICLE).people == {"ed@x.example u1", "hyde@x.example", "u2"}
    assert World(*logins, rules=OURS).people == {"ed@x.example hyde@x.example u1", "u2"}
