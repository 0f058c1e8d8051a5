"""Numbers and durations as people write them in YAML. Imports little, for commands that start fast."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from dd_sync.errors import Unfit
from dd_sync.timeframe import format_duration, parse_duration

Numeric = int | float
LARGEST = 1e15


class AllUnfit(ValueError):
    """Several mistakes found at once. each: the mistakes, maybe none where others have been told already."""

    def __init__(self, each: Iterable[Unfit]) -> None:
        self.each = tuple(each)
        super().__init__("; ".join(error.problem for error in self.each))


def number(value: Any) -> Numeric:
    """A finite number of either kind; text and yes/no are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(f"expected a number, found {found(value)}", hint=_as_number(value))
    if abs(value) > LARGEST or not math.isfinite(value):
        raise Unfit(f"{found(value)} is too large", hint=f"a number of at most {LARGEST:g}")
    return value


def _as_number(value: Any) -> str:
    """How to write as a number what is none."""
    if isinstance(value, dict) or (isinstance(value, str) and value.startswith("$")):
        return "write a number, or a tunable as ${name}"
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d{1,18}(\.\d{0,18})?[eE][-+]?\d{1,2}", value):
        from decimal import Decimal  # only mistakes pay for the import

        return f"YAML takes it for text without a point and a sign; write {Decimal(value):f}"
    return "write it without quotes or a unit"


def duration(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise Unfit(
            f"expected a duration, found {found(value)}", hint="write it with a unit, as in 30m or 2h"
        )
    try:
        return parse_duration(value)
    except ValueError as error:
        raise Unfit(str(error), hint=_units(value)) from None


def _units(text: str) -> str:
    """What the units are; years and months have no fixed length."""
    if re.fullmatch(r"\s*\d+\s*(y|yr|years?|mo|months?)\s*", text, re.IGNORECASE):
        return "a year or a month has no fixed length; write days, as in 365d or 30d"
    return "a whole number and a unit: s, m, h, d or w, as in 30m, 2h or 7d"


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
