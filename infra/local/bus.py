"""What does EventBridge hand to a rule's target? The event, whatever stands in it.

moto puts the event together from a text, so a quote in an event's name, or ``<id>`` in its detail, breaks it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.events.models import EventTemplateParser

# moto's own; AWS has it only in transformers.
INTERNAL = "ingestion-time"


@contextmanager
def whole_events() -> Iterator[None]:
    """Holds inside; rules that transform their input stay moto's."""
    transformed = EventTemplateParser.parse

    def parse(input_template: str | None, input_paths_map: dict[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
        if input_template:
            return dict(transformed(input_template, input_paths_map, event))
        return {name: value for name, value in event.items() if name != INTERNAL}

    with patch.object(EventTemplateParser, "parse", staticmethod(parse)):
        yield
