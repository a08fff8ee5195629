"""Which journeys does a scenario run? A folder of them, made anew where a file chooses some or lays over the policy."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from functions.journeys.language.faults import Fault, FaultsFound
from functions.journeys.language.project import JOURNEY_FILE, POLICY_FILE
from functions.journeys.language.reader import Document, Place, read
from functions.journeys.language.tracking_plan import schema_files


@dataclass(frozen=True, slots=True)
class Wanted:
    """Journeys by their folders, the policy they run under, and what is laid over it: ``laid`` as JSON."""

    policy: Path
    journeys: tuple[Path, ...]
    laid: str = "{}"

    @property
    def keys(self) -> Mapping[str, Any]:
        """What replaces whole keys of the policy."""
        laid: dict[str, Any] = json.loads(self.laid)
        return laid


@dataclass(slots=True)
class Folders:
    """Folders that hold exactly the journeys that are wanted; the same wish is made once."""

    root: Path
    _made: dict[Wanted, Path] = field(default_factory=dict)

    def of(self, wanted: Wanted) -> Path:
        """The folder, fit to be published; raises ``FaultsFound`` when the policy cannot be read."""
        if wanted not in self._made:
            self._made[wanted] = self._make(wanted, self.root / str(len(self._made)))
        return self._made[wanted]

    def _make(self, wanted: Wanted, folder: Path) -> Path:
        own = tuple(sorted(path.parent for path in wanted.policy.parent.glob(f"*/{JOURNEY_FILE}")))
        if not wanted.keys and own == wanted.journeys:
            return wanted.policy.parent
        folder.mkdir()
        policy = read(wanted.policy, str(wanted.policy))
        if policy.faults or not isinstance(policy.value, Mapping):
            raise FaultsFound(policy.faults or [policy.fault((), "this is no policy", "write name: value lines")])
        # JSON is YAML. One key a line, so that a fault's line tells the key it is about.
        said = {**policy.value, **wanted.keys}
        lines = [f"{json.dumps(key)}: {json.dumps(value)}\n" for key, value in said.items()]
        (folder / POLICY_FILE).write_text("".join(lines), encoding="utf-8")
        for schema in schema_files(wanted.policy):
            (folder / schema).parent.mkdir(parents=True, exist_ok=True)
            (folder / schema).write_bytes((wanted.policy.parent / schema).read_bytes())
        for journey in wanted.journeys:
            shutil.copytree(journey, folder / journey.name)
        return folder

    def told(self, wanted: Wanted, faults: Sequence[Fault], document: Document, overlay: Place) -> list[Fault]:
        """The faults of a folder that was made, told of the files as their authors know them.

        ``overlay`` is where, in ``document``, the keys stand that are laid over the policy.
        """
        folder = self.of(wanted)
        return [self._told(one, wanted, folder, document, overlay) for one in faults]

    def _told(self, fault: Fault, wanted: Wanted, folder: Path, document: Document, overlay: Place) -> Fault:
        file = Path(fault.file)
        if folder.parent != self.root or not file.is_relative_to(folder):
            return fault
        first, *rest = file.relative_to(folder).parts or ("",)
        journey = next((one for one in wanted.journeys if one.name == first), None)
        if journey is not None:
            return replace(fault, file=str(journey.joinpath(*rest)))
        if first != POLICY_FILE:
            return replace(fault, file=str(wanted.policy.parent.joinpath(first, *rest)))
        policy = read(wanted.policy, str(wanted.policy))
        key = [*{**policy.value, **wanted.keys}][fault.line - 1 : fault.line]
        if not key:
            return replace(fault, file=str(wanted.policy), line=1, column=1)
        if key[0] in wanted.keys:
            line, column = document.position((*overlay, key[0]))
            return replace(fault, file=document.file, line=line, column=column)
        line, column = policy.position((key[0],))
        return replace(fault, file=str(wanted.policy), line=line, column=column)


@contextmanager
def folders() -> Iterator[Folders]:
    """Folders that are gone afterwards."""
    with TemporaryDirectory() as root:
        yield Folders(Path(root))
