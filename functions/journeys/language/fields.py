"""Which kinds of values do the files of the language share? Names, durations, shares, events."""

import math
import re
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema

from functions.journeys.durations import parse_duration
from functions.journeys.language.shape import a_list, broken, checked_duration, number_as_duration

MAX_NAME = 40

Duration = Annotated[str, BeforeValidator(number_as_duration), AfterValidator(checked_duration)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
EventName = Annotated[str, Field(min_length=1, max_length=200)]
Expression = Annotated[str, Field(min_length=1, description="a condition, for example event.properties.total >= 20")]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=MAX_NAME)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=MAX_NAME)]
ChannelWord = Literal["email", "sms", "push", "preferred", "all"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


def _share(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?%", value) and Fraction(value[:-1]) <= 100:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise broken(f"{value} of what?", "write a share such as 10%")
    raise broken("this is no share", "write a share between 0% and 100%, such as 10%")


Share = Annotated[
    str, BeforeValidator(_share), WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})?%$"})
]

_ONE_OR_MANY_EVENTS = Annotated[EventName | list[EventName], Field()]
Events = Annotated[
    list[EventName], BeforeValidator(a_list, json_schema_input_type=_ONE_OR_MANY_EVENTS), Field(min_length=1)
]

OneOrManyChannels = ChannelWord | Annotated[list[ChannelWord], Field(min_length=1)]


def fraction_of(share: str) -> Fraction:
    """``10%`` as an exact fraction."""
    return Fraction(share[:-1]) / 100


def seconds_of(duration: str) -> int:
    """Whole seconds, rounded up: Step Functions waits no fractions."""
    return math.ceil(parse_duration(duration) / timedelta(seconds=1))
