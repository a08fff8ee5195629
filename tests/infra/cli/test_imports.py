"""People come in from files: every row once, whatever stops or comes twice, and each rejection with its line."""

import csv
import json
import os
import signal
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from infra.cli.bus import BusDoor
from infra.cli.problems import Lacking, Unusable
from infra.imports.messages import Letter, Membership, Profiles
from infra.imports.rows import source_of
from infra.imports.run import Import, Refusal, note_of
from tests.fakes import http_door

MARCH = datetime(2026, 3, 2, tzinfo=UTC)
NOW = datetime(2026, 3, 3, tzinfo=UTC)


class Sink:
    """A door that keeps what it takes; it closes after so many messages, and refuses some ids for good."""

    most, most_bytes = 10, 990_000

    def __init__(self, closes_after=None, refuses=()):
        self.taken = []
        self.calls = 0
        self.closes_after = closes_after
        self.refuses = refuses

    def send(self, letters):
        self.calls += 1
        if self.closes_after is not None and len(self.taken) >= self.closes_after:
            raise Lacking("nobody listens", "try again")
        said = [json.loads(one.text) for one in letters]
        bad = [index for index, one in enumerate(said) if one.get("userId") in self.refuses]
        self.taken += [one for index, one in enumerate(said) if index not in bad]
        return [Refusal(index, "userId", "refused") for index in bad]


@pytest.fixture
def write(tmp_path):
    def file(content, name="people.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return file


@pytest.fixture
def friends(tmp_path_factory):
    """The option that names a policy with a list, friends, and an audience that is none."""
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text("audiences: {friends: {list: true}, vip: {where: 'profile.traits.tier == \"gold\"'}}\n")
    return ["--policy", str(policy)]


def imported(path, door, meaning=None, *, as_of=MARCH, restart=False, encoding="utf-8", name="crm", to="segue-dev"):
    work = Import(source_of(path, encoding), meaning or Profiles(), door, name, as_of, lambda: NOW, to)
    return work.run(lambda number: None, restart)


def taken(path, meaning=None, **options):
    door = Sink()
    imported(path, door, meaning, **options)
    return door.taken


def rejected(path):
    with path.with_name("people.rejected.csv").open(newline="") as stream:
        return list(csv.reader(stream))


def test_columns_say_who_what_and_how_likely(write):
    header = "userId,anonymousId,email,phone,id:crm,trait.plan,city,visits,vip,spent,left,born,score.churn,score.promo"
    row = "u1,c1,ann@example.com,+358401234567,77,gold,,12,TRUE,9.90,null,1990-05-01,0.25,null"
    [message] = taken(write(f"{header}\n{row}\n"))
    assert message.pop("messageId")
    assert message == {
        "type": "identify",
        "timestamp": "2026-03-02T00:00:00.000Z",
        "userId": "u1",
        "anonymousId": "c1",
        "traits": {
            "email": "ann@example.com",
            "phone": "+358401234567",
            "plan": "gold",
            "visits": 12,
            "vip": True,
            "spent": 9.9,
            "left": None,
            "born": "1990-05-01",
        },
        "context": {"externalIds": [{"type": "crm", "id": "77"}]},
        "scores": {"churn": 0.25, "promo": None},
    }


def test_what_only_looks_like_a_number_stays_text(write):
    path = write("userId,zip,card,code,size,name\n007,00100,1234567890123456,12,1e3,-\n")
    [message] = taken(path, Profiles(texts=("code",)))
    assert message["userId"] == "007"
    assert message["traits"] == {"zip": "00100", "card": "1234567890123456", "code": "12", "size": "1e3", "name": "-"}


def test_the_column_that_is_the_user_id_may_be_called_anything(write):
    [message] = taken(write("customer_no,plan\n17,gold\n"), Profiles(id_column="customer_no"))
    assert (message["userId"], message["traits"]) == ("17", {"plan": "gold"})


def test_json_lines_are_messages_or_names_and_values(write):
    lines = [
        {"userId": 1, "traits": {"plan": "gold", "city": None}, "scores": {"churn": 1}, "messageId": "mine"},
        {"userId": "2", "plan": "gold", "city": None, "score.churn": 0.5, "tags": ["a"], "email": "b@example.com"},
        {"type": "track", "event": "X", "userId": "3"},
        [1],
    ]
    path = write("\n".join([*map(json.dumps, lines), "{not json", ""]), "people.jsonl")
    door = Sink()
    done = imported(path, door)
    assert next(one["messageId"] for one in door.taken) == "mine"
    assert door.taken[0]["traits"] == {"plan": "gold", "city": None}
    assert door.taken[1]["traits"] == {"plan": "gold", "city": None, "tags": ["a"], "email": "b@example.com"}
    assert door.taken[1]["scores"] == {"churn": 0.5}
    told = [json.loads(line) for line in path.with_name("people.rejected.jsonl").read_text().splitlines()]
    assert [(one["rejected_line"], one["rejected_field"]) for one in told] == [
        (3, "type"),
        (4, "message"),
        (5, "message"),
    ]
    assert (done.sent, done.rejected_rows) == (2, 3)


def test_the_same_row_of_the_same_source_and_time_is_the_same_message(write):
    path = write("userId,plan\nu1,gold\n")
    first, again = taken(path), taken(path)
    assert first == again
    others = [taken(path, name="shop"), taken(path, as_of=NOW), taken(write("userId,plan\nu1,silver\n", "b.csv"))]
    assert len({first[0]["messageId"], *(one[0]["messageId"] for one in others)}) == 4


def test_a_row_that_breaks_a_rule_of_the_door_is_kept_with_line_field_and_reason(write):
    path = write('userId,plan,score.churn\nu1,"a\nb",0.1\n,gold,0.2\nu3,x,high\nu4,x,1,more\nu5\nu6,y,0.9\n')
    door = Sink(refuses=("u6",))
    done = imported(path, door)
    assert (done.rows, done.sent, done.rejected_rows) == (6, 1, 5)
    assert rejected(path) == [
        ["rejected_line", "rejected_field", "rejected_reason", "userId", "plan", "score.churn"],
        ["4", "userId", "no identifier", "", "gold", "0.2"],
        ["5", "scores.churn", "not a number", "u3", "x", "high"],
        ["6", "row", "4 cells, the header has 3", "u4", "x", "1", "more"],
        ["7", "row", "1 cells, the header has 3", "u5"],
        ["8", "userId", "refused", "u6", "y", "0.9"],
    ]


def test_a_file_of_rejected_rows_can_be_mended_and_imported(write):
    path = write("userId;plan;score.churn\nu1;x;high\nu2;y;1\n")
    imported(path, Sink())
    mended = path.with_name("people.rejected.csv")
    mended.write_text(mended.read_text().replace("high", "0.7"))
    [message] = taken(mended)
    assert (message["traits"], message["scores"]) == ({"plan": "x"}, {"churn": 0.7})
    assert not mended.with_name("people.rejected.rejected.csv").exists()


@pytest.mark.parametrize("closes_after", [0, 10, 1_490, 2_960])
def test_an_import_that_stops_goes_on_where_it_stopped(write, closes_after):
    rows = "".join(f"u{n},{'x' if n % 100 == 7 else n}\n" for n in range(3_000))
    path = write(f"userId,score.churn\n{rows}")
    first, second, whole = Sink(closes_after=closes_after), Sink(), Sink()
    with pytest.raises(Lacking):
        imported(path, first)
    done = imported(path, second)
    assert done.resumed_at >= closes_after
    assert not note_of(source_of(path, "utf-8")).exists()
    told = rejected(path)
    imported(path, whole)
    assert first.taken + second.taken == whole.taken
    assert (told, done.rejected_rows, done.sent) == (rejected(path), 30, 2_970)


def test_a_process_that_was_killed_repeats_at_most_what_it_had_not_noted(write):
    path = write("userId,score.churn\n" + "".join(f"u{n},{'x' if n % 9 == 0 else n}\n" for n in range(2_500)))
    source = source_of(path, "utf-8")

    class Killed(Sink):
        def send(self, letters):
            if len(self.taken) >= 2_000:
                kept = note_of(source).read_bytes()
                told = path.with_name("people.rejected.csv").read_bytes()
                raise _Gone(kept, told)
            return super().send(letters)

    class _Gone(BaseException):
        pass

    killed, after = Killed(), Sink()
    with pytest.raises(_Gone) as gone:
        imported(path, killed)
    note_of(source).write_bytes(gone.value.args[0])
    path.with_name("people.rejected.csv").write_bytes(gone.value.args[1])
    done = imported(path, after)
    assert done.resumed_at > 0
    sent = [one["messageId"] for one in (*killed.taken, *after.taken)]
    assert len(set(sent)) == 2_500 - 278
    assert len(sent) - len(set(sent)) <= 1_010
    assert (len(rejected(path)) - 1, done.rejected_rows) == (278, 278)


def test_another_file_time_or_place_is_another_import_until_told_to_begin_anew(write):
    path = write("userId\n" + "".join(f"u{n}\n" for n in range(40)))
    with pytest.raises(Lacking):
        imported(path, Sink(closes_after=20))
    with pytest.raises(Unusable, match="another --as-of"):
        imported(path, Sink(), as_of=NOW)
    path.write_text(path.read_text() + "u40\n")
    with pytest.raises(Unusable, match="has changed since"):
        imported(path, Sink())
    door = Sink()
    assert imported(path, door, restart=True).sent == len(door.taken) == 41


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("\ufeffuserId,city\nu1,Åbo\n".encode(), "utf-8"),
        ("userId;city\r\nu1;Åbo\r\n".encode("latin-1"), "latin-1"),
        ("userId\tcity\nu1\tÅbo\n".encode("utf-16"), "utf-16"),
        ('\n"userId","city"\n\n"u1","Åbo"\n,\n'.encode(), "UTF8"),
    ],
)
def test_byte_order_marks_semicolons_tabs_and_other_encodings_are_read(write, content, encoding):
    [message] = taken(write(content), encoding=encoding)
    assert (message["userId"], message["traits"]) == ("u1", {"city": "Åbo"})


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "people.csv", "is empty"),
        (b"\n \n", "people.csv", "is empty"),
        (b"", "people.jsonl", "is empty"),
        (b"userId,plan\n", "people.csv", "has a header but no rows"),
        (b"userId,plan,plan\n1,2,3\n", "people.csv", "two columns are named plan"),
        (b"userId,,plan\n1,2,3\n", "people.csv", "a column has no name"),
        (b"user_id,plan\n1,2\n", "people.csv", "did you mean userId?"),
        (b"userId,plan,Email\n1,2,3\n", "people.csv", "did you mean email?"),
        (b"userId,Score.churn\n1,2\n", "people.csv", "did you mean score.churn?"),
        (b"userId,ID:crm\n1,2\n", "people.csv", "did you mean id:crm?"),
        (b"userId,first name,First_Name\n1,2,3\n", "people.csv", "first name and First_Name differ only in case"),
        (b"userId,email,trait.email\n1,2,3\n", "people.csv", "email and trait.email are one trait"),
        (b"userId|plan\n1|2\n", "people.csv", 'the only one is "userId|plan"'),
        (b"name,plan\n1,2\n", "people.csv", "no column says who somebody is"),
        (b"id:My CRM,plan\n1,2\n", "people.csv", "id:My CRM names no namespace"),
        (b'userId,plan\n1,"2\n', "people.csv", "unexpected end of data"),
        ("userId,city\n1,Åbo\n".encode("latin-1"), "people.csv", "--encoding latin-1"),
        (b"PK\x03\x04\xff\xfe", "people.csv", "is not utf-8 text"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_how_to_put_it_right(segue, write, content, name, says):
    answer = segue("import", "profiles", str(write(content, name)), "--source", "crm", "--dry-run")
    assert (answer.exit_code, says in answer.stderr) == (2, True), answer.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--source", "aws.crm"], "cannot be one"),
        (["--source", "segue.operator"], "cannot be one"),
        (["--source", "crm", "--as-of", "yesterday"], "is no time"),
        (["--source", "crm", "--as-of", "2999-01-01T00:00:00Z"], "lies ahead"),
        (["--source", "crm", "--text", "plam"], "no column plam"),
        (["--source", "crm", "--id", "no"], "no column no"),
        (["--source", "crm", "--encoding", "klingon"], "klingon is no encoding"),
        (["--source", "crm", "--to", "http://127.0.0.1:1", "--stage", "dev"], "two places"),
        (["--source", "crm", "--to", "ftp://x"], "no address"),
    ],
)
def test_options_that_cannot_be_used_are_named(segue, write, options, says):
    answer = segue("import", "profiles", str(write("userId,plan\nu1,gold\n")), *options)
    assert (answer.exit_code, says in answer.stderr) == (2, True), answer.stderr


def test_a_missing_file_is_named(segue):
    answer = segue("import", "profiles", "nowhere.csv", "--source", "crm")
    assert (answer.exit_code, "nowhere.csv" in answer.stderr) == (2, True)


def test_a_dry_run_checks_everything_and_writes_nothing(segue, write):
    path = write("userId,score.churn\nu1,0.5\nu2,high\n")
    os.utime(path, (MARCH.timestamp(), MARCH.timestamp()))
    answer = segue("import", "profiles", str(path), "--source", "crm", "--dry-run")
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        "Columns, separated by commas:",
        "  userId: customer id",
        "  score.churn: score churn",
        f"{path}:3: scores.churn: not a number",
        "2 rows: 1 would be sent, 1 rejected.",
        "As of 2026-03-02T00:00:00.000Z, when the file last changed.",
    ]
    assert os.listdir(path.parent) == ["people.csv"]


def test_an_old_file_is_warned_of_for_timelines_do_not_keep_it(segue, write):
    path = write("userId\nu1\n")
    answer = segue("import", "profiles", str(path), "--source", "crm", "--as-of", "2015-01-01", "--dry-run")
    assert (answer.exit_code, "longer ago than timelines keep" in answer.stderr) == (0, True)


@contextmanager
def stage_qa():
    """A bus of a stage; what is given empties it and answers what was heard since."""
    with mock_aws():
        events, sqs = boto3.client("events"), boto3.client("sqs")
        events.create_event_bus(Name="segue-qa")
        url = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="all", EventBusName="segue-qa", EventPattern='{"source": ["crm"]}')
        events.put_targets(Rule="all", EventBusName="segue-qa", Targets=[{"Id": "heard", "Arn": arn}])

        def heard():
            envelopes = []
            while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                envelopes += [json.loads(one["Body"]) for one in found]
                for one in found:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            return envelopes

        yield heard


def test_a_column_that_is_another_in_other_letters_may_be_a_trait_if_it_says_so(write):
    path = write("no,user_id,email,trait.E-Mail,q1.1,q11\n17,8,ann@example.com,x,1,2\n")
    [message] = taken(path, Profiles(id_column="no"))
    assert message["userId"] == "17"
    assert message["traits"] == {"email": "ann@example.com", "user_id": 8, "E-Mail": "x", "q1.1": 1, "q11": 2}
    door = Sink()
    done = imported(write('{"userId": "1", "Email": "x"}\n', "people.jsonl"), door)
    assert (done.rejected[0]["field"], "did you mean email?" in done.rejected[0]["reason"]) == ("Email", True)


def test_addresses_that_are_none_are_counted_and_told(segue, write):
    path = write("userId,email,phone\nu1,not a mail,040 1234567\nu2,ann@example.com,+1\nu3,null,+358401234567\n")
    answer = segue("import", "profiles", str(path), "--source", "crm", "--dry-run")
    assert answer.exit_code == 0
    assert "warning: 2 addresses are none" in answer.stderr
    assert "line 2 (email), line 3 (phone)" in answer.stderr
    assert "not a mail" not in answer.output


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("freinds", 'did you mean "friends"?'),
        ("vip", "a condition of"),
        ("Bad Name!!", 'no list "Bad Name!!"'),
    ],
)
def test_only_a_list_of_the_policy_is_joined(segue, write, friends, name, says):
    path = write("userId\nu1\n")
    answer = segue("import", "audience", name, str(path), "--source", "crm", "--dry-run", *friends)
    assert (answer.exit_code, says in answer.stderr) == (2, True), answer.stderr


def test_without_a_policy_at_hand_nobody_looks_whether_a_list_is_one(segue, write, monkeypatch):
    path = write("userId\nu1\n")
    monkeypatch.chdir(path.parent)
    answer = segue("import", "audience", "friends", str(path), "--source", "crm", "--dry-run")
    assert (answer.exit_code, "note: no journeys/policy.yaml here" in answer.stderr) == (0, True)


def test_each_import_of_a_list_holds_from_when_it_began_though_the_file_is_the_same(segue, write, friends):
    path = write("userId\nu1\nu2\n")
    command = ["import", "audience", "friends", str(path), "--source", "crm", "--stage", "qa", *friends]
    with stage_qa() as heard:
        said = []
        for leave in ([], ["--leave"], []):
            answer = segue(*command, *leave)
            assert (answer.exit_code, "when this import began" in answer.stdout) == (0, True), answer.stderr
            said.append([one["detail"] for one in heard()])
    joined, left, again = said
    assert [one["state"] for one in (joined[0], left[0], again[0])] == ["joined", "left", "joined"]
    assert max(one["timestamp"] for one in joined) < min(one["timestamp"] for one in left)
    assert max(one["timestamp"] for one in left) < min(one["timestamp"] for one in again)
    assert len({one["messageId"] for one in (*joined, *left, *again)}) == 6


def test_an_import_of_a_list_that_stopped_says_the_same_of_the_same_time(segue, write, friends):
    path = write("userId\n" + "".join(f"u{n}\n" for n in range(40)))
    command = ["import", "audience", "friends", str(path), "--source", "crm", "--stage", "qa", "--json", *friends]
    with pytest.raises(Lacking):
        imported(path, Sink(closes_after=20), Membership("friends"), to="segue-qa")
    with stage_qa() as heard:
        told = json.loads(segue(*command).stdout)
        assert {one["detail"]["timestamp"] for one in heard()} == {told["as_of"]} == {"2026-03-02T00:00:00.000Z"}
        assert (told["resumed_at"], told["sent"]) == (20, 40)
        assert json.loads(segue(*command).stdout)["as_of"] > told["as_of"]


def test_what_is_said_with_a_time_is_said_once(segue, write, friends):
    path = write("userId\nu1\n")
    command = ["import", "audience", "friends", str(path), "--source", "crm", "--as-of", "2026-03-02T00:00:00Z"]
    with stage_qa() as heard:
        answers = [segue(*command, "--stage", "qa", *friends) for _ in range(2)]
        assert len({one["detail"]["messageId"] for one in heard()}) == 1
    assert all("As of 2026-03-02T00:00:00.000Z, as --as-of says." in one.stdout for one in answers)


def test_an_import_that_never_began_stands_in_the_way_of_none(write):
    path = write("userId,score.churn\nu1,high\nu2,1\n")
    with pytest.raises(Lacking):
        imported(path, Sink(closes_after=0))
    assert os.listdir(path.parent) == ["people.csv"]
    source = source_of(path, "utf-8")
    note_of(source).write_text(json.dumps({"of": {"file": "another"}, "rows": 0}))
    assert imported(path, Sink(), as_of=NOW).sent == 1


def test_mended_rows_are_not_written_over(write):
    path = write("userId,score.churn\nu1,high\nu2,1\n")
    first = imported(path, Sink())
    assert imported(path, Sink()).rejected_file == first.rejected_file
    mended = path.with_name("people.rejected.csv")
    mended.write_text(mended.read_text().replace("high", "0.7"))
    again = imported(path, Sink())
    assert "0.7" in mended.read_text()
    assert again.rejected_file == str(path.with_name("people.rejected-2.csv"))
    assert sorted(os.listdir(path.parent)) == ["people.csv", "people.rejected-2.csv", "people.rejected.csv"]


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_door_that_fails_on_the_way_is_told_with_how_far_it_came(segue, write):
    path = write("userId\n" + "".join(f"u{n}\n" for n in range(2_500)))
    command = ["import", "profiles", str(path), "--source", "crm", "--to"]
    with http_door.door((200, http_door.taken, {}), (500, "", {})) as (url, _):
        answer = segue(*command, url)
        assert answer.exit_code == 3
        assert "1,000 of 2,500 rows are done; the same command goes on after them." in answer.stderr


@pytest.fixture
def python_answers_sigint():
    """As in a command's own process; whatever ran in this one before may have left another answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_ctrl_c_tells_how_far_it_came_and_the_same_command_goes_on(segue, write, python_answers_sigint):
    path = write("userId\n" + "".join(f"u{n}\n" for n in range(2_500)))

    def interrupting(batch):
        # By now the command waits for the answer, and a signal breaks that off, as one from a keyboard does.
        time.sleep(0.2)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.2)
        return http_door.taken(batch)

    with http_door.door((200, http_door.taken, {}), (200, interrupting, {}), (200, http_door.taken, {})) as (url, _):
        command = ["import", "profiles", str(path), "--source", "crm", "--to", url]
        stopped = segue(*command)
        assert (stopped.exit_code, "1,000 of 2,500 rows are done" in stopped.stderr) == (130, True), stopped.stderr
        assert "Went on after row 1,000." in segue(*command).stdout


def test_rows_arrive_on_the_bus_of_a_stage(segue, write):
    path = write("userId,plan\n" + "".join(f"u{n},gold\n" for n in range(25)))
    with stage_qa() as heard_on:
        answer = segue("import", "profiles", str(path), "--source", "crm", "--stage", "qa", "--json")
        heard = heard_on()
    assert answer.exit_code == 0, answer.stderr
    said = json.loads(answer.stdout)
    assert (said["rows"], said["sent"], said["rejected"], said["rejected_file"]) == (25, 25, 0, None)
    assert {one["detail"]["userId"] for one in heard} == {f"u{n}" for n in range(25)}
    assert {one["detail-type"] for one in heard} == {"identify"}


def test_a_stage_that_is_not_there_says_what_to_do(segue, write):
    with mock_aws():
        answer = segue("import", "profiles", str(write("userId\nu1\n")), "--source", "crm", "--stage", "nowhere")
    assert answer.exit_code == 3
    assert "segue-nowhere" in answer.stderr


class Throttling:
    """EventBridge as it is under load: of each request it takes every other entry."""

    class meta:  # noqa: N801 - as botocore calls it
        region_name = "eu-north-1"

        class service_model:  # noqa: N801
            service_id = "EventBridge"

    def __init__(self, code="ThrottlingException", patience=10_000):
        self.taken = []
        self.sizes = []
        self.code = code
        self.patience = patience

    def put_events(self, *, Entries):  # noqa: N803
        self.sizes.append(len(Entries))
        answers = []
        for index, entry in enumerate(Entries):
            if index % 2 and len(self.sizes) < self.patience:
                answers.append({"ErrorCode": self.code})
            else:
                self.taken.append(entry["Detail"])
                answers.append({"EventId": "1"})
        return {"FailedEntryCount": sum("ErrorCode" in one for one in answers), "Entries": answers}


def letters(number):
    return [Letter(n, "identify", str(n)) for n in range(number)]


def test_what_was_throttled_and_only_that_is_put_again_ever_more_slowly():
    pauses = []
    client = Throttling()
    assert BusDoor("segue-dev", "crm", client, pauses.append).send(letters(10)) == []
    assert (sorted(client.taken, key=int), client.sizes) == ([str(n) for n in range(10)], [10, 5, 2, 1])
    assert len(pauses) == 3


def test_what_eventbridge_refuses_for_good_is_a_rejected_row():
    refused = BusDoor("segue-dev", "crm", Throttling("MalformedDetail"), lambda seconds: None).send(letters(4))
    assert [(one.index, one.reason) for one in refused] == [
        (1, "EventBridge: MalformedDetail"),
        (3, "EventBridge: MalformedDetail"),
    ]


def test_a_bus_that_takes_nothing_for_long_stops_the_import():
    class Closed(Throttling):
        def put_events(self, *, Entries):  # noqa: N803
            return {"FailedEntryCount": len(Entries), "Entries": [{"ErrorCode": "ThrottlingException"}] * len(Entries)}

    with pytest.raises(Lacking, match="takes nothing now"):
        BusDoor("segue-dev", "crm", Closed(), lambda seconds: None).send(letters(3))


def test_people_of_a_file_join_a_list_and_leave_it(write):
    path = write("email,id:crm,note\nann@example.com,7,hello\nbo@example.com,,\n")
    joined = taken(path, Membership("beta"))
    assert [(one["type"], one["audience"], one["state"]) for one in joined] == [("audience", "beta", "joined")] * 2
    assert joined[0]["context"] == {
        "externalIds": [{"type": "crm", "id": "7"}],
        "traits": {"email": "ann@example.com"},
    }
    assert all("traits" not in one and "note" not in one for one in joined)
    assert taken(path, Membership("beta", leave=True))[1]["state"] == "left"


def test_a_hundred_thousand_rows_go_through(write):
    path = write("userId,plan,spent\n" + "".join(f"u{n},gold,{n}\n" for n in range(100_000)))
    door = Sink()
    done = imported(path, door)
    assert (done.sent, door.calls, len({one["messageId"] for one in door.taken})) == (100_000, 10_000, 100_000)
