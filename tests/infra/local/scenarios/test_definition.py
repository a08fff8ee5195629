import copy
import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from functions.journeys.language.reader import read_text
from infra.local.scenarios.definition import HAPPENINGS, Happening
from tests.infra.local.scenarios.test_mutations import VALUE as WHOLE
from tests.infra.local.scenarios.test_mutations import at
from tests.infra.local.scenarios.writing import faults_in, scenario_of

ROOT = Path(__file__).parents[4]
MINIMAL = "expect: {messages: []}"


def test_every_fault_is_said_at_once_with_its_line_and_its_fix():
    faults = faults_in(
        """\
        scenarios:
          - name: x
            people: [{userId: u1, consent: {offers: {emial: granted}}}]
            when:
              - {at: 0s, type: trak, userId: u1}
              - {at: 5, type: track, userId: u1, event: A, propertis: {}}
              - {at: 5x, type: receipt, userId: u1, step: remind, kind: opend}
            untill: 4d
            expect: {messages: [{}], decisions: [{reason: no_consnt}]}
        """
    )
    assert {re.sub(r"(?<=:\d:)\d+: error", "error", one) for one in faults} == {
        'scenarios.yaml:3:error: "emial" is not allowed here, did you mean "email"?',
        'scenarios.yaml:5:error: unknown type "trak", did you mean "track"?',
        "scenarios.yaml:6:error: 5 of what?, add a unit: 5m, 5h or 5d",
        'scenarios.yaml:6:error: unknown field "propertis", did you mean "properties"?',
        'scenarios.yaml:7:error: "5x" is neither a duration nor a time, '
        "write how long after start (30m, 2d) or a time such as 2026-03-02T10:00:00Z",
        'scenarios.yaml:7:error: "opend" is not allowed here, did you mean "opened"?',
        'scenarios.yaml:8:error: unknown field "untill", did you mean "until"?',
        "scenarios.yaml:9:error: a row that says nothing, write what is expected, such as userId: and step:",
        'scenarios.yaml:9:error: "no_consnt" is no reason of a decision, did you mean "no_consent"?',
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty file"),
        ("scenarios: []", "too few"),
        ("scenarios: [{name: x, expect: {}}]", "nothing is expected"),
        ("scenarios: [{name: x}]", '"expect" is missing'),
        ("scenarios: [{name: x, start: soon, expect: {messages: []}}]", '"soon" is no time'),
        ("scenarios: [{name: x, when: [7], expect: {messages: []}}]", "is no mapping"),
        ("scenarios: [{name: x, when: [{at: 1h}], expect: {messages: []}}]", "a happening without a type"),
        ("scenarios: [{name: x, when: [{at: 1h, type: []}], expect: {messages: []}}]", "unknown type"),
        ("scenarios: [{name: x, when: [{at: 1h, type: pause}], expect: {messages: []}}]", "journey or channel"),
        (
            "scenarios: [{name: x, when: [{at: 1h, type: stop, channel: sms}], expect: {messages: []}}]",
            "cannot be stopped",
        ),
        ("scenarios: [{name: x, when: [{at: 1h, type: outage}], expect: {messages: []}}]", '"for" is missing'),
        ("journeys: []\nscenarios: [{name: x, expect: {messages: []}}]", "too few"),
        ("scenarios: {a: b}", "is no list"),
    ],
)
def test_what_is_no_scenario_is_said_where_it_stands(text, fault):
    [found, *_] = faults_in(text)
    assert fault in found
    assert found.startswith("scenarios.yaml:")


def test_every_happening_has_a_model_that_takes_its_type():
    for name, model in HAPPENINGS.items():
        assert issubclass(model, Happening)
        assert name in str(model.model_fields["type"].annotation)


def test_the_type_may_be_left_out_beside_an_event():
    scenario = scenario_of(f"when: [{{at: 1h, userId: u1, event: Order Completed}}]\n{MINIMAL}")
    assert scenario.when[0].type == "track"


def test_moments_count_from_the_start_or_are_times():
    scenario = scenario_of(MINIMAL)
    assert scenario.instant("1d2h").isoformat() == "2026-03-03T12:00:00+00:00"
    assert scenario.instant("2026-03-04T10:00:00+02:00").isoformat() == "2026-03-04T08:00:00+00:00"


def replaced(value, place, new):
    changed = copy.deepcopy(value)
    at(changed, place[:-1])[place[-1]] = new
    return changed


def test_the_schema_for_editors_takes_what_the_model_takes():
    schema = json.loads((ROOT / "docs" / "schemas" / "scenarios.json").read_text())
    validator = Draft202012Validator(schema)
    files = sorted((ROOT / "journeys").glob("*/scenarios.yaml"))
    assert len(files) >= 3
    for value in [read_text(file.read_text(), file.name).value for file in files] + [WHOLE]:
        assert list(validator.iter_errors(value)) == []
    for place in (("scenarios", 0, "when", 0, "type"), ("scenarios", 0, "expect", "messages", 0, "channel")):
        assert list(validator.iter_errors(replaced(WHOLE, place, "?!"))) != []
