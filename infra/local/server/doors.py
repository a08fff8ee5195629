"""Who answers on the local port? One server on 127.0.0.1: both doors, a page, and a look at the world."""

import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from functions.capture.http import answer, refusal
from infra.local.server import event_bus, function_url
from infra.local.server.front import front
from infra.local.server.http import Request, Response, Unreadable, read_body
from infra.local.server.live import LiveWorld
from infra.local.server.look import events_json, world_json

HOST = "127.0.0.1"
# Of silence, after which a client has gone or will not finish.
PATIENCE_SECONDS = 60
LOOKS = {"/_local/world.json": world_json, "/_local/events.json": events_json}
LOOKS_UNDER = "/_local/"
Log = Callable[[str], None]


class Doors(ThreadingHTTPServer):
    """Listens from the moment it is made, answers once ``opened``. Raises ``OSError`` when the port cannot be had."""

    daemon_threads = True
    # SDKs open a connection for each batch; the five that Python lets wait are fewer than one client's.
    request_queue_size = 128

    def __init__(self, port: int, live: LiveWorld, key: str, bus: str, log: Log) -> None:
        super().__init__((HOST, port), _Conversation)
        self.url = f"http://{HOST}:{self.server_address[1]}"
        self.log = log
        self._live = live
        self._key = key
        self._bus = bus
        self._thread = threading.Thread(target=self.serve_forever, name="doors", daemon=True)

    def opened(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def closed(self) -> None:
        """Ends it; connections that are open are left to end with the process."""
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()

    def response(self, request: Request) -> Response:
        """The answer to any request."""
        if event_bus.TARGET in request.headers:
            return self._live.interrupt(lambda world: event_bus.answered(world, request))
        if request.method in ("GET", "HEAD"):
            if request.path == "/":
                return front(request, self.url, self._key, self._bus)
            if request.path in LOOKS:
                return self._live.ask(LOOKS[request.path])
            if request.path.startswith(LOOKS_UNDER):
                reason = f"not one of {', '.join(LOOKS)}"
                return function_url.response_of(answer(404, refusal("path", reason, field="path", reason=reason)))
        return self._live.interrupt(lambda world: function_url.answered(world, request))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away whenever they like; anything else is a fault of ours."""
        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.log(f"a request failed: {type(error).__name__}")


class _Conversation(BaseHTTPRequestHandler):
    """One connection; requests follow one another on it."""

    server: Doors
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_SECONDS
    # Header and body go out one after the other: without this, the second would wait for the client's acknowledgement.
    disable_nagle_algorithm = True

    def answer_request(self) -> None:
        """Reads a request whole and answers it."""
        headers = self._headers()
        path, _, query = self.path.partition("?")
        try:
            body = read_body(headers, self.rfile)
        except Unreadable as error:
            self.close_connection = True
            response = function_url.response_of(
                answer(error.status, refusal("body", error.reason, field="body", reason=error.reason))
            )
        else:
            response = self.server.response(Request(self.command, path, query, headers, body))
        at = datetime.now(UTC).astimezone()
        self.server.log(f"{at:%H:%M:%S} {self.command} {_printable(path)} {response.status} {response.note}".rstrip())
        self._send(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer_request  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """What the standard library would log of requests; ours say more, and its faults answer themselves."""

    def version_string(self) -> str:
        """The ``server`` header."""
        return "segue-local"

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            known = headers.get(name.lower())
            headers[name.lower()] = value if known is None else f"{known},{value}"
        return headers

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)


def _printable(path: str) -> str:
    """A path as a terminal may show it: whoever asks for one must not command the terminal."""
    return path.encode("unicode_escape").decode()
