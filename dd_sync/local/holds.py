"""GET /api/holds: what a payment service asks before it pays. Read-only; nothing here moves money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dd_sync.errors import QueryError
from dd_sync.holds.events import REVIEW, alerts_in, reviews_in
from dd_sync.holds.record import Hold, holds_of
from dd_sync.local.events import everything
from dd_sync.local.http import Answer, Call
from dd_sync.local.monitors_table import StoredMonitor
from dd_sync.local.org import Org
from dd_sync.model.ownership import CATALOG, KEY
from dd_sync.query.alerts import CompositeAlert, MonitorId
from dd_sync.query.composite import keys_of_parts, parts_of
from dd_sync.query.queries import parse_query
from dd_sync.query.tools import query_keys

_LOOKS_BACK = timedelta(days=30)


def listing(call: Call) -> Answer:
    """Every open hold: held, since, why."""
    return Answer({"holds": [_answer(*one) for one in _open(call.org)]})


def one(call: Call) -> Answer:
    """Whether a tenant, account or provider is held: by its tag, `tenant:acme`, or by its name alone."""
    subject = call.path["id"]
    found = [one for one in _open(call.org) if one[1].about.is_about(subject)]
    return Answer({"subject": subject, "held": bool(found), "holds": [_answer(*one) for one in found]})


def _open(org: Org) -> Sequence[tuple[str, Hold]]:
    """With the catalog of each, newest first."""
    now = org.clock()
    events = everything(org, now - _LOOKS_BACK, now)
    found: list[tuple[str, Hold]] = []
    # Two catalogs, or two environments of one, have holds of their own under the same keys.
    for catalog, groups in _groups(org).items():
        own = [(searched, event) for searched, event in events if CATALOG + catalog in searched.tags]
        alerts = [event for searched, event in own if searched.source == "alert" and REVIEW in searched.tags]
        reviews = [event for searched, event in own if searched.source != "alert"]
        holds = holds_of(alerts_in(alerts, groups), reviews_in(reviews, groups))
        found += [(catalog, hold) for hold in holds if hold.is_open]
    return sorted(found, key=lambda one: one[1].since, reverse=True)


def _groups(org: Org) -> dict[str, dict[str, tuple[str, ...]]]:
    """By catalog and by monitor's key, the tag keys it alerts by."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for monitor in org.store.monitors.all():
        keys = [tag.removeprefix(KEY) for tag in monitor.tags if tag.startswith(KEY)]
        catalogs = [tag.removeprefix(CATALOG) for tag in monitor.tags if tag.startswith(CATALOG)]
        if REVIEW in monitor.tags and len(keys) == len(catalogs) == 1:
            found.setdefault(catalogs[0], {})[keys[0]] = _grouped_by(org, monitor)
    return found


def _grouped_by(org: Org, monitor: StoredMonitor) -> tuple[str, ...]:
    try:
        query = parse_query(str(monitor.definition["type"]), str(monitor.definition["query"]))
    except QueryError:
        return ()
    if not isinstance(query, CompositeAlert):
        return query_keys(query)
    ids = (one.id for one in parts_of(query.condition) if isinstance(one, MonitorId))
    parts = (org.store.monitors.get(number) for number in ids)
    return keys_of_parts(_grouped_by(org, one) for one in parts if one is not None)


def _answer(catalog: str, hold: Hold) -> dict[str, Any]:
    return {
        "held": hold.is_open,
        "catalog": catalog,
        "subject": hold.about.subject,
        "monitor": hold.about.key,
        "since": hold.since.isoformat(),
        "why": hold.title,
        "alerts": hold.alerts,
    }
