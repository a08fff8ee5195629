"""What does identity's function need to be told? Its environment."""

from dataclasses import dataclass

from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True)
class RecognisePeopleSettings(Settings):
    """Environment of ``recognise_people``."""

    identity_table: str
    profiles_table: str
    identity_queue_url: str
    journeys_queue_url: str
    permissions_queue_url: str
    audiences_queue_url: str
    bus_name: str
    archive_stream: str
    claims_bucket: str
    deployment_key_secret: str
    publication_path: str
