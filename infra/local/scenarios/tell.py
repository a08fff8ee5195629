"""What happens when a scenario is told to a world? Each thing at its moment, and what was seen at the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from functions.dispatch.api import Message
from functions.journeys.switches.model import Target
from functions.shared.names import Channel, MessageId
from infra.local.providers import Answer
from infra.local.scenarios.definition import (
    Happening,
    OptOut,
    Outage,
    Prefer,
    Provider,
    Receipt,
    Saying,
    Scenario,
    Switch,
    length_of,
)
from infra.local.scenarios.messages import arrivals, message_of
from infra.local.worlds import Seen, World

RECEIPTS_OF: tuple[Channel, ...] = ("email",)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of ``when`` that could not happen: the number of its row, and why."""

    row: int
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a world held at the end of a scenario, and what of the scenario could not happen."""

    seen: Seen
    troubles: Sequence[Trouble]


@dataclass(frozen=True, slots=True)
class _Deed:
    """One row at its instant; ``answer`` = the end of what a provider did for a while."""

    at: datetime
    number: int
    row: Happening
    answer: Answer | None = None


def tell(scenario: Scenario, world: World) -> Told:
    """Tells the whole of it; the world was opened at the scenario's start."""
    return _Teller(scenario, world).told()


@dataclass(slots=True)
class _Teller:
    scenario: Scenario
    world: World
    troubles: list[Trouble] = field(default_factory=list)
    dark_until: datetime | None = None

    def told(self) -> Told:
        for messages in _by_kind(list(arrivals(self.scenario))):
            self.world.put_events(messages)
            self.world.run_until(self.scenario.starts_at)
        together: list[_Deed] = []
        for deed in _in_order(self.scenario):
            if together and not (isinstance(deed.row, Saying | Prefer) and deed.at == together[0].at):
                self._say(together)
                together = []
            if isinstance(deed.row, Saying | Prefer):
                together.append(deed)
            else:
                self._pass_until(deed.at)
                self._do(deed)
        if together:
            self._say(together)
        self._pass_until(self.scenario.instant(self.scenario.until))
        for refused in self.world.quarantined():
            number = str(refused["messageId"]).removeprefix("when-")
            why = f"{refused['field']}: {refused['rule']}"
            self.troubles.append(Trouble(int(number) if number.isdigit() else 0, why))
        return Told(self.world.seen(), sorted(self.troubles, key=lambda one: one.row))

    def _pass_until(self, instant: datetime) -> None:
        """Lets time pass; in an outage only the clock goes on."""
        if self.dark_until is not None and instant < self.dark_until:
            self.world.stand_still_until(instant)
            return
        if self.dark_until is not None:
            self.world.stand_still_until(self.dark_until)
            self.dark_until = None
        self.world.run_until(instant)

    def _say(self, deeds: Sequence[_Deed]) -> None:
        """What is said at one instant arrives together: journeys decide its order, not the queue."""
        self._pass_until(deeds[0].at)
        rows = ((deed.row, deed.number) for deed in deeds)
        said = [message_of(self.scenario, row, n) for row, n in rows if isinstance(row, Saying | Prefer)]
        self.world.put_events(said)
        self._pass_until(deeds[0].at)

    def _do(self, deed: _Deed) -> None:
        match deed.row:
            case Provider(channel=channel, outcome=outcome):
                self.world.set_provider(channel, deed.answer or outcome)
            case Outage(for_=length):
                end = deed.at + length_of(length)
                self.dark_until = end if self.dark_until is None else max(end, self.dark_until)
            case Switch(type=word) as row:
                target = Target("journey", row.journey) if row.journey else Target("channel", str(row.channel))
                self.world.switch(word, target)
                self._pass_until(deed.at)
            case OptOut() as row:
                self._opt_out(row, deed)
            case Receipt() as row:
                self._receive(row, deed)

    def _opt_out(self, row: OptOut, deed: _Deed) -> None:
        profiles = [profile for profile, user in self.world.seen().users.items() if user == row.user_id]
        if not profiles:
            self.troubles.append(Trouble(deed.number, f"nobody knew {row.user_id} by then"))
        else:
            self.world.opt_out(profiles[0], row.channel)
            self._pass_until(deed.at)

    def _receive(self, row: Receipt, deed: _Deed) -> None:
        line = _latest(row, self.world.seen())
        if line is None:
            self.troubles.append(
                Trouble(deed.number, f"no message of {row.step} had been sent to {row.user_id} by then")
            )
        elif line.channel not in RECEIPTS_OF:
            self.troubles.append(Trouble(deed.number, f"receipts of {line.channel} are not available yet"))
        else:
            self.world.tell_receipt(MessageId(line.message), row.kind)
            self._pass_until(deed.at)


def _latest(row: Receipt, seen: Seen) -> Message | None:
    """The latest message of a step that went to somebody."""
    lines = {line.message: line for line in seen.lines}
    for sent in reversed(seen.outbox):
        line = lines.get(MessageId(sent.message))
        wanted = line is not None and (
            (line.step, seen.users.get(line.profile)) == (row.step, row.user_id)
            and row.journey in (None, line.journey)
            and row.channel in (None, line.channel)
        )
        if wanted:
            return line
    return None


def _in_order(scenario: Scenario) -> list[_Deed]:
    deeds: list[_Deed] = []
    for number, row in enumerate(scenario.when):
        at = scenario.instant(row.at)
        deeds.append(_Deed(at, number, row))
        if isinstance(row, Provider) and row.for_ is not None:
            deeds.append(_Deed(at + length_of(row.for_), number, row, "accepted"))
    return sorted(deeds, key=lambda deed: deed.at)


def _by_kind(messages: Sequence[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """Consent after the addresses it is about: it binds to what is known when it comes."""
    for consents in (False, True):
        some = [one for one in messages if (one["type"] == "consent") == consents]
        if some:
            yield some
