import itertools
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from functions.journeys.language.publication import publish
from infra.local.demo.gather import Ledger, gather
from infra.local.demo.picture import Run
from infra.local.demo.purchases import arrivals
from infra.local.demo.summary import print_summary
from infra.local.report.model import Calls, OutboxMessage, Quarantined
from infra.local.report.write_report import render_report

START = datetime(2010, 1, 4, 9, tzinfo=UTC)
END = datetime(2011, 12, 9, 13, tzinfo=UTC)
ROOT = Path(__file__).parents[4]


@pytest.fixture
def result(enrolment, message, snapshot, event):
    publication, machines = publish(ROOT / "journeys")
    ledger = Ledger(
        enrolments=[
            enrolment(goal_reached_at=START + timedelta(days=4)),
            enrolment("bo"),
            enrolment(journey="replenish", status="held_out"),
        ],
        messages=[
            message(1),
            message(2, days=22, decision="withheld", reason="no_consent", status=None),
            message(3, "bo", status="bounced_hard"),
            message(4, "bo", decision=None, phase="planned", status=None),
        ],
        profiles=[snapshot(), snapshot("bo")],
        runs={"welcome": [Run(["Start", "Wait 1 day", "Say thanks by email"], running=True)]},
        outbox=[OutboxMessage(START + timedelta(days=1), "email", "welcome", "thanks", "ida@example.com")],
        quarantined=[Quarantined(START, "broken-nobody", "userId", "no identifier")],
        calls=[Calls("send-email", "ses.SendEmail", 2)],
        read_units=10,
        write_units=20,
        state_transitions=30,
    )
    return gather(
        arrivals=arrivals(3),
        customers=3,
        publication=publication,
        machines=machines,
        ledger=ledger,
        timeline=lambda profile: [event("track", event="Order Completed", userId=str(profile))],
        ended_at=END,
        elapsed_seconds=1.5,
    )


def test_every_published_journey_has_its_page(result):
    pages = {page.name: page for page in result.journeys}
    assert set(pages) == {"order-confirmation", "replenish", "welcome"}
    welcome = pages["welcome"].funnel
    assert (welcome.entered, welcome.sent, welcome.delivered, welcome.goals) == (2, 2, 1, 1)
    assert welcome.withheld == {"no_consent": 1}
    assert pages["replenish"].funnel.held_out == 1
    assert pages["replenish"].holdout == 0.1
    assert pages["welcome"].goal == "Order Completed within 60 days"
    assert {node.title for node in pages["welcome"].nodes} >= {"Order Completed", "Wait 1 day"}


def test_months_run_without_gaps_and_hold_every_order(result):
    starts = [month.start for month in result.months]
    assert starts == sorted(starts)
    assert all((b.year * 12 + b.month) - (a.year * 12 + a.month) == 1 for a, b in itertools.pairwise(starts))
    good = [one for one in arrivals(3) if one.name == "Order Completed" and not one.broken]
    assert sum(month.orders for month in result.months) == len(good)
    assert sum(sum(month.messages.values()) for month in result.months) == 1


def test_the_person_with_the_richest_story_is_told(result):
    assert result.timeline is not None
    assert result.timeline.profile == "ida"
    assert "customer id ida" in result.timeline.identifiers


def test_the_summary_says_what_was_withheld_and_quarantined_and_why(result):
    out = StringIO()
    print_summary(result, Console(file=out, width=110))
    text = out.getvalue()
    for words in (
        "enrolments",
        "welcome",
        "no_consent",
        "no consent on record",
        "userId",
        "no identifier",
        "AWS requests",
    ):
        assert words in text
    assert "\x1b" not in text
    assert all(len(line) <= 110 for line in text.splitlines())


def test_the_report_takes_the_result_as_it_is(result):
    page = render_report(result)
    assert "Ida Chen" in page
    assert "broken-nobody" in page
