"""Work of which no part waits for another is done by a few threads; when one fails, all that was begun ends first."""

import subprocess
import sys
from threading import Barrier, Event, Lock, current_thread

import pytest

from functions.shared import aws
from functions.shared.side_by_side import THREADS, side_by_side


def test_items_are_worked_on_at_once_and_by_a_few_threads_only() -> None:
    together, names, lock = Barrier(THREADS), set[str](), Lock()

    def work(item: int) -> None:
        with lock:
            names.add(current_thread().name)
        # Nobody passes before as many as there are threads stand here.
        together.wait(timeout=10)

    side_by_side(work, range(5 * THREADS))
    assert len(names) == THREADS


@pytest.mark.parametrize("items", [[], [1]])
def test_a_single_item_needs_no_thread(items: list[int]) -> None:
    done: list[object] = []
    side_by_side(lambda item: done.append(current_thread()), items)
    assert done == [current_thread()] * len(items)


def test_a_failure_is_raised_once_all_that_was_begun_has_ended_and_nothing_more_is_begun() -> None:
    begun, ended, lock = list[int](), list[int](), Lock()

    def work(item: int) -> None:
        with lock:
            begun.append(item)
        if item == 0:
            raise LookupError(item)
        Event().wait(timeout=0.05)
        with lock:
            ended.append(item)

    with pytest.raises(LookupError):
        side_by_side(work, range(1000))
    assert sorted(begun) == sorted([0, *ended])
    assert len(begun) < 1000


def test_a_process_that_ends_ends_whoever_waits() -> None:
    class Killed(BaseException):
        pass

    def work(item: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        side_by_side(work, range(3))


def test_threads_that_need_a_client_at_once_get_the_same() -> None:
    clients: list[object] = []
    aws.forget()
    side_by_side(lambda item: clients.append(aws.client("s3")), range(THREADS))
    assert len(clients) == THREADS
    assert len(set(map(id, clients))) == 1


def test_who_has_one_thing_to_do_never_loads_what_makes_threads() -> None:
    code = (
        "import sys; from functions.shared.side_by_side import side_by_side; side_by_side(print, [1]); "
        "sys.exit('concurrent.futures.thread' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
