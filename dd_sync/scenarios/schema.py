"""The YAML form of a scenario, under `scenarios:` in files of a folder named scenarios/."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from dd_sync.catalog.settings import Form
from dd_sync.errors import Unfit
from dd_sync.evaluate.notify import Kind
from dd_sync.guards.values import Duration, Number
from dd_sync.model.state import State
from dd_sync.scenarios.fields import Moment, Offset, chosen
from dd_sync.scenarios.inputs import (
    MOST_EVENTS,
    CheckForm,
    Downtimes,
    EventForm,
    Seed,
    SeriesForm,
    SnoozeForm,
)

# A Monday at midnight: whole weeks and days begin here.
DEFAULT_START = datetime(2026, 3, 2, tzinfo=UTC)
LONGEST = timedelta(days=35)
# Of all series together, 80 MB; what needs more is history, not a scenario.
MOST_SAMPLES = 10_000_000

Steps = Literal["OK", "Warn", "Alert", "No Data", "Unknown"]
# One list rather than a union of two, so that a wrong name is one mistake.
StateOrNone = Literal["OK", "Warn", "Alert", "No Data", "Unknown", "none"]
ABSENT = "none"


def _listed(value: Any) -> Any:
    """One where several may stand."""
    if value == []:
        raise Unfit("an empty list", hint="write one, or leave the key out")
    return value if isinstance(value, list) else [value]


Texts = Annotated[
    tuple[str, ...], Field(strict=False), BeforeValidator(_listed, json_schema_input_type=str | list[str])
]
Several = Annotated[
    tuple[Steps, ...],
    Field(strict=False),
    BeforeValidator(_listed, json_schema_input_type=Steps | list[Steps]),
]


class TransitionForm(Form):
    at: Offset
    to: Steps


class NotificationForm(Form):
    """Whatever is left out is not compared."""

    at: Offset
    kind: Annotated[Kind, chosen(Kind)]
    handles: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description="Exactly these, in any order."
    )
    contains: Texts | None = Field(default=None, description="A text of its title or body, or several.")
    contains_not: Texts | None = Field(default=None, description="A text that is in neither, or several.")


class ExpectForm(Form):
    """What has to hold: a state or value at a time, or what happened over the whole scenario."""

    group: str | None = Field(default=None, description="As tenant:acme; left out: every group.")
    at: Offset | None = None
    state: StateOrNone | None = Field(default=None, description="none: the group does not exist.")
    value: Number | None = None
    tolerance: Number | None = Field(default=None, description="How far the value may be off.")
    never: Several | None = Field(default=None, description="A state that is never reached, or several.")
    transitions: Annotated[tuple[TransitionForm, ...], Field(strict=False)] | None = Field(
        default=None, description="Exactly these, in order."
    )
    transitions_at_least: Annotated[tuple[TransitionForm, ...], Field(strict=False)] | None = Field(
        default=None, description="These and maybe others."
    )
    notifications: Annotated[tuple[NotificationForm, ...], Field(strict=False)] | None = Field(
        default=None, description="Exactly these, in order; [] for none."
    )
    notifications_at_least: Annotated[tuple[NotificationForm, ...], Field(strict=False)] | None = Field(
        default=None, description="These and maybe others."
    )
    unsupported: Literal[True] | None = Field(
        default=None, description="The evaluator says that it cannot evaluate the monitor."
    )

    @model_validator(mode="after")
    def _says_something(self) -> ExpectForm:
        timed = self.state is not None or self.value is not None
        over_all = (
            *(self.never, self.transitions, self.transitions_at_least),
            *(self.notifications, self.notifications_at_least),
        )
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

    def times(self) -> Iterator[tuple[int, tuple[str | int, ...]]]:
        """Every time it names, in seconds from the start, with the path to it."""
        if self.at is not None:
            yield self.at, ("at",)
        for name in ("transitions", "transitions_at_least", "notifications", "notifications_at_least"):
            for index, one in enumerate(getattr(self, name) or ()):
                yield one.at, (name, index, "at")

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
    rollup: Duration | None = Field(
        default=None,
        description="Of metrics whose query names none; what Datadog takes then is not published.",
    )
    seed: Seed | None = Field(
        default=None, description="Of made-up samples: the same seed, the same samples."
    )
    series: Annotated[tuple[SeriesForm, ...], Field(strict=False)] = ()
    checks: Annotated[tuple[CheckForm, ...], Field(strict=False)] = ()
    events: Annotated[tuple[EventForm, ...], Field(strict=False)] = ()
    snoozes: Annotated[tuple[SnoozeForm, ...], Field(strict=False)] = ()
    downtimes: Downtimes = Field(
        default=(),
        description="Keys of the catalog's downtimes that silence as they do in Datadog, or true for all.",
    )
    expect: Annotated[tuple[ExpectForm, ...], Field(strict=False)]
    cases: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = Field(
        default=(),
        description="Rows of values; the scenario runs once for each, with ${name} replaced by the row's.",
    )

    @model_validator(mode="after")
    def _sensible(self) -> ScenarioForm:
        if self.lasts > LONGEST:
            raise Unfit(
                f"a scenario lasts {LONGEST.days}d at most", hint="test a shorter time", path=("for",)
            )
        if not self.expect:
            raise Unfit("the scenario expects nothing", hint="add a line to `expect:`", path=("expect",))
        if sum(one.times for one in self.events) > MOST_EVENTS:
            raise Unfit(f"more than {MOST_EVENTS:,} events", hint="fewer of them will do", path=("events",))
        if self.rollup is not None and self.rollup > timedelta(days=1):
            raise Unfit("a rollup is 1d at most", hint="as in 1m or 10m", path=("rollup",))
        self._check_samples()
        self._check_times()
        return self

    def _check_samples(self) -> None:
        made = [one.values for one in self.series if one.values is not None]
        if sum(one.size for one in made) > MOST_SAMPLES:
            raise Unfit(
                f"the series have more than {MOST_SAMPLES:,} samples together",
                hint="fewer series, or longer intervals",
                path=("series",),
            )
        for index, one in enumerate(self.series):
            if one.values is not None and one.values.random and one.seed is None and self.seed is None:
                raise Unfit(
                    "these samples are made by chance, and no seed says by which",
                    hint="add `seed: 1` to the scenario, or to this series",
                    path=("series", index, "values"),
                )

    def _check_times(self) -> None:
        for index, one in enumerate(self.expect):
            for at, path in one.times():
                if not 0 <= at <= self.lasts.total_seconds():
                    raise Unfit(
                        "this time is outside the scenario",
                        hint="make `for:` longer",
                        path=("expect", index, *path),
                    )


def severity_of(name: str) -> int:
    """The number of a state's name, 0 for none."""
    return 0 if name == ABSENT else State(name).severity
