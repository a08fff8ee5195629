"""What is committed is what deploys, and both hold up before the validators of their formats."""

import json
import re
import subprocess
import sys
from pathlib import Path

from functions.journeys.language.publication import publish
from infra.bundling import ROOT
from infra.snapshots_writer import SNAPSHOTS, snapshots_of, write_snapshots
from tests.functions.journeys.language.test_mutations import WHOLE
from tests.functions.journeys.language.writing import write_journey

SCRIPTS = Path(sys.executable).parent
MACHINES = SNAPSHOTS / "machines"


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_committed_snapshots_are_what_synthesis_makes(assemblies):
    committed = {str(path.relative_to(SNAPSHOTS)): path.read_text() for path in SNAPSHOTS.rglob("*.json")}
    made = snapshots_of(assemblies["dev"])
    assert sorted(committed) == sorted(made), "run make synth"
    changed = [name for name in made if committed[name] != made[name]]
    assert changed == [], "run make synth"


def test_the_writer_refreshes_what_changed_and_removes_what_is_gone(tmp_path):
    (tmp_path / "old.json").write_text("{}")
    (tmp_path / "same.json").write_text("{}")
    assert write_snapshots({"same.json": "{}", "machines/new.json": "{}"}, tmp_path) == [
        "old.json",
        "machines/new.json",
    ]
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")) == [
        "machines/new.json",
        "same.json",
    ]
    assert write_snapshots({"same.json": "{}", "machines/new.json": "{}"}, tmp_path) == []


def test_snapshots_name_no_asset_hash_and_no_place_on_a_machine(templates):
    paths = re.compile(r"/(home|Users|root|work|tmp|private|builds)/")
    for path in SNAPSHOTS.rglob("*.json"):
        assert not re.search(r"[0-9a-f]{64}", path.read_text()), path.name
    for stage in templates.values():
        for capability, template in stage.items():
            assert not paths.search(json.dumps(template)), capability


def test_templates_pass_cfn_lint():
    linted = run(SCRIPTS / "cfn-lint")
    assert linted.returncode == 0, linted.stdout


def test_machines_pass_the_validator_of_their_language():
    validator = ROOT / "infra" / "node" / "node_modules" / ".bin" / "asl-validator"
    if not validator.exists():
        made = run("make", "--silent", ".make/node")
        assert made.returncode == 0, made.stderr
    machines = sorted(MACHINES.glob("*.asl.json"))
    assert machines
    arguments = [part for path in machines for part in ("--json-path", str(path))]
    validated = run(SCRIPTS / "node", validator, *arguments)
    assert validated.returncode == 0, validated.stderr


def test_a_machine_of_every_construct_passes_the_validator_too(tmp_path):
    (tmp_path / "whole.asl.json").write_text(
        json.dumps(publish(write_journey(tmp_path / "journeys", text=WHOLE))[1]["test"])
    )
    validator = ROOT / "infra" / "node" / "node_modules" / ".bin" / "asl-validator"
    validated = run(SCRIPTS / "node", validator, "--json-path", str(tmp_path / "whole.asl.json"))
    assert validated.returncode == 0, validated.stderr


def test_the_node_packages_lock_names_no_registry():
    assert '"resolved"' not in (ROOT / "infra" / "node" / "package-lock.json").read_text()


def test_a_machine_is_deployed_per_journey_with_every_placeholder_filled(resources):
    machines = {
        one["Properties"]["StateMachineName"].removeprefix("segue-dev-"): one["Properties"]
        for _, _, one in resources("AWS::StepFunctions::StateMachine")
    }
    assert sorted(machines) == sorted(path.name.removesuffix(".asl.json") for path in MACHINES.glob("*"))
    for journey, said in machines.items():
        placeholders = set(re.findall(r"\$\{(\w+)\}", (MACHINES / f"{journey}.asl.json").read_text()))
        assert placeholders <= set(said["DefinitionSubstitutions"])
        assert said["StateMachineType"] == "STANDARD"
        assert said["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_machines_log_where_the_account_has_room_for_many(resources):
    names = [
        one["Properties"]["LogGroupName"]
        for capability, _, one in resources("AWS::Logs::LogGroup")
        if capability == "machines"
    ]
    assert names
    assert all(name.startswith("/aws/vendedlogs/states/segue-dev-") for name in names)
