"""Which person is this event's? Decided from the rows its identifiers have; nothing is read or written here.

Thin today: an event follows its best identifier, new identifiers join that person, and no two people ever merge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from functions.identity.keys import founded_profile, identifier_key
from functions.identity.model import IDENTIFIERS_PER_PROFILE, Head, Identifier, Known, Rules
from functions.identity.naming import Named
from functions.shared.events import Event
from functions.shared.names import ProfileId

Refusal = Literal["limit", "untrusted"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """One event's person, the identifiers that become its own, and those that may not."""

    profile: ProfileId
    attach: Sequence[Identifier] = ()
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    merge_waits: bool = False


@dataclass(slots=True)
class Change:
    """What one person's identity rows become: new identifiers, and those a server now vouches for."""

    head: Head
    attach: dict[str, tuple[Identifier, bool]] = field(default_factory=dict)
    confirm: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Plan:
    """A delivery resolved: whose each event is (in the order given), and one change per person that changes."""

    known: dict[str, Known]
    heads: Mapping[ProfileId, Head]
    resolutions: list[Resolution] = field(default_factory=list)
    changes: dict[ProfileId, Change] = field(default_factory=dict)

    def head(self, profile: ProfileId) -> Head:
        """A person's identifiers as this plan leaves them."""
        change = self.changes.get(profile)
        return change.head if change else self.heads.get(profile, Head(profile))


def needed_heads(events: Iterable[tuple[Event, Named]], known: Mapping[str, Known]) -> set[ProfileId]:
    """The people whose identifiers must be counted before anything new can join; none when nothing is new."""
    heads: set[ProfileId] = set()
    for event, names in events:
        if any(_news(event, one, known.get(one.key)) for one in names.linking):
            heads |= {known[one.key].profile for one in names.linking if one.key in known}
            heads |= {founded_profile(one.key) for one in names.linking if one.key not in known}
    return heads


def resolve_all(
    events: Sequence[tuple[Event, Named]],
    known: Mapping[str, Known],
    heads: Mapping[ProfileId, Head],
    rules: Rules,
    pepper: str,
) -> Plan:
    """Resolves events one after another, each seeing what the ones before it added."""
    plan = Plan(dict(known), heads)
    for event, names in events:
        resolution = _resolve(event, names, plan, rules, pepper)
        plan.resolutions.append(resolution)
        _apply(event, names, resolution, plan)
    return plan


def _resolve(event: Event, names: Named, plan: Plan, rules: Rules, pepper: str) -> Resolution:
    if names.profile is not None:
        return Resolution(names.profile)
    if not names.linking:
        # Kept on a profile of its own, which nothing can find again.
        return Resolution(founded_profile(identifier_key("event", event.message_id, pepper)))
    found = [one for one in names.linking if one.key in plan.known]
    new = [one for one in names.linking if one.key not in plan.known]
    profile = plan.known[found[0].key].profile if found else founded_profile(new[0].key)
    if found and new and _contradicts(found[0], new, plan.head(profile), rules):
        profile = founded_profile(new[0].key)
    owners = {plan.known[one.key].profile for one in found}
    head = plan.head(profile)
    refused: dict[str, Refusal] = {}
    attach: list[Identifier] = []
    for one in new:
        if not event.trusted and head.trusted and one.kind != "device":
            refused[one.key] = "untrusted"
        elif _over_limit(one, attach, head, rules):
            refused[one.key] = "limit"
        else:
            attach.append(one)
    return Resolution(profile, attach, refused, merge_waits=len(owners | {profile}) > 1)


def _contradicts(best: Identifier, new: Sequence[Identifier], head: Head, rules: Rules) -> bool:
    """True when the new identifiers speak of somebody else than the person the known one points at.

    A second customer id never joins a customer (R9); and through a device alone nothing joins a person who already has
    a value of that namespace: two mailboxes on one browser are two people (R8).
    """
    for one in new:
        held = head.held(one.namespace)
        if one.kind == "anchor" and held >= rules.namespace(one.namespace).limit:
            return True
        if best.kind == "device" and one.kind != "device" and held:
            return True
    return False


def _over_limit(one: Identifier, attach: Sequence[Identifier], head: Head, rules: Rules) -> bool:
    held = head.held(one.namespace) + sum(1 for other in attach if other.namespace == one.namespace)
    return held >= rules.namespace(one.namespace).limit or len(head.keys) + len(attach) >= IDENTIFIERS_PER_PROFILE


def _apply(event: Event, names: Named, resolution: Resolution, plan: Plan) -> None:
    profile = resolution.profile
    confirm = {
        one.key
        for one in names.linking
        if one.key in plan.known and plan.known[one.key].profile == profile and _news(event, one, plan.known[one.key])
    }
    if not resolution.attach and not confirm:
        return
    head = plan.head(profile)
    change = plan.changes.setdefault(profile, Change(head))
    for one in resolution.attach:
        change.attach[one.key] = (one, event.trusted)
        plan.known[one.key] = Known(profile, event.trusted)
    for key in confirm:
        plan.known[key] = Known(profile, True)
        if key in change.attach:
            change.attach[key] = (change.attach[key][0], True)
        else:
            change.confirm.add(key)
    names_customer = any(
        one.kind == "anchor" and plan.known.get(one.key) == Known(profile, True) for one in names.linking
    )
    change.head = Head(
        profile, head.version, head.keys | {one.key for one in resolution.attach}, head.trusted or names_customer
    )


def _news(event: Event, one: Identifier, known: Known | None) -> bool:
    """True when the event says something about the identifier that its row does not hold yet."""
    return known is None or (one.kind == "anchor" and event.trusted and not known.trusted)
