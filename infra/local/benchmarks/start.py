"""What does it take to start a function? CPU of a fresh process, beside one that imports boto3 and makes one client.

An environment of Lambda imports the handler's module, which reads its settings and makes every client (see
``functions.shared.handler.wire``). Both are timed in the same run, in turn, and the best of several rounds counts.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.benchmarks.budgets import Measured
from infra.local.templates import REGION, Resource, read_templates
from infra.local.world import ROOT, SNAPSHOTS
from infra.publication import published

INTAKE = ("capture", "identity", "profiles", "audiences")
ROUNDS = 5
YARDSTICK = "import boto3; boto3.client('dynamodb')"
# ``functions`` first, as Lambda imports it. Secrets are the only thing a function asks for while it starts.
START = """
import functions
from infra.local.requests import answered
with answered({"secretsmanager.GetSecretValue": lambda asked: {"SecretString": "bench"}}):
    import %s
"""


@dataclass(slots=True)
class Starts:
    """The best CPU seconds so far of each handler of the intake by its module, and of the yardstick."""

    best: dict[str, float] = field(default_factory=dict)

    def run(self, rounds: int = ROUNDS) -> None:
        """Starts everything so many times more, in turn."""
        functions = {one.properties["Handler"].rpartition(".")[0]: one for one in _functions()}
        with TemporaryDirectory() as folder:
            files = _published(Path(folder))
            for _round in range(rounds):
                self._time("", YARDSTICK, {})
                for module, function in functions.items():
                    self._time(module, START % module, _environment(function, files))

    def ratios(self) -> dict[str, float]:
        """By module, how many times the yardstick its start takes."""
        return {module: seconds / self.best[""] for module, seconds in self.best.items() if module}

    def measured(self) -> Iterator[Measured]:
        """One load for each handler."""
        for module, ratio in self.ratios().items():
            yield Measured("cpu", f"start_of_{module.rpartition('.')[2]}", {"cpu_ratio": ratio})

    def _time(self, name: str, code: str, environment: Mapping[str, str]) -> None:
        keys = {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "-",
            "AWS_SECRET_ACCESS_KEY": "-",
        }
        before = _children_cpu()
        command = [sys.executable, "-c", code]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **keys, **environment})  # noqa: S603 - our own code
        self.best[name] = min(self.best.get(name, float("inf")), _children_cpu() - before)


def _functions() -> Iterator[Resource]:
    for function in read_templates(SNAPSHOTS).of_type("AWS::Lambda::Function"):
        if function.properties["Handler"].split(".")[1] in INTAKE:
            yield function


def _published(folder: Path) -> dict[str, str]:
    """What the project's own authors wrote, by the settings that name it."""
    texts = {"PUBLICATION_PATH": published().text, "TRACKING_PLAN_PATH": published().plan}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: str(folder / name) for name in texts}


def _environment(function: Resource, files: Mapping[str, str]) -> dict[str, str]:
    """What the template sets; what any text will do for is one that looks like a queue."""
    said = function.properties["Environment"]["Variables"]
    values = {name: value if isinstance(value, str) else "https://sqs.example/queue" for name, value in said.items()}
    return {**values, "AWS_LAMBDA_FUNCTION_NAME": "bench", **files}


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
