"""What stands in an HTTP request? Its body, whole, in whatever pieces and however slowly it comes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedIOBase

# What Lambda takes in one request; the door itself, which answers in its own words, takes less.
BODY_BYTES = 6 * 1024 * 1024
# Clients read no answer before they have sent everything, so a body that is too long is taken in and thrown away.
THROWN_AWAY_BYTES = 256 * 1024 * 1024
PIECE_BYTES = 64 * 1024
LINE_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came in; names of ``headers`` are lower-case, values of one name joined by commas."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it goes out; ``note`` is what the log says of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    note: str = ""


class Unreadable(Exception):
    """The body cannot be read: the status and the reason to answer with, after which the connection is closed."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def read_body(headers: Mapping[str, str], stream: BufferedIOBase) -> bytes:
    """The body of a request; raises ``Unreadable``, also when nothing more comes before the stream's timeout."""
    try:
        if headers.get("transfer-encoding", "identity").lower() != "identity":
            if headers["transfer-encoding"].lower() != "chunked":
                raise Unreadable(501, "its transfer-encoding is not chunked")
            return _collected(_chunks(stream))
        return _collected(_pieces(stream, _number(headers.get("content-length", "0"), 10)))
    except TimeoutError as error:
        raise Unreadable(408, "it did not come in time") from error


def _collected(pieces: Iterator[bytes]) -> bytes:
    kept, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > THROWN_AWAY_BYTES:
            break
        if size <= BODY_BYTES:
            kept.append(piece)
    if size > BODY_BYTES:
        raise Unreadable(413, f"over {BODY_BYTES // 1024 // 1024} MB")
    return b"".join(kept)


def _pieces(stream: BufferedIOBase, size: int) -> Iterator[bytes]:
    while size:
        piece = stream.read(min(size, PIECE_BYTES))
        if not piece:
            raise Unreadable(400, "ended before its length")
        size -= len(piece)
        yield piece


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    while size := _number(_line(stream).partition(";")[0], 16):
        yield from _pieces(stream, size)
        _line(stream)
    while _line(stream):
        # Trailers say nothing that anybody here reads.
        pass


def _line(stream: BufferedIOBase) -> str:
    line = stream.readline(LINE_BYTES)
    if not line.endswith(b"\n"):
        raise Unreadable(400, "not in chunks")
    return line.decode("latin-1").strip()


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0:
        raise Unreadable(400, f"its length is not a number ({text[:20]})")
    return number
