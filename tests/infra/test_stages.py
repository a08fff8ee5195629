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
    assert len(tables) == 7
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
        "audiences": ["pk", "sk"],
    }


def test_buckets_are_private_encrypted_and_forget_all_but_the_archive(resources):
    kept = {}
    for _, name, bucket in resources("AWS::S3::Bucket", stage="prod"):
        said = bucket["Properties"]
        assert set(said["PublicAccessBlockConfiguration"].values()) == {True}
        assert "BucketEncryption" in said
        kept[name[:-8]] = said["LifecycleConfiguration"]["Rules"][0].get("ExpirationInDays")
    assert kept == {"Quarantine": 90, "Claims": 400, "Archive": None}


@pytest.fixture
def bucket(resources):
    def named(name, stage):
        [found] = [one for _, logical_id, one in resources("AWS::S3::Bucket", stage=stage) if logical_id[:-8] == name]
        return found["Properties"]

    return named


def test_the_archive_keeps_every_version_and_forgets_nothing_but_moves_to_a_cheaper_class(bucket):
    said = bucket("Archive", "prod")
    assert said["VersioningConfiguration"] == {"Status": "Enabled"}
    [rule] = said["LifecycleConfiguration"]["Rules"]
    assert [name for name in rule if "Expiration" in name] == []
    assert rule["Transitions"] == [{"StorageClass": "GLACIER_IR", "TransitionInDays": 90}]


@pytest.mark.parametrize(("stage", "denied"), [("dev", set()), ("prod", {"s3:DeleteObject", "s3:DeleteObjectVersion"})])
def test_what_prod_has_archived_nobody_may_delete(stage, denied, resources):
    statements = [
        statement
        for _, logical_id, policy in resources("AWS::S3::BucketPolicy", stage=stage)
        if logical_id.startswith("Archive")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    found = {
        action
        for one in statements
        if (one["Effect"], one["Principal"]) == ("Deny", {"AWS": "*"}) and "Condition" not in one
        for action in one["Action"]
    }
    assert found == denied


@pytest.mark.parametrize(("stage", "megabytes", "seconds"), [("dev", 1, 60), ("prod", 128, 300)])
def test_the_archive_is_compressed_and_written_by_hour(stage, megabytes, seconds, resources):
    [(_, _, stream)] = resources("AWS::KinesisFirehose::DeliveryStream", stage=stage)
    said = stream["Properties"]["ExtendedS3DestinationConfiguration"]
    assert said["CompressionFormat"] == "GZIP"
    assert said["BufferingHints"] == {"SizeInMBs": megabytes, "IntervalInSeconds": seconds}
    assert said["Prefix"] == "events/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/"
    assert said["ErrorOutputPrefix"].startswith("errors/")


def test_an_unknown_stage_is_told_which_ones_there_are():
    with pytest.raises(SystemExit, match="no stage 'staging'; use -c stage=dev or -c stage=prod"):
        stage_named("staging")


def test_outputs_say_where_events_go_and_how_to_find_the_write_key(templates):
    stage = templates["prod"]
    assert stage["platform"]["Outputs"]["BusName"]["Value"] == "segue-prod"
    assert "FunctionUrl" in str(stage["capture"]["Outputs"]["Endpoint"]["Value"])
    assert stage["capture"]["Outputs"]["WriteKeysSecret"]["Value"] == "segue-prod/write-keys"


def test_somebody_is_told_when_the_archive_does_not_reach_its_bucket(resources):
    [stream] = [one["Properties"] for _, _, one in resources("AWS::KinesisFirehose::DeliveryStream")]
    alarms = [one["Properties"] for _, _, one in resources("AWS::CloudWatch::Alarm")]
    ours = {one["MetricName"]: one for one in alarms if one.get("Namespace") == "AWS/Firehose"}
    assert ours.keys() == {"DeliveryToS3.DataFreshness", "DeliveryToS3.Success"}
    for one in ours.values():
        assert one["Dimensions"] == [{"Name": "DeliveryStreamName", "Value": stream["DeliveryStreamName"]}]
        assert one["AlarmActions"]
    assert ours["DeliveryToS3.DataFreshness"]["Threshold"] == 3600
    assert ours["DeliveryToS3.Success"]["ComparisonOperator"] == "LessThanThreshold"
    assert stream["ExtendedS3DestinationConfiguration"]["CloudWatchLoggingOptions"]["Enabled"] is True


def test_only_streams_of_this_account_write_the_archive(resources):
    [role] = [one["Properties"] for _, name, one in resources("AWS::IAM::Role") if name.startswith("ArchiveRole")]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
