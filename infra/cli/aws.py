"""What does a command say when AWS does not answer as it should? What is missing, and how to get it: exit code 3."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from infra.cli.problems import Lacking


def client_of(service: str, patient: bool = False) -> Any:
    """A boto3 client in the operator's own account and region; raises ``Lacking``.

    ``patient`` = for many requests in a row: it goes as fast as the service lets it.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ProfileNotFound

    try:
        # Some services have a region of their own when none is set; what a stage is called holds its region.
        if boto3.session.Session().region_name is None:
            raise Lacking("no AWS region is set", "set AWS_REGION, or a region in your AWS profile")
        config = Config(retries={"mode": "adaptive", "max_attempts": 10}) if patient else None
        return boto3.client(service, config=config)
    except ProfileNotFound as error:
        raise Lacking(str(error), "name a profile of ~/.aws/config in AWS_PROFILE, or unset it") from error


@contextmanager
def asking(client: Any, right: str, absent: Mapping[str, Lacking]) -> Iterator[None]:
    """Raises ``Lacking`` for what goes wrong inside.

    ``right`` is the IAM action a caller needs; ``absent`` what an error code says of something that is not there.
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    service = client.meta.service_model.service_id
    try:
        yield
    except NoCredentialsError as error:
        raise Lacking("no AWS credentials found", "run `aws configure`, or set AWS_PROFILE") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in absent:
            raise absent[code] from error
        raise Lacking(f"{service} refused: {code}", f"check that your AWS identity may call {right}") from error
    except BotoCoreError as error:
        raise Lacking(f"{service} could not be reached: {error}", "check the network and the region") from error
