"""How does a command tell an HTTP door something? In one request a batch, and it reads the answer for every message."""

import base64
import gzip
import json
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from infra.cli.problems import Lacking, Unusable

PATH = "/v1/batch"
ANSWER_SECONDS = 60
# A queue that refuses does so for seconds; the door says how many.
ATTEMPTS = 5


class Refused(Exception):
    """The request as a whole cannot be used: field and rule."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a batch: how many messages were accepted, and the door's ``rejected``."""

    accepted: int
    rejected: Sequence[dict[str, Any]]


class HttpDoor:
    """A door at a base URL; raises ``Unusable`` for a URL that cannot be one."""

    def __init__(self, url: str, key: str) -> None:
        host = _host(url)
        if not host:
            raise Unusable(f"{url} is no address to send to", "write it like https://host, or http://127.0.0.1:8765")
        self.url = url.rstrip("/").removesuffix(PATH)
        self.local = _is_loopback(host)
        # No redirect: the key is for this host alone. And no proxy stands between a machine and itself.
        handlers = [_NoRedirect(), *([urllib.request.ProxyHandler({})] if self.local else [])]
        self._opener = urllib.request.build_opener(*handlers)
        self._headers = {
            "authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
            "content-type": "application/json",
            "content-encoding": "gzip",
            "user-agent": "segue-send",
        }

    def send(self, messages: Sequence[bytes]) -> Told:
        """Sends messages, each a JSON text, exactly as they are.

        Raises ``Refused`` when nothing in the batch could be used, ``Unusable`` for a wrong key or address, and
        ``Lacking`` when nobody answers, or the door cannot take anything now.
        """
        body = gzip.compress(b'{"batch":[' + b",".join(messages) + b"]}")
        for _ in range(ATTEMPTS):
            status, said, retry_after = self._post(body)
            if status != 503:
                return self._told(status, said)
            time.sleep(retry_after)
        raise Lacking(f"{self.url} takes nothing now (503)", "try again later: what it took already counts once")

    def _post(self, body: bytes) -> tuple[int, Any, float]:
        request = urllib.request.Request(self.url + PATH, body, self._headers, method="POST")  # noqa: S310 - http(s) only
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return answer.status, _json(answer.read()), 0
        except HTTPError as error:
            with error:
                return error.code, _json(error.read()), _seconds(error.headers.get("retry-after"))
        except URLError as error:
            raise self._unreachable(error.reason) from error
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, why: object) -> Lacking:
        if isinstance(why, ConnectionRefusedError):
            fix = "start it in another terminal: segue local" if self.local else "check the address"
            return Lacking(f"nobody listens at {self.url}", fix)
        said = why.strerror or type(why).__name__ if isinstance(why, OSError) else why
        return Lacking(f"{self.url} cannot be reached: {said}", "check the address and the network, and send it again")

    def _told(self, status: int, said: Any) -> Told:
        known = isinstance(said, dict)
        if status in (200, 400) and known and isinstance(said.get("rejected"), list):
            return Told(said["accepted"], said["rejected"])
        if status == 413 or (status == 400 and known and "reason" in said):
            field, rule = (said.get("field"), said.get("reason")) if known else (None, None)
            raise Refused(str(field or "body"), str(rule or "too large"))
        if status == 401:
            raise Unusable(
                f"{self.url} does not know this write key",
                "name it with --write-key; that of `segue local` is dev, unless it was started with another",
            )
        if status >= 500:
            raise Lacking(f"{self.url} failed ({status})", "look into its log, and send the file again")
        raise Unusable(
            f"{self.url} answers {status}, which no door does", "check the address; /v1/batch is added to it"
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follows none."""


def _host(url: str) -> str | None:
    try:
        where = urlsplit(url)
        return where.hostname if where.scheme in ("http", "https") and where.port != 0 else None
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _seconds(text: str | None) -> float:
    return min(float(text), 30) if text and text.isdecimal() else 1
