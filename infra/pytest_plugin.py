"""How do scenarios become tests of your own suite? pytest collects each of them; one that fails is one failing test.

Either name the files (``pytest journeys/``: every scenarios.yaml below is collected), or write one line in a test file:
``test_journeys = segue_scenarios("journeys/")``. ``--segue-engine moto`` runs them on everything that deploys.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from infra.local.scenarios.read import Case
    from infra.local.scenarios.suite import Suite

SCENARIO_FILE = "scenarios.yaml"
# Suites hold folders that are gone when pytest ends.
_open = ExitStack()
_root = Path()


class Failed(Exception):
    """A scenario in which something was not as expected; the text shows both sides and why."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the choice of an engine."""
    parser.getgroup("segue").addoption(
        "--segue-engine",
        choices=("local", "moto"),
        default="local",
        help="what runs the state machines of scenarios: local is quick, moto runs the same on everything that deploys",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Paths of ``segue_scenarios`` count from pytest's root folder."""
    global _root  # noqa: PLW0603 - a test module asks while it is imported, and knows no configuration
    _root = config.rootpath
    config.add_cleanup(_open.close)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Takes every scenarios.yaml that pytest comes by."""
    return ScenarioFile.from_parent(parent, path=file_path) if file_path.name == SCENARIO_FILE else None


class ScenarioFile(pytest.File):
    """One scenarios.yaml."""

    def collect(self) -> Iterator[pytest.Item]:
        """Each scenario; a file at fault is an error with every fault."""
        suite = _suite(self.path)
        for case in suite.cases:
            yield ScenarioItem.from_parent(self, name=case.scenario.name, suite=suite, case=case)


class ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, suite: "Suite", case: "Case", **said: Any) -> None:
        super().__init__(**said)
        self._suite = suite
        self._case = case

    def runtest(self) -> None:
        """Tells it."""
        _tell(self._suite, self._case, self.config)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The differences, and nothing of how they were found; of a bug everything."""
        return str(excinfo.value) if isinstance(excinfo.value, Failed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands; pytest counts lines from 0."""
        return self.path, self._case.line - 1, self.name


def segue_scenarios(path: str | Path) -> Callable[..., None]:
    """A test for each scenario of a file or below a folder: ``test_journeys = segue_scenarios("journeys/")``.

    The path counts from pytest's root folder. A file at fault is an error of collection that says every fault.
    """
    place = _root / path
    if not place.exists():
        raise pytest.Collector.CollectError(f"there is no {place}")
    suite = _suite(place)
    if not suite.cases:
        raise pytest.Collector.CollectError(f"{place} holds no scenario")

    @pytest.mark.parametrize("case", [pytest.param(case, id=_id(case, place)) for case in suite.cases])
    def tells(case: "Case", pytestconfig: pytest.Config) -> None:
        try:
            _tell(suite, case, pytestconfig)
        except Failed as failed:
            pytest.fail(str(failed), pytrace=False)

    return tells


def _suite(path: Path) -> "Suite":
    from functions.journeys.language.faults import FaultsFound
    from infra.local.scenarios.suite import suite_of

    try:
        return _open.enter_context(suite_of(path))
    except FaultsFound as faults:
        raise pytest.Collector.CollectError(str(faults)) from faults


def _tell(suite: "Suite", case: "Case", config: pytest.Config) -> None:
    from infra.local.scenarios.engines import opener
    from infra.local.scenarios.show import as_text

    result = suite.run(case, opener(config.getoption("--segue-engine")))
    if not result.passed:
        raise Failed(as_text(result))


def _id(case: "Case", below: Path) -> str:
    """``welcome: orders once``; of a file alone the name."""
    file = Path(case.document.file)
    folder = file.parent.relative_to(below).as_posix() if file != below else "."
    return case.scenario.name if folder == "." else f"{folder}: {case.scenario.name}"
