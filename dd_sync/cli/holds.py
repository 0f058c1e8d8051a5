"""`dd-sync holds`: alerts that ask for a manual review, and the reviews that end them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.app import App, common, duration
from dd_sync.errors import Exit, RequestError
from dd_sync.text import within_line
from dd_sync.timeframe import format_duration

if TYPE_CHECKING:
    from dd_sync.holds.calls import Holds
    from dd_sync.holds.record import Hold, Verdict

EXAMPLES = """\b
Examples:
  dd-sync holds list
  dd-sync holds show acme
  dd-sync holds release acme --reason "looked at it with the customer"
  dd-sync holds confirm acme --key stream-rate --reason "fraud, case 4711"
"""
_SINCE = click.option(
    "--since",
    metavar="DURATION",
    type=duration,
    default="30d",
    show_default=True,
    help="How far back to look.",
)
_KEY = click.option("--key", metavar="KEY", help="Of this monitor only.")


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    return _SINCE(common("text", "json")(command))


def _review(command: Callable[..., Any]) -> Callable[..., Any]:
    """What both verdicts take."""
    for option in (
        _KEY,
        click.option("--by", help="Who reviewed; the user's name without it."),
        click.option("--reason", required=True, help="Why; it stays in the record."),
        click.argument("subject", metavar="TENANT"),
    ):
        command = option(command)
    return _common(command)


@click.group(epilog=EXAMPLES)
def holds() -> None:
    """List, release and confirm holds for manual review.

    A hold begins with an alert of a monitor with `hold: review` and lasts until somebody ends it, whatever
    the metric does. Nothing here moves, blocks or frees money.
    """


@holds.command("list", epilog=EXAMPLES)
@click.option("--all", "everything", is_flag=True, help="Those that ended too.")
@_common
def list_(app: App, since: timedelta, everything: bool) -> None:
    """List open holds, newest first."""
    now = app.now()
    found = [hold for hold in _holds(app, since).read(now) if hold.is_open or everything]
    if app.format == "json":
        app.show(json.dumps([_object(hold) for hold in found], indent=2, ensure_ascii=False))
        return
    if not found:
        app.show("no open holds" if not everything else "no holds")
    for line in _table(found, now):
        app.show(line)
    app.say(f"looked back {format_duration(since)}; a hold opened by an older alert is out of sight")


@holds.command(epilog=EXAMPLES, short_help="Show the holds on TENANT, and who ended them.")
@click.argument("subject", metavar="TENANT")
@_KEY
@_common
def show(app: App, subject: str, key: str | None, since: timedelta) -> None:
    """Show the holds on TENANT, open and ended, with who ended them and why."""
    from dd_sync.holds.calls import chosen

    read = _holds(app, since).read(app.now())
    found = _known(read, chosen(read, subject, key), subject, key)
    if app.format == "json":
        app.show(json.dumps([_object(hold) for hold in found], indent=2, ensure_ascii=False))
        return
    app.show("\n\n".join(_details(hold, app.now()) for hold in found))


@holds.command(epilog=EXAMPLES)
@_review
def release(app: App, subject: str, **given: Any) -> int:
    """End the hold on TENANT: reviewed, and nothing is wrong."""
    return _end(app, subject, "payment_released", **given)


@holds.command(epilog=EXAMPLES)
@_review
def confirm(app: App, subject: str, **given: Any) -> int:
    """End the hold on TENANT: reviewed, and it was right to ask."""
    return _end(app, subject, "hold_confirmed", **given)


@holds.command(epilog=EXAMPLES, short_help="Post `payment_held` once for each open hold.")
@_common
def sync(app: App, since: timedelta) -> None:
    """Post `payment_held` once for each open hold, for those who listen to it."""
    told = _holds(app, since).announce(app.now())
    if app.format == "json":
        app.show(json.dumps([_object(hold) for hold in told], indent=2, ensure_ascii=False))
        return
    for hold in told:
        app.show(f"told of the hold on {within_line(hold.about.subject)} ({within_line(hold.about.key)})")
    if not told:
        app.show("every open hold has been told of")


def _end(
    app: App,
    subject: str,
    verdict: Verdict,
    *,
    reason: str,
    by: str | None,
    key: str | None,
    since: timedelta,
) -> int:
    """Ends every open hold on the subject. 1 if somebody else had been faster."""
    from dd_sync.cli.owner import owner_of
    from dd_sync.holds.calls import chosen
    from dd_sync.holds.events import checked_review

    by, reason = checked_review(by if by is not None else owner_of(app.environ, Path.cwd()), reason)
    now, held = app.now(), _holds(app, since)
    read = held.read(now)
    about = _known(read, chosen(read, subject, key), subject, key)
    open_ones = [hold for hold in about if hold.is_open]
    results = [held.end(hold, verdict, now, by=by, reason=reason) for hold in open_ones]
    if not open_ones:
        # Ended already, by us or by others: what was asked for is so, and nothing is posted twice.
        last = about[0]
        app.say(f"no open hold on {within_line(subject)}: {_ending(last)}")
        is_so = last.ended is not None and last.ended.event == verdict
        return Exit.DONE if is_so else Exit.WRONG
    if app.format == "json":
        shown = [{**_object(one.hold), "by_us": one.by_us} for one in results]
        app.show(json.dumps(shown, indent=2, ensure_ascii=False))
    for one in results:
        name = f"{within_line(one.hold.about.subject)} ({within_line(one.hold.about.key)})"
        if one.by_us is None:
            app.say(f"{name}: posted; Datadog does not show it yet, `dd-sync holds show` will")
        elif not one.by_us:
            app.say(f"{name}: somebody was faster, and that review counts: {_ending(one.hold)}")
        elif app.format == "text":
            app.show(f"{name}: {_ending(one.hold)}")
    return Exit.WRONG if any(one.by_us is False for one in results) else Exit.DONE


def _known(read: Sequence[Hold], found: Sequence[Hold], subject: str, key: str | None) -> Sequence[Hold]:
    if found:
        return found
    subjects = ", ".join(dict.fromkeys(f"{hold.about.subject} ({hold.about.key})" for hold in read[:10]))
    of = "" if key is None else f" by the monitor '{within_line(key, 60)}'"
    raise RequestError(
        f"there is no hold on '{within_line(subject, 60)}'{of}",
        hint=f"there are holds on {within_line(subjects)}"
        if subjects
        else "there are none at all; --since looks further back",
    )


def _holds(app: App, since: timedelta) -> Holds:
    from dd_sync.holds.calls import Holds

    catalog = app.catalog()
    groups = {one.key: catalog.group_keys(one.key) for one in catalog.monitors if one.hold}
    if not groups:
        app.say("no monitor of this catalog has `hold: review`")
    return Holds(app.datadog().events, catalog.name, groups, since, time.sleep)


# --- what is shown -----------------------------------------------------------------------------------


def _object(hold: Hold) -> dict[str, Any]:
    ended = hold.ended
    return {
        "key": hold.about.key,
        "subject": hold.about.subject,
        "open": hold.is_open,
        "since": hold.since.isoformat(),
        "why": hold.title,
        "alerts": hold.alerts,
        "told": hold.told,
        "ended": None
        if ended is None
        else {"at": ended.at.isoformat(), "event": ended.event, "by": ended.by, "reason": ended.reason},
    }


def _table(found: Sequence[Hold], now: datetime) -> list[str]:
    rows = [
        (
            within_line(hold.about.subject, 40),
            within_line(hold.about.key, 40),
            f"{hold.since:%Y-%m-%d %H:%M} UTC",
            f"{_ago(hold, now)} ago",
            f"{hold.alerts} alert{'' if hold.alerts == 1 else 's'}",
            "" if hold.is_open else _ending(hold),
        )
        for hold in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)] if rows else []
    return [
        "  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[5]]).rstrip() for row in rows
    ]


def _ago(hold: Hold, now: datetime) -> str:
    return format_duration(timedelta(minutes=max(0, int((now - hold.since).total_seconds() // 60))))


def _ending(hold: Hold) -> str:
    ended = hold.ended
    if ended is None:
        return "open"
    word = "released" if ended.event == "payment_released" else "confirmed"
    by = f" by {within_line(ended.by, 80)}" if ended.by else ""
    reason = f": {within_line(ended.reason, 200)}" if ended.reason else ""
    return f"{word}{by} at {ended.at:%Y-%m-%d %H:%M} UTC{reason}"


def _told(hold: Hold) -> str:
    if hold.told:
        return "yes"
    return "no, `dd-sync holds sync` posts payment_held" if hold.is_open else "no, it ended before"


def _details(hold: Hold, now: datetime) -> str:
    state = "open" if hold.is_open else _ending(hold)
    return "\n".join(
        (
            f"{within_line(hold.about.subject)} ({within_line(hold.about.key)}): {state}",
            f"  since   {hold.since:%Y-%m-%d %H:%M:%S} UTC, {_ago(hold, now)} ago",
            f"  why     {within_line(hold.title, 200)}",
            f"  alerts  {hold.alerts}",
            f"  told    {_told(hold)}",
        )
    )
