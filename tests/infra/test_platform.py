"""Who may put events on the bus: the own account, or those whom the deployment names."""

import json

import pytest

from infra.application import Application
from infra.platform import Platform, principals
from infra.synthesis import context

SHOP = "arn:aws:iam::111122223333:role/shop"
PARTNER = "arn:aws:iam::444455556666:root"


def statement(folder, stated):
    app = Application(outdir=folder, context={**context("dev"), **stated})
    Platform(app)
    template = json.loads((app.finish() / "segue-dev-platform.template.json").read_text())
    [policy] = [one for one in template["Resources"].values() if one["Type"] == "AWS::Events::EventBusPolicy"]
    return policy["Properties"]["StatementId"], policy["Properties"]["Statement"]


def test_the_own_account_may_when_nobody_is_named(templates):
    [policy] = [
        one
        for one in templates["dev"]["platform"]["Resources"].values()
        if one["Type"] == "AWS::Events::EventBusPolicy"
    ]
    root = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":root"]]}
    assert policy["Properties"]["StatementId"] == "own-account"
    assert policy["Properties"]["Statement"]["Principal"] == {"AWS": root}


def test_named_principals_and_nobody_else_may_put_events(tmp_path):
    name, said = statement(tmp_path, {"principals": f"{SHOP}, {PARTNER}"})
    assert name == "named-principals"
    assert (said["Effect"], said["Principal"]) == ("Allow", {"AWS": [SHOP, PARTNER]})
    assert said["Action"] == "events:PutEvents"


def test_a_list_in_cdk_json_says_the_same_as_the_command_line():
    assert principals([PARTNER, SHOP, SHOP]) == principals(f"{SHOP},{PARTNER}") == [SHOP, PARTNER]
    assert principals(None) == []


@pytest.mark.parametrize(
    "stated",
    [
        "*",
        "",
        f"{SHOP},",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::1111:root",
        "arn:aws:iam::111122223333:group/staff",
        "events.amazonaws.com",
        "111122223333",
        5,
        {},
    ],
)
def test_what_is_no_principal_is_named_with_an_example(stated):
    with pytest.raises(SystemExit, match=r"-c principals= is no principal; write ARNs such as arn:aws:iam::"):
        principals(stated)
