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
from dd_sync.local.org import Org
from dd_sync.model.ownership import KEY
from dd_sync.query.queries import parse_query
from dd_sync.query.tools import query_keys

_LOOKS_BACK = timedelta(days=30)


def listing(call: Call) -> Answer:
    """Every open hold: held, since, why."""
    return Answer({"holds": [_answer(hold) for hold in _open(call.org)]})


def one(call: Call) -> Answer:
    """Whether a tenant, account or provider is held: by its tag, `tenant:acme`, or by its name alone."""
    subject = call.path["id"]
    found = [hold for hold in _open(call.org) if hold.about.is_about(subject)]
    return Answer({"subject": subject, "held": bool(found), "holds": [_answer(hold) for hold in found]})


def _open(org: Org) -> Sequence[Hold]:
    now = org.clock()
    events = everything(org, now - _LOOKS_BACK, now)
    alerts = [event for searched, event in events if searched.source == "alert" and REVIEW in searched.tags]
    reviews = [event for searched, event in events if searched.source != "alert"]
    groups = _groups(org)
    found = holds_of(alerts_in(alerts, groups), reviews_in(reviews, groups))
    return [hold for hold in found if hold.is_open]


def _groups(org: Org) -> dict[str, tuple[str, ...]]:
    """By monitor's key, the tag keys it alerts by."""
    found: dict[str, tuple[str, ...]] = {}
    for monitor in org.store.monitors.all():
        keys = [tag.removeprefix(KEY) for tag in monitor.tags if tag.startswith(KEY)]
        if REVIEW in monitor.tags and len(keys) == 1:
            found[keys[0]] = _grouped_by(str(monitor.definition["type"]), str(monitor.definition["query"]))
    return found


def _grouped_by(kind: str, query: str) -> tuple[str, ...]:
    try:
        return query_keys(parse_query(kind, query))
    except QueryError:
        return ()


def _answer(hold: Hold) -> dict[str, Any]:
    return {
        "held": hold.is_open,
        "subject": hold.about.subject,
        "monitor": hold.about.key,
        "since": hold.since.isoformat(),
        "why": hold.title,
        "alerts": hold.alerts,
    }
