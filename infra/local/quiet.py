"""What should a person at a terminal see of the functions' logs? Only what went wrong."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def errors_only() -> Iterator[None]:
    """Hides metrics and log lines below ERROR: they are for CloudWatch, and would stand between a table's rows."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with patch.dict(os.environ, {"POWERTOOLS_METRICS_DISABLED": "true"}):
            yield
    finally:
        logging.disable(before)
