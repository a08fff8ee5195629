"""How far did people get in a journey, and did it do anything that would not have happened anyway?"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import NormalDist

from functions.journeys.model import Enrolment
from functions.measurement.model import Comparison, Funnel, MessageOutcome, Share, Verdict

Z = NormalDist().inv_cdf(0.975)
SMALLEST_GROUP = 100
SMALLEST_CELL = 10
"""Below 100 people or 10 of either outcome in a group, an interval says more about luck than about the journey."""


def funnel(
    journey: str,
    enrolments: Iterable[Enrolment],
    outcomes: Iterable[MessageOutcome],
    goal_within: timedelta | None,
    as_of: datetime,
) -> Funnel:
    """Counts of one journey as of an instant; ``goal_within`` is None for a journey without a goal."""
    own = [one for one in enrolments if one.journey == journey]
    messages = [one for one in outcomes if one.journey == journey]
    sent = [one for one in messages if one.decision == "sent"]
    held_out = sum(one.status == "held_out" for one in own)
    return Funnel(
        journey=journey,
        entered=len(own) - held_out,
        held_out=held_out,
        people=len({one.profile for one in own}),
        sent=len(sent),
        delivered=sum(one.delivered for one in sent),
        sent_by_channel=_counts(one.channel for one in sent),
        withheld=_counts(one.reason or "unknown" for one in messages if one.decision == "withheld"),
        failed=_counts(one.reason or "unknown" for one in messages if one.decision == "failed"),
        statuses=_counts(one.status for one in own),
        goals=sum(one.goal_reached_at is not None for one in own if one.status != "held_out"),
        comparison=_compare(own, goal_within, as_of) if goal_within is not None else None,
    )


def wilson(reached: int, people: int) -> Share:
    """Wilson's score interval at 95%; holds for small groups and shares near 0 or 1, unlike the usual formula.

    Source: Wilson (1927), JASA 22:209-212.
    """
    if people == 0:
        return Share(0, 0, 0.0, 1.0)
    share = reached / people
    centre = share + Z * Z / (2 * people)
    spread = Z * sqrt(share * (1 - share) / people + Z * Z / (4 * people * people))
    scale = 1 + Z * Z / people
    return Share(reached, people, max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def compare(treated: Share, held_out: Share) -> Comparison:
    """The difference of two shares with Newcombe's interval, or a refusal when a group is too small to carry one.

    Source: Newcombe (1998), Statistics in Medicine 17:873-890, method 10.
    """
    if held_out.people == 0:
        return Comparison(treated, held_out, "no holdout")
    if not (_large_enough(treated) and _large_enough(held_out)):
        return Comparison(treated, held_out, "too small to tell")
    difference = treated.value - held_out.value
    low = difference - sqrt((treated.value - treated.low) ** 2 + (held_out.high - held_out.value) ** 2)
    high = difference + sqrt((treated.high - treated.value) ** 2 + (held_out.value - held_out.low) ** 2)
    verdict: Verdict = "ahead" if low > 0 else "behind" if high < 0 else "no difference seen"
    return Comparison(treated, held_out, verdict, difference, low, high)


def _compare(own: Sequence[Enrolment], goal_within: timedelta, as_of: datetime) -> Comparison:
    # One observation a person: the first entry. Later ones are not independent of it, and holdout is by person.
    first: dict[str, Enrolment] = {}
    for one in sorted(own, key=lambda one: (one.entered_at, one.enrolment)):
        first.setdefault(one.profile, one)
    # A window still open counts for neither group, else the newest people would all look like failures.
    closed = [one for one in first.values() if one.entered_at + goal_within <= as_of]
    treated = [_reached(one) for one in closed if one.status != "held_out"]
    held_out = [_reached(one) for one in closed if one.status == "held_out"]
    return compare(wilson(sum(treated), len(treated)), wilson(sum(held_out), len(held_out)))


def _reached(one: Enrolment) -> bool:
    return one.goal_reached_at is not None


def _large_enough(share: Share) -> bool:
    return share.people >= SMALLEST_GROUP and SMALLEST_CELL <= share.reached <= share.people - SMALLEST_CELL


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))
