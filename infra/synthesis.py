"""How are the stacks synthesised without the CDK command line? As it would, but offline: the layer is not installed."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def synthesise(stage: str, outdir: Path) -> Path:
    """Writes the templates of every stack of a stage into ``outdir`` and answers it; raises when a rule is broken.

    Not for deploying: the layer's asset holds its lock instead of its packages.
    """
    # Importing CDK starts Node and takes seconds.
    from app import segue
    from infra.application import Application

    app = Application(outdir=outdir, context=context(stage))
    segue(app)
    return app.finish()


def context(stage: str) -> dict[str, Any]:
    """What the CDK command line would say, with bundling switched off."""
    settings: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return {**settings, "stage": stage, "aws:cdk:bundling-stacks": []}
