"""What is a function of Segue? One handler file: its import closure, its own role, log group and environment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import Duration
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import Code, LoggingFormat, Tracing
from aws_cdk.aws_lambda import Function as LambdaFunction
from aws_cdk.aws_logs import LogGroup

from infra.bundling import write_bundle
from infra.constructs.capability import Capability, titled
from infra.constructs.layers import ARCHITECTURE, RUNTIME, packages_layer, publication_layer, tracking_plan_layer

TIMEOUT = Duration.seconds(30)
# Half a vCPU at most is left below this, and imports take half a CPU-second.
MEMORY_MB = 512


class Function(LambdaFunction):
    """The function of ``functions/<capability>/handlers/<handler>.py``.

    ``environment`` names its settings' fields as the handler's settings class does; ``may`` are its role's statements,
    beside its own log and traces.
    """

    def __init__(
        self,
        stack: Capability,
        handler: str,
        *,
        environment: Mapping[str, str],
        may: Sequence[PolicyStatement],
        timeout: Duration = TIMEOUT,
    ) -> None:
        name, construct_id = stack.named(handler), titled(handler)
        module = f"functions.{stack.capability}.handlers.{handler}"
        log = LogGroup(
            stack,
            f"{construct_id}Log",
            log_group_name=f"/aws/lambda/{name}",
            retention=stack.stage.log_retention,
            removal_policy=stack.stage.removal,
        )
        role = Role(
            stack,
            f"{construct_id}Role",
            assumed_by=ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {name} may do",
        )
        layers = [packages_layer(stack)]
        if "publication_path" in environment:
            layers.append(publication_layer(stack))
        if "tracking_plan_path" in environment:
            layers.append(tracking_plan_layer(stack))
        with TemporaryDirectory() as folder:
            write_bundle(module, Path(folder))
            super().__init__(
                stack,
                construct_id,
                function_name=name,
                description=f"{stack.capability}/{handler}",
                runtime=RUNTIME,
                architecture=ARCHITECTURE,
                code=Code.from_asset(folder),
                handler=f"{module}.handler",
                layers=layers,
                environment={field.upper(): value for field, value in environment.items()},
                memory_size=MEMORY_MB,
                timeout=timeout,
                role=role,
                log_group=log,
                logging_format=LoggingFormat.TEXT,
                tracing=Tracing.ACTIVE,
            )
        log.grant_write(role)
        for statement in may:
            self.add_to_role_policy(statement)
