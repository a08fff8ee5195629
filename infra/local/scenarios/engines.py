"""Which worlds can a scenario be told to? The runner's, which is quick, or moto's, which holds all that deploys."""

from importlib import import_module

from infra.local.worlds import OpenWorld

# Each is read only when it is asked for: moto takes seconds.
MODULES = {"local": "infra.local.runner.world", "moto": "infra.local.scenarios.on_moto"}
DEFAULT = "local"


def opener(engine: str) -> OpenWorld:
    """How a world of that engine is opened; raises ``KeyError`` for one that nobody knows."""
    found: OpenWorld = import_module(MODULES[engine]).open_world
    return found
