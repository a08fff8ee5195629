"""What goes to AWS? The publication that functions read, and one state machine per journey; nothing with a fault."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from functions.journeys.acts import DECISION_REQUESTED
from functions.journeys.common_facts import CommonFacts
from functions.journeys.conditions import Condition, parse
from functions.journeys.conditions.tree import Path as NamePath
from functions.journeys.conditions.tree import walk
from functions.journeys.durations import parse_duration
from functions.journeys.entries import AUDIENCE_ENTERED, way_in
from functions.journeys.language.checks import check_project
from functions.journeys.language.compiler import compile_journey
from functions.journeys.language.definition import Entry, Journey, placed_steps
from functions.journeys.language.expressions import parsed, written_in
from functions.journeys.language.faults import FaultsFound
from functions.journeys.language.fields import Events, fraction_of, seconds_of
from functions.journeys.language.later_reads import read_later
from functions.journeys.language.mentions import mentions
from functions.journeys.language.policy import Policy
from functions.journeys.language.project import JourneyFolder, Project, load
from functions.journeys.language.removed import NOTHING, left_behind, without_entries
from functions.journeys.language.steps import ExperimentStep, RepeatStep, SendStep, WaitForStep
from functions.journeys.language.titles import step_title
from functions.shared.names import Channel
from functions.shared.publication import Publication

WAYS = ("enter", "exit", "goal", "wake")
# Which message one of our own receipts (Email Opened ...) is of: ``message: STEP`` looks back on it.
RECEIPT_PROPERTIES = ("message",)


def publish(
    root: Path, kept: Mapping[str, Mapping[str, Any]] = NOTHING
) -> tuple[Publication, dict[str, dict[str, Any]]]:
    """The publication and ``{journey: ASL}`` of a ``journeys/`` folder; raises ``FaultsFound`` when it has errors.

    The same files give the same bytes (``json.dumps`` of either with sorted keys). ``kept`` = journeys as they were
    last published (``as_published``): those that have no files any more go on for who is under way, and nobody enters.
    """
    return publish_project(load(root), kept)


def publish_project(
    project: Project, kept: Mapping[str, Mapping[str, Any]] = NOTHING
) -> tuple[Publication, dict[str, dict[str, Any]]]:
    """``publish`` for files that have been read already."""
    faults = check_project(project)
    if project.policy is None or any(fault.severity == "error" for fault in faults):
        raise FaultsFound(faults)
    journeys: dict[str, dict[str, Any]] = {}
    machines: dict[str, dict[str, Any]] = {}
    templates: dict[str, dict[str, dict[str, Any]]] = {}
    definitions: list[Journey] = []
    leaving = left_behind(project, kept)
    for folder in [*project.journeys, *leaving]:
        assert folder.definition is not None
        channels = _channels(folder, project.policy)
        version = version_of(folder, channels)
        definition = without_entries(folder.definition) if folder in leaving else folder.definition
        journeys[folder.name] = _journey(definition, version, project.policy.brand.default_zone)
        machines[folder.name] = compile_journey(folder.definition, version, channels)
        definitions.append(definition)
        for name, parts in folder.templates.parts.items():
            templates[f"{folder.name}/{name}"] = {str(channel): part for channel, part in parts.items()}
    conditions = [*_conditions(definitions), *_audiences(project.policy)]
    publication = Publication(
        policy=project.policy.to_json(),
        journeys=journeys,
        interest=_interest(definitions),
        series=_series(definitions, conditions, templates),
        expected=sorted({event for condition in conditions for event in condition.reads.expected}),
        templates=templates,
        freshness_seconds=seconds_of(project.policy.freshness),
        windows=_windows(conditions),
        mentions=mentions(CommonFacts.of(project.policy.to_json())),
    )
    return publication, machines


def _channels(folder: JourneyFolder, policy: Policy) -> dict[str, list[Channel]]:
    """What ``preferred`` and ``all`` stand for, of each template that is sent so."""
    assert folder.definition is not None
    parts = folder.templates.parts
    return {
        placed.step.send: [channel for channel in policy.sending_order if channel in parts[placed.step.send]]
        for placed in placed_steps(folder.definition)
        if isinstance(placed.step, SendStep) and placed.step.channel[0] in ("preferred", "all")
    }


def version_of(folder: JourneyFolder, channels: Mapping[str, Sequence[Channel]]) -> str:
    """First 8 hex of SHA-256 of what the journey means and becomes: definition, templates and machine, not its
    spelling. The machine, since another compiler makes another one of the same files."""
    assert folder.definition is not None
    content = {
        "definition": folder.definition.dumped(),
        "templates": folder.templates.parts,
        "machine": compile_journey(folder.definition, "", channels),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _journey(journey: Journey, version: str, zone: str) -> dict[str, Any]:
    steps = placed_steps(journey)
    return {
        "journey": journey.journey,
        "title": journey.title or journey.journey,
        "version": version,
        "class": journey.class_,
        "topic": journey.topic,
        "priority": journey.priority,
        "group": journey.group,
        "offer": journey.offer,
        "entry": _entry(journey.entry, zone),
        "reentry": _reentry(journey),
        "holdout": float(fraction_of(journey.holdout)) if journey.holdout else 0.0,
        "goal": _goal(journey),
        "exit": [{"on": list(one.on), "where": one.where} for one in journey.exit],
        "experiments": {
            placed.step.experiment: {
                "variants": {arm: float(fraction_of(share)) for arm, share in placed.step.variants.items()}
            }
            for placed in steps
            if isinstance(placed.step, ExperimentStep)
        },
        "loops": [placed.id for placed in steps if isinstance(placed.step, RepeatStep)],
        "steps": {placed.id: {"kind": placed.step.kind, "title": step_title(placed.step)} for placed in steps},
    }


def _entry(entry: Entry, zone: str) -> dict[str, Any]:
    others = {name: getattr(entry, name) for name in ("audience", "decision")}
    named: dict[str, Any] = {name: value for name, value in others.items() if value is not None}
    if entry.schedule is not None:
        named["schedule"] = {"cron": entry.schedule, "zone": entry.zone or zone}
    return {"on": list(entry.on or ()), "where": entry.where, **named}


def _reentry(journey: Journey) -> dict[str, Any]:
    rule = journey.reentry
    if isinstance(rule, str):
        return {"kind": rule, "seconds": None, "key": None}
    seconds = None if rule.after is None else parse_duration(rule.after).total_seconds()
    return {"kind": "after" if rule.per is None else "per", "seconds": seconds, "key": rule.per}


def _goal(journey: Journey) -> dict[str, Any] | None:
    goal = journey.goal
    if goal is None:
        return None
    return {
        "on": list(goal.on),
        "where": goal.where,
        "within_seconds": None if goal.within is None else parse_duration(goal.within).total_seconds(),
        "keep": goal.keep,
        "value": goal.value,
    }


def _interest(journeys: list[Journey]) -> dict[str, dict[str, list[str]]]:
    """Which journeys each event may enter, exit, reach the goal of or wake, so that no other is ever looked at."""
    interest: dict[str, dict[str, list[str]]] = {}
    for journey in journeys:
        for way, events in _listens(journey):
            for event in events:
                names = interest.setdefault(event, {way: [] for way in WAYS}).setdefault(way, [])
                if journey.journey not in names:
                    names.append(journey.journey)
    return dict(sorted(interest.items()))


def _listens(journey: Journey) -> Iterator[tuple[str, Events]]:
    entry = journey.entry
    yield "enter", entry.on or []
    if entry.audience is not None and entry.schedule is None:
        yield way_in("audience", entry.audience), [AUDIENCE_ENTERED]
    if entry.decision is not None:
        yield way_in("decision", entry.decision), [DECISION_REQUESTED]
    for one in journey.exit:
        yield "exit", one.on
    if journey.goal is not None:
        yield "goal", journey.goal.on
    for placed in placed_steps(journey):
        if isinstance(placed.step, WaitForStep):
            yield "wake", placed.step.wait_for.on


def _conditions(journeys: list[Journey]) -> Iterator[Condition]:
    for journey in journeys:
        for written in written_in(journey):
            condition = parsed(written.text)
            if condition is not None:
                yield condition


def _audiences(policy: Policy) -> Iterator[Condition]:
    for audience in policy.audiences.values():
        if audience.where is not None:
            yield parse(audience.where)


def _series(
    journeys: list[Journey], conditions: list[Condition], templates: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Whose history must be kept, with the properties read from it: by expressions, and by waits that look back."""
    series: dict[str, set[str]] = {}
    for condition in conditions:
        for event, properties in condition.reads.series.items():
            series.setdefault(event, set()).update(properties)
    for journey in journeys:
        later = read_later(journey, [one for name, one in templates.items() if name.startswith(f"{journey.journey}/")])
        for placed in placed_steps(journey):
            if not isinstance(placed.step, WaitForStep):
                continue
            awaited = placed.step.wait_for
            wanted = _read_of_event(awaited.where) | later[placed.id]
            if awaited.message is not None:
                wanted.update(RECEIPT_PROPERTIES)
            for event in awaited.on:
                series.setdefault(event, set()).update(wanted)
    return {event: sorted(properties) for event, properties in sorted(series.items())}


def _windows(conditions: list[Condition]) -> dict[str, dict[str, list[Any]]]:
    """How far back each event is counted, in whole seconds, and which of its properties are added up."""
    within: dict[str, set[int]] = {}
    sums: dict[str, set[str]] = {}
    for condition in conditions:
        for event, lengths in condition.reads.windows.items():
            within.setdefault(event, set()).update(math.ceil(one.total_seconds()) for one in lengths)
        for event, paths in condition.reads.sums.items():
            sums.setdefault(event, set()).update(paths)
    return {
        event: {"within": sorted(within.get(event, ())), "sums": sorted(sums.get(event, ()))}
        for event in sorted({*within, *sums})
    }


def _read_of_event(where: str | None) -> set[str]:
    if where is None:
        return set()
    return {
        node.keys[1]
        for node in walk(parse(where).tree)
        if isinstance(node, NamePath) and node.root == "event" and node.keys[0] == "properties"
    }
