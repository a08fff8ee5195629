"""What is a run called? A name that the same entry always gets, and that tells nobody anything."""

import hmac

from functions.shared.names import EnrolmentId


def enrolment_id(deployment_key: str, journey: str, message_id: str) -> EnrolmentId:
    """32 hex of HMAC-SHA256 of journey and entry message id: no caller's text reaches a console."""
    said = f"{journey}\x1f{message_id}".encode("utf-8", "surrogatepass")
    return EnrolmentId(hmac.digest(deployment_key.encode(), said, "sha256").hex()[:32])
