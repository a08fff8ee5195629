"""What an SDK error says of the effect: only what is certain is called certain."""

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError

from functions.dispatch.end_user_messaging import TextMessages
from functions.dispatch.pinpoint import PushNotifications
from functions.dispatch.policy import LEASE
from functions.dispatch.provider import (
    ATTEMPTS,
    CONNECT_SECONDS,
    NEVER_LEFT,
    READ_SECONDS,
    Outgoing,
    Rejected,
    Unavailable,
    Unknown,
    Unrenderable,
    answer_of,
)
from functions.dispatch.ses import SesEmail


def refused(code, status):
    answer = {"Error": {"Code": code, "Message": "x"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Send")


CASES = [
    (refused("MessageRejected", 400), Rejected("MessageRejected")),
    (refused("TooManyRequestsException", 429), Unavailable("TooManyRequestsException")),
    (refused("AccessDeniedException", 403), Unavailable("AccessDeniedException")),
    (refused("InternalFailure", 500), Unknown("InternalFailure")),
    (refused("ServiceUnavailable", 503), Unknown("ServiceUnavailable")),
    (botocore.exceptions.ReadTimeoutError(endpoint_url="x"), Unknown("ReadTimeoutError")),
    (botocore.exceptions.ConnectionClosedError(endpoint_url="x"), Unknown("ConnectionClosedError")),
    (botocore.exceptions.ConnectTimeoutError(endpoint_url="x"), Unavailable("ConnectTimeoutError")),
    (botocore.exceptions.EndpointConnectionError(endpoint_url="x"), Unavailable("EndpointConnectionError")),
    (botocore.exceptions.NoCredentialsError(), Unavailable("NoCredentialsError")),
    (botocore.exceptions.ParamValidationError(report="x"), Rejected("ParamValidationError")),
]


@pytest.mark.parametrize(("error", "answer"), CASES, ids=lambda case: str(case)[:60])
def test_an_error_is_read_by_its_effect(error, answer):
    assert answer_of(error, frozenset({"MessageRejected"})) == answer


def test_the_names_of_errors_are_real_classes():
    assert [name for name in NEVER_LEFT if not hasattr(botocore.exceptions, name)] == []


def clients():
    return {
        "email": SesEmail("hello@acme.example", "set")._client,
        "sms": TextMessages("ACME")._client,
        "push": PushNotifications("app")._client,
    }


@pytest.mark.parametrize("channel", ["email", "sms", "push"])
def test_the_sdk_never_sends_twice_and_ends_before_the_lease(channel):
    config = clients()[channel].meta.config
    assert config.retries["total_max_attempts"] == ATTEMPTS["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout == CONNECT_SECONDS + READ_SECONDS < LEASE.total_seconds()


def outgoing(parts, address="ann@example.com", platform=None, message_class="marketing"):
    return Outgoing("m" * 32, message_class, address, platform, parts, None)


def test_what_cannot_be_built_is_said_before_anything_is_claimed():
    email = SesEmail("hello@acme.example", "set")
    assert isinstance(email.prepare(outgoing({"subject": "x", "text": "x"})), Unrenderable)
    whole = {"subject": "x", "text": "x", "html": "x"}
    assert isinstance(email.prepare(outgoing(whole, address="nobody")), Unrenderable)
    assert isinstance(SesEmail("", "set").prepare(outgoing(whole)), Unrenderable)
    sms = TextMessages("ACME")
    assert isinstance(sms.prepare(outgoing({"body": " "}, "+358401234567")), Unrenderable)
    assert isinstance(sms.prepare(outgoing({"body": "x"}, "040 123")), Unrenderable)
    push = PushNotifications("app")
    assert isinstance(push.prepare(outgoing({}, "tok")), Unrenderable)
    assert isinstance(push.prepare(outgoing({"title": "x", "ttl": "soon"}, "tok")), Unrenderable)


def test_a_sender_name_beyond_ascii_travels_encoded():
    request = SesEmail("Käse <hello@acme.example>", "set").prepare(outgoing({"subject": "x", "text": "x", "html": "x"}))
    assert request["FromEmailAddress"].isascii()
    assert b"=?utf-8?" in request["Content"]["Raw"]["Data"]


def test_without_a_sender_the_account_chooses_the_origin():
    request = TextMessages("").prepare(outgoing({"body": "x"}, "+358401234567", message_class="service"))
    assert "OriginationIdentity" not in request
    assert request["MessageType"] == "TRANSACTIONAL"


def test_an_apple_device_is_reached_by_apple():
    push = PushNotifications("app").prepare(outgoing({"title": "x", "collapse_key": "k", "image": "i"}, "tok", "iOS"))
    assert push["MessageRequest"]["Addresses"] == {"tok": {"ChannelType": "APNS"}}
    assert push["MessageRequest"]["MessageConfiguration"]["APNSMessage"]["CollapseId"] == "k"
