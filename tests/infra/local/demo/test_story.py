from io import StringIO

from rich.console import Console

from infra.local.demo.purchases import arrivals
from infra.local.demo.story import AFTERWARDS, play


class Recorder:
    """A world that only remembers what it was told, in order."""

    def __init__(self):
        self.now = None
        self.seen = []

    def run_until(self, instant):
        assert self.now is None or instant >= self.now
        self.now = instant

    def put_events(self, messages):
        self.seen += [(self.now, message) for message in messages]


def test_every_event_goes_in_at_its_own_time():
    events, world = arrivals(5), Recorder()
    end = play(world, events, Console(file=StringIO()), lambda: 0)
    assert world.seen == [(event.at, event.detail) for event in events]
    assert end == world.now == events[-1].at + AFTERWARDS


def test_a_pipe_hears_nothing():
    out = StringIO()
    play(Recorder(), arrivals(2), Console(file=out), lambda: 0)
    assert out.getvalue() == ""


def test_a_terminal_sees_the_virtual_date_the_events_and_the_messages():
    out = StringIO()
    events = arrivals(2)
    play(Recorder(), events, Console(file=out, force_terminal=True, width=100), lambda: 7)
    shown = out.getvalue()
    assert f"of {len(events)} events" in shown
    assert "messages" in shown
    assert f"{events[-1].at + AFTERWARDS:%b %Y}" in shown
