"""What do the three sending functions read from their environment? The same, and one thing each."""

from dataclasses import dataclass

from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True)
class SendSettings(Settings):
    """Every channel reads the same records and may hand a message on to any other channel."""

    enrolments_table: str
    profiles_table: str
    permissions_table: str
    messages_table: str
    machine_prefix: str
    publication_path: str
    email_queue_url: str
    sms_queue_url: str
    push_queue_url: str


@dataclass(frozen=True, slots=True)
class SendEmailSettings(SendSettings):
    """``configuration_set`` is where SES reports what becomes of a message."""

    configuration_set: str


@dataclass(frozen=True, slots=True)
class SendSmsSettings(SendSettings):
    """Nothing of its own."""


@dataclass(frozen=True, slots=True)
class SendPushSettings(SendSettings):
    """``push_application_id`` is the application the push sending call still wants to be told."""

    push_application_id: str
