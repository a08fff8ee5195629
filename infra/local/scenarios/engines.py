"""Which worlds can a scenario be told to? The runner's, which is quick, or moto's, which holds all that deploys."""

from importlib import import_module
from importlib.util import find_spec
from typing import Literal

from infra.cli.problems import Lacking
from infra.local.worlds import OpenWorld

EngineName = Literal["local", "moto"]
MODULES = {"local": "infra.local.runner.world", "moto": "infra.local.scenarios.on_moto"}


def opener(engine: str) -> OpenWorld:
    """How a world of that engine is opened; raises ``Lacking`` when it is not there."""
    package = MODULES[engine].rpartition(".")[0]
    if find_spec(package) is None or find_spec(MODULES[engine]) is None:
        raise Lacking(f"the engine {engine} is not part of this version", "write --engine moto")
    found: OpenWorld = import_module(MODULES[engine]).open_world
    return found
