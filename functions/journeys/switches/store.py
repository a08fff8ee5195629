"""Where do switches stand? In one row of the enrolments table, which every process reads at most every five seconds.

A switch therefore takes effect within five seconds at each process that asks, and costs next to nothing while nobody
touches it. Who is about to hold somebody back on its word looks anew, since what was read may be over.
"""

import json
from datetime import datetime, timedelta

from functions.journeys.switches.model import Board, Switch, Target
from functions.shared.clock import Clock
from functions.shared.errors import TransientError
from functions.shared.rows import Key, Row, Rows, Table, Write
from functions.shared.store import DynamoRows, RowRequest, TransactGet

FRESH = timedelta(seconds=5)
ROW = "SWITCHES"
# Two people at two terminals meet once; five meetings in a row are no people.
ATTEMPTS = 5


class BoardRequest:
    """The board asked for inside a caller's transaction; readable once the transaction has run."""

    def __init__(self, switches: "Switches", asked: RowRequest | None) -> None:
        self._switches = switches
        self._asked = asked

    def board(self) -> Board:
        """The board, at most five seconds old."""
        return self._switches.board() if self._asked is None else self._switches.found(self._asked.row())


class Switches:
    """The switches of one deployment, as this process last read them; what it raises is a ``TransientError``."""

    def __init__(self, table_name: str, clock: Clock, rows: Rows | None = None) -> None:
        self._rows = rows or DynamoRows()
        self._key = Key(Table(table_name), ROW, ROW)
        self._clock = clock
        self._board = Board()
        self._read_at: datetime | None = None

    def board(self) -> Board:
        """The board, at most five seconds old: one read (GetItem's price), none for the next five seconds."""
        return self._board if self._fresh() else self.look()

    def look(self) -> Board:
        """The board as it is now."""
        return self.found(self._rows.read([self._key]).get(self._key))

    def request(self, transaction: TransactGet) -> BoardRequest:
        """Adds the board to a caller's TransactGet unless it is known; no request of its own either way."""
        if self._fresh() or not isinstance(self._rows, DynamoRows):
            return BoardRequest(self, None)
        return BoardRequest(self, self._rows.request(transaction, self._key))

    def found(self, row: Row | None) -> Board:
        """Remembers what was read."""
        self._read_at = self._clock()
        self._board = _board(row)
        return self._board

    def turn(self, target: Target, switch: Switch | None) -> Board:
        """Sets the target's switch, None = as usual again; the board as it is then."""
        for _ in range(ATTEMPTS):
            row = self._rows.read([self._key]).get(self._key)
            board = _board(row).turned(target, switch)
            version = 0 if row is None else row["version"]
            sets = {"version": version + 1, "value": json.dumps(board.to_json())}
            if self._rows.commit([Write(self._key, sets, None if row is None else {"version": version})]):
                return board
        raise TransientError("the switches kept changing")

    def _fresh(self) -> bool:
        return self._read_at is not None and self._clock() - self._read_at < FRESH


def _board(row: Row | None) -> Board:
    return Board() if row is None else Board.from_json(json.loads(row["value"]))
