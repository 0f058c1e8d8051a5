"""Files of samples for `dd-sync why`: what a monitor would have made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dd_sync.errors import CatalogError, RequestError
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.replay import Sources, Unsupported, compile_rule, evaluation_times, replay
from dd_sync.evaluate.series import MetricType, Series, SeriesSet
from dd_sync.query.tools import metrics_in
from dd_sync.report.why_answer import Case
from dd_sync.scenarios.declarations import problem_of
from dd_sync.scenarios.fields import time_asked
from dd_sync.scenarios.files import Wanted, read_series
from dd_sync.scenarios.schema import DEFAULT_START
from dd_sync.scenarios.suite import Suite
from dd_sync.scenarios.tables import FileError, read_table
from dd_sync.timeframe import parse_duration

_LONGEST = int(timedelta(days=35).total_seconds())


def case_of_files(
    suite: Suite, key: str, files: Sequence[str], kind: str | None, interval: str, at: str
) -> Case:
    """The monitor, as it is declared on the day of the samples, replayed over them.

    files: `FILE` or `METRIC=FILE`; kind: of the metrics, None to read it off the query; at: how far to go.
    Raises RequestError and FileError, and CatalogError for a monitor that is not evaluated here.
    """
    rule = _rule(suite, key, DEFAULT_START)
    wanted = _wanted(rule, kind, interval)
    series = [one for file in files for one in _series(file, wanted) if one.times.size]
    if not series:
        raise RequestError("the files hold no samples", hint="their values may be empty; compare the columns")
    last = max(int(one.times[-1]) for one in series)
    start = max(min(int(one.times[0]) for one in series), last - _LONGEST)
    end = min(max(last, time_asked(at, start)), last + _LONGEST)
    rule = _rule(suite, key, datetime.fromtimestamp(start, UTC))
    sources = Sources(series=SeriesSet(series))
    return Case(key, replay(rule, sources, evaluation_times(rule, start, end + 1)), sources, start)


def _rule(suite: Suite, key: str, day: datetime) -> MetricRule:
    monitors = suite.declare({}, day.date())
    declared = monitors[key]
    try:
        rule = compile_rule(key, declared.monitor)
    except Unsupported as error:
        raise CatalogError([problem_of(declared, error, monitors.catalog)]) from None
    if not isinstance(rule, MetricRule):
        raise RequestError(
            f"'{key}' is a {declared.monitor.type}; samples are for monitors of metrics",
            hint="name a scenario with --scenario",
        )
    return rule


def _wanted(rule: MetricRule, kind: str | None, interval: str) -> list[Wanted]:
    """Each metric of the query, as its samples are read."""
    try:
        seconds = int(parse_duration(interval).total_seconds())
    except ValueError as error:
        raise RequestError(str(error), hint="as in --interval 1m") from None
    found: dict[str, Wanted] = {}
    for metric in metrics_in(rule.alert.expression):
        counted = metric.has("as_count") or metric.has("as_rate")
        own = MetricType.COUNT if counted else MetricType.GAUGE
        type_ = own if kind is None else MetricType(kind)
        found.setdefault(metric.name, Wanted(metric=metric.name, type=type_, interval=seconds))
    return list(found.values())


def _series(file: str, wanted: Sequence[Wanted]) -> Iterator[Series]:
    """What a file holds of the metrics, at least of one of them."""
    names = [one.metric for one in wanted]
    metric, _, rest = file.partition("=")
    if metric in names:
        yield from read_series(Path(rest), rest, wanted[names.index(metric)])
        return
    path = Path(file)
    if len(wanted) > 1 and "metric" not in read_table(path, file).columns:
        raise RequestError(
            f"{file} has no column 'metric', and the query has the metrics {', '.join(names)}",
            hint=f"say whose samples they are: --series {names[0]}={file}",
        )
    errors = []
    for one in wanted:
        try:
            yield from read_series(path, file, one)
        except FileError as error:
            errors.append(error)
    if len(errors) == len(wanted):
        raise errors[0]
