"""The answer to `dd-sync why` as data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dd_sync.evaluate.event_steps import Searched
from dd_sync.evaluate.replay import Notification
from dd_sync.evaluate.steps import Steps
from dd_sync.report.why_answer import MOST_COUNTED, Event, Recipient, Why


def as_data(why: Why) -> dict[str, Any]:
    """`--format json`: times in UTC as ISO 8601; null where there is none."""
    return {
        "monitor": why.case.key,
        "group": why.group,
        "scenario": why.case.name or None,
        "at": _iso(why.at),
        "state": _name(why.state),
        "before": _name(why.before),
        "since": _iso(why.since),
        "value": why.value,
        "reasons": list(why.reasons),
        "window": None if why.steps is None else _window(why.steps),
        "searches": [_searched(one) for one in why.searches],
        "thresholds": [
            {"name": one.name, "comparator": one.comparator, "threshold": one.threshold, "past": one.past}
            for one in why.levels
        ],
        "parts": [
            {"name": one.name, "group": one.group or None, "state": _name(one.state), "value": one.value}
            for one in why.parts
        ],
        "runs": [{"at": _iso(one.at), "status": one.status.name, "message": one.message} for one in why.runs],
        "sent": [_notification(one) for one in why.sent],
        "held": [{"kind": str(one.kind), "reason": one.reason} for one in why.held],
        "recipients": [_recipient(one) for one in why.recipients],
        "last": None if why.last is None else _notification(why.last),
        "next": None if why.after is None else _notification(why.after),
        "downtimes": [
            {
                "name": one.name or None,
                "scope": one.scope,
                "start": _iso(one.start),
                "end": None if one.end is None else _iso(one.end),
                "effect": one.effect,
            }
            for one in why.downtimes
        ],
        "events": [_event(one) for one in why.events],
        "notes": list(why.notes),
    }


def _window(steps: Steps) -> dict[str, Any]:
    return {
        "start": _iso(steps.start),
        "end": _iso(steps.end),
        "bucket_seconds": steps.bucket,
        "method": steps.method,
        "value": steps.value,
        "full": steps.full,
        "series": steps.series,
        "steps": [
            {
                "text": step.text,
                "earlier_seconds": step.earlier,
                "buckets": [_iso(start) for start in step.buckets],
                "values": list(step.values),
            }
            for step in steps.steps
        ],
    }


def _searched(one: Searched) -> dict[str, Any]:
    return {
        "name": one.name,
        "source": one.query.source,
        "method": one.query.method,
        "measure": one.query.measure,
        "start": _iso(one.start),
        "end": _iso(one.end),
        "facets": dict(one.facets),
        "value": one.value,
        "count": len(one.events),
        "events": [{"at": _iso(each.at), "values": list(each.values)} for each in one.events[-MOST_COUNTED:]],
    }


def _notification(one: Notification) -> dict[str, Any]:
    return {
        "at": _iso(one.at),
        "kind": str(one.kind),
        "title": one.title,
        "body": one.body,
        "handles": list(one.handles),
    }


def _recipient(one: Recipient) -> dict[str, Any]:
    return {"handle": one.handle, "told": one.told, "why": one.why or None}


def _event(one: Event) -> dict[str, Any]:
    return {"at": _iso(one.at), "what": one.what, "value": one.value, "told": one.told}


def _name(state: object) -> str | None:
    return None if state is None else str(state)


def _iso(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
