"""Publications for tests: journeys said shortly, what listens worked out from them."""

from datetime import UTC, datetime

from functions.shared.publication import Publication

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

POLICY = {"brand": {"name": "Acme", "default_zone": "Europe/Helsinki"}}


def journey(name="welcome", **said):
    """A journey that ``Order Completed`` enters, but for what is said."""
    return {
        "journey": name,
        "title": name,
        "version": "v1",
        "class": "marketing",
        "topic": "offers",
        "priority": 0,
        "group": None,
        "offer": None,
        "entry": {"on": ["Order Completed"], "where": None},
        "reentry": {"kind": "after", "seconds": 0.0, "key": None},
        "holdout": 0.0,
        "goal": None,
        "exit": [],
        "experiments": {},
        "steps": {},
        **said,
    }


def entered_by(name, where=None):
    return {"on": [name], "where": where}


def entered_from(where=None, **kind):
    """By ``audience="vip"`` or ``decision="next"``."""
    return {"on": [], "where": where, **kind}


def goal(name, *, within=None, where=None, value=None, keep=False):
    return {"on": [name], "where": where, "within_seconds": within, "keep": keep, "value": value}


def reentry(kind, seconds=None, key=None):
    return {"kind": kind, "seconds": seconds, "key": key}


def publication(*journeys, policy=None, expected=(), series=None):
    interest = {}

    def listen(name, way, journey_name):
        ways = interest.setdefault(name, {w: [] for w in ("enter", "exit", "goal", "wake")})
        ways.setdefault(way, []).append(journey_name)

    for one in journeys:
        for name in one["entry"]["on"]:
            listen(name, "enter", one["journey"])
        for kind, name in (("audience", "Audience Entered"), ("decision", "Decision Requested")):
            if kind in one["entry"]:
                listen(name, f"{kind}:{one['entry'][kind]}", one["journey"])
        for leaving in one["exit"]:
            for name in leaving["on"]:
                listen(name, "exit", one["journey"])
        for name in one["goal"]["on"] if one["goal"] else ():
            listen(name, "goal", one["journey"])
    return Publication(
        policy={**POLICY, **(policy or {})},
        journeys={one["journey"]: one for one in journeys},
        interest=interest,
        series=series or {"Order Completed": ["revenue", "order_id"], "Email Opened": ["message"]},
        expected=list(expected),
        templates={},
        freshness_seconds=3600,
    )
