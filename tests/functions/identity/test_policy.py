"""Which person an event is given to. Two customers never become one."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.identity.model import Head, Known, Rules
from functions.identity.naming import named
from functions.identity.policy import Plan, Resolution, resolve_all
from functions.shared.events import Event
from functions.shared.names import ProfileId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = Rules()


def event(n: int = 0, trusted: bool = True, **ids: Any) -> Event:
    traits = {name: ids.pop(name) for name in ("email", "phone") if name in ids}
    context = {"externalIds": [{"type": name, "id": one} for name, one in ids.pop("external", {}).items()]}
    body = {"type": "identify", **ids, "traits": traits, "context": context}
    return Event(f"m{n}", "identify", NOON + timedelta(seconds=n), NOON, "shop", trusted, body)


class World:
    """The rows as a store would keep them, changed by one plan after another."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.heads: dict[ProfileId, Head] = {}

    def take(self, *events: Event) -> list[Resolution]:
        plan = self.plan(events)
        for profile, change in plan.changes.items():
            head = change.head
            self.heads[profile] = Head(profile, head.version + 1, head.keys, head.trusted)
        self.known = plan.known
        return plan.resolutions

    def plan(self, events: Iterable[Event]) -> Plan:
        pairs = [(one, named(one, RULES, "pepper")) for one in events]
        return resolve_all(pairs, self.known, self.heads, RULES, "pepper")

    def people(self, *events: Event) -> list[ProfileId]:
        return [one.profile for one in self.take(*events)]


def test_a_visitor_who_logs_in_is_the_same_person() -> None:
    visit, login, later = World().people(
        event(0, anonymousId="a"), event(1, anonymousId="a", userId="u"), event(2, userId="u")
    )
    assert visit == login == later


def test_two_customers_on_one_browser_are_two_people() -> None:
    first, second, again = World().people(
        event(0, anonymousId="a", userId="u1"), event(1, anonymousId="a", userId="u2"), event(2, userId="u1")
    )
    assert first == again != second


def test_two_mailboxes_on_one_browser_are_two_people() -> None:
    first, second = World().people(
        event(0, anonymousId="a", email="a@x.example"), event(1, anonymousId="a", email="b@x.example")
    )
    assert first != second


def test_two_customers_with_one_mailbox_are_two_people() -> None:
    first, second = World().people(
        event(0, userId="u1", email="home@x.example"), event(1, userId="u2", email="home@x.example")
    )
    assert first != second


def test_people_that_turn_out_to_be_one_stay_apart_and_are_told() -> None:
    world = World()
    visitor, customer = world.people(event(0, anonymousId="a"), event(1, userId="u"))
    (both,) = world.take(event(2, anonymousId="a", userId="u"))
    assert (both.profile, both.merge_waits) == (customer, True)
    assert visitor != customer


def test_a_person_keeps_no_more_of_a_namespace_than_its_limit() -> None:
    world = World()
    world.take(*(event(n, userId="u", email=f"a{n}@x.example") for n in range(5)))
    (sixth,) = world.take(event(6, userId="u", email="a6@x.example"))
    assert list(sixth.refused.values()) == ["limit"]


def test_a_browser_cannot_add_an_address_to_a_known_customer() -> None:
    world = World()
    world.take(event(0, userId="u", anonymousId="a"))
    (claimed,) = world.take(event(1, trusted=False, userId="u", email="evil@x.example", anonymousId="b"))
    assert list(claimed.refused.values()) == ["untrusted"]
    assert [one.namespace for one in claimed.attach] == ["anonymous_id"]
    (through_cookie,) = world.take(event(2, trusted=False, anonymousId="a", phone="+358401234567"))
    assert list(through_cookie.refused.values()) == ["untrusted"]


def test_a_server_vouches_later_for_what_a_browser_claimed() -> None:
    world = World()
    world.take(event(0, trusted=False, userId="u"))
    plan = world.plan([event(1, userId="u")])
    (change,) = plan.changes.values()
    assert change.head.trusted
    assert len(change.confirm) == 1
    world.take(event(1, userId="u"))
    assert world.plan([event(2, userId="u")]).changes == {}


def test_an_event_that_names_nobody_gets_a_person_of_its_own() -> None:
    first, again, other = World().people(event(0, userId="null"), event(0, userId="null"), event(1, userId="null"))
    assert first == again != other


IDS = st.fixed_dictionaries(
    {},
    optional={
        "userId": st.sampled_from(["u1", "u2", "u3"]),
        "anonymousId": st.sampled_from(["a1", "a2"]),
        "email": st.sampled_from(["e1@x.example", "e2@x.example", "e3@x.example"]),
        "external": st.fixed_dictionaries({"crm": st.sampled_from(["1", "2", "3", "4"])}),
    },
).filter(bool)


@given(st.lists(st.tuples(IDS, st.booleans()), max_size=12), st.integers(0, 12))
def test_one_delivery_or_many_nobody_ever_holds_two_customers_or_more_than_a_limit(
    said: list[tuple[dict[str, Any], bool]], cut: int
) -> None:
    events = [event(n, trusted, **ids) for n, (ids, trusted) in enumerate(said)]
    together, apart = World(), World()
    together.take(*events)
    apart.take(*events[:cut])
    apart.take(*events[cut:])
    assert together.known == apart.known
    for head in together.heads.values():
        for name, namespace in RULES.namespaces.items():
            assert head.held(name) <= namespace.limit
        assert head.held("crm") <= 3
        assert {key for key, known in together.known.items() if known.profile == head.profile} == head.keys
