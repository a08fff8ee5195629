"""What holds now, of everything ever said? A fold that gives the same answer in any order and with any repetition."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from functions.permissions.model import Consent, Permission, State, Statement, Suppression
from functions.shared.names import CHANNELS, Channel

# A complaint is a person's word and outranks what a mail server said.
SUPPRESSION_RANK = {"complained": 2, "bounced_hard": 1}


def with_consent(state: State, consent: Consent) -> State:
    """The state after one more line: the later statement holds, and a withdrawal wins a tie."""
    said = Statement(consent.state, consent.effective_at, consent.source, consent.message_id)
    if consent.topic is not None:
        return replace(
            state, consents={**state.consents, consent.topic: _later(state.consents.get(consent.topic), said)}
        )
    channels: tuple[Channel, ...] = CHANNELS if consent.channel is None else (consent.channel,)
    changed: dict[str, Statement] = {channel: _later(state.opt_outs.get(channel), said) for channel in channels}
    return replace(state, opt_outs={**state.opt_outs, **changed})


def with_suppression(state: State, suppression: Suppression) -> State:
    """The state after a suppression: the graver reason holds, and of equals the first."""
    if state.suppressed is None:
        return replace(state, suppressed=suppression)
    return replace(state, suppressed=min(state.suppressed, suppression, key=_by_gravity))


def with_erasure(state: State, at: datetime) -> State:
    """The state of an erased person: the tombstone never goes away, and keeps the first erasure's time."""
    return replace(state, erased_at=at if state.erased_at is None else min(at, state.erased_at))


def permission(contact: State, contact_version: int, person: State, person_version: int) -> Permission:
    """The facts the gate asks for."""
    return Permission(
        consents={topic: said.state for topic, said in contact.consents.items()},
        suppressed=contact.suppressed.reason if contact.suppressed else None,
        opted_out=opted_out(person.opt_outs),
        erased=person.erased_at is not None,
        contact_version=contact_version,
        person_version=person_version,
    )


def opted_out(opt_outs: Mapping[str, Statement]) -> frozenset[Channel]:
    """The channels a person has left."""
    if not opt_outs:
        return frozenset()
    return frozenset(channel for channel in CHANNELS if channel in opt_outs and opt_outs[channel].state == "withdrawn")


def _later(one: Statement | None, other: Statement) -> Statement:
    return other if one is None else max(one, other, key=_by_time)


def _by_time(said: Statement) -> tuple[datetime, bool, str, str]:
    return (said.effective_at, said.state == "withdrawn", said.message_id, said.source)


def _by_gravity(suppression: Suppression) -> tuple[int, datetime, str, str]:
    rank = SUPPRESSION_RANK.get(suppression.reason, 0)
    return (-rank, suppression.at, suppression.message_id, suppression.reason)
