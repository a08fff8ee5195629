"""What the archive tells makes the same people as live; damage shows; what was erased stays erased."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from functions.identity.history import History
from functions.shared.rows import Write
from functions.shared.store import DynamoRows
from infra.local.requests import acting
from infra.local.world import LocalWorld

START = datetime(2026, 10, 2, 10, tzinfo=UTC)
CANARY = "canary@example.com"


class Story:
    """Tells a world one message an hour."""

    def __init__(self, world):
        self.world = world
        self.told = 0

    def say(self, **message):
        self.told += 1
        self.world.run_until(START + timedelta(hours=self.told))
        said = {"messageId": f"m{self.told}", **message}
        self.world.put_events([said])
        self.world.drain()
        return said

    def identify(self, user, **traits):
        return self.say(type="identify", userId=user, traits=traits)

    def order(self, user, revenue):
        return self.say(type="track", event="Order Completed", userId=user, properties={"revenue": revenue})

    def command(self, verb, **ends):
        split = {end: dict(zip(("type", "id"), text.split(":"), strict=True)) for end, text in ends.items()}
        return self.say(type="command", command=verb, **split)

    def lived(self):
        """Two people who were one and are again two, one who was put together and cut, one who is forgotten."""
        self.say(type="page", anonymousId="c1")
        self.identify("u1", email="ann@example.com", first_name="Ann")
        self.say(type="identify", userId="u1", anonymousId="c1")
        order = self.order("u1", 30)
        self.say(**order)
        self.say(**{**order, "properties": {"revenue": 99}})
        self.command("unmerge", a="customer_id:u1", b="anonymous_id:c1")
        self.say(type="reset", anonymousId="c1")
        self.say(type="page", anonymousId="c1")
        self.identify("u2", email="bob@example.com")
        self.command("link", a="customer_id:u1", b="customer_id:u2")
        self.command("cut", a="customer_id:u1", b="email:bob@example.com")
        self.identify("u3", email=CANARY, first_name="Canary")
        self.say(type="identify", userId="u3", anonymousId="c3")
        self.command("link", a="customer_id:u3", b="phone:+358401234567")
        self.order("u3", 7)
        self.command("erase", a="customer_id:u3")
        self.say(type="consent", userId="u1", topic="offers", channel="email", state="granted")
        self.identify("u4", email="dee@example.com")
        self.command("erase", a="email:dee@example.com")
        self.identify("u4", first_name="Dee")
        self.world.run_until(self.world.clock() + timedelta(days=2))
        assert self.world.dead_letters() == {}


@pytest.fixture(scope="module")
def world():
    with LocalWorld(start=START) as world:
        Story(world).lived()
        yield world


@pytest.fixture
def rebuilt(segue, world):
    def run(*options):
        answer = segue("replay", "--from-archive", "--journeys", "journeys", *options, "--json")
        assert answer.stdout, answer.stderr
        return answer.exit_code, json.loads(answer.stdout)

    return run


@pytest.mark.parametrize("where", ["--memory", "--tables"])
def test_a_world_with_merges_cuts_unmerges_and_erasures_is_rebuilt_as_it_is(rebuilt, where):
    exit_code, said = rebuilt(where)
    assert (exit_code, said["equal"]) == (0, True), said
    assert said["people"]["live"] == said["people"]["rebuilt"] >= 4
    assert said["archive"]["conflicts"] == 1
    assert said["archive"]["copies"] >= 1
    # u3 twice, the link of its telephone, its order; u4 once.
    assert said["archive"]["erased"] == 5
    assert said["archive"]["damaged"] == []


def test_a_rebuild_has_no_effects_and_leaves_nothing_behind(rebuilt, world):
    before = (len(world.outbox), world.queued(), len(list(world.executions())), archive_of(world))
    rebuilt("--tables")
    assert (len(world.outbox), world.queued(), len(list(world.executions())), archive_of(world)) == before
    assert [name for name in tables() if "shadow" in name] == []


def test_kept_tables_can_take_the_place_of_the_live_ones(rebuilt, world):
    _, said = rebuilt("--tables", "--keep")
    try:
        identity, profiles = said["kept"]
        assert {identity, profiles} <= set(tables())
        with acting("local"):
            assert keys_in(profiles) == keys_in(world.table("profiles"))
            assert graves_in(identity) == graves_in(world.table("identity")) != {}
    finally:
        for name in said["kept"]:
            boto3.client("dynamodb").delete_table(TableName=name)


def test_nothing_of_who_was_erased_is_in_the_archive(world):
    text = json.dumps(archive_of(world))
    assert CANARY not in text
    with acting("local"):
        opened = opened_archive(world)
    assert "ann@example.com" in opened
    for canary in (CANARY, "Canary", "u3", "c3", "358401234567", "dee@example.com"):
        assert f'"{canary}"' not in opened


def test_a_damaged_table_shows_its_damage(rebuilt, world):
    """Somebody's row is gone, somebody lost events, somebody was made up."""
    with acting("local"):
        damage = Damage(world.history())
        try:
            damage.invent()
            damage.lose("u4")
            damage.forget_events("u1")
            exit_code, said = rebuilt("--memory")
        finally:
            damage.undo()
    assert exit_code == 1
    assert said["only_live"] == [{"identifiers": ["profile:somebody"]}]
    counted = {name: one for one in said["other_counts"] for name in one["identifiers"]}
    assert counted["customer_id:u4"]["live"]["events"] is None
    assert counted["customer_id:u1"]["live"]["events"] < counted["customer_id:u1"]["rebuilt"]["events"]
    assert [one["live"] for one in said["other_traits"] if one["identifiers"] == ["customer_id:u4"]] == [
        {"traits.first_name": None}
    ]
    assert rebuilt("--memory")[0] == 0


def test_the_difference_is_told_in_words(segue, world):
    with acting("local"):
        damage = Damage(world.history())
        try:
            damage.lose("u4")
            answer = segue("replay", "--from-archive", "--memory", "--journeys", "journeys")
        finally:
            damage.undo()
    assert answer.exit_code == 1
    assert "other counts or times: 1" in answer.stdout
    assert "  customer_id:u4\n" in answer.stdout
    assert "    events: nothing live, 1 rebuilt\n" in answer.stdout


def test_a_part_of_the_time_is_a_part_of_the_archive(rebuilt):
    _, whole = rebuilt("--memory")
    half = (START + timedelta(hours=4, minutes=30)).isoformat()
    _, before = rebuilt("--memory", "--until", half)
    exit_code, after = rebuilt("--memory", "--since", half)
    assert before["archive"]["told"] + after["archive"]["told"] == whole["archive"]["told"]
    assert before["archive"]["told"] == 4
    assert exit_code == 1


def test_a_changed_line_is_named_and_not_told(rebuilt, world):
    with acting("local"):
        s3, bucket = boto3.client("s3"), world.bucket("archive")
        key = s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"]
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        line = json.loads(gzip.decompress(body))
        changed = json.dumps({**line, "profile": "somebody-else"}).encode() + b"\nno line\n"
        s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(changed))
        try:
            _, said = rebuilt("--memory")
        finally:
            s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert said["archive"]["damaged"] == [f"{key}:1", f"{key}:2"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["events.jsonl"], "reads no file"),
        (["--shuffle", "1"], "reads no file"),
        (["--memory", "--keep"], "makes no tables"),
        (["--since", "yesterday"], "--since yesterday is no time"),
    ],
)
def test_what_does_not_go_together_is_refused(segue, world, options, says):
    answer = segue("replay", "--from-archive", *options)
    assert answer.exit_code == 2
    assert says in answer.stderr


def test_a_stage_that_is_not_there_is_named(segue, world):
    answer = segue("replay", "--from-archive", "--memory", "--stage", "nowhere")
    assert answer.exit_code == 3
    assert "--stage" in answer.stderr


class Damage:
    """Changes rows behind everybody's back, and puts them back."""

    def __init__(self, history: History):
        self.history = history
        self.rows = DynamoRows()
        self.before = []

    def lose(self, user):
        """A person's row."""
        self._write(self._key(user), None)

    def forget_events(self, user):
        """The half of what a person adds up to."""
        key = self._key(user)
        row = self.rows.read([key])[key]
        layers = dict(sorted(row["content"].layers.items())[1:])
        self._write(key, {**row, "content": type(row["content"])(layers=layers)})

    def invent(self):
        """A person out of nothing: what another is, under another id."""
        key = self._key("u1")
        self._write(key._replace(pk="somebody"), {**self.rows.read([key])[key]})

    def undo(self):
        for key, row in reversed(self.before):
            self.rows.commit([Write(key, None, {})])
            if row is not None:
                self.rows.commit([Write(key, dict(row), {})])

    def _key(self, user):
        snapshot = next(one for one in self.history.profiles.scan() if self._is(one, user))
        return self.history.profiles.key(snapshot.profile)

    def _is(self, snapshot, user):
        events = self.history.timeline(snapshot.profile)
        return any(event.body.get("userId") == user for event in events)

    def _write(self, key, row):
        self.before.append((key, self.rows.read([key]).get(key)))
        self.rows.commit([Write(key, row, {})])


def tables():
    return boto3.client("dynamodb").list_tables()["TableNames"]


def archive_of(world):
    with acting("local"):
        s3, bucket = boto3.client("s3"), world.bucket("archive")
        found = []
        for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            body = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
            found += [json.loads(line) for line in gzip.decompress(body).splitlines()]
        return found


def opened_archive(world):
    from infra.local.replay.archive import ArchiveBucket

    bucket = ArchiveBucket(world.bucket("archive"), world.history().profiles)
    return json.dumps([event.to_json() for event in bucket.read(bucket.objects()).events()])


def scanned(table, sk):
    items = boto3.client("dynamodb").scan(TableName=table)["Items"]
    return {item["pk"]["S"]: item for item in items if item["sk"]["S"] == sk}


def keys_in(table):
    return {pk: item["content"]["B"] for pk, item in scanned(table, "KEY").items()}


def graves_in(table):
    return {pk for pk, item in scanned(table, "POINTER").items() if "profile" not in item}
