"""What is uploaded for a function? The import closure of its handler and nothing else; packages come from one layer.

All of it is made on the machine that deploys, for arm64 and Python 3.13, without Docker. Asset hashes depend on content
alone, so deploying twice uploads once.
"""

import ast
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAYER_LOCK = ROOT / "requirements" / "layer.lock"
LAYER_NAMES = ROOT / "requirements" / "layer.in"
PYTHON_VERSION = "3.13"
PLATFORM = "aarch64-manylinux2014"

# The Lambda runtime brings these, and a second copy would cost every cold start.
IN_THE_RUNTIME = frozenset({"boto3", "botocore", "s3transfer"})
# ``zoneinfo`` finds no zones on the runtime's image without it; nobody imports it by name.
BROUGHT_BY_STDLIB = {"zoneinfo": "tzdata"}
# What no function runs: caches, install records (they name the machine), commands, and Babel's 1,000 locales (32 MB)
# but for the one that amounts and dates are written in.
LEFT_OUT = ("**/__pycache__", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "bin", ".lock")
LOCALES = "babel/locale-data"
LOCALES_KEPT = frozenset({"root.dat", "en.dat", "en_US.dat"})


@dataclass(frozen=True, slots=True)
class Closure:
    """Everything a module imports, directly or not: our own files, and the top-level names of others' packages."""

    files: frozenset[Path]
    packages: frozenset[str]


def closure_of(module: str, root: Path = ROOT) -> Closure:
    """The import closure of one module; raises ``FileNotFoundError`` when a module of ours does not exist."""
    seen: set[str] = set()
    files: set[Path] = set()
    packages: set[str] = set()
    ahead = [module]
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen.add(name)
        parent = name.rpartition(".")[0]
        if parent:
            ahead.append(parent)
        path = _file_of(name, root)
        if path is None:
            if not (root / Path(*name.split("."))).is_dir():
                raise FileNotFoundError(f"{module} imports {name}, which is not there")
            continue
        files.add(path)
        for imported in _imports(path, root):
            if imported.partition(".")[0] == "functions":
                ahead.append(imported)
            else:
                packages.add(imported.partition(".")[0])
    return Closure(frozenset(files), frozenset(packages))


def write_bundle(module: str, folder: Path, root: Path = ROOT) -> None:
    """Copies the import closure of ``module`` into ``folder``, paths kept."""
    for path in closure_of(module, root).files:
        target = folder / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def layer_names(modules: Iterable[str]) -> list[str]:
    """The distributions the layer must hold for these handlers, by the names package indexes use."""
    imported = {package for module in modules for package in closure_of(module).packages}
    brought = {name for package, name in BROUGHT_BY_STDLIB.items() if package in imported}
    ours = imported - sys.stdlib_module_names - IN_THE_RUNTIME
    known = packages_distributions()
    return sorted(brought | {known[package][0].replace("_", "-").lower() for package in ours})


def layer_hash() -> str:
    """The hash of the layer's content, known before it is built: what is locked, and how it is installed."""
    recipe = "\n".join([PYTHON_VERSION, PLATFORM, *LEFT_OUT, *sorted(LOCALES_KEPT)])
    return hashlib.sha256(LAYER_LOCK.read_bytes() + recipe.encode()).hexdigest()


def build_layer(folder: Path) -> None:
    """Installs the locked packages for Lambda's platform into ``folder/python``; needs the package index.

    Only wheels, only with the locked hashes, so that nothing of this machine gets in.
    """
    from uv import find_uv_bin

    target = folder / "python"
    command = [
        find_uv_bin(),
        "--system-certs",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
    ]
    command += ["--python-platform", PLATFORM, "--python-version", PYTHON_VERSION, "--python", sys.executable]
    command += ["--target", str(target), "--requirements", str(LAYER_LOCK)]
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command of our own
    strip_layer(target)


def strip_layer(target: Path) -> None:
    """Removes what no function runs from a folder of installed packages."""
    for pattern in LEFT_OUT:
        for path in sorted(target.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (target / LOCALES).glob("*.dat"):
        if path.name not in LOCALES_KEPT:
            path.unlink()


def _file_of(module: str, root: Path) -> Path | None:
    path = root / Path(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(path: Path, root: Path) -> frozenset[str]:
    return frozenset(_imported(ast.parse(path.read_text(encoding="utf-8")), root))


def _imported(tree: ast.AST, root: Path) -> Iterator[str]:
    """Every import at run time, also inside functions; imports for type checkers alone are none."""
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names)
    elif isinstance(tree, ast.ImportFrom):
        assert tree.module is not None, "imports are absolute"
        yield tree.module
        if tree.module.partition(".")[0] == "functions":
            # ``from package import module`` imports a module, ``from module import name`` does not.
            names = (f"{tree.module}.{alias.name}" for alias in tree.names)
            yield from (name for name in names if _file_of(name, root))
    elif isinstance(tree, ast.If) and ast.unparse(tree.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
        for alternative in tree.orelse:
            yield from _imported(alternative, root)
    else:
        for child in ast.iter_child_nodes(tree):
            yield from _imported(child, root)
