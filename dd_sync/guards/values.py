"""Numbers and durations as people write them in YAML. Imports little, for commands that start fast."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from dd_sync.errors import Unfit
from dd_sync.timeframe import format_duration, parse_duration

Numeric = int | float
LARGEST = 1e15


def number(value: Any) -> Numeric:
    """A finite number of either kind; text and yes/no are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(f"expected a number, found {found(value)}", hint="write it without quotes or a unit")
    if abs(value) > LARGEST or not math.isfinite(value):
        raise Unfit(f"{found(value)} is too large", hint=f"a number of at most {LARGEST:g}")
    return value


def duration(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise Unfit(
            f"expected a duration, found {found(value)}", hint="write it with a unit, as in 30m or 2h"
        )
    try:
        return parse_duration(value)
    except ValueError as error:
        raise Unfit(str(error)) from None


def found(value: Any) -> str:
    """What was there instead, in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text '{value[:40]}'"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**30 else "a huge number"
    if isinstance(value, float):
        return f"{value:g}"
    return "a list" if isinstance(value, list | tuple) else "a mapping"


Number = Annotated[Numeric, PlainValidator(number, json_schema_input_type=float)]
Duration = Annotated[
    timedelta, PlainValidator(duration, json_schema_input_type=str), PlainSerializer(format_duration)
]
