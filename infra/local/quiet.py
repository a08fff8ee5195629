"""What should a person at a terminal see of the functions' logs? Only what went wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def errors_only() -> Iterator[None]:
    """Hides log lines below ERROR inside: they are for CloudWatch, and would stand between a table's rows."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
