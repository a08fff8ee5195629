"""Guard 4: does anybody still wait for this message?"""

from functions.dispatch.gate.verdict import Pass, Question, Verdict, Withheld
from functions.shared.deadlines import SEND_TIMEOUT


def not_expired(question: Question) -> Verdict:
    """No once the task that asked has timed out: its machine went on as after a failure, perhaps to another message."""
    behind = question.now - question.due_at
    if behind < SEND_TIMEOUT:
        return Pass()
    return Withheld("expired", {"late_by": behind.total_seconds()})
