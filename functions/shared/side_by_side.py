"""How are requests made of which none waits for another? By a few threads, where there is more than one."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor

T = TypeVar("T")
# A client of botocore keeps ten connections; and of what is sent each thread holds a copy.
THREADS = 8


def side_by_side(work: Callable[[T], object], items: Sequence[T]) -> None:
    """Returns once each item's work is done, in any order.

    When one fails no further one is begun; what it raised is raised once all that were begun have ended.
    """
    failures: list[BaseException] = []

    def begin(item: T) -> None:
        if failures:
            return
        try:
            work(item)
        except BaseException as error:
            failures.append(error)

    if len(items) > 1:
        with threads(min(THREADS, len(items))) as pool:
            list(pool.map(begin, items))
    else:
        for item in items:
            begin(item)
    if failures:
        raise failures[0]


def threads(most: int) -> "Executor":
    """A pool of at most so many threads."""
    # Here, since most that is done has no two parts, and a start need not pay for it.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(most)
