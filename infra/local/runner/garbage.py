"""How often is garbage looked for while a crowd passes? Seldom: it leaves rows, which stay, and hardly a circle.

Python looks after every 700 objects, and now and then through all there are: a quarter of the time of five thousand
people.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (50_000, 20, 50)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Looks seldom meanwhile, in the whole process."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
