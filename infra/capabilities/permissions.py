"""Stack: what may we send to this address?"""

from collections.abc import Sequence

from aws_cdk import Stack

from infra.application import Application
from infra.constructs import access
from infra.constructs.capability import Capability
from infra.constructs.consumer import Consumer
from infra.constructs.table import Table


class Permissions(Capability):
    """The ledger of consent, and the function that writes into it what people said."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "consent and suppression", after)
        Table(self, "permissions", sort_key="sk")
        Consumer(
            self,
            "record_consent",
            environment={"permissions_table": self.stage.named("permissions")},
            may=[access.reads(self, "permissions"), access.writes(self, "permissions")],
        )
