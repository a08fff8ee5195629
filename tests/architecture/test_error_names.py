"""A machine that catches an error by a name nobody raises would catch nothing."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MACHINES = sorted((ROOT / "infra" / "snapshots" / "machines").glob("*.asl.json"))
# Raised by Step Functions, by the services it calls and by what runs our functions, not by us.
FOREIGN = ("States.", "Lambda.", "Sandbox.", "Runtime.", "SQS.", "DynamoDB.")


def caught(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("ErrorEquals", ())
        for value in node.values():
            yield from caught(value)
    elif isinstance(node, list):
        for value in node:
            yield from caught(value)


def class_names() -> set[str]:
    trees = [ast.parse(path.read_text()) for path in (ROOT / "functions").rglob("*.py")]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def test_every_error_a_machine_names_is_a_class_of_ours_or_of_aws():
    names = {name for path in MACHINES for name in caught(json.loads(path.read_text()))}
    ours = {name for name in names if not name.startswith(FOREIGN)}
    assert {"Deferred", "TransientError", "UnreadableDate"} <= ours
    assert ours - class_names() == set()
