"""How do a function's threads run on the laptop? As none: one piece of work after another, in the thread that asks.

moto is not safe under threads, a world is its owner's alone, and the same story makes the same requests in the same
order each time.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from functions.shared import side_by_side


class OneByOne(Executor):
    """Has done what is submitted by the time it answers."""

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """A future that is done, or failed."""
        done: Future[Any] = Future()
        try:
            done.set_result(work(*given, **named))
        except BaseException as error:
            done.set_exception(error)
        return done


@contextmanager
def one_by_one() -> Iterator[None]:
    """Holds inside."""
    with patch.object(side_by_side, "threads", lambda most: OneByOne()):
        yield
