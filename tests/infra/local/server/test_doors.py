"""The endpoint as clients meet it: over a socket, alone and all at once."""

import gzip
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import boto3
import pytest

from tests.fakes.local_server import basic

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


def track(number, user):
    return {"type": "track", "event": "Viewed", "userId": user, "messageId": f"{user}-{number}"}


def told(answer):
    status, _, content = answer
    return status, json.loads(content)


def test_a_batch_is_answered_with_the_reasons_for_what_is_bad(local):
    status, said = told(local.ask("POST", "/v1/batch", {"batch": [track(1, "mixed"), {"type": "track"}, 7]}))
    assert status == 200
    assert said["accepted"] == 1
    assert [(one["index"], one["field"]) for one in said["rejected"]] == [(1, "userId"), (2, "message")]


def test_gzip_in_chunks_under_a_prefix_is_taken(local):
    body = gzip.compress(json.dumps({"batch": [track(1, "chunks")]}).encode())
    connection = local.connection()
    connection.request(
        "POST",
        "/any/prefix/v1/b",
        iter([body[:7], body[7:]]),
        {
            "authorization": basic("dev"),
            "content-encoding": "gzip",
            "content-type": "application/x-www-form-urlencoded",
        },
        encode_chunked=True,
    )
    assert json.loads(connection.getresponse().read()) == {"success": True, "accepted": 1, "rejected": []}
    connection.close()


def test_a_wrong_key_is_refused(local):
    assert local.ask("POST", "/v1/track", track(1, "key"), {"authorization": basic("other")})[0] == 401


@pytest.mark.parametrize("path", ["/v1/batches", "/v2/batch", "/_local", "/_local/other.json", "//", "/\x1b[2J"])
def test_other_paths_are_not_there(local, path):
    assert local.ask("POST", path.replace("\x1b", "%1b"), {})[0] == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(local, method):
    assert local.ask(method, "/v1/batch", {"batch": []})[0] == 405


def test_a_browser_may_ask_first(local):
    status, headers, content = local.ask("OPTIONS", "/v1/t", headers={"origin": "https://shop.example"})
    assert (status, content) == (200, b"")
    assert headers["access-control-allow-origin"] == "*"
    assert "authorization" in headers["access-control-allow-headers"]


def test_requests_follow_one_another_on_one_connection(local):
    connection = local.connection()
    for number in range(3):
        connection.request("POST", "/v1/t", json.dumps(track(number, "kept")), {"authorization": basic("dev")})
        assert connection.getresponse().read().startswith(b'{"success":true')
    connection.request("HEAD", "/")
    assert connection.getresponse().read() == b""
    connection.close()


def test_a_batch_over_4_mb_is_refused_and_so_is_a_body_over_lambdas_6(local):
    for megabytes in (4, 6):
        big = {"batch": [{**track(1, "big"), "x": "y" * megabytes * 1024 * 1024}]}
        status, said = told(local.ask("POST", "/v1/batch", big))
        assert (status, said["success"]) == (413, False)
        assert f"over {megabytes} MB" in said["reason"]


def test_a_client_that_gives_up_halfway_disturbs_nobody(local):
    where = urlsplit(local.url)
    with socket.create_connection((where.hostname, where.port)) as half:
        half.sendall(b"POST /v1/t HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        half.shutdown(socket.SHUT_WR)
        assert half.recv(100).startswith(b"HTTP/1.1 400")
    with socket.create_connection((where.hostname, where.port)) as rude:
        rude.sendall(b"POST /v1/t HTTP/1.1\r\nhost: x\r\ncontent-le")
    assert local.ask("POST", "/v1/t", track(1, "after"))[0] == 200
    assert "Traceback" not in local.log()


def test_it_listens_on_this_machine_only(local):
    assert urlsplit(local.url).hostname == "127.0.0.1"


def test_what_many_send_at_once_is_there_once(local):
    def send(number):
        return local.ask("POST", "/v1/t", track(number, "crowd"))[0]

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, [*range(120), *range(20)])) == {200}
    mine = [one for one in local.look("events") if one["body"].get("userId") == "crowd"]
    assert sorted(one["messageId"] for one in mine) == sorted(f"crowd-{number}" for number in range(120))
    [person] = [p for p in local.look("world")["profiles"] if p["identifiers"][0]["value"] == "crowd"]
    assert person["events"] == 120


def test_an_aws_client_puts_events_unchanged(local):
    client = boto3.client("events", endpoint_url=local.url, region_name="us-east-1")
    detail = json.dumps({"userId": "aws", "messageId": "aws-1", "properties": {"total": 4}})
    entry = {"EventBusName": "segue-dev", "Source": "shop", "DetailType": "Cart Updated", "Detail": detail}
    answer = client.put_events(Entries=[entry, {**entry, "Detail": "no"}])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][1]["ErrorCode"] == "MalformedDetail"
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="segue-dev"):
        client.put_events(Entries=[{**entry, "EventBusName": "shop"}])
    [event] = [one for one in local.look("events") if one["messageId"] == "aws-1"]
    assert (event["type"], event["source"], event["trusted"]) == ("track", "shop", True)
    assert (event["body"]["event"], event["body"]["properties"]) == ("Cart Updated", {"total": 4})


def test_an_event_of_the_bus_that_is_refused_is_told_where_a_developer_looks(local):
    client = boto3.client("events", endpoint_url=local.url, region_name="us-east-1")
    entry = {
        "EventBusName": "segue-dev",
        "Source": "till\x1b[2J",
        "DetailType": "Cart Updated",
        "Detail": '{"secret": 1}',
    }
    put = client.put_events(Entries=[entry])["Entries"][0]["EventId"]
    [row] = [one for one in local.look("world")["quarantined"] if one.get("messageId") == put]
    assert (row["line"], row["field"], row["reason"]) == (None, "userId", "no identifier")
    assert (row["source"], row["event"]) == ("till\x1b[2J", "Cart Updated")
    assert row["receivedAt"].endswith("Z")
    assert "quarantined 1 of till\\x1b[2J: userId: no identifier\n" in local.log()
    assert "secret" not in local.log()


def test_what_is_not_there_under_local_names_what_is(local):
    _, _, content = local.ask("GET", "/_local/nope")
    assert json.loads(content)["message"] == "not one of /_local/world.json, /_local/events.json"


def test_the_page_says_where_to_send_and_where_to_look(local):
    status, headers, text = local.ask("GET", "/")
    assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
    for words in (local.url, "write key dev", "segue-dev", "/_local/world.json", "quarantined", "warnings"):
        assert words in text.decode()
    _, headers, page = local.ask("GET", "/", headers={"accept": "text/html,*/*"})
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert f'<a href="{local.url}/_local/world.json">' in page.decode()


def test_the_world_is_what_a_replay_prints(local):
    said = local.look("world")
    assert list(said) == sorted(
        [
            "profiles",
            "events",
            "rejected_links",
            "warnings",
            "quarantined",
            "enrolments",
            "decisions",
            "messages",
            "meter",
        ]
    )


def test_warnings_and_refusals_show_in_the_world(local):
    sent = [
        {"type": "identify", "messageId": "warn-1", "userId": "warn", "traits": {"email": "info@example.com"}},
        {**track(2, "warn"), "timestamp": "2126-01-01T00:00:00Z"},
    ]
    local.ask("POST", "/v1/batch", {"batch": sent})
    said = local.look("world")
    assert ("warn-1", "non_linking") in [(one["messageId"], one["code"]) for one in said["warnings"]]
    [kept] = [one for one in said["quarantined"] if one["messageId"] == "warn-2"]
    assert (kept["line"], kept["field"]) == (None, "timestamp")


def test_the_log_tells_counts_and_nothing_that_was_sent(local):
    local.ask("POST", "/v1/batch", {"batch": [track(1, "secret-person"), {"type": "secret-type"}]})
    local.ask("POST", "/v1/t", track(1, "x"), {"authorization": basic("secret-key")})
    log = local.log()
    assert "POST /v1/batch 200 accepted 1, rejected 1" in log
    assert "POST /v1/t 401 writeKey: unknown write key" in log
    assert "secret" not in log
