"""The YAML forms of what a monitor is given in a scenario: series, checks, events, snoozes and downtimes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, model_validator

from dd_sync.catalog.settings import Form
from dd_sync.errors import Unfit
from dd_sync.evaluate.notation import NotationError, Samples, read_samples
from dd_sync.evaluate.series import MetricType
from dd_sync.evaluate.sources import Status
from dd_sync.guards.values import Duration, found
from dd_sync.scenarios.fields import Offset, Tags, chosen
from dd_sync.scenarios.statuses import read_statuses

LARGEST_SEED = 10**15
# Of one scenario.
MOST_EVENTS = 200_000
SUFFIXES = (".csv", ".ndjson", ".parquet")


def _values(value: Any) -> Samples:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Unfit(f"expected samples, found {found(value)}", hint='as in "5x59 20x60"')
    if not value.strip():
        raise Unfit("there is no sample in it", hint='as in "5x59 20x60"; "_" is a gap')
    try:
        return read_samples(value)
    except NotationError as error:
        place = error.place
        raise Unfit(error.problem, hint=error.hint, offset=place.column - 1, length=place.length) from None


def _file(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit(f"expected a file's name, found {found(value)}", hint="as in data/streams.csv")
    if not value.endswith(SUFFIXES):
        raise Unfit(
            f"'{value[-40:]}' is no file of samples", hint=f"its name ends with {', '.join(SUFFIXES)}"
        )
    if value.startswith("/") or "\0" in value or re.match(r"[A-Za-z]:|\\", value):
        raise Unfit(
            f"'{value[:40]}' is not below the catalog's folder",
            hint="name it from the scenario file on, as in data/streams.csv",
        )
    return value


Values = Annotated[Samples, PlainValidator(_values, json_schema_input_type=str | float)]
File = Annotated[str, PlainValidator(_file, json_schema_input_type=str)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]


class ColumnsForm(Form):
    """What a file calls its columns."""

    time: str = Field(default="time", min_length=1, max_length=200)
    value: str = Field(default="value", min_length=1, max_length=200)
    metric: str = Field(default="metric", min_length=1, max_length=200)


class SeriesForm(Form):
    """One series of a metric, or those of a file."""

    metric: str = Field(min_length=1, max_length=200)
    type: Annotated[MetricType, chosen(MetricType)] = Field(description="count, rate or gauge.")
    interval: Duration = Field(
        default=timedelta(minutes=1), description="From one sample to the next; 1m by default."
    )
    tags: Tags = Field(default=(), description="Such as env:prod and tenant:acme.")
    values: Values | None = Field(
        default=None,
        description="Samples: 1 2 _ 3, 5x59 (sixty fives), 0+10x5 (0 10 20 … 50), 5+poisson(2)x59 (made up).",
    )
    file: File | None = Field(
        default=None, description="A .csv, .ndjson or .parquet file, from this file's folder on."
    )
    columns: ColumnsForm = Field(default=ColumnsForm(), description="The names of the file's columns.")
    seed: Seed | None = Field(default=None, description="Of made-up samples, instead of the scenario's.")
    since: Offset | None = Field(
        default=None,
        alias="from",
        description="The first sample, from the start; negative for history. 0m by default; for a file, "
        "where its first sample is moved to.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> SeriesForm:
        if self.values is None and self.file is None:
            raise Unfit("a series without samples", hint='add `values: "5x59"` or `file: data/streams.csv`')
        if self.values is not None and self.file is not None:
            raise Unfit("both values and a file", hint="keep one of them", path=("file",))
        return self


def _statuses(value: Any) -> tuple[Status | None, ...]:
    if not isinstance(value, str):
        raise Unfit(f"expected statuses, found {found(value)}", hint='as in "ok*10 critical*3 ok"')
    return read_statuses(value)


Statuses = Annotated[tuple[Status | None, ...], PlainValidator(_statuses, json_schema_input_type=str)]


class CheckForm(Form):
    """Runs of one service check under one set of tags."""

    check: str = Field(min_length=1, max_length=200, description="The check's name, as the query has it.")
    tags: Tags = Field(default=(), description="Such as host:a.")
    statuses: Statuses = Field(description="One a run: ok*10 critical*3 warning unknown, _ for no run.")
    interval: Duration = Field(
        default=timedelta(minutes=1), description="From one run to the next; 1m by default."
    )
    since: Offset = Field(
        default=0, alias="from", description="The first run, from the start; 0m by default."
    )
    message: str = Field(default="", max_length=1000, description="Of every run that is not ok.")


class EventForm(Form):
    """A log, a span, a RUM event or anything else that is searched; or several of the same."""

    source: str = Field(default="logs", min_length=1, max_length=50, description="logs, events, rum, …")
    at: Offset = Field(description="When it happens, or the first of them, from the start.")
    every: Duration = Field(default=timedelta(minutes=1), description="From one to the next; 1m by default.")
    times: int = Field(default=1, ge=1, le=MOST_EVENTS, description="How many.")
    tags: Tags = Field(default=(), description="Such as env:prod.")
    service: str | None = Field(default=None, min_length=1, max_length=200)
    status: str | None = Field(default=None, min_length=1, max_length=50)
    host: str | None = Field(default=None, min_length=1, max_length=200)
    attributes: dict[str, Any] = Field(default_factory=dict, description="What a search finds with @.")
    message: str = Field(default="", max_length=10_000)
    index: str = Field(default="main", max_length=200, description="Of logs.")


class SnoozeForm(Form):
    """A tenant silenced by on-call while the scenario runs."""

    tenant: str = Field(min_length=1, max_length=200)
    since: Offset = Field(alias="from", description="When it begins, from the start.")
    lasts: Duration = Field(alias="for", description="How long it silences.")
    canceled: Offset | None = Field(default=None, description="When somebody ends it before that.")

    @model_validator(mode="after")
    def _ends_early(self) -> SnoozeForm:
        end = self.since + self.lasts.total_seconds()
        if self.canceled is not None and not self.since < self.canceled < end:
            raise Unfit(
                "it is canceled while it does not silence",
                hint="name a time after `from:` and before it ends by itself",
                path=("canceled",),
            )
        return self


def _downtimes(value: Any) -> Any:
    if value is True:
        return True
    listed = value if isinstance(value, list) else [value]
    for index, key in enumerate(listed):
        if not isinstance(key, str):
            path = (index,) if isinstance(value, list) else ()
            raise Unfit(f"expected true, or keys of downtimes, found {found(key)}", hint=_KEYS, path=path)
    if not listed:
        raise Unfit("an empty list", hint=_KEYS)
    return tuple(dict.fromkeys(listed))


_KEYS = "name downtimes of the catalog, as in [peak-hours], or write true for all that are for the monitor"
Downtimes = Annotated[
    Literal[True] | tuple[str, ...],
    PlainValidator(_downtimes, json_schema_input_type=Literal[True] | str | list[str]),
]
