"""Guard 2: did somebody switch this journey or this channel off?"""

from functions.dispatch.gate.verdict import Pass, Question, Verdict, Withheld


def kill_switch(question: Question) -> Verdict:
    """No while the kill switch of the journey or of the channel is on; holds for every class.

    A switch is seen within five seconds (functions/journeys/switches): it stops the next claim, not what is on its way.
    """
    killed = question.board.killed(question.journey, question.channel)
    return Pass({"killed": None}) if killed is None else Withheld("kill_switch", {"killed": killed})
