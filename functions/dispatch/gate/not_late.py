"""Guard 4: does this message still come in time?"""

from functions.dispatch.gate.verdict import Pass, Question, Verdict, Withheld


def not_late(question: Question) -> Verdict:
    """No once a message comes more than its journey's ``late: {after, then: skip}`` behind its time (an outage)."""
    if question.late_after is None:
        return Pass()
    late_by = question.now - question.due_at
    saw = {"late_by": late_by.total_seconds(), "late_after": question.late_after.total_seconds()}
    return Withheld("late", saw) if late_by > question.late_after else Pass(saw)
