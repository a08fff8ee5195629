"""Guard 1: is the person still in this journey?"""

from functions.dispatch.gate.verdict import Pass, Question, Verdict, Withheld


def enrolment_active(question: Question) -> Verdict:
    """No for a run that ended, gives way or gave way after a merge, or is not there at all (erased or expired)."""
    enrolment = question.enrolment
    if enrolment is None:
        return Withheld("exited", {"enrolment": None})
    saw = {"enrolment": enrolment.status}
    if enrolment.running and question.earlier is not None:
        return Withheld("merged", {**saw, "earlier": question.earlier.enrolment})
    if enrolment.running:
        return Pass(saw)
    return Withheld("superseded" if enrolment.status == "superseded" else "exited", saw)
