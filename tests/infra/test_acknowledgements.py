"""Every finding of the rule packs is answered, with a reason, and no answer outlives its finding."""

import contextlib
import json
from fnmatch import fnmatchcase

from app import segue
from infra.acknowledgements import accepted
from infra.application import Application
from infra.synthesis import context


def findings(outdir):
    """(``<capability>/<construct>``, finding) of everything the packs find when nothing is acknowledged."""
    app = Application(outdir=outdir, context=context("dev"))
    segue(app)
    with contextlib.suppress(RuntimeError):
        app.synth()
    report = json.loads((outdir / "validation-report.json").read_text())
    return {
        ("/".join(construct["constructPath"].removeprefix("segue-dev-").split("/")[:2]), violation["ruleName"])
        for pack in report["pluginReports"]
        for violation in pack["violations"]
        for construct in violation["violatingConstructs"]
    }


def test_each_answer_answers_a_finding_and_each_finding_has_one(tmp_path):
    found = findings(tmp_path)
    answers = [(one.where, one.finding.partition("::")[2]) for one in accepted("dev")]
    assert len(found) > 50
    for where, rule in answers:
        assert any(rule == one and fnmatchcase(path, where) for path, one in found), (
            f"nothing to answer: {where} {rule}"
        )
    for path, rule in found:
        assert any(rule == one and fnmatchcase(path, where) for where, one in answers), f"unanswered: {path} {rule}"


def test_each_answer_gives_its_reason():
    for stage in ("dev", "prod"):
        assert all(len(one.reason) > 40 and one.reason.endswith(".") for one in accepted(stage))
