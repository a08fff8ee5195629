"""SES event records inside an EventBridge envelope, with the fields the SES developer guide lists for each kind."""

from typing import Any

PERSON = "ann@example.com"
AT = "2026-03-02T13:00:00.123Z"
DETAILS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    "Send": ("Email Sent", "send", {}),
    "Delivery": (
        "Email Delivered",
        "delivery",
        {"timestamp": AT, "processingTimeMillis": 893, "recipients": [PERSON], "smtpResponse": "250 ok"},
    ),
    "Open": ("Email Opened", "open", {"timestamp": AT, "ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0"}),
    "Click": (
        "Email Clicked",
        "click",
        {"timestamp": AT, "ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0", "link": "https://shop.example/a"},
    ),
    "Bounce": (
        "Email Bounced",
        "bounce",
        {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": PERSON, "action": "failed", "status": "5.1.1"}],
            "timestamp": AT,
            "feedbackId": "feedback-1",
        },
    ),
    "Complaint": (
        "Email Complaint Received",
        "complaint",
        {
            "complainedRecipients": [{"emailAddress": PERSON}],
            "timestamp": AT,
            "feedbackId": "feedback-2",
            "complaintFeedbackType": "abuse",
        },
    ),
    "Reject": ("Email Rejected", "reject", {"reason": "Bad content"}),
    "Rendering Failure": ("Email Rendering Failed", "failure", {"templateName": "t", "errorMessage": "x"}),
}
KINDS = tuple(DETAILS)


def ses_event(
    kind: str, message: str | None, *, ses_id: str = "ses-1", envelope_id: str = "envelope-1", **changes: Any
) -> dict[str, Any]:
    """One event as EventBridge hands it on; ``message`` None = an e-mail that is not ours."""
    detail_type, part, content = DETAILS[kind]
    tags = {"ses:configuration-set": ["segue"], **({"segue-message": [message]} if message else {})}
    mail = {
        "timestamp": "2026-03-02T12:00:00.456Z",
        "source": "Acme <hello@acme.example>",
        "messageId": ses_id,
        "destination": [PERSON],
        "headersTruncated": False,
        "headers": [{"name": "To", "value": PERSON}],
        "commonHeaders": {"to": [PERSON], "subject": "Hello"},
        "tags": tags,
    }
    return {
        "version": "0",
        "id": envelope_id,
        "detail-type": detail_type,
        "source": "aws.ses",
        "account": "123456789012",
        "time": "2026-03-02T13:00:01Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:ses:eu-west-1:123456789012:configuration-set/segue"],
        "detail": {"eventType": kind, "mail": mail, str(part): {**content, **changes}},
    }
