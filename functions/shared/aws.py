"""How does a function reach AWS? By clients of one session, so that what they share is loaded once."""

from functools import cache
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

_making = Lock()


@cache
def session() -> Session:
    """The one session of this process.

    A session reads 1.2 MB of endpoints, lists 400 services and registers 130 handlers before its first client: 30 ms of
    CPU that every further session costs again. It is botocore's own, which boto3's clients are made by too: importing
    boto3 takes 50 ms more for resources and S3 transfers, which no function on an event's way uses.
    """
    return get_session()


def client(service: str, config: Config | None = None) -> Any:
    """The client of a service, as ``boto3.client``; made once for each configuration object."""
    # Clients are safe under threads, the making of one is not.
    with _making:
        return _client(service, config)


def forget() -> None:
    """Makes anew what is asked for from now on; for worlds that begin and end within one process."""
    _client.cache_clear()
    session.cache_clear()


@cache
def _client(service: str, config: Config | None) -> Any:
    return session().create_client(service, config=config)
