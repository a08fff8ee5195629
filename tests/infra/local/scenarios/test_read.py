import json

import pytest

from functions.journeys.language.faults import FaultsFound
from infra.local.scenarios.read import cases_in, scenario_files
from infra.local.scenarios.suite import suite_of
from tests.functions.journeys.language.writing import POLICY, write_journey

HELLO = "- {id: hello, send: hello, channel: email}"
STORY = """
scenarios:
  - name: story
    expect: {messages: []}
"""


@pytest.fixture
def journeys(tmp_path):
    return write_journey(tmp_path / "journeys", HELLO)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path):
    with pytest.raises(FaultsFound) as found, suite_of(path):
        pass
    return [str(fault) for fault in found.value.faults]


def test_a_file_runs_the_journeys_of_its_own_folder(journeys):
    write_journey(journeys, HELLO)
    file = write(journeys / "test" / "scenarios.yaml", STORY)
    [case], faults = cases_in(file)
    assert faults == []
    assert case.wanted.journeys == (journeys / "test",)
    assert case.wanted.policy == journeys / "policy.yaml"
    assert case.line == 3


def test_a_file_may_name_journeys_from_where_it_stands(journeys, tmp_path):
    (tmp_path / "tests").mkdir()
    file = write(tmp_path / "tests" / "scenarios.yaml", f"journeys: [../journeys]\n{STORY}")
    [case], _ = cases_in(file)
    assert case.wanted.journeys == (journeys / "test",)
    assert scenario_files(tmp_path) == [file]


def test_a_whole_folder_is_run_as_it_is_and_an_overlay_in_one_of_its_own(journeys):
    text = f"{STORY}  - name: other\n    policy: {{freshness: 3h}}\n    expect: {{messages: []}}\n"
    with suite_of(write(journeys / "scenarios.yaml", text)) as suite:
        plain, laid = (suite.folders.of(case.wanted) for case in suite.cases)
        assert plain == journeys
        lines = (laid / "policy.yaml").read_text().splitlines()
        assert '"freshness": "3h"' in lines
        assert json.loads(lines[0].partition(": ")[2])["name"] == "Acme"
        assert (laid / "test" / "journey.yaml").is_file()
    assert not laid.exists()


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("journeys: [nowhere]\n" + STORY, 1, "no journeys in"),
        (STORY + "  - {name: story, expect: {messages: []}}", 4, 'scenario "story" stands twice'),
        (STORY + "    policy: {topics: {offers: {titel: x}}}", 4, 'unknown field "titel"'),
        (STORY + "    policy: {frehsness: 1h}", 4, 'unknown field "frehsness", did you mean "freshness"?'),
        (STORY + "    people: [{userId: u1, consent: {ofers: {email: granted}}}]", 4, 'did you mean "offers"?'),
        (STORY + "    people: [{userId: u1}, {userId: u1}]", 4, '"u1" stands twice'),
        (STORY + "    when: [{at: 31d, event: A, userId: u}]", 4, "31d is after until"),
        (STORY + '    when: [{at: "2025-01-01T00:00:00Z", event: A, userId: u}]', 4, "is before start"),
        (STORY + "    when: [{at: 1d, event: A}]", 4, "userId: no identifier"),
        (STORY + "    when: [{at: 1d, type: decline, userId: u, offer: o}]", 4, "offers are not available yet"),
        (STORY + "    when: [{at: 1d, type: confirm, userId: u, topic: o, channel: email}]", 4, "not available yet"),
        (STORY + "    when: [{at: 1d, type: prefer, userId: u, channel: sms}]", 4, 'unknown user "u"'),
        (
            STORY
            + "    when: [{at: 1d, type: receipt, userId: u, step: helo, kind: opened}]\n    people: [{userId: u}]",
            4,
            'did you mean "hello"?',
        ),
        (
            STORY + "    when: [{at: 1d, type: consent, userId: u, topic: x, channel: sms, state: granted}]",
            4,
            'unknown topic "x"',
        ),
    ],
)
def test_a_scenario_at_fault_says_where_and_is_not_run(journeys, text, line, fault):
    file = write(journeys / "scenarios.yaml", text.lstrip())
    assert any(one.startswith(f"{file}:{line}:") and fault in one for one in faults_of(journeys))


def test_a_fault_of_a_journey_or_of_the_policy_is_told_of_its_own_file(journeys):
    write_journey(journeys, "- {send: helo, channel: email}", policy=POLICY.replace("Offers}", "Offers, opt_in: x}"))
    text = STORY + "    policy: {freshness: 2h}"
    write(journeys / "scenarios.yaml", text)
    found = faults_of(journeys)
    assert any(one.startswith(f"{journeys}/test/journey.yaml:6:") and 'unknown template "helo"' in one for one in found)
    assert any(one.startswith(f"{journeys}/policy.yaml:3:") and '"x" is not allowed here' in one for one in found)


def test_expectations_name_what_there_is(journeys):
    rows = "{messages: [{userId: u2}], decisions: [{journey: tets}], enrolments: [{userId: u1}]}"
    text = f"scenarios:\n  - name: x\n    people: [{{userId: u1}}]\n    expect: {rows}\n"
    found = faults_of(write(journeys / "scenarios.yaml", text))
    assert [one.split(": error: ")[1] for one in found] == [
        'unknown user "u2", use one of u1',
        'unknown journey "tets", did you mean "test"?',
    ]


def test_without_a_policy_nothing_can_be_told(tmp_path):
    write_journey(tmp_path, HELLO)
    (tmp_path / "policy.yaml").unlink()
    [fault] = faults_of(write(tmp_path / "scenarios.yaml", STORY))
    assert "there is no policy.yaml here or above" in fault
