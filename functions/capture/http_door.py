"""What does the HTTP door answer? 200 once the queue has what is good, with the reasons for the rest."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from functions.capture.accept import Accepted, accept
from functions.capture.http import Unusable, answer, method, read_head, read_request, refusal
from functions.capture.model import Item, WriteKey
from functions.capture.policy import NO_PLAN
from functions.capture.secrets import SERVICE, WriteKeys
from functions.capture.signatures import fault_of, taken_out
from functions.capture.sqs import Intake
from functions.capture.tracking_plan import TrackingPlan
from functions.shared.clock import Clock
from functions.shared.errors import TransientError
from functions.shared.observability import logger

RETRY_AFTER_SECONDS = "5"
# Lambda answers 6 MB, escapes twice, and a whole batch may be wrong; a 502 would have the client send it all again.
REJECTIONS_TOLD = 1_000


class HttpDoor:
    """Takes function URL events. It never answers 202 or 207: two official clients send everything again on those."""

    def __init__(self, keys: WriteKeys, intake: Intake, clock: Clock, plan: TrackingPlan = NO_PLAN) -> None:
        self._keys = keys
        self._intake = intake
        self._clock = clock
        self._plan = plan

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request, whatever it holds."""
        if method(event) == "OPTIONS":
            return answer(200)
        try:
            return self._accept(event)
        except Unusable as error:
            told = refusal(error.field, error.reason, field=error.field, reason=error.reason)
            return answer(error.status, told, **error.headers)
        except TransientError as error:
            logger(SERVICE).warning("batch not taken", extra={"why": str(error)})
            return answer(503, {"success": False, "reason": "try again"}, retry_after=RETRY_AFTER_SECONDS)

    def _accept(self, event: Mapping[str, Any]) -> dict[str, Any]:
        head = read_head(event)
        # A key in the headers is asked for before the body is opened: a stranger shall not buy its CPU.
        key = self._key(head.write_key) if head.write_key else None
        request = read_request(event, head)
        key = key or self._key(request.write_key)
        received_at = self._clock()
        items = [_item(message, key, received_at, request.sent_at) for message in request.messages]
        accepted = accept(items, self._intake, SERVICE, self._plan)
        # Most clients drop a batch on 400, so it is kept for batches in which nothing at all can be used.
        if accepted.accepted or not items:
            return answer(200, {"success": True, **_told(accepted)})
        # Clients print no more than this, so it says what is wrong with the first.
        first = accepted.rejected[min(accepted.rejected)]
        return answer(400, refusal("batch", f"no message can be used: {first.field}: {first.rule}", **_told(accepted)))

    def _key(self, stated: str | None) -> WriteKey:
        key = self._keys.find(stated)
        if key is None:
            raise Unusable(401, "writeKey", "unknown write key")
        return key


def _item(message: object, key: WriteKey, received_at: datetime, sent_at: object) -> Item:
    """A message with what its key makes of it. A signed id is trusted as far as that goes; a browser stays one."""
    signature = taken_out(message)
    signed, refused = False, None
    if key.browser and signature is not None and isinstance(message, Mapping):
        refused = fault_of(signature, message.get("userId"), key.signing_secret)
        signed = refused is None
    return Item(
        message,
        received_at,
        key.source,
        trusted=signed or not key.browser,
        sent_at=sent_at,
        browser=key.browser,
        allowed=key.events,
        refused=refused,
    )


def _told(accepted: Accepted) -> dict[str, Any]:
    told = [
        {"index": index, "messageId": one.message_id, "field": one.field, "reason": one.rule}
        for index, one in islice(accepted.rejected.items(), REJECTIONS_TOLD)
    ]
    more = len(accepted.rejected) - len(told)
    return {"accepted": accepted.accepted, "rejected": told, **({"more": more} if more else {})}
