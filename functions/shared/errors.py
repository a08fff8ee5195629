"""The two kinds of failure that are raised; a "no" is never one of them, it is a return value with a reason."""


class TransientError(Exception):
    """Try again later: the queue or the state machine retries. Its text names no person."""


class RejectedInput(Exception):
    """The input breaks a rule and goes to quarantine; nothing of its values stands in the text."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule
