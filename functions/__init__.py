"""What runs in Lambda, one folder per capability."""

import gc
import os

# Nothing that is made while an environment starts is garbage, and looking for some takes an eighth of the CPU of the
# start. ``functions.shared.handler.wire`` is done last and turns the collector on again.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()
