"""A monitor, read once and made ready to be evaluated at any number of times: what all types share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from dd_sync.evaluate.unsupported import QUERY, Unsupported
from dd_sync.evaluate.windows import Schedule, read_schedule
from dd_sync.message.nodes import Template
from dd_sync.message.parser import parse as parse_message
from dd_sync.model.monitor import Monitor
from dd_sync.model.state import State
from dd_sync.query.nodes import Comparator

DAY = 86400
NEW_GROUP_SECONDS = 60
# What is larger is no threshold, and no span of time.
_LARGEST, _LONGEST = 1.7e308, 1e12
NEW_HOST_SECONDS = 300

# Options that change what is said or who may edit, never what is evaluated or whether it is notified.
_INERT = frozenset(
    (
        "avalanche_window",
        "enable_logs_sample",
        "enable_samples",
        "locked",
        "min_failure_duration",
        "min_location_failed",
        "notification_preset_name",
        "notify_audit",
        "silenced",
    )
)
_READ = frozenset(
    (
        "escalation_message",
        "groupby_simple_monitor",
        "include_tags",
        "new_group_delay",
        "new_host_delay",
        "no_data_timeframe",
        "notify_by",
        "notify_no_data",
        "on_missing_data",
        "renotify_interval",
        "renotify_occurrences",
        "renotify_statuses",
        "require_full_window",
        "thresholds",
        "timeout_h",
    )
)
_THRESHOLDS = ("options", "thresholds")
_NOTIFY_BY = ("options", "notify_by")
_VALUE_THRESHOLDS = frozenset(("critical", "warning", "critical_recovery", "warning_recovery"))


class Missing(StrEnum):
    """What a group becomes when its window holds no data."""

    ZERO = "its value counts as 0"
    KEEP = "it keeps its state"
    NO_DATA = "No Data, told to nobody"
    NO_DATA_NOTIFIED = "No Data, notified"
    OK = "OK"


@dataclass(frozen=True, slots=True)
class Thresholds:
    comparator: Comparator
    critical: float
    warning: float | None = None
    critical_recovery: float | None = None
    warning_recovery: float | None = None


@dataclass(frozen=True, slots=True)
class Renotify:
    """interval: seconds; occurrences: at most so many, None for no limit."""

    interval: int
    occurrences: int | None
    states: frozenset[State]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rule:
    """A monitor ready to be evaluated. All times are in seconds.

    keys: what it is grouped by, () for a simple alert. frequency: seconds between evaluations.
    window: how far back an evaluation looks for data. thresholds: None where no value is compared.
    no_data_after: how long data has to be missing for No Data; empty_for: how long it has been missing, at
    least, when a window is first without any. notify_by: the keys that one notification is for each value of,
    () for one in all; None where every group is told by itself.
    empty: the value over no data at all, NaN if there is none. standing: its only group exists without data.
    schedule: when it is evaluated, instead of every `frequency`. independent: each evaluation is told that is
    not OK, whatever was before.
    """

    key: str
    monitor_id: int
    monitor: Monitor
    name: Template
    message: Template
    escalation: Template | None
    keys: tuple[str, ...]
    window: int
    delay: int = 0
    frequency: int = 60
    thresholds: Thresholds | None = None
    missing: Missing = Missing.KEEP
    no_data_after: int
    empty_for: int
    resolve_after: int | None
    new_group_delay: int
    retention: int | None
    renotify: Renotify | None
    notify_by: tuple[str, ...] | None
    include_tags: bool
    draft: bool
    empty: float = float("nan")
    standing: bool = False
    schedule: Schedule | None = None
    independent: bool = False
    notes: tuple[str, ...] = ()

    def shared(self) -> dict[str, Any]:
        """What all types share, as arguments for the rule of one type."""
        return {field.name: getattr(self, field.name) for field in fields(Rule)}


def read_rule(
    key: str,
    monitor: Monitor,
    monitor_id: int,
    keys: tuple[str, ...] | None,
    *,
    window: int,
    no_data_after: int | None = None,
    empty_for: int | None = None,
    also: frozenset[str] = frozenset(),
) -> Rule:
    """What all types share, read from the options, the name and the message.

    keys: None where they are known only later, with what is evaluated. no_data_after: where the options do
    not say; two windows if that is None. empty_for: the window's length if that is None. also: options of the
    monitor's own type.
    Raises TemplateError, and Unsupported for options without a meaning here.
    """
    options = monitor.options
    _refuse_unknown(options, also)
    escalation = options.get("escalation_message")
    empty_for = window if empty_for is None else empty_for
    no_data_after = 2 * window if no_data_after is None else no_data_after
    schedule = read_schedule(options) if "scheduling_options" in also else None
    return Rule(
        key=key,
        monitor_id=monitor_id,
        monitor=monitor,
        name=parse_message(monitor.name),
        message=parse_message(monitor.message),
        escalation=parse_message(str(escalation)) if escalation else None,
        keys=keys or (),
        window=window,
        frequency=_frequency(window),
        no_data_after=_no_data_after(options, empty_for, no_data_after),
        empty_for=empty_for,
        resolve_after=3600 * (whole(options, "timeout_h") or 0) or None,
        new_group_delay=_new_group_delay(keys or (), options),
        retention=DAY if keys else None,
        renotify=_renotify(options),
        notify_by=None if keys is None else read_notify_by(keys, options),
        include_tags=options.get("include_tags") is not False,
        draft=monitor.draft_status == "draft",
        schedule=schedule,
        independent=schedule is not None,
    )


def _refuse_unknown(options: Mapping[str, Any], also: frozenset[str]) -> None:
    for name in sorted(options):
        if name not in _READ | _INERT | also and options[name] not in (None, [], {}):
            raise Unsupported(f"the option '{name}' is not evaluated here", path=("options", name))


def _frequency(window: int) -> int:
    if window < DAY:
        return 60
    return 600 if window < 2 * DAY else 1800


# --- thresholds and missing data -----------------------------------------------------------------


def read_thresholds(
    comparator: Comparator, threshold: float | None, options: Mapping[str, Any]
) -> Thresholds:
    """The thresholds of a value. threshold: the query's own number; Raises Unsupported if it has none."""
    given = read_numbers(options, _VALUE_THRESHOLDS)
    critical = given.pop("critical", threshold)
    if threshold is None or critical is None:
        raise Unsupported("a threshold that is a query of its own is not evaluated here", path=QUERY)
    if critical != threshold:
        raise Unsupported(
            f"the query alerts at {threshold:g}, options.thresholds.critical says {critical:g}",
            hint="Datadog refuses this monitor; make the two equal",
            path=(*_THRESHOLDS, "critical"),
        )
    if given and comparator in ("==", "!="):
        raise Unsupported(
            f"'{min(given)}' with the comparator {comparator} has no published meaning",
            path=(*_THRESHOLDS, min(given)),
        )
    return Thresholds(comparator, critical, **given)


def read_numbers(options: Mapping[str, Any], known: frozenset[str]) -> dict[str, float]:
    """`options.thresholds` as numbers. Raises Unsupported for a key that is not known, or no number."""
    given = options.get("thresholds") or {}
    if not isinstance(given, Mapping):
        raise Unsupported(
            "the option 'thresholds' is not an object", hint="write critical: and a number", path=_THRESHOLDS
        )
    numbers = {name: _number(name, given[name]) for name in sorted(given) if given[name] is not None}
    if unknown := numbers.keys() - known:
        path = (*_THRESHOLDS, min(unknown))
        raise Unsupported(f"the threshold '{min(unknown)}' is not evaluated here", path=path)
    return numbers


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
        path = (*_THRESHOLDS, name)
        raise Unsupported(f"the threshold '{name}' is not a number", hint="write a number", path=path)
    return float(value)


def whole(options: Mapping[str, Any], name: str) -> int | None:
    """An option that is a whole number, None if it is absent. Raises Unsupported for anything else."""
    value = options.get(name)
    if value is None:
        return None
    number = not isinstance(value, bool) and isinstance(value, int | float) and 0 <= value < _LONGEST
    if not number or value != int(value):
        raise Unsupported(
            f"the option '{name}' is not a whole number",
            hint="write a whole number, 0 or more",
            path=("options", name),
        )
    return int(value)


def read_missing(options: Mapping[str, Any], *, default: Missing, legacy: Missing = Missing.KEEP) -> Missing:
    """default: what `on_missing_data: default` means to the query; legacy: what saying nothing means."""
    policy = options.get("on_missing_data")
    if policy is None:
        return Missing.NO_DATA_NOTIFIED if options.get("notify_no_data") else legacy
    known = {
        "default": default,
        "show_no_data": Missing.NO_DATA,
        "show_and_notify_no_data": Missing.NO_DATA_NOTIFIED,
        "resolve": Missing.OK,
    }
    if not isinstance(policy, str) or policy not in known:
        raise Unsupported(
            f"on_missing_data '{policy}' is not evaluated here",
            hint=f"use {', '.join(known)}",
            path=("options", "on_missing_data"),
        )
    return known[policy]


def _no_data_after(options: Mapping[str, Any], empty_for: int, otherwise: int) -> int:
    if options.get("on_missing_data") is not None:
        return empty_for
    return 60 * (whole(options, "no_data_timeframe") or 0) or otherwise


# --- groups and notifications --------------------------------------------------------------------


def _new_group_delay(keys: tuple[str, ...], options: Mapping[str, Any]) -> int:
    if not keys:
        return 0
    given = whole(options, "new_group_delay")
    if given is not None:
        return given
    if "host" in keys:
        host = whole(options, "new_host_delay")
        return NEW_HOST_SECONDS if host is None else host
    return NEW_GROUP_SECONDS


def read_notify_by(keys: tuple[str, ...], options: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The keys of `notify_by` in the query's order, None where each group is told of by itself.

    Raises Unsupported for a key that the query is not grouped by.
    """
    wanted = options.get("notify_by") or []
    if not isinstance(wanted, list | tuple) or not all(isinstance(key, str) for key in wanted):
        raise Unsupported(
            "notify_by is not a list of keys", hint='write the keys of its groups, or ["*"]', path=_NOTIFY_BY
        )
    if not wanted:
        return () if keys and options.get("groupby_simple_monitor") else None
    if unknown := set(wanted) - {*keys, "*"}:
        raise Unsupported(
            f"notify_by has '{min(unknown)}', which the query is not grouped by",
            hint='use keys of its groups, or ["*"]',
            path=_NOTIFY_BY,
        )
    chosen = () if "*" in wanted else tuple(key for key in keys if key in wanted)
    return None if chosen == keys else chosen


def _renotify(options: Mapping[str, Any]) -> Renotify | None:
    interval = whole(options, "renotify_interval")
    if not interval:
        return None
    names = {"alert": State.ALERT, "warn": State.WARN, "no data": State.NO_DATA}
    chosen = options.get("renotify_statuses") or ["alert", "no data"]
    listed = chosen if isinstance(chosen, list | tuple) else [chosen]
    unknown = [str(name) for name in listed if not isinstance(name, str) or name not in names]
    if unknown:
        raise Unsupported(
            f"renotify_statuses has '{unknown[0]}'",
            hint="use alert, warn and no data",
            path=("options", "renotify_statuses"),
        )
    return Renotify(
        60 * interval,
        whole(options, "renotify_occurrences") or None,
        frozenset(names[name] for name in listed),
    )
