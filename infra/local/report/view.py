"""What stands where on the page? The result in the words, figures and pictures that the template prints."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.measurement.model import Comparison, Funnel, Share
from infra.local.report.journey_svg import journey_svg
from infra.local.report.model import Calls, DemoResult, JourneyPage, OutboxMessage, Timeline, TimelineLine
from infra.local.report.months_svg import months_svg
from infra.local.report.prices import DATED, REGION, SOURCES, cost_lines, total
from infra.local.report.words import CHANNEL_NAMES, STATUS_NAMES, reason_in_words

PER_TEMPLATE = 1
FIRST_LINES = 24


def page(result: DemoResult) -> dict[str, Any]:
    """The template's variables; plain text is escaped there, only SVG made here is not."""
    return {
        "headline": _headline(result),
        "from": _day(result.started_at),
        "to": _day(result.ended_at),
        "numbers": _numbers(result),
        "withheld": _reasons(result),
        "journeys": [_journey(one) for one in sorted(result.journeys, key=_longest_first)],
        "months": months_svg(result.months),
        "month_rows": [
            {
                "name": f"{month.start:%B %Y}",
                "orders": month.orders,
                "email": month.messages.get("email", 0),
                "sms": month.messages.get("sms", 0),
                "push": month.messages.get("push", 0),
            }
            for month in result.months
        ],
        "emails": [_message(one) for one in _chosen(result.outbox) if one.channel == "email"],
        "phones": [_message(one) for one in _chosen(result.outbox) if one.channel != "email"],
        "sent": f"{len(result.outbox):,}",
        "timeline": _timeline(result.timeline) if result.timeline else None,
        "quarantined": [
            {"at": _moment(one.at), "message": one.message_id, "field": one.field, "rule": one.rule}
            for one in result.quarantined
        ],
        "functions": _functions(result.calls),
        "requests": f"{result.requests:,}",
        "per_event": _figure(result.requests / result.events) if result.events else "0",
        "transitions": f"{result.state_transitions:,}",
        "executions": f"{result.executions:,}",
        "units": {"read": f"{result.read_units:,.0f}", "written": f"{result.write_units:,.0f}"},
        "cost": _cost(result),
    }


def _headline(result: DemoResult) -> str:
    years = round((result.ended_at - result.started_at).days / 365.25)
    span = {0: "A season", 1: "One year", 2: "Two years", 3: "Three years"}.get(years, f"{years} years")
    return f"{span}, {result.customers} customers, {result.elapsed_seconds:.0f} seconds."


def _numbers(result: DemoResult) -> list[dict[str, str]]:
    held_out = sum(one.funnel.held_out for one in result.journeys)
    rows = [
        (result.events, "events in"),
        (result.profiles, "people recognised"),
        (result.enrolments - held_out, "journeys run"),
        (result.sent, "messages sent"),
        (result.withheld, "withheld, with a reason"),
        (len(result.quarantined), "events quarantined"),
    ]
    return [{"value": f"{value:,}", "name": name} for value, name in rows]


def _reasons(result: DemoResult) -> list[dict[str, str]]:
    counts: Counter[str] = Counter()
    for one in result.journeys:
        counts.update(one.funnel.withheld)
    return [{"reason": name, "words": reason_in_words(name), "count": f"{n:,}"} for name, n in counts.most_common()]


def _longest_first(one: JourneyPage) -> tuple[bool, int, str]:
    return (one.message_class == "transactional", -len(one.nodes), one.name)


def _journey(one: JourneyPage) -> dict[str, Any]:
    funnel = one.funnel
    return {
        "name": one.name,
        "title": one.title,
        "class": one.message_class,
        "svg": journey_svg(one.title, one.nodes, one.edges),
        "steps": _steps(funnel),
        "channels": _listing(funnel.sent_by_channel, CHANNEL_NAMES),
        "silent": any(channel != "email" for channel in funnel.sent_by_channel),
        "statuses": _listing(funnel.statuses, STATUS_NAMES),
        "withheld": [{"words": reason_in_words(name), "count": f"{n:,}"} for name, n in funnel.withheld.items()],
        "failed": [{"words": reason_in_words(name), "count": f"{n:,}"} for name, n in funnel.failed.items()],
        "goal": one.goal,
        "holdout": f"{one.holdout:.0%}" if one.holdout else None,
        "comparison": _comparison(funnel.comparison) if funnel.comparison else None,
    }


def _steps(funnel: Funnel) -> list[dict[str, str]]:
    rows = [
        ("Entered", funnel.entered + funnel.held_out),
        ("Held out", funnel.held_out),
        ("Channels tried", funnel.sent + sum(funnel.withheld.values()) + sum(funnel.failed.values())),
        ("Sent", funnel.sent),
        ("Delivered", funnel.delivered),
    ]
    most = max([count for _, count in rows] + [1])
    return [
        {"name": name, "count": f"{count:,}", "share": f"{100 * count / most:.1f}"}
        for name, count in rows
        if count or name != "Held out"
    ]


def _comparison(comparison: Comparison) -> dict[str, Any]:
    words = {
        "ahead": "The journey did better than leaving people alone.",
        "behind": "People did better when they were left alone.",
        "no difference seen": "No difference seen; the interval holds zero.",
        "too small to tell": "Too few people to say whether the journey made a difference, so nothing is claimed.",
        "no holdout": "Nobody was held out, so there is nothing to compare with.",
        "no goal": "",
    }[comparison.verdict]
    if comparison.difference is not None and comparison.low is not None and comparison.high is not None:
        words += (
            f" {100 * comparison.difference:+.1f} percentage points"
            f" (95% interval {100 * comparison.low:+.1f} to {100 * comparison.high:+.1f})."
        )
    return {
        "verdict": words,
        "rows": [
            _share("Went through it", comparison.treated),
            *([_share("Held out", comparison.held_out)] if comparison.held_out.people else []),
        ],
    }


def _share(name: str, share: Share) -> dict[str, str]:
    return {
        "name": name,
        "reached": f"{share.reached:,} of {share.people:,}",
        "share": f"{share.value:.0%}" if share.people else "none",
        "interval": f"{share.low:.0%} to {share.high:.0%}" if share.people else "unknown",
        "at": f"{100 * share.value:.1f}",
        "low": f"{100 * share.low:.1f}",
        "wide": f"{100 * (share.high - share.low):.1f}",
    }


def _chosen(outbox: Sequence[OutboxMessage]) -> list[OutboxMessage]:
    """The first message of each journey, template and channel, in that order."""
    kept: dict[tuple[str, str, str], list[OutboxMessage]] = defaultdict(list)
    for one in outbox:
        group = kept[one.journey, one.template, one.channel]
        if len(group) < PER_TEMPLATE:
            group.append(one)
    return [one for key in kept for one in kept[key]]


def _message(one: OutboxMessage) -> dict[str, Any]:
    return {
        "at": _moment(one.at),
        "clock": f"{one.at:%H:%M}",
        "day": f"{one.at:%A, %-d %B}",
        "channel": one.channel,
        "journey": one.journey,
        "template": one.template,
        "to": one.to,
        "sender": one.sender,
        "subject": one.subject,
        "preheader": one.preheader,
        "html": one.html,
        "text": one.text,
        "title": one.title,
        "link": one.link,
    }


def _timeline(timeline: Timeline) -> dict[str, Any]:
    lines = [_line(one) for one in timeline.lines]
    return {
        "name": timeline.name,
        "profile": timeline.profile,
        "traits": [{"name": name, "value": str(value)} for name, value in timeline.traits.items()],
        "identifiers": list(timeline.identifiers),
        "first": lines[:FIRST_LINES],
        "rest": lines[FIRST_LINES:],
        "more": len(lines) - FIRST_LINES,
        "lines": len(lines),
    }


def _line(one: TimelineLine) -> dict[str, Any]:
    return {
        "day": _day(one.at),
        "clock": f"{one.at:%H:%M}",
        "kind": one.kind,
        "tone": one.tone,
        "title": one.title,
        "detail": one.detail,
        "facts": " · ".join(f"{name.replace('_', ' ')}: {value}" for name, value in one.facts.items()),
    }


def _functions(calls: Iterable[Calls]) -> list[dict[str, Any]]:
    grouped: dict[str, Counter[str]] = defaultdict(Counter)
    for one in calls:
        grouped[one.function][one.operation] += one.requests
    most = max([max(counts.values()) for counts in grouped.values()] + [1])
    rows = sorted(grouped.items(), key=lambda item: (-item[1].total(), item[0]))
    return [
        {
            "name": name,
            "total": f"{counts.total():,}",
            "operations": [
                {"name": operation, "count": f"{n:,}", "share": f"{100 * n / most:.1f}"}
                for operation, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            ],
        }
        for name, counts in rows
    ]


def _cost(result: DemoResult) -> dict[str, Any]:
    lines = cost_lines(result)
    whole = total(lines)
    return {
        "lines": [
            {
                "name": one.name,
                "unit": one.unit,
                "quantity": f"{one.quantity:,.0f}",
                "price": f"{one.per_million:,.3f}".rstrip("0").rstrip("."),
                "dollars": f"{one.dollars:.4f}",
            }
            for one in lines
        ],
        "total": f"{whole:.2f}",
        "per_thousand": f"{1000 * whole / result.events:.2f}" if result.events else "0",
        "dated": DATED,
        "region": REGION,
        "source": ", ".join(SOURCES),
    }


def _listing(counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    return ", ".join(f"{n:,} {names.get(name, name)}" for name, n in counts.items())


def _figure(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _day(at: datetime) -> str:
    return f"{at:%-d %b %Y}"


def _moment(at: datetime) -> str:
    return f"{at:%-d %b %Y, %H:%M} UTC"
