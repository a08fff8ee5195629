"""dev may be thrown away; prod keeps what cannot be had again."""

import pytest

from infra.stages import stage_named

KEPT = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup")


def test_prod_keeps_data_when_its_stacks_go(resources):
    kept = resources(*KEPT, stage="prod")
    assert len(kept) > 10
    for _, name, one in kept:
        assert (one["DeletionPolicy"], one["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_prod_tables_refuse_deletion_and_recover_to_any_second(resources):
    tables = resources("AWS::DynamoDB::Table", stage="prod")
    assert len(tables) == 6
    for _, _, table in tables:
        assert table["Properties"]["DeletionProtectionEnabled"] is True
        assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_dev_leaves_nothing_behind(resources):
    for _, name, one in resources(*KEPT, stage="dev"):
        assert one["DeletionPolicy"] == "Delete", name
    for _, _, table in resources("AWS::DynamoDB::Table", stage="dev"):
        assert not table["Properties"].get("DeletionProtectionEnabled")


def test_prod_keeps_logs_longer(resources):
    def kept(stage):
        return {one["Properties"]["RetentionInDays"] for _, _, one in resources("AWS::Logs::LogGroup", stage=stage)}

    assert (kept("dev"), kept("prod")) == ({7}, {90})


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_tables_are_on_demand_with_the_keys_their_owners_use(stage, resources):
    keys = {}
    for _, _, one in resources("AWS::DynamoDB::Table", stage=stage):
        said = one["Properties"]
        assert said["BillingMode"] == "PAY_PER_REQUEST"
        assert said["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
        keys[said["TableName"].removeprefix(f"segue-{stage}-")] = [key["AttributeName"] for key in said["KeySchema"]]
    assert keys == {
        "identity": ["pk", "sk"],
        "profiles": ["pk", "sk"],
        "enrolments": ["pk", "sk"],
        "permissions": ["pk", "sk"],
        "messages": ["pk"],
        "decisioning": ["pk"],
    }


def test_buckets_are_private_encrypted_and_forget(resources):
    kept = {}
    for _, name, bucket in resources("AWS::S3::Bucket", stage="prod"):
        said = bucket["Properties"]
        assert set(said["PublicAccessBlockConfiguration"].values()) == {True}
        assert "BucketEncryption" in said
        kept[name[:-8]] = said["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"]
    assert kept == {"Quarantine": 90, "Claims": 400}


def test_an_unknown_stage_is_told_which_ones_there_are():
    with pytest.raises(SystemExit, match="no stage 'staging'; use -c stage=dev or -c stage=prod"):
        stage_named("staging")


def test_outputs_say_where_events_go_and_how_to_find_the_write_key(templates):
    stage = templates["prod"]
    assert stage["platform"]["Outputs"]["BusName"]["Value"] == "segue-prod"
    assert "FunctionUrl" in str(stage["capture"]["Outputs"]["Endpoint"]["Value"])
    assert stage["capture"]["Outputs"]["WriteKeysSecret"]["Value"] == "segue-prod/write-keys"
