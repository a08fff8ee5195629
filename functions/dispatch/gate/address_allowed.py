"""Guard 3: may anything at all go to this person, at this address?"""

from functions.dispatch.gate.verdict import Pass, Question, Verdict, Withheld


def address_allowed(question: Question) -> Verdict:
    """No for an erased person, a person without an address, and a suppressed address; holds for every class.

    Soft contacts (identity rule R11b) do not stand among a profile's contacts, so they read as unreachable.
    """
    if question.permission.erased:
        return Withheld("erased", {"erased": True})
    if question.contact is None:
        return Withheld("unreachable", {"erased": False, "address": None})
    suppressed = question.permission.suppressed
    saw = {"erased": False, "suppressed": suppressed}
    return Pass(saw) if suppressed is None else Withheld("suppressed", saw)
