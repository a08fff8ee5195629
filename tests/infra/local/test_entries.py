"""Entries as deployed: by a decision, by a schedule across a jump of the clocks, refused, held back and swept."""

from datetime import UTC, datetime, timedelta

from botocore.exceptions import EndpointConnectionError

from functions.journeys.api import Enrolments
from functions.shared.clock import format_instant, parse_instant
from infra.local.replay.replay import replayed
from infra.local.requests import Observer, observed
from infra.local.world import LocalWorld
from tests import invariants
from tests.infra.local.story import arrival, rows, tell, with_audiences, with_journey

# A Friday; the clocks go forward in Helsinki on the Sunday after.
START = datetime(2026, 3, 27, 10, tzinfo=UTC)


def happened(customer, name, at, **properties):
    said = {"type": "track", "event": name, "userId": customer, "properties": properties}
    return {**said, "messageId": f"{customer}-{name}-{format_instant(at)}", "timestamp": format_instant(at)}


def listed(customer, at):
    said = {"type": "audience", "audience": "friends", "state": "joined", "userId": customer}
    return {**said, "messageId": f"{customer}-joined", "timestamp": format_instant(at)}


def test_a_decision_a_schedule_and_why_somebody_did_not_enter(tmp_path):
    journeys = with_audiences(tmp_path, "friends")
    with_journey(journeys, "best", {"decision": "next"}, priority=70, reentry="never")
    with_journey(journeys, "second", {"decision": "next"}, priority=30)
    with_journey(journeys, "news", {"schedule": "0 9 * * *", "zone": "Europe/Helsinki", "audience": "friends"})
    with_journey(journeys, "hello", {"audience": "friends"})
    hour = timedelta(hours=1)
    messages = [*arrival("1", START), *arrival("2", START), listed("1", START + hour)]
    messages += [happened("1", "Decision Requested", START + n * hour, decision="next") for n in (2, 3)]
    messages += [happened("2", "Decision Requested", START + 4 * hour, decision="next")]
    with LocalWorld(journeys, start=START) as world:
        tell(world, messages)
        world.run_until(datetime(2026, 3, 31, tzinfo=UTC))
        done = replayed(world, [], [])
        entered = [(one["userId"], one["journey"], one["entered_at"][5:16]) for one in done.enrolments]
        assert sorted(entered) == [
            ("1", "best", "03-27T12:00"),
            ("1", "hello", "03-27T11:00"),
            # Nine o'clock is seven, and from Sunday on six, in UTC.
            ("1", "news", "03-28T07:00"),
            ("1", "news", "03-29T06:00"),
            ("1", "news", "03-30T06:00"),
            ("1", "second", "03-27T13:00"),
            ("2", "best", "03-27T14:00"),
        ]
        refused = [one for one in done.decisions if one["step"] == ""]
        assert [(one["userId"], one["journey"], one["decision"], one["reason"]) for one in refused] == [
            ("1", "second", "outranked", "outranked"),
            ("1", "best", "withheld", "reentry"),
            ("2", "second", "outranked", "outranked"),
        ]
        assert refused[0]["facts"] == {"event": "Decision Requested", "winner": "best"}
        invariants.check(world, messages)
        invariants.check_that_replay_changes_nothing(world, messages)


class Refusing(Observer):
    """Step Functions starts nothing for a while."""

    refuses = True

    def before(self, request):
        """Stands in for an outage."""
        if self.refuses and request.name.endswith(".StartExecution"):
            raise EndpointConnectionError(endpoint_url="https://states")


def test_a_start_that_was_given_up_is_swept(tmp_path):
    journeys = with_audiences(tmp_path, "friends")
    with_journey(journeys, "hello", {"audience": "friends"})
    outage = Refusing()
    with LocalWorld(journeys, start=START) as world:
        with observed(outage):
            tell(world, [*arrival("1", START), listed("1", START)])
            world.run_until(START + timedelta(minutes=29))
            [run] = rows(world, Enrolments, "enrolments")
            assert (run.status, list(world.dead_letters())) == ("starting", ["advance-people"])
            outage.refuses = False
            world.run_until(START + timedelta(hours=2))
        [run] = rows(world, Enrolments, "enrolments")
        assert run.status == "completed"
        assert [one.subject for one in world.outbox] == ["hello"]


def test_more_than_the_rate_start_later_and_nobody_twice(tmp_path):
    journeys = with_audiences(tmp_path, "friends")
    with_journey(journeys, "hello", {"audience": "friends"})
    policy = journeys / "policy.yaml"
    policy.write_text(policy.read_text() + 'admission: {rate: "1/s"}\n')
    people = [f"{n}" for n in range(12)]
    messages = [line for one in people for line in (*arrival(one, START), listed(one, START))]
    with LocalWorld(journeys, start=START) as world:
        world.put_events(messages)
        world.run_until(START + timedelta(minutes=30))
        started = sorted(parse_instant(str(one.states[0][1])) - START for one in world.executions())
        invariants.check(world, messages)
    assert len(started) == 12
    assert sum(one < timedelta(seconds=5) for one in started) == 5
    assert started[-1] >= timedelta(seconds=7)
