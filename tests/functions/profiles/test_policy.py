"""The fold of a person's events: any order, the same person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from functions.profiles.folds import Folds
from functions.profiles.model import RECENT_OCCURRENCES, Contact, Snapshot
from functions.profiles.packing import Persons
from functions.profiles.policy import (
    LISTS_KEPT,
    PROPERTY_BYTES,
    TRAITS_BYTES,
    Arrival,
    Claim,
    Counted,
    Person,
    State,
    add,
    fold,
    joined,
)
from functions.profiles.policy import snapshot as snapshot_of
from functions.shared.events import Event
from functions.shared.names import ContactKey, ProfileId
from functions.shared.publication import ALL_PROPERTIES

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN = ProfileId("ann")
COUNTED = Counted({"Order Completed": ["revenue"], "page": []})


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def track(n: int, seconds: int = 0, **properties: object) -> Arrival:
    body = {"type": "track", "event": "Order Completed", "properties": properties}
    return Arrival(Event(f"m{n}", "track", at(seconds), NOON, "test", True, body))


def identify(n: int, seconds: int = 0, **traits: object) -> Arrival:
    return Arrival(Event(f"m{n}", "identify", at(seconds), NOON, "test", True, {"type": "identify", "traits": traits}))


def claim(address: str, seconds: int = 0, trusted: bool = True, verified: bool = False, message: str = "m") -> Claim:
    contact = Contact(address, ContactKey(f"email#{address}"), at(seconds), verified)
    return Claim("email", contact, message, trusted)


def folded(*arrivals: Arrival) -> State:
    state = fold(None, arrivals, COUNTED)
    assert state is not None
    return state


def person(*layers: State) -> Person:
    held = {claim.contact.key: False for state in layers for claim in state.claims}
    return Person({f"home#{n}": state for n, state in enumerate(layers)}, held)


def snapshot(profile: ProfileId, state: State) -> Snapshot:
    found = snapshot_of(profile, person(state), COUNTED.folds)
    assert found is not None
    return found


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    found = []
    for n in range(draw(st.integers(1, 12))):
        seconds = draw(st.integers(0, 5))
        if draw(st.booleans()):
            found.append(track(n, seconds, revenue=draw(st.integers(0, 9))))
        else:
            one = identify(n, seconds, **{draw(st.sampled_from("abc")): draw(st.sampled_from([None, 1, "x"]))})
            claims = [
                claim(draw(st.sampled_from("pqrstuvw")), seconds, draw(st.booleans()), draw(st.booleans()), f"m{n}")
                for _ in range(draw(st.integers(0, 3)))
            ]
            found.append(Arrival(one.event, claims, draw(st.sampled_from([None, "claimed", "trusted"]))))
    return found


@given(arrivals(), st.randoms(use_true_random=False), st.integers(0, 12))
def test_any_order_and_any_batches_give_the_same_person(found: list[Arrival], random: Random, cut: int) -> None:
    shuffled = random.sample(found, len(found))
    state = fold(fold(None, shuffled[:cut], COUNTED), shuffled[cut:], COUNTED)
    assert state == folded(*found)
    assert state is not None
    assert Persons().decode(Persons().encode(person(state))) == person(state)


@given(arrivals(), st.randoms(use_true_random=False))
def test_events_kept_in_layers_add_up_to_the_same_person_however_they_are_divided(
    found: list[Arrival], random: Random
) -> None:
    layered = [replace(one, home="home", layer=random.choice("abc")) for one in found]
    apart = add(Person(), layered, COUNTED)
    assert joined(apart.layers.values(), COUNTED.folds) == folded(*found)


def test_nothing_is_sent_to_an_address_that_left_or_hangs_on_a_device() -> None:
    state = folded(Arrival(track(1).event, [claim("mine"), claim("left"), claim("soft")]))
    held = replace(person(state), contacts={"email#mine": False, "email#soft": True})
    found = snapshot_of(ANN, held, COUNTED.folds)
    assert found is not None
    assert [one.address for one in found.contacts["email"]] == ["mine"]


def test_a_role_mailbox_can_be_written_to_though_it_names_nobody() -> None:
    state = folded(Arrival(track(1).event, [replace(claim("info"), linking=False)]))
    found = snapshot_of(ANN, Person({"home": state}), COUNTED.folds)
    assert found is not None
    assert [one.address for one in found.contacts["email"]] == ["info"]


def test_only_a_person_whom_nothing_but_devices_name_expires() -> None:
    device, customer = replace(track(1), expires=90, layer="a"), replace(track(2), layer="b")
    assert add(Person(), [device], COUNTED).expires == 90
    assert add(Person(), [device, customer], COUNTED).expires is None


def test_the_newest_value_of_a_trait_stands_and_a_newer_null_deletes_it() -> None:
    state = folded(identify(1, 0, tier="gold", city="Oulu"), identify(3, 2, city=None), identify(2, 1, tier="silver"))
    assert snapshot(ANN, state).traits == {"tier": "silver"}
    assert snapshot(ANN, folded(identify(1, 0, tier=None), identify(2, 1, tier="gold"))).traits == {"tier": "gold"}


def scored(n: int, seconds: int = 0, trusted: bool = True, **scores: object) -> Arrival:
    body = {"type": "identify", "scores": scores}
    return Arrival(Event(f"m{n}", "identify", at(seconds), NOON, "crm", trusted, body))


def test_scores_stand_beside_traits_the_newest_of_each_and_a_null_deletes() -> None:
    state = folded(scored(1, 0, churn=0.4, promo=1), scored(3, 2, promo=None), scored(2, 1, churn=0.7))
    assert (snapshot(ANN, state).scores, snapshot(ANN, state).traits) == ({"churn": 0.7}, {})
    assert Persons().decode(Persons().encode(person(state))) == person(state)
    assert Snapshot.from_json(snapshot(ANN, state).to_json()) == snapshot(ANN, state)


def test_scores_of_a_browser_count_nothing_and_the_newest_hundred_are_kept_in_any_order() -> None:
    assert snapshot(ANN, folded(scored(1, 0, trusted=False, churn=1))).scores == {}
    many = [scored(n, n, **{f"s{n}-{k}": k for k in range(40)}) for n in range(5)]
    first, backwards = (folded(*order) for order in (many, many[::-1]))
    assert first == backwards
    assert joined([folded(*many[:2]), folded(*many[2:])], COUNTED.folds) == first
    assert len(snapshot(ANN, first).scores) == 100


def test_traits_of_a_track_or_a_group_are_not_the_persons() -> None:
    group = Event("g", "group", NOON, NOON, "test", True, {"type": "group", "traits": {"name": "Acme"}})
    assert snapshot(ANN, folded(Arrival(group))).traits == {}


def test_series_count_all_and_keep_the_newest() -> None:
    state = folded(*(track(n, n, revenue=n) for n in reversed(range(RECENT_OCCURRENCES + 10))))
    series = snapshot(ANN, state).series["Order Completed"]
    assert (series.count, series.first, series.last) == (60, at(0), at(59))
    assert [one.properties["revenue"] for one in series.recent] == list(range(10, 60))


def test_of_an_event_read_in_ways_nobody_can_tell_every_property_is_kept_that_is_not_too_large() -> None:
    counted = Counted({"Order Completed": [ALL_PROPERTIES, "revenue"]})
    state = fold(
        None, [track(1, cart=7, note="x" * PROPERTY_BYTES), track(2, 1, **{"cart id": [1], "revenue": 5})], counted
    )
    assert state is not None
    kept = [one.properties for one in snapshot(ANN, state).series["Order Completed"].recent]
    assert kept == [{"cart": 7}, {"cart id": [1], "revenue": 5}]
    assert Persons().decode(Persons().encode(person(state))) == person(state)


def test_the_best_address_is_a_servers_then_a_verified_then_the_latest() -> None:
    claims = [
        claim("browser", 9, trusted=False),
        claim("old", 1),
        claim("verified", 0, verified=True),
        claim("new", 2),
    ]
    contacts = snapshot(ANN, folded(Arrival(track(1).event, claims))).contacts["email"]
    assert [one.address for one in contacts] == ["verified", "new", "old", "browser"]


def test_a_known_customer_is_not_written_to_at_an_address_that_only_a_browser_claimed() -> None:
    browser = Arrival(track(1).event, [claim("evil", trusted=False)])
    assert snapshot(ANN, folded(browser)).best_contact("email") is not None
    known = Arrival(track(2).event, customer="trusted")
    assert snapshot(ANN, folded(browser, known)).best_contact("email") is None


def test_ten_thousand_traits_still_fit_a_row() -> None:
    state = folded(*(identify(n, n, **{f"t{n}-{k}": "x" * 90 for k in range(250)}) for n in range(40)))
    assert len(Persons().encode(person(state))) < TRAITS_BYTES
    assert f"t39-{0}" in state.traits


def test_a_trait_is_folded_as_the_policy_says_across_layers() -> None:
    counted = Counted(folds=Folds.of({"traits": {"spent": {"fold": "sum"}, "plan": {"fold": "first"}}}))
    told = [replace(identify(n, n, spent=n, plan=f"p{n}"), home="home", layer=f"l{n % 2}") for n in (3, 1, 2)]
    found = snapshot_of(ANN, add(Person(), told, counted), counted.folds)
    assert found is not None
    assert found.traits == {"spent": 6, "plan": "p1"}


def test_what_an_operator_pins_stands_and_a_browser_cannot_pin() -> None:
    pin = Event("p", "identify", at(1), NOON, "segue.operator", True, {"type": "identify", "traits": {"tier": "gold"}})
    forged = replace(pin, message_id="f", trusted=False, timestamp=at(5), body={**pin.body, "traits": {"tier": "x"}})
    state = folded(Arrival(pin), Arrival(forged), identify(9, 9, tier="silver"))
    assert snapshot(ANN, state).traits == {"tier": "gold"}


def listed(n: int, state: str, seconds: int, audience: str = "friends") -> Arrival:
    body = {"type": "audience", "audience": audience, "state": state}
    return Arrival(Event(f"l{n}", "audience", at(seconds), at(seconds), "test", True, body))


def test_what_was_said_last_of_a_list_holds_in_any_order_and_across_layers() -> None:
    said = [listed(1, "joined", 0), listed(2, "left", 1), listed(3, "joined", 2, "press"), listed(4, "left", 2)]
    for order in permutations(said):
        assert snapshot(ANN, folded(*order)).lists == ("press",)
        apart = joined([folded(order[0], order[1]), folded(order[2], order[3])], COUNTED.folds)
        assert apart is not None
        assert snapshot(ANN, apart).lists == ("press",)


def test_a_person_keeps_the_lists_that_were_spoken_of_last() -> None:
    said = [listed(n, "joined", n, f"list-{n:03}") for n in range(LISTS_KEPT + 5)]
    for order in (said, said[::-1]):
        kept = snapshot(ANN, folded(*order)).lists
        assert (len(kept), kept[0]) == (LISTS_KEPT, "list-005")


def test_lists_are_read_as_they_were_kept() -> None:
    whole = Person({"home": folded(listed(1, "joined", 0), listed(2, "left", 1, "press"))})
    assert Persons().decode(Persons().encode(whole)) == whole
