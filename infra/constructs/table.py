"""What is a table of Segue? On demand, encrypted, with rows that may expire; guarded where its stage keeps data."""

from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    BillingMode,
    PointInTimeRecoverySpecification,
    ProjectionType,
    TableEncryption,
)
from aws_cdk.aws_dynamodb import Table as DynamoTable

from infra.constructs.capability import Capability

TIME_TO_LIVE = "ttl"


class Table(DynamoTable):
    """A table by its short name, with string keys; ``sort_key`` is an attribute's name or None."""

    def __init__(self, stack: Capability, name: str, sort_key: str | None = None) -> None:
        super().__init__(
            stack,
            f"{name.capitalize()}Table",
            table_name=stack.stage.named(name),
            partition_key=_text("pk"),
            sort_key=_text(sort_key) if sort_key else None,
            billing_mode=BillingMode.PAY_PER_REQUEST,
            # The service's own key: no charge per request, and no second policy that could lock people out.
            encryption=TableEncryption.DEFAULT,
            time_to_live_attribute=TIME_TO_LIVE,
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=stack.stage.keeps_data
            ),
            deletion_protection=stack.stage.keeps_data,
            removal_policy=stack.stage.removal,
        )

    def indexed_by(self, name: str, partition_key: str, sort_key: str, keys_only: bool = False) -> "Table":
        """Adds an index that holds whole rows, or only their keys."""
        self.add_global_secondary_index(
            index_name=name,
            partition_key=_text(partition_key),
            sort_key=_text(sort_key),
            projection_type=ProjectionType.KEYS_ONLY if keys_only else ProjectionType.ALL,
        )
        return self


def _text(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)
