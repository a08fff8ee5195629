"""What may an operator do to a journey or a channel while people are under way? Pause, resume, stop, kill.

Each writes the switch first, and only then looks whom it is about: whoever comes to the switch later sees it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from functions.journeys.api import Enrolments, Switches
from functions.journeys.machines import Machines
from functions.journeys.model import Enrolment
from functions.journeys.parking import due_first
from functions.journeys.switches.model import Switch, Target, Word
from functions.shared.clock import Clock, format_instant

STOPPED = "stopped"
Told = Callable[[Enrolment], None]


def nobody_told(run: Enrolment) -> None:
    """Who need not know how far it is."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The switches of one deployment and what hangs on them. ``by`` names who asked, for whoever asks later.

    What is said last of a target holds. Each may be said again, also after it ended half way.
    """

    switches: Switches
    enrolments: Enrolments
    machines: Machines
    clock: Clock

    def pause(self, target: Target, by: str) -> None:
        """Nobody enters the journey, and everybody under way is held at the next message or ``wait_for``."""
        self._say("pause", target, by)

    def kill(self, target: Target, by: str, told: Told = nobody_told) -> int:
        """Nobody enters the journey, and each message of it (or on the channel) is withheld; how many were let go, for
        whoever a pause held before goes on as well."""
        self._say("kill", target, by)
        return self._let_go(told)

    def resume(self, target: Target, by: str, told: Told = nobody_told) -> int:
        """As if nothing had been said of the target; how many were let go, ``told`` of each.

        Whoever came first to where the pause held them goes on first.
        """
        self.switches.turn(target, None)
        return self._let_go(told)

    def stop(self, target: Target, by: str, told: Told = nobody_told) -> int:
        """Nobody enters the journey, and every run of it ends with reason ``stopped``; how many did.

        Raises ``ValueError`` for a channel: nobody is under way in one. ``told`` hears of each run that was ended.
        """
        if target.kind != "journey":
            raise ValueError(f"{target} cannot be stopped: pause it, or kill it")
        switch = self._say("stop", target, by)
        cause, ended = f"stop:{format_instant(switch.at)}", 0
        for run in self.enrolments.running(target.name, cause):
            ended += bool(run.running and self.enrolments.exit(run, STOPPED, self.clock(), cause, None))
            # Row first: what is queued is withheld even if we end here, and saying it again comes to this execution.
            self.machines.stop(run, STOPPED)
            told(run)
        return ended

    def _let_go(self, told: Told) -> int:
        held = due_first(self.enrolments.parked(), self.switches.look())
        for parking, run in held:
            # Answered, then forgotten: a second answer is refused as late, who is forgotten unanswered stands still.
            self.machines.answer(parking.token, {})
            self.enrolments.unpark(run, parking)
            told(run)
        return len(held)

    def _say(self, word: Word, target: Target, by: str) -> Switch:
        """The switch as it stands then; said again, it stands since the first time."""
        stands = self.switches.look().switches.get(target)
        if stands is not None and stands.word == word:
            return stands
        switch = Switch(word, self.clock(), by)
        self.switches.turn(target, switch)
        return switch
