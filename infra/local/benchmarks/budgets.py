"""Is it within budget? One file per capability says what each load may cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

BUDGETS = Path(__file__).parent / "budgets"
Counts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one load took: counts by name (``aws_requests``, ``read_units``, ``write_units``, ``state_transitions``)."""

    capability: str
    load: str
    counts: Counts


def read_budgets(folder: Path = BUDGETS) -> dict[str, dict[str, Counts]]:
    """``{capability: {load: {count: limit}}}`` of the committed ``<capability>.yaml`` files."""
    yaml = YAML(typ="safe", pure=True)
    return {path.stem: yaml.load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))}


def over_budget(measured: Iterable[Measured], budgets: Mapping[str, Mapping[str, Counts]]) -> list[str]:
    """One line per limit that is passed, and per budget whose load was not measured; none when all is well."""
    by_load = {(one.capability, one.load): one.counts for one in measured}
    faults: list[str] = []
    for capability, loads in budgets.items():
        for load, limits in loads.items():
            counts = by_load.get((capability, load))
            if counts is None:
                faults.append(f"{capability}: {load} has a budget and was not measured")
                continue
            faults += [
                f"{capability}: {load} took {counts[name]:g} {name}, its budget is {limit:g}"
                for name, limit in limits.items()
                if counts[name] > limit
            ]
    return faults
