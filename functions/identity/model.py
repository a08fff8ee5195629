"""What tells people apart? Identifiers: a value in a namespace that says how strongly it names one person."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from functions.identity.presets import PRESETS, RETAIL
from functions.journeys.durations import parse_duration
from functions.shared.names import ContactKey, ProfileId

Kind = Literal["anchor", "strong", "contact", "device"]
Contested = Literal["first", "last", "verified"]


@dataclass(frozen=True, slots=True)
class Namespace:
    """How identifiers of one kind behave: 1 is the best rank, ``limit`` how many of them one person may have.

    ``contested`` = whose it is when two people claim it; ``expires`` = days without an event until it is forgotten.
    """

    rank: int
    kind: Kind
    limit: int
    contested: Contested = "first"
    expires: int | None = None


# Rule R1. A namespace nobody configured (an externalIds type) is read as a shop's or loyalty programme's own id.
NAMESPACES: Mapping[str, Namespace] = {
    "customer_id": Namespace(1, "anchor", 1),
    "email": Namespace(3, "contact", 5),
    "phone": Namespace(4, "contact", 5),
    "device_id": Namespace(6, "device", 10, "last", 400),
    "ad_id": Namespace(6, "device", 10, "last", 400),
    "push_token": Namespace(7, "device", 20, "last", 270),
    "anonymous_id": Namespace(8, "device", 50, "last", 90),
}
SOCIAL_PREFIX = "social."
SOCIAL = Namespace(5, "contact", 1)
OTHER = Namespace(2, "strong", 3)
LINKING_PER_EVENT = 8
IDENTIFIERS_PER_PROFILE = 50


@dataclass(frozen=True, slots=True)
class Rules:
    """The deployment's choices: namespaces, more blocked values (lower case), the country of local phone numbers.

    ``bridge_on_device`` lets a device join people who each have an e-mail, phone or other id of one kind;
    ``shared_after`` is how many customers an identifier may be seen with before it counts as shared. ``topics`` and
    ``lists`` = the names that consents and audience messages may say, None where the policy speaks of none.
    """

    namespaces: Mapping[str, Namespace] = field(default_factory=lambda: NAMESPACES)
    blocked: frozenset[str] = frozenset()
    country: str | None = None
    bridge_on_device: bool = False
    shared_after: int = 20
    keep: timedelta = timedelta(days=400)
    topics: Collection[str] | None = None
    lists: Collection[str] | None = None

    def namespace(self, name: str) -> Namespace:
        """How a namespace behaves, known or not."""
        return self.namespaces.get(name) or (SOCIAL if name.startswith(SOCIAL_PREFIX) else OTHER)

    def kind(self, key: str) -> Kind:
        """What an identifier's key is the key of."""
        return self.namespace(key.partition("#")[0]).kind

    def rank(self, key: str) -> int:
        """How well the identifier with this key names a person; 1 is best."""
        return self.namespace(key.partition("#")[0]).rank

    @staticmethod
    def of(policy: Mapping[str, Any]) -> "Rules":
        """Reads the checked policy: ``identity`` over its preset over the defaults, ``brand.default_country`` and
        ``timeline.keep``."""
        identity = policy.get("identity") or {}
        topics, audiences = policy.get("topics") or {}, policy.get("audiences") or {}
        rules = Rules(
            country=(policy.get("brand") or {}).get("default_country"),
            topics=frozenset(topics) or None,
            lists=frozenset(name for name, one in audiences.items() if one.get("list"))
            if topics or audiences
            else None,
        )
        if "timeline" in policy:
            rules = replace(rules, keep=parse_duration(policy["timeline"]["keep"]))
        for said in (PRESETS[identity.get("preset", RETAIL)].choices, identity):
            named = {
                name: _laid_over(rules.namespaces.get(name) or _unsaid(name, one), one)
                for name, one in said.get("namespaces", {}).items()
            }
            rules = replace(
                rules,
                namespaces={**rules.namespaces, **named},
                blocked=rules.blocked.union(value.strip().lower() for value in said.get("blocked", ())),
                bridge_on_device=said.get("bridge_on_device", rules.bridge_on_device),
                shared_after=said.get("shared_after", rules.shared_after),
            )
        return rules


def _laid_over(namespace: Namespace, said: Mapping[str, Any]) -> Namespace:
    """What policy.yaml says of a namespace; what it leaves out stays."""
    days = parse_duration(said["expires"]).days if "expires" in said else namespace.expires
    return Namespace(
        rank=said.get("rank", namespace.rank),
        kind=said.get("class", namespace.kind),
        limit=said.get("limit", namespace.limit),
        contested=said.get("contested", namespace.contested),
        expires=days,
    )


def _unsaid(name: str, said: Mapping[str, Any]) -> Namespace:
    """What a namespace that is new leaves out: one value per anchor, a device belongs to whoever used it last."""
    if name.startswith(SOCIAL_PREFIX):
        return SOCIAL
    kind = said.get("class")
    return replace(
        OTHER, limit=1 if kind == "anchor" else OTHER.limit, contested="last" if kind == "device" else "first"
    )


@dataclass(frozen=True, slots=True)
class Identifier:
    """One value that names a person. ``canonical`` decides equality, ``as_sent`` is what messages go to."""

    namespace: str
    canonical: str
    as_sent: str
    key: ContactKey
    rank: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Known:
    """An identifier's row: whose it is, and whether a server ever said so."""

    profile: ProfileId
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A person's identifiers. ``version`` 0 = no row yet; ``trusted`` = a server named the customer."""

    profile: ProfileId
    version: int = 0
    keys: frozenset[str] = frozenset()
    trusted: bool = False

    def held(self, namespace: str) -> int:
        """How many identifiers of a namespace the person has."""
        return sum(1 for key in self.keys if key.startswith(f"{namespace}#"))
