"""What a scenario gives its monitors: its series, runs of checks and events, at their times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from dd_sync.errors import Place
from dd_sync.evaluate.notation import Samples
from dd_sync.evaluate.series import Series, SeriesSet
from dd_sync.evaluate.sources import CheckRun, CheckRuns, Event, Events, Sources, Status
from dd_sync.model.monitor import Declared
from dd_sync.scenarios.files import Columns, Wanted, read_series
from dd_sync.scenarios.inputs import CheckForm, EventForm, SeriesForm
from dd_sync.scenarios.load import Scenario
from dd_sync.scenarios.schema import LONGEST
from dd_sync.scenarios.tables import FileError
from dd_sync.worker.series import derive_series


def sources_of(scenario: Scenario, monitors: Mapping[str, Declared] | None = None) -> Sources:
    """All but the parts of a composite. Raises FileError where a file of samples is wrong.

    monitors: those whose gauges the worker would send, which are there beside the series.
    """
    form, start = scenario.form, int(scenario.form.start.timestamp())
    series = SeriesSet(each for one in form.series for each in _series(scenario, one, start))
    derivations = [one.derivation for one in (monitors or {}).values() if one.derivation is not None]
    return Sources(
        series=derive_series(derivations, series) if derivations else series,
        checks=CheckRuns(run for one in form.checks for run in _runs(one, start)),
        events=Events(event for one in form.events for event in _events(one, start)),
    )


def _series(scenario: Scenario, form: SeriesForm, start: int) -> Iterable[Series]:
    interval = int(form.interval.total_seconds())
    if form.file is not None:
        return _from_file(scenario, form, form.file, start)
    samples = form.values or Samples(())
    seed = scenario.form.seed if form.seed is None else form.seed
    stream = f"{seed} {form.metric} {','.join(sorted(form.tags))}"
    values = samples.values(interval=interval, stream=stream)
    times = start + (form.since or 0) + interval * np.arange(values.size)
    return (Series.of(form.metric, form.type, form.tags, interval=interval, times=times, values=values),)


def _from_file(scenario: Scenario, form: SeriesForm, file: str, start: int) -> Sequence[Series]:
    path = Path(scenario.source.file).parent / file
    wanted = Wanted(
        metric=form.metric,
        type=form.type,
        interval=int(form.interval.total_seconds()),
        tags=form.tags,
        columns=Columns(form.columns.time, form.columns.value, form.columns.metric),
        starts_at=None if form.since is None else start + form.since,
    )
    found = read_series(path, path.as_posix(), wanted)
    _check_time(found, start, start + int(scenario.form.lasts.total_seconds()), path.as_posix())
    return found


def _check_time(found: Sequence[Series], start: int, end: int, name: str) -> None:
    """Samples of another year would be none at all, and nothing would be tested."""
    kept = [one.times for one in found if one.times.size]
    first = min((int(times[0]) for times in kept), default=start)
    last = max((int(times[-1]) for times in kept), default=start)
    if first > end or last < start - LONGEST.total_seconds():
        raise FileError(
            f"its samples are of {_day(first)} to {_day(last)}, the scenario is of {_day(start)}",
            hint="move them with `from: 0m`, or the scenario with `start:`",
            where=Place(name, 1, 1),
        )


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def _runs(form: CheckForm, start: int) -> Iterator[CheckRun]:
    interval = int(form.interval.total_seconds())
    for index, status in enumerate(form.statuses):
        if status is not None:
            message = "" if status is Status.OK else form.message
            yield CheckRun(start + form.since + index * interval, form.check, status, form.tags, message)


def _events(form: EventForm, start: int) -> Iterator[Event]:
    named = {"service": form.service, "status": form.status, "host": form.host}
    tags = (*form.tags, *(f"{name}:{value}" for name, value in named.items() if value is not None))
    every = int(form.every / timedelta(seconds=1))
    for index in range(form.times):
        at = start + form.at + index * every
        yield Event(at, form.source, tags, form.attributes, form.message, form.index)
