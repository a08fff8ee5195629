"""Whom does an event name? Its identifiers, best first, without those that name nobody."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from functions.identity.blocked import is_blocked, is_role_mailbox
from functions.identity.canonical import canonical
from functions.identity.keys import HASHED, identifier_key, namespace_of
from functions.identity.model import LINKING_PER_EVENT, Identifier, Rules
from functions.shared.events import Event
from functions.shared.identifiers import id_text
from functions.shared.names import ContactKey, ProfileId

NAMESPACE_NAME = re.compile(r"[a-z0-9_.-]{1,40}")
COUNTRY = re.compile(r"[A-Z]{2}")
# Only events of our own name a person by its profile (from an external source it would be a way around identity).
OWN_SOURCES = "segue."
PROFILE = "segue_profile"
# Older than the timeline keeps: what is not kept could not be told from its copies.
PAST_RETENTION = "past_retention"
# Said of what policy.yaml does not name: it is kept, and counts from the day it is named.
UNKNOWN_TOPIC, UNKNOWN_AUDIENCE = "unknown_topic", "unknown_audience"
# Stands where a namespace would, of an external id whose type cannot be one.
NO_NAMESPACE = "context.externalIds.type"
# Types that Segment's mobile clients use, in our words.
TYPE_NAMES: Mapping[str, str] = {
    "user_id": "customer_id",
    "ios.idfa": "ad_id",
    "android.idfa": "ad_id",
    "ios.push_token": "push_token",
    "android.push_token": "push_token",
    "ios.id": "device_id",
    "android.id": "device_id",
}


Stated: TypeAlias = tuple[tuple[str, str, str | None], ...]
"""What an event says of whom it names: namespace, text, and the country that a phone number is read by."""


@dataclass(frozen=True, slots=True)
class Named:
    """The identifiers that link, best first; those that only receive; what was wrong with others, as warning codes.

    ``about`` = of a code, what it is about where that is not plain: a namespace, the name of a topic or of a list.
    """

    linking: Sequence[Identifier]
    receiving: Sequence[Identifier] = ()
    warnings: Sequence[str] = ()
    profile: ProfileId | None = None
    about: Mapping[str, Sequence[str]] = field(default_factory=dict)


def named(event: Event, rules: Rules, pepper: str, known: dict[Stated, Named] | None = None) -> Named:
    """Reads an event's identifiers by rules R2-R6. Numbers are read as their decimal text.

    ``known`` = what the same statements were found to name before, and is added to: most events of a client's request
    are one person's.
    """
    own = own_profile(event)
    if own is not None:
        names = Named((), profile=own)
    elif known is None:
        names = _named(_stated(event, rules), rules, pepper)
    else:
        stated = _stated(event, rules)
        names = known.get(stated) or known.setdefault(stated, _named(stated, rules, pepper))
    unknown = _unknown(event, rules)
    if unknown is not None:
        code, said = unknown
        names = replace(names, warnings=(*names.warnings, code), about={**names.about, code: (said,)})
    if event.received_at - event.timestamp <= rules.keep:
        return names
    return replace(names, warnings=(*names.warnings, PAST_RETENTION))


def _unknown(event: Event, rules: Rules) -> tuple[str, str] | None:
    """The warning of a name that the policy does not know, and the name."""
    for kind, known, code, field_name in (
        ("consent", rules.topics, UNKNOWN_TOPIC, "topic"),
        ("audience", rules.lists, UNKNOWN_AUDIENCE, "audience"),
    ):
        if event.type == kind and known is not None and event.body.get(field_name) not in known:
            return code, str(event.body.get(field_name))
    return None


def _named(stated: Stated, rules: Rules, pepper: str) -> Named:
    linking: dict[str, Identifier] = {}
    receiving: dict[str, Identifier] = {}
    warnings: list[str] = []
    about: dict[str, list[str]] = {}
    for namespace, text, country in stated:
        if is_blocked(text, rules.blocked):
            warnings.append("blocked_value")
            about.setdefault("blocked_value", []).append(namespace)
            continue
        value = canonical(namespace, text, country) if namespace != NO_NAMESPACE else None
        if not value:
            warnings.append("unparseable")
            about.setdefault("unparseable", []).append(namespace)
            continue
        kind = rules.namespace(HASHED.get(namespace, namespace))
        key = ContactKey(identifier_key(namespace, value, pepper))
        identifier = Identifier(namespace, value, text.strip(), key, kind.rank, kind.kind)
        if namespace == "email" and is_role_mailbox(value):
            warnings.append("non_linking")
            receiving.setdefault(key, identifier)
        else:
            linking.setdefault(key, identifier)
    kept, more = _without_contradictions(list(linking.values()), rules)
    return Named(kept, tuple(receiving.values()), (*warnings, *more), about=about)


def _without_contradictions(found: Sequence[Identifier], rules: Rules) -> tuple[tuple[Identifier, ...], list[str]]:
    warnings: list[str] = []
    counts: dict[str, int] = {}
    for identifier in found:
        counts[namespace_of(identifier.key)] = counts.get(namespace_of(identifier.key), 0) + 1
    contradicting = {name for name, count in counts.items() if count > rules.namespace(name).limit}
    warnings.extend("self_contradiction" for _ in contradicting)
    kept = sorted(
        (one for one in found if namespace_of(one.key) not in contradicting), key=lambda one: (one.rank, one.key)
    )
    if len(kept) > LINKING_PER_EVENT:
        warnings.append("too_many_identifiers")
    return tuple(kept[:LINKING_PER_EVENT]), warnings


def _stated(event: Event, rules: Rules) -> Stated:
    found = []
    for namespace, value in _values(event):
        if value is not None and (text := id_text(value)) is not None:
            # Only numbers are read by country, and few events hold one.
            country = (_country(event) or rules.country) if namespace == "phone" else None
            found.append((namespace, text, country))
    return tuple(found)


def _values(event: Event) -> Iterator[tuple[str, object]]:
    context = event.context
    yield "customer_id", event.body.get("userId")
    yield "anonymous_id", event.body.get("anonymousId")
    if event.type == "alias":
        # Never guessed from what is stored, which would depend on the order of arrival.
        yield known_namespace(context.get("previousIdType")) or "anonymous_id", event.body.get("previousId")
    # A group's own traits are the group's: only context.traits speaks of the person there.
    for traits in (event.body.get("traits") if event.type != "group" else None, context.get("traits")):
        if traits is not None and isinstance(traits, Mapping):
            yield "email", traits.get("email")
            yield "phone", traits.get("phone")
    device = context.get("device")
    if device is not None and isinstance(device, Mapping):
        yield "device_id", device.get("id")
        yield "push_token", device.get("token")
        if device.get("adTrackingEnabled") is not False:
            yield "ad_id", device.get("advertisingId")
    for one in _external(context):
        if one.get("type") != PROFILE:
            yield known_namespace(one.get("type")) or NO_NAMESPACE, one.get("id")


def _external(context: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = context.get("externalIds")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            yield one


def known_namespace(name: object) -> str | None:
    """A namespace's name in our words; None when it cannot be one."""
    if not isinstance(name, str) or not NAMESPACE_NAME.fullmatch(name) or name == PROFILE:
        return None
    return TYPE_NAMES.get(name, name)


def own_profile(event: Event) -> ProfileId | None:
    if not (event.trusted and event.source.startswith(OWN_SOURCES)):
        return None
    ids = [one.get("id") for one in _external(event.context) if one.get("type") == PROFILE]
    return ProfileId(ids[0]) if ids and isinstance(ids[0], str) and ids[0] else None


def _country(event: Event) -> str | None:
    for place in (event.traits, event.traits.get("address"), event.context.get("location")):
        country = place.get("country") if isinstance(place, Mapping) else None
        if isinstance(country, str) and COUNTRY.fullmatch(country):
            return country
    return None
