"""Guard 5: did the person say yes to this topic at this address, and not leave the channel?"""

from typing import Any

from functions.dispatch.gate.verdict import Pass, Question, Verdict, Withheld


def consent_given(question: Question) -> Verdict:
    """Marketing needs a grant, and unknown is no; an explicit opt-out of the channel stops every class.

    A topic with ``opt_in: none`` needs no grant. One with ``opt_in: double`` needs a confirmed one, and nothing
    confirms yet. Service and transactional messages do not ask for the topic.
    """
    state = None if question.topic is None else question.permission.consents.get(question.topic)
    consent = state or "unknown"
    saw: dict[str, Any] = {"topic": question.topic, "opt_in": question.opt_in, "consent": consent}
    if question.message_class == "marketing" and not _agreed(question.opt_in, consent):
        return Withheld("no_consent", saw)
    opted_out = question.channel in question.permission.opted_out
    saw["opted_out"] = opted_out
    return Withheld("opted_out", saw) if opted_out else Pass(saw)


def _agreed(opt_in: str, consent: str) -> bool:
    return opt_in == "none" or (opt_in == "single" and consent == "granted")
