"""A running ``segue local``, as somebody at another terminal would have it."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
KEY = "dev"
PATIENCE = 60


@dataclass
class LocalServer:
    """The process, and requests to it."""

    process: subprocess.Popen[str]
    stderr: IO[str]
    url: str

    def connection(self) -> HTTPConnection:
        where = urlsplit(self.url)
        return HTTPConnection(where.hostname, where.port, timeout=PATIENCE)

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request on a connection of its own; a body that is no bytes goes as JSON, under the write key."""
        known = {"authorization": basic(KEY), **(headers or {})}
        connection = self.connection()
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, sent, known)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def look(self, what: str) -> Any:
        """``world`` or ``events``, once everything that came in is done."""
        status, _, content = self.ask("GET", f"/_local/{what}.json")
        assert status == 200
        return json.loads(content)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ends it as a terminal does, and answers its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def log(self) -> str:
        """What it wrote on standard error so far."""
        self.stderr.seek(0)
        return self.stderr.read()


def basic(key: str) -> str:
    """The header that SDKs send a write key in."""
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


@contextmanager
def segue_local(folder: Path, *options: str) -> Iterator[LocalServer]:
    """Starts it on a free port and waits for its line; its standard error goes to a file in ``folder``."""
    command = [sys.executable, "-c", "from infra.cli.main import main; main()", "local", "--port", "0", *options]
    with (folder / "stderr").open("w+", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True, env={**os.environ, "TERM": "dumb"}
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("ready http://127.0.0.1:"), line + LocalServer(process, stderr, "").log()
            yield LocalServer(process, stderr, line.removeprefix("ready ").strip())
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(PATIENCE)
            process.stdout.close()
