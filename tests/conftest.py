"""Every test runs as if in one AWS account and region, with no way to reach a real one."""

import os

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_REGION="eu-west-1",
    POWERTOOLS_DEV="0",
)
os.environ.pop("AWS_PROFILE", None)
