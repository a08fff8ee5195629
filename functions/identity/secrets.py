"""What key hashes identifiers? One random text per deployment, read once per execution environment."""

from typing import Any

from functions.shared import aws


def deployment_key(secret: str, client: Any = None) -> str:
    """The key under the secret's name or ARN; one request, so callers read it while they start."""
    client = client or aws.client("secretsmanager")
    return str(client.get_secret_value(SecretId=secret)["SecretString"])
