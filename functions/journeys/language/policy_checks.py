"""What is wrong with a policy? Names that lead nowhere, identifiers that make no sense beside each other, circles."""

from collections.abc import Iterator

from functions.identity.model import NAMESPACES, SOCIAL_PREFIX, Rules
from functions.identity.naming import PROFILE, TYPE_NAMES
from functions.identity.presets import PRESETS
from functions.journeys.conditions import ExpressionFault, parse
from functions.journeys.language.expressions import OF_AUDIENCE, Known, Written, faults_of
from functions.journeys.language.faults import LATER, LEAVE_OUT, Fault, did_you_mean
from functions.journeys.language.policy import Policy
from functions.journeys.language.project import Project
from functions.journeys.language.reader import Document, Place
from functions.journeys.language.tracking_plan import planned

# What functions/audiences tells of people (functions.audiences.policy).
AUDIENCE_EVENTS = ("Audience Entered", "Audience Exited")


def policy_faults(project: Project) -> Iterator[Fault]:
    """Every fault of policy.yaml but those of its shape."""
    policy, document = project.policy, project.document
    if policy is None:
        return
    for name in ("caps", "quiet_hours", "groups", "holdout"):
        if getattr(policy, name):
            yield document.key_fault((name,), f"{name}: is {LATER}", LEAVE_OUT)
    for name, topic in policy.topics.items():
        if topic.opt_in == "double":
            yield document.fault(("topics", name, "opt_in"), f"opt_in: double is {LATER}", "write single or none")
    for name, channel in policy.channels:
        if channel is not None and name == "webhook":
            yield document.key_fault(("channels", name), f"webhook is {LATER}", LEAVE_OUT)
        elif channel is not None and channel.rate is not None:
            yield document.key_fault(("channels", name, "rate"), f"rate: is {LATER}", LEAVE_OUT)
    for index, name in enumerate(policy.channel_order):
        if getattr(policy.channels, name) is None:
            yield document.fault(("channel_order", index), f'channel "{name}" is not set up', "add it to channels:")
    yield from _caps(policy, document)
    yield from _identity(policy, document)
    yield from _audiences(policy, document)
    yield from planned(project.root, policy, document)[1]


def _caps(policy: Policy, document: Document) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, cap in enumerate(policy.caps):
        place: Place = ("caps", number)
        if cap.name in seen:
            yield document.fault((*place, "name"), f'cap "{cap.name}" stands twice', "rename one")
        seen.add(cap.name)
        for field, names, known in (("topics", cap.topics, policy.topics), ("groups", cap.groups, policy.groups)):
            for index, name in enumerate(names or ()):
                if name not in known:
                    fix = did_you_mean(name, known, f"add it to {field}:")
                    yield document.fault((*place, field, index), f'unknown {field[:-1]} "{name}"', fix)


def _identity(policy: Policy, document: Document) -> Iterator[Fault]:
    written = policy.identity.namespaces
    known = {*NAMESPACES, *PRESETS[policy.identity.preset].choices.get("namespaces", {})}
    for name in written:
        place: Place = ("identity", "namespaces", name)
        said = document.value["identity"]["namespaces"][name]
        missing = [word for word in ("rank", "class") if said.get(word) is None]
        if name == PROFILE:
            yield document.key_fault(place, f'namespace "{name}" is kept for our own events', "choose another name")
        elif name in TYPE_NAMES:
            what = f'identifiers of type "{name}" are read as {TYPE_NAMES[name]}'
            yield document.key_fault(place, what, f"write {TYPE_NAMES[name]}:")
        elif missing and name not in known and not name.startswith(SOCIAL_PREFIX):
            fix = did_you_mean(name, known, f"add {' and '.join(f'{word}:' for word in missing)}")
            yield document.key_fault(place, f'new namespace "{name}" without {" and ".join(missing)}', fix)
        else:
            yield from _namespace(name, policy, document)


def _namespace(name: str, policy: Policy, document: Document) -> Iterator[Fault]:
    """What a namespace written in the policy becomes beside the others."""
    table = Rules.of(policy.to_json()).namespaces
    mine, said = table[name], policy.identity.namespaces[name]
    place: Place = ("identity", "namespaces", name)
    at_limit = place if said.limit is None else (*place, "limit")
    at_rank = place if said.rank is None else (*place, "rank")
    if mine.kind == "anchor" and mine.limit != 1:
        what = f"{mine.limit} of an anchor, of which nobody has two"
        yield document.key_fault(at_limit, what, "write limit: 1, or class: strong")
    for other, its in table.items():
        earlier = other not in policy.identity.namespaces or other < name
        if other != name and earlier and mine.kind == its.kind == "anchor" and mine.rank == its.rank:
            # Whom a mailbox of both follows would hang on the hashes of their values.
            what = f'anchors "{other}" and "{name}" have the same rank'
            yield document.key_fault(at_rank, what, "give each its own")
    devices = {other: its.rank for other, its in table.items() if its.kind == "device"}
    others = {other: its.rank for other, its in table.items() if its.kind != "device"}
    best, worst = min(devices.items(), key=_by_rank, default=None), max(others.items(), key=_by_rank, default=None)
    if best is not None and worst is not None and name in (best[0], worst[0]) and best[1] <= worst[1]:
        # The best identifier of an event is the one the others hang on, and a device is nobody's for long.
        what = f'device "{best[0]}" is ranked before "{worst[0]}"'
        yield document.warning(at_rank, what, "give devices the last ranks")


def _by_rank(one: tuple[str, int]) -> tuple[int, str]:
    return one[1], one[0]


def _audiences(policy: Policy, document: Document) -> Iterator[Fault]:
    for name, audience in policy.audiences.items():
        place: Place = ("audiences", name)
        if audience.where is not None:
            written = Written((*place, "where"), audience.where, OF_AUDIENCE)
            yield from faults_of(written, document, Known(policy))
            yield from _own_events((*place, "where"), audience.where, document)
            if name in _audiences_within(name, policy, set()):
                yield document.fault((*place, "where"), f'audience "{name}" depends on itself', "break the circle")


def _own_events(place: Place, where: str, document: Document) -> Iterator[Fault]:
    """Who counts entries enters by counting: an audience could go in and out of itself for ever."""
    try:
        references = parse(where).reads.references
    except ExpressionFault:
        return
    for one in references:
        if one.kind == "event" and one.name in AUDIENCE_EVENTS:
            fix = "write in_audience() for who is in it now"
            yield document.fault(place, f"an audience cannot look back on {one.name}", fix, one.column)


def _audiences_within(name: str, policy: Policy, seen: set[str]) -> set[str]:
    audience = policy.audiences.get(name)
    if audience is None or audience.where is None:
        return set()
    try:
        references = parse(audience.where).reads.references
    except ExpressionFault:
        return set()
    direct = {one.name for one in references if one.kind == "audience"}
    new = direct - seen
    return direct.union(*(_audiences_within(other, policy, seen | direct) for other in new))
