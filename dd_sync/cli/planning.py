"""What plan and apply share: the catalog and the live monitors, made into a plan and shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.app import App
from dd_sync.errors import UnsafePlan
from dd_sync.model.ownership import CATALOG, MANAGED
from dd_sync.plan.show import Style, as_json, as_markdown, as_text, plain

if TYPE_CHECKING:
    from dd_sync.catalog.load import Catalog
    from dd_sync.datadog.client import Datadog
    from dd_sync.kinds.kind import Calls
    from dd_sync.plan.changes import Plan
    from dd_sync.plan.safety import Limits
    from dd_sync.ports import Json

_COLOURS = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red"}
_COLOURS |= {"adopt": "cyan"}
_COLOURS |= {"old": "red", "new": "green", "label": "yellow"}


def make_plan(
    app: App,
    catalog: Catalog,
    datadog: Datadog,
    only: str | None = None,
    live: Sequence[Json] | None = None,
) -> Plan:
    """Compares with the catalog's live monitors, which it reads unless they are given. Changes nothing."""
    from dd_sync.plan.build import build_plan

    if live is None:
        live = datadog.monitors.list((MANAGED, CATALOG + catalog.name), expected=len(catalog.monitors))
    if app.screen.verbose:
        _tell_unknown(app, live)
    adopting = _adopting(catalog, live, datadog, only)
    elsewhere = only is not None and _chooses_resource(catalog, only)
    plan = build_plan(
        catalog.monitors,
        live,
        catalog.name,
        target=datadog.target,
        only=only,
        adopting=adopting,
        elsewhere=elsewhere,
    )
    if not catalog.manages:
        return plan
    from dd_sync.plan.resources import with_resources

    return with_resources(plan, catalog.resources, resource_calls(app, catalog, datadog), live, only=only)


def limits_of(catalog: Catalog) -> Limits:
    """How much one apply of this catalog may change."""
    from dd_sync.plan.safety import Limits

    limits = catalog.limits
    return Limits(
        deletes=limits.deletes, deletes_percent=limits.deletes_percent, updates_percent=limits.updates_percent
    )


def with_refusal(plan: Plan, catalog: Catalog) -> Plan:
    """The plan, with a note where apply would refuse it: whoever reviews it should know before the merge."""
    from dd_sync.plan.safety import check_limits

    try:
        check_limits(plan, limits_of(catalog))
    except UnsafePlan as error:
        return replace(plan, notes=(*plan.notes, f"apply will refuse this: {error.problem}; {error.hint}"))
    return plan


def _chooses_resource(catalog: Catalog, only: str) -> bool:
    from dd_sync.plan.resources import is_chosen

    return any(is_chosen(one.key, only) for one in catalog.resources)


def resource_calls(app: App, catalog: Catalog, datadog: Datadog) -> list[Calls]:
    """What reads and writes each kind that the catalog manages, beside monitors."""
    calls: list[Calls] = []
    if "webhook" in catalog.manages:
        from dd_sync.kinds.webhook import WebhookCalls

        calls.append(WebhookCalls(datadog.webhooks, catalog.name))
    if "downtime" in catalog.manages:
        from dd_sync.kinds.downtime import DowntimeCalls

        calls.append(DowntimeCalls(datadog.downtimes, catalog.name, app.now))
    if "dashboard" in catalog.manages:
        from dd_sync.kinds.dashboard import DashboardCalls

        calls.append(DashboardCalls(datadog.dashboards, catalog.name))
    return calls


def _adopting(
    catalog: Catalog, live: Iterable[Mapping[str, Any]], datadog: Datadog, only: str | None
) -> Mapping[str, Any]:
    """The monitors that this plan adopts, by key. Raises CannotAdopt at the lines that say so."""
    wanting = [one for one in catalog.monitors if one.adopt is not None]
    if not wanting:
        return {}
    from dd_sync.kinds.monitor import identity
    from dd_sync.plan.adopt import CannotAdopt, adoptions, fetch, pending

    owned = {key for body in live if (key := identity(body, catalog.name)) is not None}
    wanting = [one for one in pending(wanting, owned) if only is None or fnmatchcase(one.key, only)]
    ids = {one.adopt for one in wanting if one.adopt is not None}
    try:
        return adoptions(wanting, fetch(ids, datadog.monitors) if ids else {}, catalog.name)
    except CannotAdopt as error:
        places = {one.key: catalog.locate(one, ("adopt",)) for one in wanting}
        raise error.placed(places) from None


def _tell_unknown(app: App, live: Iterable[Mapping[str, Any]]) -> None:
    from dd_sync.kinds.monitor import unknown_fields
    from dd_sync.text import within_line

    unknown = within_line(", ".join(unknown_fields(live)), 500)
    if unknown:
        app.screen.detail(f"fields of live monitors that are not compared unless declared: {unknown}")


def tell_tunables(app: App, catalog: Catalog) -> None:
    """The values that are not the defaults, and where each comes from: they change what is planned."""
    for tunable in catalog.tunables:
        if tunable.source != "default":
            app.say(f"{tunable.name} = {tunable.value} from {tunable.source}")


def show_plan(app: App, plan: Plan, saved_as: Path | None = None) -> None:
    if app.format == "json":
        app.show_json(as_json(plan))
    elif app.format == "markdown":
        app.show(as_markdown(plan))
    else:
        app.show(as_text(plan, style=style(app), saved_as=str(saved_as) if saved_as else None))


def style(app: App) -> Style:
    if not app.screen.colours(sys.stdout):
        return plain
    return lambda text, kind: click.style(text, fg=_COLOURS.get(kind), dim=kind == "dim")
