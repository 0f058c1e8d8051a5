"""The YAML form of a scenario, under `scenarios:` in files of a folder named scenarios/."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from dd_sync.catalog.settings import Form
from dd_sync.errors import Unfit
from dd_sync.evaluate.notation import NotationError, Samples, read_samples
from dd_sync.evaluate.notify import Kind
from dd_sync.evaluate.series import MetricType
from dd_sync.guards.values import Duration, Number, found
from dd_sync.model.state import State
from dd_sync.timeframe import parse_duration

# A Monday at midnight: whole weeks and days begin here.
DEFAULT_START = datetime(2026, 3, 2, tzinfo=UTC)
LONGEST = timedelta(days=35)
# Of all series together, 80 MB; what needs more is history, not a scenario.
MOST_SAMPLES = 10_000_000
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

Steps = Literal["OK", "Warn", "Alert", "No Data"]
# One list rather than a union of two, so that a wrong name is one mistake.
StateOrNone = Literal["OK", "Warn", "Alert", "No Data", "none"]
ABSENT = "none"


def _offset(value: Any) -> int:
    """`90m`, `0m` or `-7d` in seconds from the start."""
    if not isinstance(value, str):
        raise Unfit(f"expected a time from the start, found {found(value)}", hint="as in 90m, 0m or -7d")
    if re.fullmatch(r"-?0[smhdw]", value):
        return 0
    try:
        seconds = int(parse_duration(value.removeprefix("-")).total_seconds())
    except ValueError as error:
        raise Unfit(str(error)) from None
    return -seconds if value.startswith("-") else seconds


def _moment(value: Any) -> datetime:
    hint = "write it in UTC, as in 2026-03-02T00:00:00Z"
    if not isinstance(value, str):
        raise Unfit(f"expected a time, found {found(value)}", hint=hint)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Unfit(f"'{value[:40]}' is not a time", hint=hint) from None
    if moment.tzinfo is None:
        raise Unfit(f"'{value[:40]}' says no time zone", hint=hint)
    if moment.microsecond or not _EARLIEST <= moment < _LATEST:
        raise Unfit(f"'{value[:40]}' is not a whole second between 2000 and 2100", hint=hint)
    return moment.astimezone(UTC)


def _values(value: Any) -> Samples:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Unfit(f"expected samples, found {found(value)}", hint='as in "5x59 20x60"')
    try:
        return read_samples(value)
    except NotationError as error:
        place = error.place
        raise Unfit(error.problem, hint=error.hint, offset=place.column - 1, length=place.length) from None


def _chosen(choice: type[MetricType] | type[Kind]) -> Any:
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


Offset = Annotated[int, PlainValidator(_offset, json_schema_input_type=str)]
Moment = Annotated[datetime, PlainValidator(_moment, json_schema_input_type=str)]
Values = Annotated[Samples, PlainValidator(_values, json_schema_input_type=str)]
Tags = Annotated[tuple[Annotated[str, BeforeValidator(_tag)], ...], Field(strict=False)]


class SeriesForm(Form):
    """One series of a metric."""

    metric: str = Field(min_length=1, max_length=200)
    type: Annotated[MetricType, _chosen(MetricType)] = Field(description="count, rate or gauge.")
    interval: Duration = Field(
        default=timedelta(minutes=1), description="From one sample to the next; 1m by default."
    )
    tags: Tags = Field(default=(), description="Such as env:prod and tenant:acme.")
    values: Values = Field(description="Samples: 1 2 _ 3, 5x59 (sixty fives), 0+10x5 (0 10 20 … 50).")
    since: Offset = Field(
        default=0, alias="from", description="The first sample, from the start; negative for history."
    )


class SnoozeForm(Form):
    """A tenant silenced by on-call while the scenario runs."""

    tenant: str = Field(min_length=1, max_length=200)
    since: Offset = Field(alias="from", description="When it begins, from the start.")
    lasts: Duration = Field(alias="for", description="How long it silences.")


class TransitionForm(Form):
    at: Offset
    to: Steps


class NotificationForm(Form):
    """Whatever is left out is not compared."""

    at: Offset
    kind: Annotated[Kind, _chosen(Kind)]
    handles: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description="Exactly these, in any order."
    )
    contains: str | None = Field(default=None, description="A text of its title or body.")


class ExpectForm(Form):
    """What has to hold: a state or value at a time, or what happened over the whole scenario."""

    group: str | None = Field(default=None, description="As tenant:acme; left out: every group.")
    at: Offset | None = None
    state: StateOrNone | None = Field(default=None, description="none: the group does not exist.")
    value: Number | None = None
    tolerance: Number | None = Field(default=None, description="How far the value may be off.")
    never: Steps | None = Field(default=None, description="A state that is never reached.")
    transitions: Annotated[tuple[TransitionForm, ...], Field(strict=False)] | None = Field(
        default=None, description="Exactly these, in order."
    )
    transitions_at_least: Annotated[tuple[TransitionForm, ...], Field(strict=False)] | None = Field(
        default=None, description="These and maybe others."
    )
    notifications: Annotated[tuple[NotificationForm, ...], Field(strict=False)] | None = Field(
        default=None, description="Exactly these, in order; [] for none."
    )
    unsupported: Literal[True] | None = Field(
        default=None, description="The evaluator says that it cannot evaluate the monitor."
    )

    @model_validator(mode="after")
    def _says_something(self) -> ExpectForm:
        timed = self.state is not None or self.value is not None
        over_all = (self.never, self.transitions, self.transitions_at_least, self.notifications)
        if timed and self.at is None:
            raise Unfit("a state or value is expected at a time", hint="add `at: 90m`")
        if self.at is not None and not timed:
            raise Unfit("nothing is expected at this time", hint="add `state:` or `value:`", path=("at",))
        if self.tolerance is not None and (self.value is None or self.tolerance < 0):
            raise Unfit(
                "a tolerance is 0 or more and goes with a value", hint="add `value:`", path=("tolerance",)
            )
        if not (timed or self.unsupported) and all(one is None for one in over_all):
            raise Unfit("nothing is expected here", hint="add `at:` with `state:`, or `never:`")
        return self

    @property
    def states_expected(self) -> frozenset[str]:
        """The states this expectation sees reached."""
        moves = (*(self.transitions or ()), *(self.transitions_at_least or ()))
        states = {self.state or ABSENT, *(move.to for move in moves)}
        return frozenset(states - {ABSENT})


class ScenarioForm(Form):
    """One test of one monitor."""

    name: str = Field(min_length=1, max_length=200)
    monitor: str = Field(description="The monitor's key.")
    start: Moment = Field(
        default=DEFAULT_START, description="In UTC; 2026-03-02T00:00:00Z, a Monday, by default."
    )
    lasts: Duration = Field(alias="for", description="How long the monitor is evaluated.")
    tunables: dict[str, Any] = Field(default_factory=dict, description="Values of tunables, for this test.")
    series: Annotated[tuple[SeriesForm, ...], Field(strict=False)] = ()
    snoozes: Annotated[tuple[SnoozeForm, ...], Field(strict=False)] = ()
    expect: Annotated[tuple[ExpectForm, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _sensible(self) -> ScenarioForm:
        if self.lasts > LONGEST:
            raise Unfit(
                f"a scenario lasts {LONGEST.days}d at most", hint="test a shorter time", path=("for",)
            )
        if sum(one.values.size for one in self.series) > MOST_SAMPLES:
            raise Unfit(
                f"the series have more than {MOST_SAMPLES:,} samples together",
                hint="fewer series, or longer intervals",
                path=("series",),
            )
        if not self.expect:
            raise Unfit("the scenario expects nothing", hint="add a line to `expect:`", path=("expect",))
        for index, one in enumerate(self.expect):
            if one.at is not None and not 0 <= one.at <= self.lasts.total_seconds():
                raise Unfit(
                    "this time is outside the scenario",
                    hint="make `for:` longer",
                    path=("expect", index, "at"),
                )
        return self


def severity_of(name: str) -> int:
    """The number of a state's name, 0 for none."""
    return 0 if name == ABSENT else State(name).severity
