"""What does a commit change on AWS? ``make synth`` writes it to infra/snapshots, for reviews and for the laptop."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.publication import published
from infra.synthesis import ROOT, synthesise

SNAPSHOTS = ROOT / "infra" / "snapshots"
STAGE = "dev"
# An asset's name is the hash of its content: it changes with every commit and says nothing to a reader.
ASSET = re.compile(r"\b[0-9a-f]{64}\.(zip|json)\b")


def snapshots_of(assembly: Path) -> dict[str, str]:
    """The files infra/snapshots should hold, by path: each template, each journey's machine, and what is kept of it."""
    templates = {
        path.name: ASSET.sub(r"asset.\1", _pretty(json.loads(path.read_text(encoding="utf-8"))))
        for path in sorted(assembly.glob("*.template.json"))
    }
    machines = {f"machines/{name}.asl.json": _pretty(machine) for name, machine in published().machines.items()}
    kept = {f"journeys/{name}.json": _pretty(one) for name, one in published().kept.items()}
    return templates | machines | kept


def write_snapshots(snapshots: Mapping[str, str], folder: Path = SNAPSHOTS) -> list[str]:
    """Makes the folder hold exactly these snapshots; answers what changed."""
    before = {str(path.relative_to(folder)): path for path in folder.rglob("*.json")}
    changed = sorted(before.keys() - snapshots.keys())
    for gone in changed:
        before[gone].unlink()
    for name, text in snapshots.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Synthesises, refreshes the snapshots and says which changed, and which journeys are kept without their files."""
    with TemporaryDirectory() as folder:
        changed = write_snapshots(snapshots_of(synthesise(STAGE, Path(folder))))
    sys.stdout.write("".join(f"changed: infra/snapshots/{name}\n" for name in changed) or "snapshots are up to date\n")
    sys.stderr.write("".join(f"warning: {warning}\n" for warning in published().warnings.values()))


if __name__ == "__main__":
    main()
