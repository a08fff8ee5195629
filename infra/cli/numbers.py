"""How is a number of things said? With a comma in thousands, and one of them as one."""


def many(number: int, one: str, more: str | None = None) -> str:
    """``1 message``, ``1,000 messages``; ``more`` where an s is not enough."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"
