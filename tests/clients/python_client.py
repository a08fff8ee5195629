"""Sends calls with one of the Python clients, as an app would: ``python python_client.py PACKAGE < task.json``.

A task is ``{"host", "key", "gzip", "at_once", "calls": [Segment messages]}``; prints ``{"errors": [...]}``.
"""

import importlib
import json
import re
import sys
from datetime import datetime

ARGUMENTS = (
    "userId",
    "anonymousId",
    "previousId",
    "groupId",
    "event",
    "category",
    "name",
    "properties",
    "traits",
    "context",
)


def main() -> None:
    task = json.load(sys.stdin)
    errors: list[str] = []
    client = importlib.import_module(f"{sys.argv[1]}.client").Client(
        task["key"],
        host=task["host"],
        gzip=task["gzip"],
        upload_size=task["at_once"],
        upload_interval=0.1,
        max_retries=1,
        on_error=lambda error, messages: errors.append(f"{type(error).__name__}: {error}"),
    )
    for call in task["calls"]:
        given = {re.sub("([A-Z])", r"_\1", name).lower(): call[name] for name in ARGUMENTS if name in call}
        if "timestamp" in call:
            given["timestamp"] = datetime.fromisoformat(call["timestamp"])
        getattr(client, call["type"])(**given)
    client.flush()
    client.join()
    json.dump({"errors": errors}, sys.stdout)


main()
