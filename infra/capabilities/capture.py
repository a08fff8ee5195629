"""Stack: which events do we take, and what becomes of those we do not?"""

from collections.abc import Sequence

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_lambda import FunctionUrlAuthType
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, LifecycleRule
from aws_cdk.aws_secretsmanager import Secret, SecretStringGenerator

from functions.shared.bus import NOTICES
from infra.application import Application
from infra.constructs import access, alarms
from infra.constructs.capability import Capability, titled
from infra.constructs.consumer import Consumer
from infra.constructs.function import Function
from infra.constructs.layers import TRACKING_PLAN_PATH
from infra.constructs.rule import events_of_our_bus

QUARANTINED_FOR = Duration.days(90)
# Whole messages of events whose rest is in profiles; kept no longer than a year and its reports.
CLAIMED_FOR = Duration.days(400)
# In five minutes: a release that sends something wrong, not a stray message.
ALARMING = 100
# Only that it was put back; the messages themselves are events by then.
PUT_BACK_TOLD_FOR = Duration.days(30)
# Of one event each; a delivery becomes one message to identity.
RECORDS = 100


class Capture(Capability):
    """Two doors, the bus and HTTP, the quarantine, and the bucket of messages too large to travel."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "the doors events come in by", after)
        onward = {
            "identity_queue_url": self.queue_url("recognise_people"),
            "quarantine_queue_url": self.queue_url("quarantine_events"),
            "claims_bucket": self.bucket_name("claims"),
            "tracking_plan_path": TRACKING_PLAN_PATH,
        }
        claims = self._bucket("claims", CLAIMED_FOR)
        hands_on = [
            access.sends_to(self, "recognise_people", "quarantine_events"),
            access.puts_objects(claims, "claims"),
        ]
        accept_bus_events = Consumer(
            self,
            "accept_bus_events",
            environment=onward,
            may=hands_on,
            batch_size=RECORDS,
            window=Duration.seconds(1),
        )
        # Our own notices tell of events; taking them as events would go round in a circle.
        events_of_our_bus(
            self, accept_bus_events, "accept_bus_events", pattern={"source": [{"anything-but": [NOTICES]}]}
        )
        self._http_door(onward, hands_on)
        self._quarantine()

    def _http_door(self, onward: dict[str, str], hands_on: list[PolicyStatement]) -> None:
        name = self.secret_name("write-keys")
        Secret(
            self,
            "WriteKeys",
            secret_name=name,
            description="Who may send to the HTTP door; starts with one key for servers",
            generate_secret_string=SecretStringGenerator(
                secret_string_template='{"source":"server"}',  # noqa: S106 - the secret is generated
                generate_string_key="write_key",
                exclude_punctuation=True,
                password_length=32,
            ),
            removal_policy=self.stage.removal,
        )
        accept_http = Function(
            self,
            "accept_http",
            environment={**onward, "write_keys_secret": name},
            may=[*hands_on, access.reads_secret(self, "write-keys")],
        )
        alarms.on_errors(self, "accept_http", accept_http)
        # SDKs cannot sign requests: the write key is who they are, and the handler asks for it.
        url = accept_http.add_function_url(auth_type=FunctionUrlAuthType.NONE)
        CfnOutput(self, "Endpoint", value=url.url, description="Host for Segment SDKs; they add /v1/batch themselves")
        CfnOutput(self, "WriteKeysSecret", value=name, description="Secret whose write_key SDKs are given")

    def _quarantine(self) -> None:
        bucket = self._bucket(
            "quarantine", QUARANTINED_FOR, LifecycleRule(expiration=PUT_BACK_TOLD_FOR, prefix="replayed/")
        )
        written = [bucket.arn_for_objects(f"{part}/*") for part in ("rejected", "parts", "index")]
        Consumer(
            self,
            "quarantine_events",
            environment={"quarantine_bucket": self.bucket_name("quarantine"), "bus_name": self.stage.bus_name},
            may=[PolicyStatement(actions=["s3:PutObject"], resources=written), access.puts_events(self, NOTICES)],
            concurrency=2,
        )
        alarms.on_refused_messages(self, "quarantine_events", ALARMING)

    def _bucket(self, name: str, kept_for: Duration, *rules: LifecycleRule) -> Bucket:
        return Bucket(
            self,
            titled(name),
            bucket_name=self.bucket_name(name),
            encryption=BucketEncryption.S3_MANAGED,
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[
                LifecycleRule(expiration=kept_for, abort_incomplete_multipart_upload_after=Duration.days(1)),
                *rules,
            ],
            removal_policy=self.stage.removal,
        )
