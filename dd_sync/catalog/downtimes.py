"""`downtimes:`: windows of maintenance and rules of peak hours, as code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dd_sync.catalog.complaints import Complaint, did_you_mean
from dd_sync.catalog.context import Context
from dd_sync.catalog.group_scope import check_group_scope
from dd_sync.catalog.reading import Reading
from dd_sync.catalog.schedules import ScheduleForm, Window, read_schedule, read_zone
from dd_sync.catalog.settings import Form, Strings
from dd_sync.errors import Severity, Unfit
from dd_sync.model.ownership import CATALOG, KEY, MANAGED
from dd_sync.model.resource import Resource, has_mark, mark

# Each is a downtime of its own in Datadog.
MOST_MONITORS = 50
# Datadog takes 32, and two are ours.
_MOST_TAGS = 30
_LONGEST_TAG = 256
_LONGEST_MESSAGE = 4000

EndState = Literal["alert", "warn", "no data"]
EndType = Literal["expired", "canceled"]


def _scope(value: Any) -> Any:
    if isinstance(value, str):
        check_group_scope(value)
        return value.strip()
    return value


def _zone(value: Any) -> Any:
    if isinstance(value, str):
        read_zone(value)
    return value


def _message(value: Any) -> Any:
    if isinstance(value, str) and has_mark(value):
        raise Unfit(
            "a line of the message begins as the mark of this tool does",
            hint="take the line away or reword it",
        )
    return value


def _some(value: Any) -> Any:
    if value == []:
        raise Unfit("an empty list chooses nothing", hint="name at least one")
    return value


def _tag(value: Any) -> Any:
    if isinstance(value, str) and not (0 < len(value.strip()) == len(value) <= _LONGEST_TAG):
        raise Unfit(
            "not a tag", hint=f"1 to {_LONGEST_TAG} characters, without spaces around them, as in team:risk"
        )
    return value


class DowntimeForm(Form):
    """Silence for some monitors, once or again and again."""

    key: str = Field(description="The downtime's name in this catalog; never change it.")
    monitors: Annotated[Strings, BeforeValidator(_some)] | None = Field(
        default=None, description="Keys of monitors, with * as a wildcard; each gets a downtime."
    )
    monitor_tags: (
        Annotated[
            tuple[Annotated[str, BeforeValidator(_tag)], ...],
            Field(strict=False, max_length=_MOST_TAGS),
            BeforeValidator(_some),
        ]
        | None
    ) = Field(default=None, description="All monitors of this catalog that carry every one of these tags.")
    scope: Annotated[str, BeforeValidator(_scope)] = Field(
        default="*", description="Which groups: `tenant:acme`, `env:staging AND -tier:(a OR b)`, * for all."
    )
    schedule: ScheduleForm = Field(description="When: a start and an end, or recurrences.")
    message: Annotated[str, BeforeValidator(_message), Field(max_length=_LONGEST_MESSAGE)] = Field(
        default="", description="Why; handles in it are told when it begins and ends."
    )
    display_timezone: Annotated[str, BeforeValidator(_zone)] | None = Field(
        default=None, description="The time zone Datadog shows it in; the schedule's if not given."
    )
    mute_first_recovery_notification: bool = Field(
        default=False, description="Whether an alert from before that recovers meanwhile is not told."
    )
    notify_end_states: Annotated[tuple[EndState, ...], Field(strict=False)] = Field(
        default=("alert", "warn", "no data"), description="States that are told again at the end."
    )
    notify_end_types: Annotated[tuple[EndType, ...], Field(strict=False)] = Field(
        default=("expired",), description="Ends after which they are told again."
    )


def read_downtime(reading: Reading, key: str, context: Context) -> Iterable[Resource]:
    """One downtime for each monitor chosen by its key, or one for all that carry the tags."""
    filled = reading.respelt(reading.filled(), DowntimeForm.model_fields.keys())
    form, fields = reading.form(DowntimeForm, {**filled, "key": key})
    chosen = _chosen(reading, fields, context)
    schedule = fields.get("schedule")
    window = None
    if isinstance(schedule, ScheduleForm):
        window = read_schedule(schedule, context.now, lambda error: reading.tell(error, path=("schedule",)))
    if form is None or window is None or reading.wrong:
        return ()
    if window.is_over:
        hint = "take it away, or give it a later end"
        problem = f"the downtime '{key}' is over; it counts as absent"
        complaint = Complaint(("schedule", *window.end), problem, hint)
        reading.complain(complaint, "downtime-ended", Severity.WARNING)
        return ()
    return tuple(_resources(reading, form, window, chosen, context))


def _resources(
    reading: Reading, form: DowntimeForm, window: Window, chosen: Sequence[str], context: Context
) -> Iterator[Resource]:
    own = (MANAGED, CATALOG + context.name)
    if form.monitor_tags is not None:
        every = [(form.key, (*own, *form.monitor_tags))]
    else:
        # By the tag of its key and not by its id: a monitor that is made anew stays covered.
        every = [(f"{form.key}/{key}", (*own, KEY + key)) for key in chosen]
    for key, tags in every:
        yield Resource(
            kind="downtime",
            key=key,
            name=form.key,
            body={
                "scope": form.scope,
                "monitor_identifier": {"monitor_tags": list(tags)},
                "schedule": window.schedule,
                "message": f"{form.message.rstrip()}\n\n{mark('downtime', context.name, key)}".lstrip(),
                "display_timezone": form.display_timezone or window.zone.key,
                "mute_first_recovery_notification": form.mute_first_recovery_notification,
                "notify_end_states": sorted(set(form.notify_end_states)),
                "notify_end_types": sorted(set(form.notify_end_types)),
            },
            file=reading.entry.source.file,
            path=reading.entry.path,
        )


# --- which monitors ----------------------------------------------------------------------------------


def _chosen(reading: Reading, fields: Any, context: Context) -> tuple[str, ...]:
    """The keys that `monitors` chooses. What may not be silenced, or is not there, is told."""
    monitors, tags = fields.get("monitors"), fields.get("monitor_tags")
    if "monitors" in fields and "monitor_tags" in fields and (monitors is None) == (tags is None):
        problem = "a downtime is for `monitors` or for `monitor_tags`, one of them"
        hint = "monitors: [stream-*] by their keys, or monitor_tags: [service:streams]"
        reading.complain(Complaint(("monitor_tags",) if tags else (), problem, hint, key=bool(tags)))
        return ()
    if tags is not None:
        _check_tags(reading, tags, context)
    chosen: dict[str, None] = {}
    for index, pattern in enumerate(monitors or ()):
        chosen.update(dict.fromkeys(_matching(reading, pattern, ("monitors", index), context)))
    if len(chosen) > MOST_MONITORS:
        problem = f"{len(chosen)} monitors, each of which would get a downtime; at most {MOST_MONITORS}"
        reading.complain(Complaint(("monitors",), problem, "choose them by a tag: monitor_tags: [team:risk]"))
    return tuple(chosen)


def _matching(
    reading: Reading, pattern: str, path: tuple[str | int, ...], context: Context
) -> tuple[str, ...]:
    found = tuple(sorted(key for key in context.keys if fnmatchcase(key, pattern)))
    if not found and context.whole:
        hint = did_you_mean(pattern, context.keys, "name the key of a monitor in this catalog")
        problem = (
            f"no monitor has a key like '{pattern}'"
            if "*" in pattern
            else f"no monitor has the key '{pattern}'"
        )
        reading.complain(Complaint(path, problem, hint), "reference")
    protected = [key for key in found if key in context.settings.policy.snooze.protected]
    if protected:
        problem = f"'{pattern}' covers the protected monitor '{protected[0]}'"
        if pattern == protected[0]:
            problem = f"the monitor '{pattern}' is protected"
        reading.complain(Complaint(path, problem, _PROTECTED))
    return found


_PROTECTED = "policy.snooze.protected in catalog.yaml keeps it from ever being silenced; choose the others"


def _check_tags(reading: Reading, tags: Sequence[str], context: Context) -> None:
    # Whether Datadog tells capitals apart here is not known; what is protected does not depend on it.
    wanted = {tag.lower() for tag in tags}
    covered = [one.key for one in context.monitors if wanted <= {tag.lower() for tag in one.monitor.tags}]
    protected = [key for key in covered if key in context.settings.policy.snooze.protected]
    if protected:
        problem = f"these tags cover the protected monitor '{protected[0]}'"
        reading.complain(Complaint(("monitor_tags",), problem, _PROTECTED))
    elif not covered and context.whole and len(context.monitors) == len(context.keys):
        problem = "no monitor of this catalog carries all of these tags"
        hint = "a downtime covers the monitors that carry every one of them"
        reading.complain(Complaint(("monitor_tags",), problem, hint), "reference")
