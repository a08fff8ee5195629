"""SQS identity -> people, their timelines, the archive, the queues of what listens, and notices of merges."""

from functools import partial
from typing import Any

from functions.identity.firehose import Stream
from functions.identity.portions import EVENTS_TOGETHER, SECONDS_NEEDED, work_of
from functions.identity.recognise import SERVICE, Recogniser
from functions.identity.secrets import deployment_key
from functions.identity.settings import RecognisePeopleSettings
from functions.identity.sqs import Listeners
from functions.shared.bucket import Bucket
from functions.shared.bus import NOTICES, Bus
from functions.shared.clock import Clock
from functions.shared.delivery import Portions, delivered_again, text_of, whole_delivery
from functions.shared.handler import Handler, wire
from functions.shared.publication import load_publication
from functions.shared.sqs import Queue
from functions.shared.store import DynamoRows


def build(settings: RecognisePeopleSettings, clock: Clock) -> Handler:
    """Reads publication and key once, while the environment starts."""
    publication = load_publication(settings.publication_path)
    recogniser = Recogniser.on(
        DynamoRows(),
        settings.identity_table,
        settings.profiles_table,
        Listeners(
            Queue(settings.journeys_queue_url),
            Queue(settings.permissions_queue_url),
            Queue(settings.audiences_queue_url),
            Bus(settings.bus_name, NOTICES),
        ),
        publication,
        pepper=deployment_key(settings.deployment_key_secret),
        stream=Stream(settings.archive_stream),
        claims=Bucket(settings.claims_bucket),
    )
    portions = partial(Portions, EVENTS_TOGETHER, work_of, SECONDS_NEEDED, Queue(settings.identity_queue_url))

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        time = portions(context.get_remaining_time_in_millis)
        recognise = partial(recogniser.recognise, again=delivered_again(event))
        return whole_delivery(event, recogniser.read, recognise, SERVICE, read=text_of, portions=time)

    return handle


handler = wire(build, RecognisePeopleSettings)
