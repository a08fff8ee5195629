"""What may a replay file say about who is who? Seeded files, crowded and sparse, and their ledger."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from functions.capture.policy import read_message
from functions.identity.canonical import canonical
from functions.identity.keys import identifier_key
from functions.identity.model import NAMESPACES, Namespace, Rules
from functions.identity.naming import Named, named
from functions.shared.clock import format_instant, parse_instant
from functions.shared.events import Event
from tests.functions.identity.oracle import Ledger

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
# Below every expiry of the default table (90 days), above the 30 days that a claim reaches back.
SPAN = timedelta(days=45)
PEPPER = "pepper"

Line = dict[str, Any]
Identifier = tuple[str, str]  # namespace, value as sent


@dataclass(frozen=True)
class Pool:
    """How many values of each namespace there are, and how often a person is named by its own ones."""

    sizes: Mapping[str, int]
    own: float

    def pick(self, random: Random, namespace: str, person: int) -> Identifier:
        """A value of a namespace: mostly that person's, sometimes anybody's."""
        count = self.sizes[namespace]
        which = person % count if random.random() < self.own else random.randrange(count)
        return namespace, _spelled(random, namespace, which)


OTHERS = {"loyalty": 3, "social.net": 3, "push_token": 2}
POOLS: Mapping[str, Pool] = {
    "dense": Pool({"customer_id": 4, "email": 4, "phone": 3, "device_id": 3, "anonymous_id": 5, **OTHERS}, own=0.6),
    "sparse": Pool(
        dict.fromkeys(("customer_id", "email", "phone", "device_id", "anonymous_id", *OTHERS), 60), own=0.95
    ),
}

# The identity part of policy.yaml, by name.
CONFIGS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "last phone": {"namespaces": {"phone": {"rank": 4, "class": "contact", "limit": 1, "contested": "last"}}},
    "verified email": {"namespaces": {"email": {"rank": 3, "class": "contact", "limit": 2, "contested": "verified"}}},
    "bridge on device": {"bridge_on_device": True},
    "shared after 3": {"shared_after": 3},
}


def rules_of(config: Mapping[str, Any]) -> Rules:
    """The rules of the identity part of a policy.yaml, read here so that its real reader is checked as well."""
    told = {
        name: Namespace(one["rank"], one["class"], one["limit"], one.get("contested", "first"))
        for name, one in config.get("namespaces", {}).items()
    }
    rules = replace(Rules(), namespaces={**NAMESPACES, **told})
    return replace(rules, **{name: value for name, value in config.items() if name != "namespaces"})


def lines(seed: int, size: int, pool: str) -> list[Line]:
    """About ``size`` lines of a replay file, the same ones for the same arguments."""
    random = Random(f"{seed}/{pool}")
    sayings: list[Saying] = []
    while len(sayings) < size:
        rare = RARE if size - len(sayings) >= LONGEST_STORY else {}
        sayings.extend(_one_of(random, {**COMMON, **rare})(random, POOLS[pool]))
    return delivered(sayings[:size])


def streams(pool: str, most: int = 25) -> st.SearchStrategy[list[Line]]:
    """``lines`` for hypothesis: up to ``most`` small stories, which shrink one by one."""
    story = st.randoms(use_true_random=False).map(lambda random: tuple(_one_of(random, COMMON)(random, POOLS[pool])))
    # Lists of hypothesis are short unless told otherwise; people meet in long ones.
    stories = st.integers(0, most).flatmap(lambda least: st.lists(story, min_size=least, max_size=most))
    return stories.map(lambda many: delivered([one for few in many for one in few]))


def configs() -> st.SearchStrategy[Rules]:
    """The rules of each configuration."""
    return st.sampled_from([rules_of(config) for config in CONFIGS.values()])


@dataclass(frozen=True)
class Saying:
    """One line, when it arrives (more than once for a duplicate), and where its id sorts among those of one time."""

    line: Line
    at: datetime
    arrivals: Sequence[datetime]
    place: int


def delivered(sayings: Sequence[Saying]) -> list[Line]:
    """The lines in the order of arrival, with ids and times."""
    arriving: list[tuple[datetime, int, Line]] = []
    for index, one in enumerate(sayings):
        line = {**one.line, "messageId": f"m{one.place}-{index:04}", "timestamp": format_instant(one.at)}
        arriving.extend((arrival, index, line) for arrival in one.arrivals)
    return [line for _, _, line in sorted(arriving, key=lambda one: one[:2])]


@dataclass
class Told:
    """What a replay file says: the ledger of it, each kept event with whom it names, keys as ``namespace:value``."""

    ledger: Ledger = field(default_factory=Ledger)
    events: list[tuple[Event, Named]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


def told(said: Sequence[Line], rules: Rules, pepper: str = PEPPER) -> Told:
    """Reads a replay file: the ledger hears what is delivered twice twice, the list of events has it once."""
    result, clock, seen = Told(), START, set[str]()
    for line in said:
        at = parse_instant(line["timestamp"])
        clock = max(clock, at)
        if line["type"] == "command":
            ends = [_identified(line[end], rules, pepper) for end in ("a", "b") if end in line]
            result.texts.update(ends)
            result.ledger.command(at, line["messageId"], line["command"], *(key for key, _ in ends))
            continue
        event = event_of(line, at, clock)
        whom = named(event, rules, pepper)
        result.texts.update((one.key, f"{one.namespace}:{one.canonical}") for one in whom.linking)
        if event.message_id not in seen:
            result.events.append((event, whom))
            seen.add(event.message_id)
        (result.ledger.logout if event.type == "reset" else result.ledger.add)(event, whom)
    return result


def event_of(line: Line, at: datetime, clock: datetime) -> Event:
    trusted = line.get("trusted", True)
    if line["type"] == "reset":
        return Event(line["messageId"], "reset", at, clock, "replay", trusted, line)
    return read_message(line, clock, "replay", trusted)


def _identified(end: Mapping[str, str], rules: Rules, pepper: str) -> tuple[str, str]:
    """The key of an operator's identifier, and its text."""
    value = canonical(end["type"], end["id"], rules.country)
    assert value is not None
    return identifier_key(end["type"], value, pepper), f"{end['type']}:{value}"


def _spelled(random: Random, namespace: str, which: int) -> str:
    other_spelling = random.random() < 0.1
    if namespace == "email":
        return f"Person{which}@Example.COM" if other_spelling else f"person{which}@example.com"
    if namespace == "phone":
        return f"+358 40 123 4{which:03}" if other_spelling else f"+358401234{which:03}"
    return f"{namespace[0]}{which}"


def message(kind: str, *identifiers: Identifier, **more: Any) -> Line:
    """A message that names these identifiers where Segment's clients put them."""
    line: Line = {"type": kind, **more}
    if kind == "track":
        line["event"] = "Product Viewed"
    context: dict[str, Any] = {}
    for namespace, value in identifiers:
        if namespace == "customer_id" and "userId" not in line:
            line["userId"] = value
        elif namespace == "anonymous_id" and "anonymousId" not in line:
            line["anonymousId"] = value
        elif namespace in ("email", "phone"):
            (line if kind == "identify" else context).setdefault("traits", {})[namespace] = value
        elif namespace in ("device_id", "push_token"):
            context.setdefault("device", {})["id" if namespace == "device_id" else "token"] = value
        else:
            context.setdefault("externalIds", []).append({"type": namespace, "id": value})
    return {**line, "context": context} if context else line


def command(kind: str, *ends: Identifier) -> Line:
    """An operator's line: link, cut or clear of two identifiers, clear_shared of one."""
    return {"type": "command", "command": kind, **{name: _end(end) for name, end in zip("ab", ends, strict=False)}}


def _end(identifier: Identifier) -> Line:
    return {"type": identifier[0], "id": identifier[1]}


def _time(random: Random) -> datetime:
    """Some time of the span; one in five on one of nine instants, so that ties happen."""
    if random.random() < 0.2:
        return START + SPAN * random.randrange(9) / 9
    return START + timedelta(seconds=random.randrange(int(SPAN.total_seconds())))


def _said(random: Random, line: Line, at: datetime | None = None) -> Saying:
    """A line somewhere in time: one in eight late, one in twelve twice, one in ten from a browser's key."""
    at = at or _time(random)
    arrivals = [at + timedelta(hours=random.randrange(900)) if random.random() < 0.12 else at]
    if random.random() < 0.08:
        arrivals.append(arrivals[0] + timedelta(hours=random.randrange(200)))
    if line["type"] not in ("command", "reset"):
        marks = {"trusted": False} if random.random() < 0.1 else {}
        marks |= {"verified": True} if random.random() < 0.1 else {}
        line = {**line, **marks}
    return Saying(line, at, arrivals, random.randrange(10))


Story = Callable[[Random, Pool], list[Saying]]


def _login(random: Random, pool: Pool) -> list[Saying]:
    person = random.randrange(60)
    also = [name for name in ("email", "phone", "device_id", "anonymous_id") if random.random() < 0.4]
    who = [pool.pick(random, name, person) for name in ("customer_id", *(also or ["anonymous_id"]))]
    return [_said(random, message("identify", *who))]


def _visit(random: Random, pool: Pool) -> list[Saying]:
    """A page or track of a device, sometimes with a customer id, a mailbox or another device."""
    person = random.randrange(60)
    who = [pool.pick(random, random.choice(("anonymous_id", "anonymous_id", "device_id")), person)]
    for name, share in (("customer_id", 0.25), ("email", 0.2), ("device_id", 0.15), ("push_token", 0.05)):
        if random.random() < share:
            who.append(pool.pick(random, name, person))
    return [_said(random, message(random.choice(("track", "page")), *who))]


def _form(random: Random, pool: Pool) -> list[Saying]:
    """Contacts alone: a newsletter form, a till; sometimes on a device, sometimes with a loyalty card."""
    person = random.randrange(60)
    who = [pool.pick(random, name, person) for name in random.choice((("email",), ("phone",), ("email", "phone")))]
    for name, share in (("anonymous_id", 0.4), ("loyalty", 0.2), ("social.net", 0.15)):
        if random.random() < share:
            who.append(pool.pick(random, name, person))
    return [_said(random, message(random.choice(("identify", "identify", "track")), *who))]


def _guests(random: Random, pool: Pool) -> list[Saying]:
    """Somebody without an account leaves a mailbox on a device that others use."""
    device = pool.pick(random, random.choice(("anonymous_id", "device_id")), random.randrange(60))
    mailbox = ("email", f"visitor{random.randrange(pool.sizes['email'])}@example.com")
    return [_said(random, message(random.choice(("identify", "track")), mailbox, device))]


def _devices(random: Random, pool: Pool) -> list[Saying]:
    """Two devices seen together, named by nobody."""
    person = random.randrange(60)
    who = [pool.pick(random, name, person) for name in ("device_id", "anonymous_id")]
    return [_said(random, message(random.choice(("track", "identify")), *who))]


def _alias(random: Random, pool: Pool) -> list[Saying]:
    person = random.randrange(60)
    _, user = pool.pick(random, "customer_id", person)
    kind = random.choice(("anonymous_id", "anonymous_id", "email", "device_id", "customer_id"))
    _, previous = pool.pick(random, kind, person)
    line = message("alias", userId=user, previousId=previous)
    return [_said(random, line if kind == "anonymous_id" else {**line, "context": {"previousIdType": kind}})]


def _logout(random: Random, pool: Pool) -> list[Saying]:
    device = pool.pick(random, random.choice(("anonymous_id", "anonymous_id", "device_id")), random.randrange(60))
    return [_said(random, message("reset", device))]


def _operator(random: Random, pool: Pool) -> list[Saying]:
    """Commands on two identifiers, whoever they are; seen or not."""
    namespaces = random.sample(("customer_id", "email", "phone", "device_id", "anonymous_id"), 2)
    if random.random() < 0.3:
        namespaces[1] = namespaces[0]
    a, b = (pool.pick(random, name, random.randrange(60)) for name in namespaces)
    commands = random.choice((("cut",), ("link",), ("cut", "clear"), ("link", "cut"), ("link", "clear"), ("unshare",)))
    if commands == ("unshare",):
        return [_said(random, command("clear_shared", b))]
    return [_said(random, command(kind, *random.sample((a, b), 2))) for kind in commands if a != b]


def _planted(random: Random, pool: Pool) -> list[Saying]:
    """Two people grow, somebody cuts or links identifiers of theirs, and an event that names neither one joins them."""
    one, other = random.randrange(60), random.randrange(60)
    customer, cookie = pool.pick(random, "customer_id", one), pool.pick(random, "anonymous_id", one)
    mailbox, phone = pool.pick(random, "email", other), pool.pick(random, "phone", other)
    kind = random.choice(("cut", "cut", "cut", "link"))
    return [
        _said(random, message("identify", customer, cookie)),
        _said(random, message("identify", mailbox, phone)),
        _said(random, command(kind, cookie, phone)),
        _said(random, message("identify", customer, mailbox)),
    ]


def _two_peoples_things(random: Random, pool: Pool) -> list[Saying]:
    one, other = random.randrange(60), random.randrange(60)
    mine = [pool.pick(random, name, one) for name in ("customer_id", "device_id")]
    yours = [pool.pick(random, name, other) for name in random.sample(("email", "phone", "anonymous_id"), 2)]
    return [_said(random, message("identify", *mine, *yours))]


def _contradiction(random: Random, pool: Pool) -> list[Saying]:
    """More of a namespace than a person may have, more than eight in all, or nobody at all."""
    cookie, mailbox = pool.pick(random, "anonymous_id", 0), pool.pick(random, "email", 0)
    customers = [("customer_id", f"c{which}") for which in random.sample(range(4), 2)]
    cards = [("loyalty", f"card{which}") for which in range(random.randrange(3, 6))]
    many = [("anonymous_id", f"t{which}") for which in range(8)]
    nobody = random.choice(([("anonymous_id", "null")], [("email", "info@example.com")], [("customer_id", "0")]))
    who = random.choice(([*customers, mailbox], [mailbox, *cards], [mailbox, cookie, *many], nobody))
    return [_said(random, message("identify", *who))]


def _collector(random: Random, pool: Pool) -> list[Saying]:
    """Seven mailboxes for one person."""
    customer = pool.pick(random, "customer_id", random.randrange(60))
    mailboxes = [("email", f"shop{which}@example.com") for which in range(7)]
    return [_said(random, message("identify", customer, one)) for one in mailboxes]


def kiosk(random: Random, pool: Pool | None = None, customers: int = 50) -> list[Saying]:
    """Many customers, who are seen nowhere else, on one cookie; the devices beside it are theirs as well."""
    cookie = ("anonymous_id", "kiosk")
    users = [("customer_id", f"guest{which}") for which in range(customers)]
    return [
        *(_said(random, message(random.choice(("identify", "track")), user, cookie)) for user in users),
        _said(random, message("page", cookie)),
        _said(random, message("track", ("device_id", "kiosk"), cookie)),
    ]


def wanderer(random: Random, pool: Pool | None = None, cookies: int = 55) -> list[Saying]:
    """One customer on more cookies than a person may have identifiers."""
    who = ("customer_id", "wanderer")
    return [_said(random, message("identify", who, ("anonymous_id", f"w{which}"))) for which in range(cookies)]


COMMON: Mapping[Story, int] = {
    _login: 26,
    _visit: 24,
    _form: 12,
    _guests: 8,
    _devices: 5,
    _alias: 5,
    _logout: 8,
    _operator: 6,
    _planted: 3,
    _two_peoples_things: 4,
    _contradiction: 3,
    _collector: 1,
}
# Long ones, for files that have room for them.
RARE: Mapping[Story, int] = {kiosk: 1}
LONGEST_STORY = 100


def _one_of(random: Random, stories: Mapping[Story, int]) -> Story:
    return random.choices(list(stories), list(stories.values()))[0]
