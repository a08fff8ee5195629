"""What is a stack of Segue? One capability, with the names by which the others know what it owns."""

from collections.abc import Sequence

from aws_cdk import Arn, ArnComponents, ArnFormat, Aws, Stack

from infra.application import Application


class Capability(Stack):
    """The stack of one capability, named after its class.

    Capabilities name each other's tables, queues and functions by convention, not by CloudFormation exports: an export
    cannot change while another stack imports it, and stacks could neither be deployed nor removed one by one. ``after``
    says which stacks must stand first.
    """

    def __init__(self, app: Application, description: str, after: Sequence[Stack] = ()) -> None:
        self.capability = type(self).__name__.lower()
        self.stage = app.stage
        name = self.stage.named(self.capability)
        super().__init__(app, name, stack_name=name, description=f"Segue: {description}")
        for stack in after:
            self.add_stack_dependency(stack)

    def table_arn(self, table: str) -> str:
        """The ARN of any capability's table."""
        return self._arn("dynamodb", "table", self.stage.named(table))

    def queue_url(self, function: str) -> str:
        """Where any function's work is put; ``function`` is the name of its handler's file."""
        return f"https://sqs.{Aws.REGION}.{Aws.URL_SUFFIX}/{Aws.ACCOUNT_ID}/{self.named(function)}"

    def queue_arn(self, function: str) -> str:
        """The ARN of any function's queue."""
        return self._arn("sqs", self.named(function), None)

    def function_arn(self, function: str) -> str:
        """The ARN of any function."""
        return self._arn("lambda", "function", self.named(function), ArnFormat.COLON_RESOURCE_NAME)

    def bus_arn(self) -> str:
        """The ARN of the bus apps put their events on."""
        return self._arn("events", "event-bus", self.stage.bus_name)

    def topic_arn(self) -> str:
        """The ARN of the topic alarms are told to."""
        return self._arn("sns", self.stage.named("alarms"), None)

    def secret_name(self, secret: str) -> str:
        """The name of a secret of this stage."""
        return f"{self.stage.bus_name}/{secret}"

    def secret_arn(self, secret: str) -> str:
        """The ARN of a secret; Secrets Manager ends it in six characters of its own."""
        return self._arn(
            "secretsmanager", "secret", f"{self.secret_name(secret)}-??????", ArnFormat.COLON_RESOURCE_NAME
        )

    def machine_prefix(self) -> str:
        """What the ARN of every journey's state machine begins with; the journey's name follows."""
        return self._arn("states", "stateMachine", self.stage.named(""), ArnFormat.COLON_RESOURCE_NAME)

    def executions_arn(self) -> str:
        """The ARN pattern of every journey's executions."""
        return self._arn("states", "execution", f"{self.stage.named('*')}:*", ArnFormat.COLON_RESOURCE_NAME)

    def bucket_name(self, bucket: str) -> str:
        """The name of a bucket; the account makes it unique in the world."""
        return f"{self.stage.named(bucket)}-{Aws.ACCOUNT_ID}-{Aws.REGION}"

    def named(self, function: str) -> str:
        """The physical name of a function, its queue and its role: that of its handler's file."""
        return self.stage.named(function.replace("_", "-"))

    def arn(self, service: str, resource: str, name: str) -> str:
        """An ARN of this account and region, ``resource/name``."""
        return self._arn(service, resource, name)

    def _arn(
        self,
        service: str,
        resource: str,
        name: str | None,
        arn_format: ArnFormat = ArnFormat.SLASH_RESOURCE_NAME,
    ) -> str:
        if name is None:
            arn_format = ArnFormat.NO_RESOURCE_NAME
        parts = ArnComponents(service=service, resource=resource, resource_name=name, arn_format=arn_format)
        return Arn.format(parts, self)


def titled(name: str) -> str:
    """A construct's id from a name in words: ``accept_http`` and ``accept-http`` are ``AcceptHttp``."""
    return "".join(word.capitalize() for word in name.replace("-", "_").split("_"))
