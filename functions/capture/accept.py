"""Which of these messages are good? Each ends on a queue: the good ones as events, the others with their reason."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from functions.capture.model import Item, OffPlan, Rejection
from functions.capture.policy import NO_PLAN, message_id_of, read
from functions.capture.sqs import Intake, original_text
from functions.capture.tracking_plan import TrackingPlan
from functions.shared.errors import RejectedInput
from functions.shared.events import Event
from functions.shared.observability import count, logger


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch: how many events were taken, and the rejections by their place in it."""

    accepted: int
    rejected: Mapping[int, Rejection]


def accept(items: Iterable[Item], intake: Intake, service: str, plan: TrackingPlan = NO_PLAN) -> Accepted:
    """Reads all, sends all; raises ``TransientError`` when AWS refuses anything, and then nothing was promised."""
    events: list[Event] = []
    wholes: dict[str, str] = {}
    rejected: dict[int, Rejection] = {}
    told: Counter[str] = Counter()
    off_plan: Counter[OffPlan] = Counter()
    for index, item in enumerate(items):
        try:
            reading = read(item, plan)
        except RejectedInput as error:
            rejected[index] = _rejection(item, error)
            continue
        events.append(reading.event)
        if reading.whole is not None and reading.event.claim is not None:
            wholes[reading.event.claim["object"]] = reading.whole
            told["claimed"] += 1
        told.update(reading.warnings)
        if reading.off_plan is not None:
            # Its field may be somebody's word; the plan's own words may be logged.
            off_plan[replace(reading.off_plan, field="")] += 1
    # First what the events point to: nobody may come with a claim before there is something under it.
    intake.keep(wholes)
    intake.take(events, list(rejected.values()))
    count(service, {"accepted": len(events), "rejected": len(rejected), **told})
    if off_plan:
        told_off = [{"event": one.event, "rule": one.rule, "count": n} for one, n in off_plan.items()]
        logger(service).warning("off the tracking plan", extra={"events": told_off})
    return Accepted(len(events), rejected)


def _rejection(item: Item, error: RejectedInput) -> Rejection:
    return Rejection(
        field=error.field,
        rule=error.rule,
        message_id=message_id_of(item.raw),
        item=item,
        body=original_text(item.raw) if item.text is None else item.text,
    )
