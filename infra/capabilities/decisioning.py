"""Stack: what is best for this person?"""

from collections.abc import Sequence

from aws_cdk import Duration, Stack

from infra.application import Application
from infra.constructs import access
from infra.constructs.capability import Capability
from infra.constructs.consumer import Consumer
from infra.constructs.layers import PUBLICATION_PATH
from infra.constructs.rule import every
from infra.constructs.table import Table


class Decisioning(Capability):
    """What was learned from everybody, and the weekly learning."""

    def __init__(self, app: Application, after: Sequence[Stack] = ()) -> None:
        super().__init__(app, "what is best for a person", after)
        Table(self, "decisioning")
        learn_intervals = Consumer(
            self,
            "learn_intervals",
            environment={
                "profiles_table": self.stage.named("profiles"),
                "decisioning_table": self.stage.named("decisioning"),
                "publication_path": PUBLICATION_PATH,
            },
            may=[access.scans(self, "profiles"), access.writes(self, "decisioning")],
            batch_size=1,
            concurrency=2,
        )
        every(self, learn_intervals, "learn_intervals", Duration.days(7))
