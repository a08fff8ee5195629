import fcntl
import json
import os
from pathlib import Path

import pytest

from infra.synthesis import synthesise


def pytest_collection_modifyitems(items):
    """Whatever synthesises, bundles or runs worlds lives below this folder."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory):
    """The synthesised assembly of each stage, as folders. Made once (it takes seconds), also for several workers."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folders = {stage: shared / "assemblies" / stage for stage in ("dev", "prod")}
    made = shared / "assemblies" / "made"
    with (shared / "assemblies.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for stage, folder in folders.items():
                synthesise(stage, folder)
            made.touch()
    return folders


@pytest.fixture(scope="session")
def templates(assemblies):
    """``templates[stage][capability]`` is a template."""
    return {
        stage: {
            path.name.removesuffix(".template.json").removeprefix(f"segue-{stage}-"): json.loads(path.read_text())
            for path in folder.glob("*.template.json")
        }
        for stage, folder in assemblies.items()
    }


@pytest.fixture(scope="session")
def resources(templates):
    """``resources(type, stage)`` are the resources of a type in all stacks, as (capability, logical id, resource)."""

    def of_type(*types, stage="dev"):
        return [
            (capability, logical_id, resource)
            for capability, template in sorted(templates[stage].items())
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] in types
        ]

    return of_type
