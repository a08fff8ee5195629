"""Settings: the dataclass is the list of environment variables."""

from dataclasses import dataclass

import pytest

from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True)
class MailSettings(Settings):
    messages_table: str
    email_queue_url: str


def test_fields_are_upper_cased_environment_variables():
    assert MailSettings.variables() == ["MESSAGES_TABLE", "EMAIL_QUEUE_URL"]
    read = MailSettings.read({"MESSAGES_TABLE": "m", "EMAIL_QUEUE_URL": "q", "OTHER": "x"})
    assert read == MailSettings(messages_table="m", email_queue_url="q")


def test_every_missing_variable_is_named_at_once():
    with pytest.raises(RuntimeError, match="MESSAGES_TABLE, EMAIL_QUEUE_URL"):
        MailSettings.read({})
