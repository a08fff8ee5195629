"""What key makes enrolment ids? One random text per deployment, read once per execution environment."""

from typing import Any

import boto3


def deployment_key(secret: str, client: Any = None) -> str:
    """The key under the secret's name or ARN; one request, so callers read it while they start."""
    client = client or boto3.client("secretsmanager")
    return str(client.get_secret_value(SecretId=secret)["SecretString"])
