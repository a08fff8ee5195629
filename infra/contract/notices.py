"""What does Segue itself say on the bus? What became of events and people, and of the messages it sent."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.audiences.policy import ENTERED, EXITED
from functions.capture.index import IDS_NAMED
from functions.journeys.acts import DECISION_REQUESTED


class Notice(BaseModel):
    """Hashes, counts and our own ids: whoever may listen on the bus need not know who somebody is."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class EventRejected(Notice):
    """Events that broke a rule, and where they are kept."""

    source: str = Field(description="Where they came from.")
    field: str = Field(description="The field that broke the rule.")
    rule: str
    count: int = Field(ge=1)
    message_id_hashes: list[Annotated[str, Field(pattern="^[0-9a-f]{16}$")]] = Field(
        max_length=IDS_NAMED,
        description="The first 16 hex digits of the SHA-256 of each messageId, where there was one.",
    )
    object: str = Field(description="The object in the quarantine bucket.")


class ProfileMerged(Notice):
    """Two profiles turned out to be one person's."""

    loser: str = Field(description="The profile id that from now on stands for the survivor.")
    survivor: str
    op: str = Field(description="Names the merge; told twice, it is the same.")


NOTICES: Mapping[str, type[Notice]] = {"event.rejected": EventRejected, "profile.merged": ProfileMerged}


class OwnProfile(BaseModel):
    """The person, by profile id."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Annotated[str, Field(json_schema_extra={"const": "segue_profile"})]
    id: str


class OwnContext(BaseModel):
    """Whom an event of our own is about."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    external_ids: list[OwnProfile] = Field(min_length=1, max_length=1)


class MessageProperties(BaseModel):
    """Which message of which journey."""

    model_config = ConfigDict(extra="allow", strict=True)

    journey: str
    step: str
    message: str
    enrolment: str
    channel: str
    template: str


class OwnTrack(BaseModel):
    """What a capability says of a person; the same id however often it is told."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    type: Annotated[str, Field(json_schema_extra={"const": "track"})]
    event: str
    message_id: str
    timestamp: str = Field(json_schema_extra={"format": "date-time"})
    context: OwnContext


class Told(OwnTrack):
    """Something became of one of our messages."""

    properties: MessageProperties


class AudienceProperties(BaseModel):
    """Which audience."""

    model_config = ConfigDict(extra="forbid", strict=True)

    audience: str


class Moved(OwnTrack):
    """Somebody entered an audience, or left it; the same id however often it is told."""

    properties: AudienceProperties


MOVES: Mapping[str, str] = {
    ENTERED: "The condition began to hold of the person, or they were put on the list.",
    EXITED: "It holds no more, perhaps because time has passed, or they were taken off the list.",
}


class DecisionProperties(BaseModel):
    """Which decision: the journeys that are entered by it compete for the person."""

    model_config = ConfigDict(extra="forbid", strict=True)

    decision: str


class Requested(OwnTrack):
    """A journey asks which other journey the person should go on with."""

    properties: DecisionProperties


DECISIONS: Mapping[str, str] = {DECISION_REQUESTED: "A journey came to a decide step. Apps may say it too."}

# By the bounce's kind and the link's place, which only these two have.
FEEDBACK: Mapping[str, str] = {
    "Email Delivered": "The receiving server took it.",
    "Email Opened": "Its picture was loaded: by the reader, or by a machine on the way.",
    "Email Link Clicked": "A link in it was followed; properties.link_url says which, without its query.",
    "Email Bounced": "It came back; properties.bounce is hard or soft.",
    "Email Marked as Spam": "The reader complained.",
}
