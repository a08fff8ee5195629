"""A command that is stopped between any two requests."""

from infra.local.requests import Observer, Request


class Stopped(Observer):
    """Stopped at the request of this number, before it had its effect or after it."""

    def __init__(self, number: int, late: bool) -> None:
        self.number, self.late, self.requests = number, late, 0

    def before(self, request: Request) -> None:
        self.requests += 1
        self._stop(late=False)

    def after(self, request: Request) -> None:
        self._stop(late=True)

    def _stop(self, late: bool) -> None:
        if self.requests == self.number and late == self.late:
            raise KeyboardInterrupt
