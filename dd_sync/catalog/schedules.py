"""When a declared downtime holds: once, or by recurrences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, PlainValidator

from dd_sync.catalog.settings import Form
from dd_sync.errors import Unfit
from dd_sync.guards.values import duration
from dd_sync.guards.values import found as words_for
from dd_sync.model.recurrence import YEARS, Recurrence, check_rule, duration_text, overlap

Path = tuple[str | int, ...]

LONGEST = timedelta(days=366)
MOST_RECURRENCES = 5
_MOMENT = "a time such as 2027-01-10T02:00:00Z, or a local one with `timezone:`"


def _minutes(value: Any) -> timedelta:
    span = duration(value)
    if span % timedelta(minutes=1) or span > LONGEST:
        raise Unfit(
            f"{value} is not a whole number of minutes up to 366d", hint="write for example 2h or 90m"
        )
    return span


def _time(value: Any) -> datetime:
    """With its offset, or naive."""
    if isinstance(value, str) and len(value) >= len("2027-01-10T02:00"):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            moment = None
        if moment is not None and moment.year in YEARS:
            return moment.replace(microsecond=0)
    raise Unfit(f"{words_for(value)} is not a time", hint=f"write {_MOMENT}")


def _local(value: Any) -> datetime:
    moment = _time(value)
    if moment.tzinfo is not None:
        raise Unfit(
            "a recurrence begins at a local time", hint="leave the offset out; `timezone:` says where it is"
        )
    return moment


Time = Annotated[datetime, PlainValidator(_time, json_schema_input_type=str)]


class RecurrenceForm(Form):
    """Again and again."""

    rrule: str = Field(description="A rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,TU.", max_length=500)
    start: Annotated[datetime, PlainValidator(_local, json_schema_input_type=str)] = Field(
        description="The first time it may begin, local: 2027-01-04T09:00:00."
    )
    duration: Annotated[timedelta, PlainValidator(_minutes, json_schema_input_type=str)] = Field(
        description="How long each lasts, such as 9h."
    )


class ScheduleForm(Form):
    """Once, from a start (from now, if not given) to an end; or by one to five recurrences."""

    start: Time | None = Field(default=None, description="In UTC or with an offset, or local to `timezone`.")
    end: Time | None = Field(default=None, description="As `start`; a downtime always ends.")
    timezone: str | None = Field(default=None, description="Such as Europe/Berlin; UTC if not given.")
    recurrences: Annotated[tuple[RecurrenceForm, ...], Field(strict=False)] | None = Field(
        default=None, description="One to five."
    )


@dataclass(frozen=True, slots=True)
class Window:
    """A schedule as Datadog takes it. end: the path, in the schedule, to what ends it."""

    schedule: dict[str, Any]
    zone: ZoneInfo
    is_over: bool
    end: Path


def read_zone(name: str) -> ZoneInfo:
    """Raises Unfit."""
    try:
        # An absolute or a climbing name is none, and the library says so.
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise Unfit(f"'{name[:60]}' is not a time zone", hint="as in Europe/Berlin or UTC") from None


def read_schedule(form: ScheduleForm, now: datetime | None, tell: Callable[[Unfit], None]) -> Window | None:
    """The schedule in Datadog's form; None if something in it is wrong, and then all of that is told.

    now: aware; None for no time at all, before which nothing has begun and nothing is over.
    tell: takes each mistake, its path from the schedule on.
    """
    wrong: list[Unfit] = []
    zone = _zone(form.timezone or "UTC", wrong)
    if form.recurrences is None:
        window = _once(form, zone, now, wrong)
    else:
        for name in ("start", "end"):
            if getattr(form, name) is not None:
                hint = "each recurrence has its own start, and an end is UNTIL in its rrule"
                wrong.append(Unfit(f"'{name}' beside recurrences", hint=hint, path=(name,)))
        window = _recurring(form.recurrences, zone, now, wrong)
    for error in wrong:
        tell(error)
    return None if wrong else window


def _zone(name: str, wrong: list[Unfit]) -> ZoneInfo:
    try:
        return read_zone(name)
    except Unfit as error:
        wrong.append(Unfit(error.problem, hint=error.hint, path=("timezone",)))
        return ZoneInfo("UTC")


def _once(form: ScheduleForm, zone: ZoneInfo, now: datetime | None, wrong: list[Unfit]) -> Window | None:
    if form.end is None:
        wrong.append(Unfit("a downtime always ends", hint="add `end:`, or `recurrences:`"))
    end, start = _in_utc(form.end, zone, "end", wrong), _in_utc(form.start, zone, "start", wrong)
    if end is None:
        return None
    if start is not None and end <= start:
        hint = "look at the day and at the offset"
        wrong.append(Unfit("the end is not after the start", hint=hint, path=("end",)))
    begins = start or now
    if begins is not None and end - begins > LONGEST:
        hint = "what is silent for longer needs no monitor; or name recurrences"
        wrong.append(Unfit("a downtime of more than a year", hint=hint, path=("end",)))
    # Datadog takes no start that has passed; without one it begins at once.
    ahead = None if start is None or (now is not None and start <= now) else start.isoformat()
    is_over = now is not None and end <= now
    return Window({"start": ahead, "end": end.isoformat()}, zone, is_over, ("end",))


def _in_utc(moment: datetime | None, zone: ZoneInfo, name: str, wrong: list[Unfit]) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return None if moment is None else moment.astimezone(UTC)
    early, late = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        twice = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment
        problem = f"{moment.isoformat()} {'comes twice' if twice else 'never comes'} in {zone.key}"
        hint = "clocks are changed then; write it with its offset, as in 2027-01-10T02:00:00+01:00"
        wrong.append(Unfit(problem, hint=hint, path=(name,)))
    return early.astimezone(UTC)


def _recurring(
    forms: tuple[RecurrenceForm, ...], zone: ZoneInfo, now: datetime | None, wrong: list[Unfit]
) -> Window | None:
    if not 1 <= len(forms) <= MOST_RECURRENCES:
        hint = f"1 to {MOST_RECURRENCES}; make the rest another downtime"
        wrong.append(Unfit(f"{len(forms)} recurrences", hint=hint, path=("recurrences",)))
    for index, form in enumerate(forms):
        try:
            check_rule(form.rrule, form.start, zone)
        except Unfit as error:
            error.path = ("recurrences", index, "rrule")
            wrong.append(error)
    if wrong:
        return None
    rules = [Recurrence(form.rrule, form.start, form.duration) for form in forms]
    again = overlap(rules, zone)
    if again is not None:
        problem = "it begins again before it has ended: the downtime overlaps itself"
        hint = "make the duration shorter, or the rule rarer"
        wrong.append(Unfit(problem, hint=hint, path=("recurrences", again, "duration")))
    recurrences = [
        {
            "rrule": form.rrule,
            "duration": duration_text(form.duration),
            "start": form.start.isoformat(timespec="seconds"),
        }
        for form in forms
    ]
    return Window(
        {"timezone": zone.key, "recurrences": recurrences},
        zone,
        now is not None and all(rule.is_over(zone, now) for rule in rules),
        ("recurrences", len(forms) - 1, "rrule"),
    )
