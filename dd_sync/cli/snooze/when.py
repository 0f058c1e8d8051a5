"""The points of time that snooze commands are given: `--for`, `--until` and `--from`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from dd_sync.cli.app import App
from dd_sync.text import within_line

SPAN = click.option("--for", "span", metavar="DURATION", help="How long, e.g. 90m or 2h30m.")
UNTIL = click.option(
    "--until", metavar="TIME", help="Or till when, e.g. 06:00 or 'monday 9:00 Europe/Berlin'."
)


def begin_of(app: App, text: str | None, now: datetime) -> datetime | None:
    """What `--from` means; None for at once."""
    if text is None or text.strip().lower() == "now":
        return None
    return _moment(app, "--from", text, now, now)


def end_of(
    app: App, span: str | None, until: str | None, now: datetime, begin: datetime | None = None
) -> timedelta | datetime:
    """What `--for` or `--until` means; `until 06:00` is understood behind either."""
    if (span is None) == (until is None):
        raise click.UsageError("say either how long, --for 2h, or till when, --until 06:00")
    text = " ".join((span or until or "").split())
    is_moment = text.lower().startswith("until ")
    if until is not None or is_moment:
        at = text[len("until ") :] if is_moment else text
        return _moment(app, "--until", at, now, begin or now)
    from dd_sync.timeframe import parse_duration

    length: timedelta = _read("--for", lambda: parse_duration(text.replace(" ", "")))
    return length


def _moment(app: App, option: str, text: str, now: datetime, after: datetime) -> datetime:
    from dd_sync.timeframe import parse_moment

    moment = _read(option, lambda: parse_moment(text, now, after=after))
    if moment.note is not None:
        app.say(f"{option}: {moment.note}")
    at: datetime = moment.at
    return at


def _read(option: str, read: Any) -> Any:
    try:
        return read()
    except ValueError as error:
        raise click.BadParameter(within_line(str(error)), param_hint=option) from None
