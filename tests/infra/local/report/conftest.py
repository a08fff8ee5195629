"""A made-up run with everything a page can show, hostile texts included."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.measurement.funnel import compare, wilson
from functions.measurement.model import Funnel
from infra.local.report.model import (
    Calls,
    DemoResult,
    Edge,
    JourneyPage,
    Month,
    Node,
    OutboxMessage,
    Quarantined,
    Timeline,
    TimelineLine,
)

START = datetime(2009, 12, 1, 7, 45, tzinfo=UTC)
HTML = """<!doctype html><html><body style="margin:0;background:#f4f1ea;font-family:Georgia,serif">
<div style="max-width:520px;margin:0 auto;padding:32px 24px;background:#fff">
<p style="color:#0b6b5d;font-size:13px">Acme Gifts</p><h1 style="font-size:26px;margin:0 0 12px">Thank you, Ida</h1>
<p>Your first parcel is on its way. Here is how other customers use the tea set you picked.</p>
<p><a href="https://shop.example.com/gifts" style="background:#0b6b5d;color:#fff;padding:12px 20px;border-radius:6px;
text-decoration:none">See what goes with it</a></p>
<p style="font-size:12px;color:#777">Acme, 1 Main St. <a href="https://acme.example/unsubscribe">Unsubscribe</a></p>
</div><script>alert("never")</script></body></html>"""


def welcome() -> JourneyPage:
    return JourneyPage(
        name="welcome",
        title="Welcome a first-time buyer",
        message_class="marketing",
        nodes=[
            Node("entry", "Order Completed", "entry", 40),
            Node("wait", "Wait 1 day", "wait", 40),
            Node("hello", "Hello by email", "send", 40, channel="email", left_early={"Order Completed": 3}),
            Node("second", "Second order within 30 days?", "wait_for", 37),
            Node("thanks", "Thanks by push", "send", 9, channel="push"),
            Node("remind", "Remind by email", "send", 28, channel="email", waiting=2),
            Node("exit", "Exit: second_order", "exit", 9),
            Node("end", "Completed", "end", 26),
            Node("failed", "Failed: remind", "fail", 0),
        ],
        edges=[
            Edge("entry", "wait", 40),
            Edge("wait", "hello", 40),
            Edge("hello", "second", 37),
            Edge("second", "thanks", 9, "happened"),
            Edge("second", "remind", 28, "otherwise"),
            Edge("thanks", "exit", 9),
            Edge("remind", "end", 26),
            Edge("remind", "failed", 0, "failed"),
            Edge("failed", "end", 0),
        ],
        funnel=Funnel(
            journey="welcome",
            entered=40,
            held_out=0,
            people=40,
            sent=61,
            delivered=58,
            sent_by_channel={"email": 54, "push": 7},
            withheld={"no_consent": 11, "unreachable": 3, "suppressed": 2},
            failed={"provider_rejected": 1},
            statuses={"completed": 26, "exited": 12, "active": 2},
            goals=9,
        ),
        goal="Order Completed within 30 days",
    )


def replenish() -> JourneyPage:
    return JourneyPage(
        name="replenish",
        title="Remind when the next order is due",
        message_class="marketing",
        nodes=[
            Node("entry", "Order Completed", "entry", 180),
            Node("due", "Wait until the next order is due", "wait", 180, left_early={"Order Completed": 96}),
            Node("split", "Bought more than twice?", "split", 84),
            Node("regular", "Your usual by email", "send", 51, channel="email"),
            Node("newer", "Remember us, by sms or email", "send", 33, channel="sms"),
            Node("end", "Completed", "end", 84),
        ],
        edges=[
            Edge("entry", "due", 180),
            Edge("due", "split", 84),
            Edge("split", "regular", 51, "yes"),
            Edge("split", "newer", 33, "otherwise"),
            Edge("regular", "end", 51),
            Edge("newer", "end", 33),
        ],
        funnel=Funnel(
            journey="replenish",
            entered=180,
            held_out=19,
            people=44,
            sent=70,
            delivered=66,
            sent_by_channel={"email": 61, "sms": 9},
            withheld={"no_consent": 14},
            statuses={"exited": 96, "completed": 84, "held_out": 19},
            goals=96,
            comparison=compare(wilson(21, 36), wilson(2, 4)),
        ),
        goal="Order Completed within 60 days",
        holdout=0.1,
    )


def confirmation() -> JourneyPage:
    return JourneyPage(
        name="order-confirmation",
        title="Confirm every order",
        message_class="transactional",
        nodes=[
            Node("entry", "Order Completed", "entry", 233),
            Node("confirm", "Confirm by email", "send", 233, channel="email"),
            Node("end", "Completed", "end", 233),
        ],
        edges=[Edge("entry", "confirm", 233), Edge("confirm", "end", 233)],
        funnel=Funnel(
            journey="order-confirmation",
            entered=233,
            held_out=0,
            people=40,
            sent=221,
            delivered=220,
            sent_by_channel={"email": 221},
            withheld={"suppressed": 12},
            statuses={"completed": 233},
        ),
    )


def timeline() -> Timeline:
    def line(days: float, *args, **fields) -> TimelineLine:
        return TimelineLine(START + timedelta(days=days), *args, **fields)

    return Timeline(
        name="Ida Chen",
        profile="6f0f2a2e-5c2c-5a65-9d0c-3d5d2c1e9b7a",
        traits={"country": "GB", "email": "ida.chen.17611@example.com", "phone": "+442079460005"},
        identifiers=[
            "customer_id 17611",
            "email ida.chen.17611@example.com",
            "anonymous_id bc82f091f6b30b2eb624dd22dd88a8f6",
        ],
        lines=[
            line(0, "event", "page: Gifts"),
            line(0.01, "event", "identify"),
            line(0.02, "consent", "Consent to offers by e-mail granted", "sign-up form"),
            line(0.03, "event", "Order Completed", "£507.49, 273 units"),
            line(0.03, "enrolment", "Entered Confirm every order"),
            line(
                0.03, "decision", "Sent by e-mail: order-confirmation/confirm", "", "good", {"class": "transactional"}
            ),
            line(0.04, "receipt", "Delivered"),
            line(1.03, "decision", "Sent by e-mail: welcome/hello", "", "good", {"consent": "granted"}),
            line(9, "consent", "Consent to offers by e-mail withdrawn", "account page"),
            line(
                31,
                "decision",
                "Withheld by e-mail: welcome/reminder",
                "No consent on record for this topic and channel.",
                "no",
                {"topic": "offers", "consent": "withdrawn"},
            ),
            line(32, "enrolment", "Welcome a first-time buyer completed"),
            line(33, "decision", "Failed by SMS", "The provider refused it.", "bad"),
            *(line(40 + 9 * n, "event", "Order Completed", f"£{20 + 3 * n}.00") for n in range(20)),
            line(300, "event", "<script>alert('timeline')</script>"),
        ],
    )


@pytest.fixture
def result() -> DemoResult:
    months = [
        Month(
            datetime(2009 + (11 + n) // 12, (11 + n) % 12 + 1, 1, tzinfo=UTC),
            8 + (n * 7) % 13,
            {"email": 9 + (n * 5) % 11, "sms": n % 3, "push": n % 2},
        )
        for n in range(25)
    ]
    outbox = [
        OutboxMessage(
            at=START + timedelta(days=1),
            channel="email",
            journey="welcome",
            template="hello",
            to="ida.chen.17611@example.com",
            sender="Acme Gifts <hello@acme.example>",
            subject="Thank you for your first order",
            preheader="A note",
            html=HTML,
            text="Thank you, Ida",
        ),
        OutboxMessage(
            at=START + timedelta(days=1),
            channel="email",
            journey="replenish",
            template="reminder",
            to="evil@example.com",
            sender="Acme <a@acme.example>",
            subject="<script>alert('subject')</script>",
            html='"></iframe><script>alert(1)</script>',
            text="<b>plain</b>",
        ),
        OutboxMessage(
            at=START + timedelta(days=3),
            channel="sms",
            journey="replenish",
            template="reminder",
            to="+442079460005",
            sender="ACME",
            text="Acme: time for your usual? shop.example.com/again Reply STOP to end. <img src=x onerror=alert(1)>",
        ),
        OutboxMessage(
            at=START + timedelta(days=4),
            channel="push",
            journey="welcome",
            template="thanks",
            to="9b7a" * 16,
            title="Lovely to see you again",
            text="Your second order is being packed.",
            link="https://shop.example.com/orders",
        ),
    ]
    return DemoResult(
        customers=40,
        started_at=START,
        ended_at=datetime(2011, 12, 9, 12, 50, tzinfo=UTC),
        elapsed_seconds=31.4,
        events=429,
        profiles=40,
        journeys=[welcome(), replenish(), confirmation()],
        months=months,
        outbox=outbox,
        timeline=timeline(),
        quarantined=[
            Quarantined(START, "broken-nobody", "userId", "an identifier is missing"),
            Quarantined(START, "<script>alert('id')</script>", "properties", "must be an object"),
        ],
        calls=[
            Calls("recognise-people", "dynamodb.TransactWriteItems", 340),
            Calls("recognise-people", "dynamodb.BatchGetItem", 350),
            Calls("recognise-people", "sqs.SendMessage", 300),
            Calls("accept-bus-events", "sqs.SendMessage", 410),
            Calls("send-email", "dynamodb.TransactWriteItems", 352),
            Calls("send-email", "ses.SendEmail", 352),
            Calls("send-email", "stepfunctions.SendTaskSuccess", 370),
            Calls("advance-people", "stepfunctions.StartExecution", 453),
        ],
        read_units=1240.5,
        write_units=2210,
        state_transitions=2904,
        executions=453,
    )
