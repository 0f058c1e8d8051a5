"""`dd-sync snooze tenant`"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.snooze import show, when
from dd_sync.snooze import words
from dd_sync.text import within_line

if TYPE_CHECKING:
    from dd_sync.datadog.client import Datadog
    from dd_sync.model.downtime import Downtime
    from dd_sync.snooze.calls import Outcome
    from dd_sync.snooze.preview import Preview
    from dd_sync.snooze.request import Policy

EXAMPLES = """\b
Examples:
  dd-sync snooze tenant acme --for 2h --reason "INC-123 load test"
  dd-sync snooze tenant acme --until 06:00 --reason "backfill" --ticket OPS-7
  dd-sync snooze tenant acme --from "saturday 22:00" --for 4h --reason "migration"
  dd-sync snooze tenant acme --for 2h --reason "noisy" --key stream-rate --dry-run
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for, read and found to be right. request: for a monitor's id, or for all."""

    name: str
    scope: str
    catalog: str
    protected: tuple[str, ...]
    policy: Policy
    now: datetime
    request: Callable[[int | None], Downtime]


@click.command(epilog=EXAMPLES)
@click.argument("name", metavar="TENANT")
@when.SPAN
@when.UNTIL
@click.option(
    "--from", "begin", metavar="TIME", help="When it begins, e.g. 22:00 or 'in 2h'; at once without."
)
@click.option("--reason", required=True, help="Why; whoever looks at the silence reads it.")
@click.option("--monitors", "glob", metavar="GLOB", help="Only the monitors whose key matches.")
@click.option("--key", "keys", metavar="KEY", multiple=True, help="Only this monitor; may be repeated.")
@click.option("--ticket", help="The incident or ticket it belongs to.")
@click.option("--by", "owner", metavar="NAME", help="Who silences: a handle, never an e-mail address.")
@click.option(
    "--longer-than-policy", metavar="REASON", help="Why it may last longer than the policy's bound."
)
@click.option("--unknown-tenant", is_flag=True, help="The name is right although live tenants have others.")
@click.option("--dry-run", is_flag=True, help="Say what would be silenced, silence nothing.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@common("text", "json")
def tenant(
    app: App,
    name: str,
    glob: str | None,
    keys: tuple[str, ...],
    unknown_tenant: bool,
    dry_run: bool,
    yes: bool,
    **given: Any,
) -> None:
    """Silence TENANT's monitors until the duration ends.

    Exactly this tenant, never a protected monitor, and whatever still burns at the end is told again.
    On a terminal it shows first what that covers, and asks.
    """
    if glob is not None and keys:
        raise click.UsageError("choose monitors either by --monitors GLOB or by --key KEY")
    asked = _read(app, name, **given)
    if dry_run and not (glob is not None or keys) and not _has_keys(app):
        _show_request(app, asked, (), None)
        return
    datadog = app.datadog()
    chosen = _chosen(datadog, asked.catalog, glob, keys)
    preview = _look(app, datadog, asked, chosen, unknown_tenant, dry_run)
    if dry_run:
        _show_request(app, asked, chosen, preview)
        return
    if app.interactive:
        click.echo("\n".join(_preview_text(asked, chosen, preview)), err=True)
        if not yes:
            click.confirm("Silence this?", abort=True, err=True)
    # A snooze takes four requests at most: those that looked twice already do not look again afterwards.
    settle = not (app.interactive or preview.warnings)
    _show_outcomes(app, asked, _carry_out(datadog, asked, chosen, settle), preview)


def _read(
    app: App,
    name: str,
    *,
    span: str | None,
    until: str | None,
    begin: str | None,
    reason: str,
    ticket: str | None,
    owner: str | None,
    longer_than_policy: str | None,
) -> Asked:
    """All that can be wrong with it is told here, before Datadog is asked anything."""
    from dd_sync.cli.owner import owner_of
    from dd_sync.snooze.request import request_snooze

    now = app.now()
    start = when.begin_of(app, begin, now)
    end = when.end_of(app, span, until, now, start)
    brief = show.brief_of(app)
    catalog = brief.name
    policy = show.policy_of(brief, longer_than_policy)
    by = owner if owner is not None else owner_of(app.environ, Path.cwd())

    def request(monitor_id: int | None) -> Downtime:
        return request_snooze(
            name,
            start=start,
            duration=end if isinstance(end, timedelta) else end - (start or now),
            now=now,
            reason=reason,
            owner=by,
            policy=policy,
            catalog=catalog,
            tenant_tag=brief.tenant_tag,
            ticket=ticket,
            monitor_id=monitor_id,
        )

    scope = request(None).scope
    return Asked(scope.partition(":")[2], scope, catalog, brief.protected, policy, now, request)


def _has_keys(app: App) -> bool:
    return bool(app.environ.get("DD_API_KEY") and app.environ.get("DD_APP_KEY"))


def _chosen(
    datadog: Datadog, catalog: str, glob: str | None, keys: Sequence[str]
) -> tuple[tuple[str, int], ...]:
    """Key and id of the chosen monitors; none for all that may be snoozed."""
    if glob is None and not keys:
        return ()
    from dd_sync.model.ownership import CATALOG, KEY, MANAGED
    from dd_sync.snooze.monitors import choose_monitors

    own = (MANAGED, CATALOG + catalog)
    # One key is asked for by its tag; to tell which keys there are instead, all are needed.
    if len(keys) == 1 and (found := datadog.monitors.list((*own, KEY + keys[0]))):
        return choose_monitors(found, catalog, keys=keys)
    return choose_monitors(datadog.monitors.list(own), catalog, keys=keys, glob=glob)


def _look(
    app: App,
    datadog: Datadog,
    asked: Asked,
    chosen: Sequence[tuple[str, int]],
    unknown_tenant: bool,
    dry_run: bool,
) -> Preview:
    from dd_sync.snooze.preview import Question, look

    preview = look(
        datadog.search,
        Question(
            asked.catalog,
            asked.scope,
            monitors=[number for _, number in chosen] or None,
            any_tenant=unknown_tenant,
            loud=not chosen and (dry_run or app.interactive),
        ),
    )
    for warning in preview.warnings:
        app.say(f"warning: {warning}")
    return preview


def _carry_out(
    datadog: Datadog, asked: Asked, chosen: Sequence[tuple[str, int]], settle: bool
) -> tuple[Outcome, ...]:
    from dd_sync.snooze.calls import snooze, snooze_monitors

    if not chosen:
        return (snooze(datadog.downtimes, asked.request(None), asked.policy, settle=settle),)
    requests = [asked.request(number) for _, number in chosen]
    return snooze_monitors(datadog.downtimes, requests, asked.policy)


def _preview_text(asked: Asked, chosen: Sequence[tuple[str, int]], preview: Preview) -> list[str]:
    from dd_sync.snooze.show import preview_lines

    request = asked.request(None)
    begin = f"from {show.moment_here(request.start)} " if request.start else ""
    length = words.rough((request.end or asked.now) - (request.start or asked.now))
    head = f"{asked.scope} {begin}until {show.moment_here(request.end)}, {length}"
    keys = tuple(key for key, _ in chosen)
    return [head, *preview_lines(preview, keys=keys, protected=asked.protected)]


def _show_request(app: App, asked: Asked, chosen: Sequence[tuple[str, int]], preview: Preview | None) -> None:
    request = asked.request(None)
    keys = [key for key, _ in chosen]
    if app.format == "json":
        from dd_sync.snooze.show import preview_json

        seen = None if preview is None else preview_json(preview)
        downtime = request.attributes()
        app.show(show.as_json({"dry_run": True, "keys": keys or None, "downtime": downtime, "preview": seen}))
    elif preview is not None:
        app.show("would silence " + "\n".join(_preview_text(asked, chosen, preview)))
    else:
        app.show(f"would silence {asked.scope} until {show.moment_here(request.end)}")
        app.show(f"  monitors: all with the tags {', '.join(request.monitor_tags)}")
        app.say("without DD_API_KEY and DD_APP_KEY it cannot be told what that covers now")


def _show_outcomes(app: App, asked: Asked, outcomes: Sequence[Outcome], preview: Preview) -> None:
    if app.format == "json":
        app.show(
            show.as_json([{"did": one.did, **show.as_object(one.snooze, asked.now)} for one in outcomes])
        )
        return
    for outcome in outcomes:
        one = outcome.snooze
        begins = one.start is not None and one.status == "scheduled"
        verb = {"created": "silenced", "extended": "extended"}.get(outcome.did, outcome.did)
        begin = f" from {show.moment_here(one.start)}" if begins else ""
        app.show(
            f"{verb}: {words.what(one)}{begin} until {show.moment_here(one.end)}, "
            f"{words.left(one, asked.now)}{'' if begins else ' from now'}"
        )
        app.show(f"  by {within_line(one.owner)}: {within_line(one.reason)}")
        app.show(f"  end it: dd-sync snooze end {within_line(one.tenant)}")
