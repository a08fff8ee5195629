"""Stack: whose is this event?"""

from collections.abc import Sequence

from aws_cdk import Aws, Duration, Stack
from aws_cdk.aws_iam import AnyPrincipal, Effect, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_kinesisfirehose import CfnDeliveryStream
from aws_cdk.aws_logs import LogGroup, LogStream
from aws_cdk.aws_s3 import (
    BlockPublicAccess,
    Bucket,
    BucketEncryption,
    LifecycleRule,
    StorageClass,
    Transition,
)

from functions.shared.bus import NOTICES
from infra.application import Application
from infra.constructs import access, alarms
from infra.constructs.capability import Capability
from infra.constructs.consumer import Consumer
from infra.constructs.layers import PUBLICATION_PATH
from infra.constructs.table import Table

# What 1 s brings of one event each; larger deliveries end at Lambda's 6 MB.
RECORDS = 100
ARCHIVE = "archive"
# Seldom read after that, and when it is, at once: GLACIER_IR costs a sixth and answers like STANDARD.
COOLS_AFTER = Duration.days(90)
# Of the day for which a stream keeps what it cannot deliver; twelve times the longest buffer.
LATE = Duration.hours(1)


class Identity(Capability):
    """Identifiers and the people they lead to; every event passes here once, and is archived."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "whose an event is", after)
        Table(self, "identity", sort_key="sk")
        Consumer(
            self,
            "recognise_people",
            environment={
                "identity_table": self.stage.named("identity"),
                "profiles_table": self.stage.named("profiles"),
                "identity_queue_url": self.queue_url("recognise_people"),
                "journeys_queue_url": self.queue_url("advance_people"),
                "permissions_queue_url": self.queue_url("record_consent"),
                "audiences_queue_url": self.queue_url("update_audiences"),
                "bus_name": self.stage.bus_name,
                "archive_stream": self.stage.named(ARCHIVE),
                "claims_bucket": self.bucket_name("claims"),
                "deployment_key_secret": self.secret_name("deployment-key"),
                "publication_path": PUBLICATION_PATH,
            },
            may=[
                access.reads(self, "identity", "profiles"),
                access.writes(self, "identity", "profiles"),
                access.takes_back(self, "identity", "profiles"),
                access.sends_to(self, "advance_people", "record_consent", "update_audiences", "recognise_people"),
                access.puts_events(self, NOTICES),
                access.puts_records(self, ARCHIVE),
                access.deletes_objects(self, "claims", "claims"),
                access.reads_secret(self, "deployment-key"),
            ],
            batch_size=RECORDS,
            window=Duration.seconds(1),
            timeout=Duration.minutes(1),
            holds_back=True,
        )
        self._archive()

    def _archive(self) -> None:
        bucket = Bucket(
            self,
            "Archive",
            bucket_name=self.bucket_name(ARCHIVE),
            encryption=BucketEncryption.S3_MANAGED,
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                LifecycleRule(
                    transitions=[
                        Transition(storage_class=StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=COOLS_AFTER)
                    ],
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=self.stage.removal,
        )
        if self.stage.keeps_data:
            # Nobody corrects what happened. What must be forgotten cannot be opened once its key is gone.
            bucket.add_to_resource_policy(
                PolicyStatement(
                    effect=Effect.DENY,
                    principals=[AnyPrincipal()],
                    actions=["s3:DeleteObject", "s3:DeleteObjectVersion"],
                    resources=[bucket.arn_for_objects("*")],
                )
            )
        role = Role(
            self,
            "ArchiveRole",
            # Not for a stream of another account, which Firehose would serve as well.
            assumed_by=ServicePrincipal(
                "firehose.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            description="What the stream of the archive may do",
        )
        role.add_to_policy(
            PolicyStatement(
                actions=["s3:AbortMultipartUpload", "s3:PutObject"], resources=[bucket.arn_for_objects("*")]
            )
        )
        role.add_to_policy(
            PolicyStatement(
                actions=["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                resources=[bucket.bucket_arn],
            )
        )
        log = LogGroup(
            self,
            "ArchiveLog",
            log_group_name=f"/aws/kinesisfirehose/{self.stage.named(ARCHIVE)}",
            retention=self.stage.log_retention,
            removal_policy=self.stage.removal,
        )
        told = LogStream(
            self, "ArchiveLogStream", log_group=log, log_stream_name=ARCHIVE, removal_policy=self.stage.removal
        )
        role.add_to_policy(PolicyStatement(actions=["logs:PutLogEvents"], resources=[log.log_group_arn]))
        stream = CfnDeliveryStream(
            self,
            "ArchiveStream",
            delivery_stream_name=self.stage.named(ARCHIVE),
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=(
                CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(key_type="AWS_OWNED_CMK")
            ),
            extended_s3_destination_configuration=CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=bucket.bucket_arn,
                role_arn=role.role_arn,
                prefix="events/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/",
                error_output_prefix="errors/!{firehose:error-output-type}/date=!{timestamp:yyyy-MM-dd}/",
                compression_format="GZIP",
                cloud_watch_logging_options=CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                    enabled=True, log_group_name=log.log_group_name, log_stream_name=told.log_stream_name
                ),
                buffering_hints=CfnDeliveryStream.BufferingHintsProperty(
                    size_in_m_bs=self.stage.archive_buffer.megabytes,
                    interval_in_seconds=self.stage.archive_buffer.seconds,
                ),
            ),
        )
        # Firehose tries the bucket when it is made, so its role must be able to write by then.
        stream.node.add_dependency(role)
        alarms.on_undelivered_records(self, ARCHIVE, LATE)
