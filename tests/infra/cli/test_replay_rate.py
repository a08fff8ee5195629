"""How fast is a replay in memory? Against a union-find over the same file, which knows no rule, in the same run."""

import json
import time
from random import Random

from infra.local.replay.lines import read_lines
from infra.local.replay.replay import publication_of, replay_in_memory

EVENTS = 6_000
# Measured .006 to .007 on two cores; what fails is a replay that has become several times slower.
LEAST = 1 / 500


def lines():
    random = Random(1)
    for number in range(EVENTS):
        who = random.randrange(EVENTS // 7)
        cookie = f"c{who}-{random.randrange(3)}"
        said = {
            "messageId": f"m{number}",
            "timestamp": f"2026-03-{1 + number * 28 // EVENTS:02}T10:{number % 60:02}:00Z",
        }
        dice = random.random()
        if dice < 0.1:
            traits = {"email": f"p{who}@example.com"}
            yield {**said, "type": "identify", "userId": f"u{who}", "anonymousId": cookie, "traits": traits}
        elif dice < 0.3:
            yield {**said, "type": "track", "event": "Order Completed", "userId": f"u{who}"}
        else:
            yield {**said, "type": "page", "anonymousId": cookie}


def groups(path):
    """Whoever shares an identifier is one."""
    parent = {}

    def find(one):
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for line in path.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        named = [(name, said[name]) for name in ("userId", "anonymousId") if name in said]
        if "email" in said.get("traits", {}):
            named.append(("email", said["traits"]["email"]))
        for one in named:
            parent[find(one)] = find(named[0])
    return len({find(one) for one in list(parent)})


def test_a_replay_keeps_its_share_of_the_rate_of_a_union_find(tmp_path, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines()), encoding="utf-8")
    publication = publication_of(None)
    begin = time.process_time()
    count = groups(file)
    plain = time.process_time() - begin
    begin = time.process_time()
    done = replay_in_memory(read_lines(file), publication)
    replayed = time.process_time() - begin
    assert len(done.picture.people) == count
    assert plain / replayed > LEAST, f"{plain / replayed:.4f}"
