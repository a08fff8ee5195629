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
    return policies(template, "Allow")


def policies(template, effect):
    """The name and the statement of the one bus policy of this effect."""
    found = [
        one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::Events::EventBusPolicy"
    ]
    [policy] = [one for one in found if one["Statement"]["Effect"] == effect]
    return policy["StatementId"], policy["Statement"]


def test_the_own_account_may_when_nobody_is_named(templates):
    name, said = policies(templates["dev"]["platform"], "Allow")
    root = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":root"]]}
    assert (name, said["Principal"]) == ("own-account", {"AWS": root})


def test_nobody_but_our_functions_speaks_for_us_whatever_else_allows_them(templates):
    name, said = policies(templates["dev"]["platform"], "Deny")
    assert (name, said["Principal"], said["Action"]) == ("own-sources", "*", "events:PutEvents")
    assert said["Condition"]["ForAnyValue:StringLike"] == {"events:source": ["segue.*"]}
    roles = said["Condition"]["ArnNotLike"]["aws:PrincipalArn"]["Fn::Join"][1]
    # Roles carry no name of their own here, so CloudFormation begins it with their stack's.
    assert roles[-1] == ":role/segue-dev-*"
    named = [
        role
        for template in templates["dev"].values()
        for role in template["Resources"].values()
        if role["Type"] == "AWS::IAM::Role" and "RoleName" in role["Properties"]
    ]
    assert not named


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
