"""What is one deployment? An app of stacks for one stage, checked against two rule packs whenever it is synthesised."""

from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.acknowledgements import acknowledge
from infra.stages import stage_named


class Application(App):
    """Made by ``app.py``; nothing is looked up, so it synthesises without network and account.

    ``outdir`` and ``context`` default to what the CDK command line says.
    """

    def __init__(self, outdir: Path | None = None, context: dict[str, Any] | None = None) -> None:
        # Analytics would add a resource that says nothing about Segue to every template.
        super().__init__(analytics_reporting=False, outdir=str(outdir) if outdir else None, context=context)
        self.stage = stage_named(self.node.try_get_context("stage") or "dev")
        Validations.of(self).add_plugins(AwsSolutionsChecks(self), ServerlessChecks(self))

    def finish(self) -> Path:
        """Writes every template; raises when a rule is broken that nobody answered for."""
        acknowledge(self, self.stage.name)
        return Path(self.synth().directory)
