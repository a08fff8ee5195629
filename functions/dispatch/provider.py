"""What can a provider be asked, and what can it answer? Four answers, told apart by what we know of the effect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from functions.shared.names import MessageClass, MessageId

# Longer waits would outlive the claim's lease (policy.LEASE); the SDK never retries: one lost answer must not become
# two messages.
CONNECT_SECONDS = 3
READ_SECONDS = 15
ATTEMPTS = {"total_max_attempts": 1}

# botocore's errors of a request that never left: no connection, or no credentials to sign it with.
NEVER_LEFT = frozenset(
    {
        "ConnectTimeoutError",
        "CredentialRetrievalError",
        "EndpointConnectionError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "ProxyConnectionError",
    }
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message ready for a provider. ``parts`` are the rendered parts of the channel's template.

    ``platform`` (android | ios) is set for device tokens; ``unsubscribe`` only where the message must offer it.
    """

    message: MessageId
    message_class: MessageClass
    address: str
    platform: str | None
    parts: Mapping[str, Any]
    unsubscribe: str | None


@dataclass(frozen=True, slots=True)
class Unrenderable:
    """The message cannot be built; ``why`` names the template's fault and no value of the person."""

    why: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider certainly did not and will not send this message."""

    code: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The address does not exist any more (a device token of a removed app)."""

    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer was lost: it may have been sent."""

    code: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Certainly not sent, for a reason that is not the message's: throttled, paused, not permitted, not reachable."""

    code: str


Answer: TypeAlias = Accepted | Rejected | Gone | Unknown | Unavailable


class Provider(Protocol):
    """A channel's way out."""

    def prepare(self, outgoing: Outgoing) -> Mapping[str, Any] | Unrenderable:
        """Builds the request; no effect."""

    def send(self, request: Mapping[str, Any]) -> Answer:
        """Makes the request once."""


def answer_of(error: Exception, rejections: frozenset[str]) -> Answer:
    """What an SDK error says about the effect; ``rejections`` are the service's codes that blame the message itself.

    A 5xx may come after the effect; every other error the service names is refused before it.
    """
    name = type(error).__name__
    if name == "ParamValidationError":
        return Rejected(name)
    response = getattr(error, "response", None)
    if response is None:
        return Unavailable(name) if name in NEVER_LEFT else Unknown(name)
    code = str(response.get("Error", {}).get("Code", "unnamed"))
    if code in rejections:
        return Rejected(code)
    server_fault = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)) >= 500
    return Unknown(code) if server_fault else Unavailable(code)
