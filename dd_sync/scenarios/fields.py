"""Values that the forms of a scenario share: times from its start, moments, tags."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from dd_sync.errors import RequestError, Unfit
from dd_sync.guards.values import found
from dd_sync.timeframe import parse_duration

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def offset(value: Any) -> int:
    """`90m`, `0m` or `-7d` in seconds from the start. Raises Unfit."""
    if not isinstance(value, str):
        raise Unfit(f"expected a time from the start, found {found(value)}", hint="as in 90m, 0m or -7d")
    if re.fullmatch(r"-?0[smhdw]", value):
        return 0
    try:
        seconds = int(parse_duration(value.removeprefix("-")).total_seconds())
    except ValueError as error:
        raise Unfit(str(error)) from None
    return -seconds if value.startswith("-") else seconds


def moment(value: Any) -> datetime:
    """`2026-03-02T00:00:00Z`, with any zone. Raises Unfit."""
    hint = "write it in UTC, as in 2026-03-02T00:00:00Z"
    if not isinstance(value, str):
        raise Unfit(f"expected a time, found {found(value)}", hint=hint)
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise Unfit(f"'{value[:40]}' is not a time", hint=hint) from None
    if read.tzinfo is None:
        raise Unfit(f"'{value[:40]}' says no time zone", hint=hint)
    if read.microsecond or not _EARLIEST <= read < _LATEST:
        raise Unfit(f"'{value[:40]}' is not a whole second between 2000 and 2100", hint=hint)
    return read.astimezone(UTC)


def time_asked(text: str, start: int) -> int:
    """Epoch seconds of `2h30m` from the start, or of `2026-03-02T02:30:00Z`. Raises RequestError."""
    try:
        return int(moment(text).timestamp()) if "T" in text or "-" in text[1:] else start + offset(text)
    except Unfit as error:
        hint = error.hint or "write 2h30m from the start, or 2026-03-02T02:30:00Z"
        raise RequestError(error.problem, hint=hint) from None


def chosen(choice: type[StrEnum]) -> Any:
    """A validator of the names of an enumeration."""

    def read(value: Any) -> Any:
        known = [str(one) for one in choice]
        if value not in known:
            raise Unfit(f"expected {' or '.join(known)}, found {found(value)}", hint=f"use {known[0]}")
        return choice(value)

    return PlainValidator(read, json_schema_input_type=Literal[tuple(str(one) for one in choice)])


def _tag(value: Any) -> Any:
    if isinstance(value, str) and (not value or re.search(r"[\s,{}()*]", value)):
        raise Unfit(f"'{value[:40]}' is not a tag", hint="as in env:prod, without spaces or commas")
    return value


Offset = Annotated[int, PlainValidator(offset, json_schema_input_type=str)]
Moment = Annotated[datetime, PlainValidator(moment, json_schema_input_type=str)]
Tags = Annotated[tuple[Annotated[str, BeforeValidator(_tag)], ...], Field(strict=False)]
