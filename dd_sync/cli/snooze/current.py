"""`dd-sync snooze list`, `extend` and `end`"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.snooze import show, when
from dd_sync.errors import DatadogError
from dd_sync.snooze import words

if TYPE_CHECKING:
    from dd_sync.snooze.current import Ended, Wanted
    from dd_sync.snooze.request import Snooze

LIST = """\b
Examples:
  dd-sync snooze list
  dd-sync snooze list --format json | jq '.[] | select(.left < 3600)'
"""
EXTEND = """\b
Examples:
  dd-sync snooze extend acme --for 1h           an hour more than it has
  dd-sync snooze extend acme --until 06:00
"""
END = """\b
Examples:
  dd-sync snooze end acme
  dd-sync snooze end 3f0e6a52-6a0c-4d6f-8d7e-0f6f5c1c2d3e
  dd-sync snooze end --mine
"""


@click.command("list", epilog=LIST)
@common("text", "json")
def list_(app: App) -> None:
    """List the catalog's snoozes: who silenced whom, why, and how long still."""
    from dd_sync.snooze.current import list_snoozes

    catalog = show.brief_of(app).name
    now = app.now()
    found = list_snoozes(app.datadog().downtimes, catalog, now)
    if app.format == "json":
        app.show(show.as_json([show.as_object(one, now) for one in found]))
    elif not found:
        app.show("nothing is snoozed")
    else:
        head = ("TENANT", "LEFT", "ENDS (UTC)", "BY", "REASON")
        app.show(words.table([head, *(_row(one, now) for one in found)]))


@click.command(epilog=EXTEND)
@click.argument("wanted", metavar="TENANT|ID")
@when.SPAN
@when.UNTIL
@click.option(
    "--longer-than-policy", metavar="REASON", help="Why it may last longer than the policy's bound."
)
@common("text", "json")
def extend(
    app: App, wanted: str, span: str | None, until: str | None, longer_than_policy: str | None
) -> None:
    """Give a snooze a later end: so much more than it has, or till when.

    Its whole length counts against the policy, from its first start on.
    """
    from dd_sync.snooze.current import Wanted
    from dd_sync.snooze.current import extend as lengthen

    now = app.now()
    wish = when.end_of(app, span, until, now)
    brief = show.brief_of(app)
    catalog = brief.name
    objects = []
    for outcome in lengthen(
        app.datadog().downtimes,
        Wanted(wanted),
        show.policy_of(brief, longer_than_policy),
        catalog=catalog,
        longer=wish if isinstance(wish, timedelta) else None,
        until=wish if isinstance(wish, datetime) else None,
    ):
        one = outcome.snooze
        objects.append({"did": outcome.did, **show.as_object(one, now)})
        if app.format == "text":
            end_here = show.moment_here(one.end)
            app.show(f"extended: {words.what(one)} until {end_here}, {words.rough(one.left(now))} from now")
    if app.format == "json":
        app.show(show.as_json(objects))


@click.command(epilog=END)
@click.argument("wanted", metavar="[TENANT|ID]", required=False)
@click.option("--mine", is_flag=True, help="All that are by you, whichever tenants they silence.")
@click.option("--by", metavar="NAME", help="With --mine: who you are, if it is not plain.")
@common("text", "json")
def end(app: App, wanted: str | None, mine: bool, by: str | None) -> None:
    """End the snoozes of a tenant, the one with this id, or all of yours.

    Whoever still burns is told again.
    """
    from dd_sync.snooze.current import end as end_snoozes

    meant = _meant(app, wanted, mine, by)
    catalog = show.brief_of(app).name
    now = app.now()
    done: list[Ended] = []
    for one in end_snoozes(app.datadog().downtimes, meant, catalog=catalog):
        done.append(one)
        if app.format == "text" and one.failure is None:
            app.show(f"ended: {words.what(one.snooze)}, {_before_its_time(one.snooze, now)}")
    if app.format == "json":
        app.show(show.as_json([show.as_object(one.snooze, now) for one in done if one.failure is None]))
    _raise_what_failed(done)


def _meant(app: App, wanted: str | None, mine: bool, by: str | None) -> Wanted:
    from dd_sync.cli.owner import owner_of
    from dd_sync.snooze.current import Wanted

    if (wanted is None) != mine or (by is not None and not mine):
        raise click.UsageError("say which to end: TENANT or ID, or --mine")
    return Wanted(wanted) if wanted is not None else Wanted(owner=by or owner_of(app.environ, Path.cwd()))


def _raise_what_failed(done: list[Ended]) -> None:
    failed = [(one.snooze, one.failure) for one in done if one.failure is not None]
    if failed:
        _, first = failed[0]
        raise DatadogError(
            f"not ended: {', '.join(f'{words.what(one)} ({one.id})' for one, _ in failed)}: {first.problem}",
            hint=first.hint or "run it again: ending twice is safe",
            status=first.status,
        )


def _before_its_time(one: Snooze, now: datetime) -> str:
    if one.end is None:
        return "which had no end"
    return f"{words.rough(one.left(now))} before its time"


def _row(one: Snooze, now: datetime) -> tuple[str, ...]:
    tenant = one.tenant + (f" (monitor {one.monitor_id})" if one.monitor_id else "")
    end = f"{one.end:%Y-%m-%d %H:%M}" if one.end else "never"
    return tenant, words.left(one, now), end, one.owner, words.why(one)
