"""`dd-sync snooze`: what on-call types at three in the morning. Nothing slow is imported here."""

from __future__ import annotations

import getpass
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.app import App, common, duration
from dd_sync.errors import RequestError
from dd_sync.text import printable
from dd_sync.timeframe import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dd_sync.catalog.settings import Settings
    from dd_sync.datadog.client import Datadog
    from dd_sync.model.downtime import Downtime
    from dd_sync.snooze.calls import Outcome
    from dd_sync.snooze.request import Snooze

EXAMPLES = """\b
Examples:
  dd-sync snooze tenant acme --for 2h --reason "INC-123 load test"
  dd-sync snooze list
  dd-sync snooze end acme
"""


@click.group(epilog=EXAMPLES)
def snooze() -> None:
    """Silence one tenant for a while, list and end snoozes."""


@snooze.command(epilog=EXAMPLES)
@click.argument("name", metavar="TENANT")
@click.option("--for", "span", metavar="DURATION", type=duration, required=True, help="e.g. 90m or 2h30m.")
@click.option("--reason", required=True, help="Why; whoever looks at the silence reads it.")
@click.option("--monitors", "glob", metavar="GLOB", help="Only the monitors whose key matches.")
@click.option("--ticket", help="The incident or ticket it belongs to.")
@click.option("--by", "owner", help="Who silences; the user's name without it.")
@click.option("--dry-run", is_flag=True, help="Say what would be silenced, silence nothing.")
@common("text", "json")
def tenant(
    app: App,
    name: str,
    span: timedelta,
    reason: str,
    glob: str | None,
    ticket: str | None,
    owner: str | None,
    dry_run: bool,
) -> None:
    """Silence TENANT's monitors until the duration ends.

    Exactly this tenant, never a protected monitor, and whatever still burns at the end is told again.
    """
    from dd_sync.snooze.calls import snooze as create
    from dd_sync.snooze.calls import snooze_monitors
    from dd_sync.snooze.request import request_snooze

    settings, catalog = _settings(app)
    now = app.now()

    def request(monitor_id: int | None = None) -> Downtime:
        return request_snooze(
            name,
            duration=span,
            now=now,
            reason=reason,
            owner=owner or _user(app),
            longest=settings.policy.snooze.longest,
            catalog=catalog,
            tenant_tag=settings.tenant_tag,
            ticket=ticket,
            monitor_id=monitor_id,
        )

    request()  # whatever is wrong with it is said before Datadog is asked anything
    if dry_run and glob is None:
        _show_request(app, request())
        return
    datadog = app.datadog()
    if glob is None:
        _show_outcomes(app, (create(datadog.downtimes, request()),), now)
        return
    chosen = _chosen(datadog, catalog, glob)
    if dry_run:
        _show_request(app, request(), chosen)
    else:
        requests = [request(number) for _, number in chosen]
        _show_outcomes(app, snooze_monitors(datadog.downtimes, requests), now)


@snooze.command("list")
@common("text", "json")
def list_(app: App) -> None:
    """List the catalog's snoozes: who silenced whom, why, and how long still."""
    from dd_sync.snooze.calls import list_snoozes

    _, catalog = _settings(app)
    now = app.now()
    found = list_snoozes(app.datadog().downtimes, catalog, now)
    if app.format == "json":
        app.show(_json([_object(one, now) for one in found]))
    elif not found:
        app.show("nothing is snoozed")
    else:
        app.show(
            _table([("TENANT", "LEFT", "ENDS (UTC)", "BY", "REASON")] + [_row(one, now) for one in found])
        )


@snooze.command()
@click.argument("wanted", metavar="TENANT|ID")
@common("text", "json")
def end(app: App, wanted: str) -> None:
    """End the snoozes of a tenant, or the one with this id.

    Whoever still burns is told again.
    """
    from dd_sync.snooze.calls import end as end_snoozes

    _, catalog = _settings(app)
    now = app.now()
    for_json = []
    for one in end_snoozes(app.datadog().downtimes, wanted, catalog=catalog):
        for_json.append(_object(one, now))
        if app.format == "text":
            app.show(f"ended: {one.tenant_tag}:{one.tenant}, {_left(one, now)} before its time")
    if app.format == "json":
        app.show(_json(for_json))


def _settings(app: App) -> tuple[Settings, str]:
    """What catalog.yaml says, and the catalog's name with the environment's."""
    from dd_sync.catalog.settings import load_settings

    settings = load_settings(app.folder)
    return settings, settings.name(app.env)


def _user(app: App) -> str:
    """Whoever is at the keyboard, or in CI whoever set it off."""
    return app.environ.get("GITHUB_ACTOR") or _login()


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise RequestError(
            "nobody is logged in here, and a snooze has an owner", hint="say who: --by NAME"
        ) from None


def _chosen(datadog: Datadog, catalog: str, glob: str) -> tuple[tuple[str, int], ...]:
    from dd_sync.model.ownership import CATALOG, MANAGED
    from dd_sync.snooze.monitors import choose_monitors

    return choose_monitors(datadog.monitors.list((MANAGED, CATALOG + catalog)), catalog, glob)


def _show_request(app: App, request: Downtime, chosen: Sequence[tuple[str, int]] = ()) -> None:
    keys = [key for key, _ in chosen]
    if app.format == "json":
        app.show(_json({"dry_run": True, "keys": keys or None, "downtime": request.attributes()}))
        return
    app.show(f"would silence {request.scope} until {_moment(request.end)}")
    app.show(
        f"  monitors: {', '.join(keys) if keys else 'all with the tags ' + ', '.join(request.monitor_tags)}"
    )


def _show_outcomes(app: App, outcomes: Sequence[Outcome], now: datetime) -> None:
    if app.format == "json":
        app.show(_json([{"did": one.did, **_object(one.snooze, now)} for one in outcomes]))
        return
    for outcome in outcomes:
        one = outcome.snooze
        what = f"{one.tenant_tag}:{one.tenant}" + (f" on monitor {one.monitor_id}" if one.monitor_id else "")
        verb = {"created": "silenced", "extended": "extended"}.get(outcome.did, outcome.did)
        app.show(f"{verb}: {what} until {_moment(one.end)}, {_left(one, now)} from now")
        app.show(f"  by {one.owner}: {one.reason}")
        app.show(f"  end it: dd-sync snooze end {one.tenant}")


def _object(one: Snooze, now: datetime) -> dict[str, Any]:
    """A snooze as `--format json` shows it; times are ISO 8601 in UTC, left is seconds."""
    return {
        "id": one.id,
        "tenant": one.tenant,
        "scope": f"{one.tenant_tag}:{one.tenant}",
        "owner": one.owner,
        "reason": one.reason,
        "ticket": one.ticket,
        "start": one.start.isoformat() if one.start else None,
        "end": one.end.isoformat() if one.end else None,
        "left": int(one.left(now).total_seconds()),
        "monitor_id": one.monitor_id,
        "status": one.status,
    }


def _row(one: Snooze, now: datetime) -> tuple[str, ...]:
    tenant = one.tenant + (f" (monitor {one.monitor_id})" if one.monitor_id else "")
    end = one.end.strftime("%Y-%m-%d %H:%M") if one.end else "never"
    reason = one.reason + (f" [{one.ticket}]" if one.ticket else "")
    return printable(tenant), _left(one, now), end, printable(one.owner), printable(reason)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _left(one: Snooze, now: datetime) -> str:
    """Whole minutes are enough for a person; the last minute is told in seconds."""
    left = one.left(now)
    if left > timedelta(minutes=1):
        left = timedelta(minutes=round(left / timedelta(minutes=1)))
    return format_duration(left)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "somebody ends it"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
