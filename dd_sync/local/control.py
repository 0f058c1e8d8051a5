"""/local/…: what only the local Datadog has, for demos, tests and people.

POST /local/evaluate       {"until": ISO time}, both optional: evaluates what is due, to now or to then
GET  /local/notifications  ?after=<id>&limit=<n>: {"notifications": […], "suppressed": […], "last": <id>}
GET  /local/status         what is kept, when it was last evaluated, and which monitors are not, and why
GET  /local/clock          {"now": ISO, "epoch": seconds, "simulated": bool}
POST /local/clock          {"advance": "30m"} or {"to": ISO time}: moves a simulated clock, evaluates
POST /local/series         the v2 series body with points of any age that is kept, or ahead
POST /local/check_run      the body of /api/v1/check_run, likewise
POST /local/events         [{"source", "timestamp", "tags", "attributes", "message"}], likewise
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dd_sync import __version__
from dd_sync.local.clock import SimulatedClock
from dd_sync.local.http import Answer, Call, Refused, bad_request
from dd_sync.local.org import Evaluated, Org
from dd_sync.local.schedule import read_moment
from dd_sync.local.verdicts_table import Told
from dd_sync.timeframe import parse_duration

_LONGEST_ADVANCE = timedelta(days=31)
# Not more than evaluation catches up with in one go.
_STRIDE = timedelta(hours=12)
_MOST = 1000


def evaluate(call: Call) -> Answer:
    now = call.org.clock()
    body = call.mapping() if call.body is not None else {}
    until = read_moment(body.get("until")) or now
    if until > now:
        raise bad_request("'until' is in the future")
    return Answer(_evaluated(call.org.engine.evaluate(until)))


def notifications(call: Call) -> Answer:
    after = call.number("after", default=0)
    found = call.org.store.told.after(after, call.number("limit", default=_MOST, least=1, most=_MOST))
    return Answer(
        {
            "notifications": [_told(one) for one in found if one.suppressed is None],
            "suppressed": [_told(one) for one in found if one.suppressed is not None],
            "last": found[-1].id if found else after,
        }
    )


def status(call: Call) -> Answer:
    store = call.org.store
    verdicts = store.verdicts.all()
    series, points = store.points.count()
    last = max((verdict.at for verdict in verdicts.values()), default=None)
    return Answer(
        {
            "version": __version__,
            "now": call.org.clock().isoformat(),
            "evaluated": None if last is None else datetime.fromtimestamp(last, UTC).isoformat(),
            "monitors": len(store.monitors.all()),
            "downtimes": len(store.downtimes.all()),
            "series": series,
            "points": points,
            "notifications": store.told.count(),
            "unsupported": [
                {"monitor_id": number, "reason": verdict.unsupported}
                for number, verdict in sorted(verdicts.items())
                if verdict.unsupported is not None
            ],
        }
    )


def read_clock(call: Call) -> Answer:
    return Answer(_clock(call.org))


def move_clock(call: Call) -> Answer:
    clock = call.org.clock
    if not isinstance(clock, SimulatedClock):
        raise Refused(
            409, "The clock is the machine's; start the local Datadog with --clock simulated to move it"
        )
    start, goal = clock(), _goal(call, clock())
    while (now := clock()) < goal:
        clock.move(min(goal, now + _STRIDE))
        call.org.engine.evaluate(clock())
    return Answer({**_clock(call.org), "advanced": (clock() - start).total_seconds()})


def _goal(call: Call, now: datetime) -> datetime:
    body = call.mapping()
    if set(body) not in ({"advance"}, {"to"}):
        raise bad_request("Give either 'advance', such as 30m, or 'to', an ISO time")
    if "to" in body:
        goal = read_moment(body["to"]) or now
    else:
        try:
            goal = now + parse_duration(str(body["advance"]))
        except ValueError as error:
            raise bad_request(str(error)) from None
    if not now <= goal <= now + _LONGEST_ADVANCE:
        raise bad_request("The clock moves forward, at most 31 days at a time")
    return goal


def _clock(org: Org) -> dict[str, Any]:
    now = org.clock()
    return {
        "now": now.isoformat(),
        "epoch": int(now.timestamp()),
        "simulated": isinstance(org.clock, SimulatedClock),
    }


def _evaluated(done: Evaluated) -> dict[str, Any]:
    return {
        "until": done.until.isoformat(),
        "monitors": done.monitors,
        "notifications": done.notifications,
        "unsupported": [
            {"monitor_id": number, "reason": reason} for number, reason in sorted(done.unsupported.items())
        ],
    }


def _told(told: Told) -> dict[str, Any]:
    return {
        "id": told.id,
        "at": datetime.fromtimestamp(told.at, UTC).isoformat(),
        "monitor_id": told.monitor,
        "group": told.group,
        "kind": told.kind,
        "title": told.title,
        "body": told.body,
        "handles": list(told.handles),
        **({} if told.suppressed is None else {"reason": told.suppressed}),
    }
