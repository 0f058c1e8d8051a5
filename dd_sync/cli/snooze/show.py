"""What the snooze commands print, and the settings they share."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dd_sync.cli.app import App
from dd_sync.snooze.words import moment

if TYPE_CHECKING:
    from dd_sync.catalog.brief import Brief
    from dd_sync.snooze.request import Policy, Snooze


def brief_of(app: App) -> Brief:
    """What catalog.yaml says about snoozes."""
    from dd_sync.catalog.brief import read_brief

    return read_brief(app.folder, app.env)


def policy_of(brief: Brief, longer_because: str | None) -> Policy:
    from dd_sync.snooze.request import Policy

    return Policy(brief.longest, longer_because)


def as_object(one: Snooze, now: datetime) -> dict[str, Any]:
    """A snooze as `--format json` shows it; times are ISO 8601 in UTC, left is seconds."""
    return {
        "id": one.id,
        "tenant": one.tenant,
        "scope": one.scope,
        "owner": one.owner,
        "reason": one.reason,
        "ticket": one.ticket,
        "longer_than_policy": one.longer_because,
        "start": one.start.isoformat() if one.start else None,
        "end": one.end.isoformat() if one.end else None,
        "left": int(one.left(now).total_seconds()),
        "monitor_id": one.monitor_id,
        "status": one.status,
    }


def moment_here(at: datetime | None) -> str:
    """The same with the time that this machine's clock shows, where it shows another."""
    if at is None:
        return moment(at)
    here = at.astimezone()
    if here.utcoffset() == timedelta():
        return moment(at)
    day = "" if here.date() == at.date() else f"{here:%Y-%m-%d} "
    return f"{moment(at)} ({day}{here:%H:%M} {here:%Z} here)"


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
