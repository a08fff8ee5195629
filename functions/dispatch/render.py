"""What does the customer read? A published template, filled with what is known of this person and this run."""

from collections.abc import Mapping
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError, UndefinedError
from liquid.template import BoundTemplate
from liquid.undefined import FalsyStrictUndefined

from functions.dispatch.model import SendRequest
from functions.dispatch.provider import Unrenderable
from functions.journeys.model import Enrolment
from functions.profiles.model import Snapshot
from functions.shared.clock import format_instant


class Missing(FalsyStrictUndefined):
    """A value that is not there: printing it fails the message; ``if`` and ``default`` may ask about it."""

    force_liquid_default = True


class BoundedEnvironment(Environment):
    """A template can take neither the time nor the memory of the function: every limit Liquid has is set."""

    block_nesting_limit = 20
    context_depth_limit = 20
    loop_iteration_limit = 1_000
    local_namespace_limit = 100_000
    output_stream_limit = 1_000_000


class Templates:
    """The publication's templates, each parsed once per function environment."""

    def __init__(self, templates: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        self._templates = templates
        self._plain = BoundedEnvironment(undefined=Missing)
        self._html = BoundedEnvironment(undefined=Missing, autoescape=True)
        self._parsed: dict[tuple[str, str], dict[str, Any]] = {}

    def render(self, name: str, channel: str, context: Mapping[str, Any]) -> dict[str, Any] | Unrenderable:
        """The parts of a channel's template with every value in place; texts are rendered, anything else stays."""
        try:
            return {part: _filled(source, context) for part, source in self._parts(name, channel).items()}
        except KeyError:
            return Unrenderable("no such template is published")
        except UndefinedError as error:
            # Its text names the variable. Texts of other errors may hold a value, so only their class is told.
            return Unrenderable(str(error.args[0]))
        except LiquidError as error:
            return Unrenderable(type(error).__name__)

    def _parts(self, name: str, channel: str) -> dict[str, Any]:
        key = (name, channel)
        if key not in self._parsed:
            source = self._templates[name][channel]
            self._parsed[key] = {part: self._parse(part, value) for part, value in source.items()}
        return self._parsed[key]

    def _parse(self, part: str, value: Any) -> Any:
        if isinstance(value, str):
            return (self._html if part == "html" else self._plain).from_string(value)
        if isinstance(value, dict):
            return {name: self._parse(part, one) for name, one in value.items()}
        return value


def context_of(
    request: SendRequest,
    snapshot: Snapshot,
    enrolment: Enrolment,
    brand: Mapping[str, Any],
    links: Mapping[str, str],
) -> dict[str, Any]:
    """What a template may name. ``event`` is the event at hand: in a ``send``, the one that entered."""
    entry = {
        "event": enrolment.entry.event,
        "timestamp": format_instant(enrolment.entry.timestamp),
        "properties": enrolment.entry.properties,
        "traits": enrolment.entry.traits,
    }
    return {
        "profile": {
            "traits": snapshot.traits,
            "identified": snapshot.identified,
            "first_seen": format_instant(snapshot.first_seen),
        },
        "entry": entry,
        "event": entry,
        "steps": request.steps,
        "brand": brand,
        **links,
    }


def _filled(source: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(source, BoundTemplate):
        return str(source.render(**context))
    if isinstance(source, dict):
        return {name: _filled(one, context) for name, one in source.items()}
    return source
