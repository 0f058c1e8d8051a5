"""The routes of the local Datadog: who may call them, how often, and what becomes of errors."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from dd_sync.local import (
    control,
    dashboards,
    downtimes,
    events,
    holds,
    intake,
    monitors,
    query_api,
    search,
    streams,
    webhooks,
)
from dd_sync.local.http import (
    ORDINARY,
    SERIES_V1,
    SERIES_V2,
    Answer,
    BodyLimit,
    Call,
    Handler,
    Refused,
    read_body,
    read_json,
    unpack,
)
from dd_sync.local.limits import Quota, RateLimit, RateLimiter
from dd_sync.local.org import Evaluator, Org
from dd_sync.local.store import Store
from dd_sync.ports import Clock

LOG = logging.getLogger("dd_sync.local")
_STATUS_TEXTS = {404: "Not found", 405: "Method not allowed"}

Background = Callable[[Org], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that are accepted; None accepts any that is not empty. Never logged, never stored."""

    api: str | None = field(default=None, repr=False)
    application: str | None = field(default=None, repr=False)

    def check(self, headers: Mapping[str, str], *, both: bool) -> None:
        sent = headers.get("dd-api-key", "")
        if not sent:
            raise Refused(403, "API key required")
        if not _same(sent, self.api):
            raise Refused(403, "Forbidden")
        if both and not _same(headers.get("dd-application-key", ""), self.application):
            raise Refused(403, "Forbidden")


def _same(sent: str, wanted: str | None) -> bool:
    return bool(sent) if wanted is None else hmac.compare_digest(sent.encode(), wanted.encode())


@dataclass(frozen=True, slots=True)
class Endpoint:
    """both: the application key is needed too; limit: the name of its request limit, if it has one."""

    method: str
    path: str
    handler: Handler
    both: bool = True
    limit: str | None = None
    body: BodyLimit = ORDINARY


def _validate_key(_: Call) -> Answer:
    return Answer({"valid": True})


_MONITOR, _DOWNTIME, _DASHBOARD = "/api/v1/monitor", "/api/v2/downtime", "/api/v1/dashboard"
_WEBHOOKS = "/api/v1/integration/webhooks/configuration"
ENDPOINTS = (
    Endpoint("GET", "/api/v1/validate", _validate_key, both=False),
    Endpoint("GET", _MONITOR, monitors.listing, limit="monitor_list"),
    Endpoint("POST", _MONITOR, monitors.create, limit="monitor_create"),
    Endpoint("POST", f"{_MONITOR}/validate", monitors.validate, limit="monitor_validate"),
    Endpoint("GET", f"{_MONITOR}/can_delete", monitors.can_delete, limit="monitor_can_delete"),
    Endpoint("GET", f"{_MONITOR}/search", search.search, limit="monitor_search"),
    Endpoint("GET", f"{_MONITOR}/groups/search", search.search_groups, limit="monitor_search"),
    Endpoint("GET", _MONITOR + "/{id}", monitors.read, limit="monitor_get"),
    Endpoint("PUT", _MONITOR + "/{id}", monitors.update, limit="monitor_update"),
    Endpoint("DELETE", _MONITOR + "/{id}", monitors.delete, limit="monitor_delete"),
    Endpoint("POST", _MONITOR + "/{id}/validate", monitors.validate_existing, limit="monitor_validate"),
    Endpoint("GET", "/api/v2/monitor/{id}/downtime_matches", downtimes.matches, limit="downtime_matches"),
    Endpoint("GET", _DOWNTIME, downtimes.listing, limit="downtime_list"),
    Endpoint("POST", _DOWNTIME, downtimes.create, limit="downtime_create"),
    Endpoint("GET", _DOWNTIME + "/{id}", downtimes.read, limit="downtime_get"),
    Endpoint("PATCH", _DOWNTIME + "/{id}", downtimes.update, limit="downtime_update"),
    Endpoint("DELETE", _DOWNTIME + "/{id}", downtimes.cancel, limit="downtime_cancel"),
    Endpoint("GET", _DASHBOARD, dashboards.listing, limit="dashboard_list"),
    Endpoint("POST", _DASHBOARD, dashboards.create, limit="dashboard_create"),
    Endpoint("DELETE", _DASHBOARD, dashboards.delete_several, limit="dashboard_delete"),
    Endpoint("PATCH", _DASHBOARD, dashboards.restore_several, limit="dashboard_update"),
    Endpoint("GET", _DASHBOARD + "/{id}", dashboards.read, limit="dashboard_get"),
    Endpoint("PUT", _DASHBOARD + "/{id}", dashboards.update, limit="dashboard_update"),
    Endpoint("DELETE", _DASHBOARD + "/{id}", dashboards.delete, limit="dashboard_delete"),
    Endpoint("POST", f"{_WEBHOOKS}/webhooks", webhooks.create, limit="webhook"),
    Endpoint("GET", _WEBHOOKS + "/webhooks/{id}", webhooks.read, limit="webhook"),
    Endpoint("PUT", _WEBHOOKS + "/webhooks/{id}", webhooks.update, limit="webhook"),
    Endpoint("DELETE", _WEBHOOKS + "/webhooks/{id}", webhooks.delete, limit="webhook"),
    Endpoint("POST", f"{_WEBHOOKS}/custom-variables", webhooks.create_variable, limit="webhook"),
    Endpoint("GET", _WEBHOOKS + "/custom-variables/{id}", webhooks.read_variable, limit="webhook"),
    Endpoint("PUT", _WEBHOOKS + "/custom-variables/{id}", webhooks.update_variable, limit="webhook"),
    Endpoint("DELETE", _WEBHOOKS + "/custom-variables/{id}", webhooks.delete_variable, limit="webhook"),
    # Datadog does not limit the submission of metrics by request.
    Endpoint("POST", "/api/v1/series", intake.series_v1, both=False, body=SERIES_V1),
    Endpoint("POST", "/api/v2/series", intake.series_v2, both=False, body=SERIES_V2),
    Endpoint("GET", "/api/v1/query", query_api.query, limit="query"),
    Endpoint("GET", "/api/v2/events", events.listing, limit="events_list"),
    Endpoint("POST", "/api/v2/events/search", events.search, limit="events_list"),
    Endpoint("POST", "/api/v1/events", events.post, both=False),
    Endpoint("POST", "/api/v1/check_run", streams.check_runs, both=False, body=SERIES_V1),
    Endpoint("POST", "/api/v2/logs", streams.logs, both=False, body=SERIES_V2),
    # Not Datadog's: what this tool's own users ask.
    Endpoint("GET", "/api/holds", holds.listing),
    Endpoint("GET", "/api/holds/{id}", holds.one),
    Endpoint("POST", "/local/series", intake.history, both=False, body=SERIES_V1),
    Endpoint("POST", "/local/check_run", streams.check_history, both=False, body=SERIES_V1),
    Endpoint("POST", "/local/events", streams.event_history, both=False, body=SERIES_V1),
    Endpoint("POST", "/local/evaluate", control.evaluate, both=False),
    Endpoint("GET", "/local/notifications", control.notifications, both=False),
    Endpoint("GET", "/local/status", control.status, both=False),
    Endpoint("GET", "/local/clock", control.read_clock, both=False),
    Endpoint("POST", "/local/clock", control.move_clock, both=False),
)


def create_app(
    store: Store,
    engine: Evaluator,
    clock: Clock,
    *,
    keys: Keys | None = None,
    limit: RateLimit | None = None,
    wall: Callable[[], float] = time.time,
    background: Background | None = None,
) -> Starlette:
    """The local Datadog as an ASGI application.

    clock: the time monitors live in; wall: epoch seconds, the time request limits live in.
    limit: of each endpoint by itself. background: runs while the application does.
    """
    org = Org(store, engine, clock, RateLimiter(wall))
    gate = _Gate(org, keys or Keys(), limit or RateLimit())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if background is None:
            yield
        else:
            async with background(org):
                yield

    routes = [Route(one.path, gate.endpoint(one), methods=[one.method]) for one in ENDPOINTS]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _no_route})
    app.router.redirect_slashes = False
    return app


async def _no_route(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _respond(_refusal(Refused(status, _STATUS_TEXTS.get(status, "Bad request"))))


class _Gate:
    """What stands before every handler: keys, limits, the body; and after it: errors as Datadog's JSON."""

    def __init__(self, org: Org, keys: Keys, limit: RateLimit) -> None:
        self._org = org
        self._keys = keys
        self._limit = limit

    def endpoint(self, one: Endpoint) -> Callable[[Request], object]:
        async def serve(request: Request) -> Response:
            quota = None
            try:
                self._keys.check(request.headers, both=one.both)
                quota = self._take(one)
                call = await self._read(request, one)
                answer = await run_in_threadpool(one.handler, call)
            except Refused as refused:
                answer = _refusal(refused)
            except ClientDisconnect:
                answer = _refusal(Refused(400, "The request ended before its body did"))
            except Exception:
                LOG.exception("%s %s failed", one.method, one.path)
                answer = _refusal(Refused(500, "Internal error"))
            return _respond(answer, quota)

        return serve

    def _take(self, one: Endpoint) -> Quota | None:
        if one.limit is None:
            return None
        quota = self._org.limiter.take(one.limit, self._limit)
        if not quota.allowed:
            raise Refused(429, self._limit.message, headers=quota.headers())
        return quota

    async def _read(self, request: Request, one: Endpoint) -> Call:
        body = None
        if one.method != "GET":
            sent = await read_body(request.stream(), one.body)
            encoding = request.headers.get("content-encoding", "")
            body = await run_in_threadpool(lambda: read_json(unpack(sent, encoding, one.body)))
        return Call(self._org, request.path_params, request.query_params, body)


def _refusal(refused: Refused) -> Answer:
    return Answer({"errors": list(refused.errors)}, status=refused.status, headers=refused.headers)


def _respond(answer: Answer, quota: Quota | None = None) -> Response:
    headers = {**(quota.headers() if quota else {}), **answer.headers}
    return Response(
        answer.encoded(),
        status_code=answer.status,
        headers=headers,
        media_type=None if answer.body is None else answer.media_type,
    )
