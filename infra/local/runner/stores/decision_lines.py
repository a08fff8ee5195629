"""Where does the runner keep why somebody did not enter? In a dictionary, by the keys of the table."""

from collections.abc import Iterator, Sequence

from functions.journeys.api import DecisionLine, DecisionLines
from functions.shared.names import EnrolmentId, ProfileId
from functions.shared.store import TransactWrite
from infra.local.runner.stores.together import inside


class MemoryDecisionLines(DecisionLines):
    """``functions.journeys.api.DecisionLines`` in this process."""

    def __init__(self) -> None:
        """Everybody has entered."""
        self._lines: dict[tuple[ProfileId, EnrolmentId, str], DecisionLine] = {}

    def write(self, lines: Sequence[DecisionLine]) -> None:
        """See ``DecisionLines``."""
        self._lines.update({(one.profile, one.entry, one.journey): one for one in lines})

    def add(self, transaction: TransactWrite, line: DecisionLine) -> None:
        """See ``DecisionLines``."""
        inside(transaction).then(lambda: self.write([line]))

    def of_person(self, profile: ProfileId) -> Iterator[DecisionLine]:
        """See ``DecisionLines``."""
        return (line for line in self._lines.values() if line.profile == profile)

    def scan(self) -> Iterator[DecisionLine]:
        """See ``DecisionLines``."""
        return iter(list(self._lines.values()))
