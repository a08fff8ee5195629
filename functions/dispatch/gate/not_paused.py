"""Guard 2: does somebody hold this journey or this channel back for a while?"""

from functions.dispatch.gate.verdict import Pass, Paused, Question, Verdict


def not_paused(question: Question) -> Verdict:
    """Holds every class while the journey or the channel is paused; asked again when it is let go."""
    paused = question.board.paused(question.journey, question.channel)
    return Pass({"paused": None}) if paused is None else Paused({"paused": paused})
