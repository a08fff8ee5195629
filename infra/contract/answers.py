"""What does the HTTP door answer? The bodies of its answers, by status."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.capture.http_door import REJECTIONS_TOLD


class Answer(BaseModel):
    """Nothing but what is said here."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Rejected(Answer):
    """One message that cannot be used."""

    index: int = Field(ge=0, description="Its place in the batch, from 0.")
    messageId: str | None = Field(description="The id it stated.")  # noqa: N815
    field: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1, description="The rule that the field broke.")]


More = Annotated[int, Field(ge=0, description="How many were rejected beside those listed, 1,000 at most.")]


class Taken(Answer):
    """The queue has every message that can be used; the others are in quarantine."""

    success: Literal[True]
    accepted: int = Field(ge=0)
    rejected: list[Rejected] = Field(max_length=REJECTIONS_TOLD)
    more: More = 0


class Refusal(Answer):
    """What some clients need to see that sending it again would not help."""

    success: Literal[False]
    code: Annotated[str, Field(min_length=1, description="What is at fault, in a word.")]
    message: Annotated[str, Field(min_length=1, description="Why.")]


class NothingTaken(Refusal):
    """No message of the request can be used; all are in quarantine."""

    accepted: Literal[0]
    rejected: list[Rejected] = Field(min_length=1, max_length=REJECTIONS_TOLD)
    more: More = 0


class Unusable(Refusal):
    """The request cannot be used; ``code`` and ``message`` say field and reason again."""

    field: Annotated[str, Field(min_length=1, description="path, method, body, batch, content-encoding or writeKey.")]
    reason: Annotated[str, Field(min_length=1)]


class ComeAgain(Answer):
    """Nothing was taken, and nothing is wrong with the request."""

    success: Literal[False]
    reason: Literal["try again"]


ANSWERS: tuple[type[Any], ...] = (Taken, NothingTaken, Unusable, ComeAgain)
