"""May this message go now? An ordered list of guards; the first that does not pass answers.

The order is the product's promise (README.md). Guards are pure and never raise for a "no".
"""

from collections.abc import Iterable
from typing import Any

from functions.dispatch.gate.address_allowed import address_allowed
from functions.dispatch.gate.consent_given import consent_given
from functions.dispatch.gate.enrolment_active import enrolment_active
from functions.dispatch.gate.kill_switch import kill_switch
from functions.dispatch.gate.not_expired import not_expired
from functions.dispatch.gate.not_late import not_late
from functions.dispatch.gate.not_paused import not_paused
from functions.dispatch.gate.verdict import Guard, Pass, Question, Verdict

__all__ = ["GUARDS", "ask"]

GUARDS: tuple[Guard, ...] = (
    # 1
    enrolment_active,
    # 2 (the breaker: not built yet)
    kill_switch,
    not_paused,
    # 3
    address_allowed,
    # 4
    not_expired,
    not_late,
    # 5
    consent_given,
    # 6 offer not declined: not built yet
    # 7 holdout: not built yet (held-out people have no execution, so no message of theirs comes here)
    # 8 quiet hours and send windows: not built yet
    # 9 frequency caps: not built yet
    # 10 not sent before: no guard can know, only a write can; it is the claim (store.py), right before the provider
)


def ask(question: Question, guards: Iterable[Guard] = GUARDS) -> tuple[Verdict, str | None, dict[str, Any]]:
    """The verdict, the guard that gave it (None when all passed) and every value that was looked at on the way."""
    saw: dict[str, Any] = {}
    for guard in guards:
        verdict = guard(question)
        saw.update(verdict.saw)
        if not isinstance(verdict, Pass):
            return verdict, guard.__name__, saw
    return Pass(), None, saw
