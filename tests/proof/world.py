"""One history: a catalog that is edited, a Datadog that is edited by others, and applies that go wrong."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from dd_sync.datadog.client import connect
from dd_sync.datadog.retry import Patience
from dd_sync.errors import DatadogError, UnsafePlan
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.model.ownership import APPLIED, CATALOG, MANAGED, ownership_tags
from dd_sync.plan.apply import apply
from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Plan
from dd_sync.plan.report import Report
from dd_sync.plan.safety import Limits, check_limits
from dd_sync.ports import Json, Monitors
from tests.proof.proxy import Passed, Proxy

KEYS = {"DD_API_KEY": "a1" * 16, "DD_APP_KEY": "b2" * 20}
LIMITS = Limits()
_numbers = itertools.count(1)


class Killed(BaseException):
    """The process ended here: whatever would have come next did not."""


class Mortal:
    """The port `Monitors`, until so many writes were sent; then every call ends the process."""

    def __init__(self, monitors: Monitors, writes: int | None) -> None:
        self._monitors = monitors
        self._left = writes

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._monitors, name)

        def mortal(*given: Any, **named: Any) -> Any:
            if self._left is not None and self._left <= 0:
                raise Killed
            if name not in ("create", "update", "delete"):
                return call(*given, **named)
            try:
                return call(*given, **named)
            finally:
                if self._left is not None:
                    self._left -= 1
                    if self._left <= 0:
                        raise Killed

        return mortal


class World:
    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.catalog = f"proof-{next(_numbers)}"
        self.declared: dict[str, Declared] = {}
        # Nobody waits here: what is slept is not, and lists lag by their number and not by the clock.
        patience = Patience(sleep=lambda _: None, jitter=lambda: 0.0)
        self.datadog = connect(KEYS, host=proxy.url, patience=patience)
        # Somebody else's, as like ours as can be: another catalog, and one with our key but not our mark.
        self.foreign = [
            self.post("theirs", 500, ownership_tags(f"{self.catalog}-2", "a")),
            self.post("unmarked", 500, ownership_tags(self.catalog, "a")[1:]),
        ]

    def close(self) -> None:
        self.datadog.close()
        for monitor in sorted(self.ours(), key=lambda one: one["type"] != "composite"):
            self.call("DELETE", f"/api/v1/monitor/{monitor['id']}?force=true")
        for monitor in self.foreign:
            self.call("DELETE", f"/api/v1/monitor/{monitor['id']}?force=true")

    # --- what the catalog's authors do -----------------------------------------------------------

    def declare(
        self, key: str, limit: int, parts: Sequence[str] = (), was: str | None = None, *, logs: bool = False
    ) -> None:
        fields: dict[str, Any] = {
            "type": "log alert" if logs else "query alert",
            "query": logs_of(key, limit) if logs else query_of(key, limit),
            "options": {"thresholds": {"critical": limit}},
        }
        if parts:
            query = " && ".join(f"${{monitor:{part}}}" for part in parts)
            fields = {"type": "composite", "query": query, "options": {}}
        tags = ("team:risk", *ownership_tags(self.catalog, key))
        monitor = Monitor(name=f"{key} of {self.catalog}", message=f"limit {limit}", tags=tags, **fields)
        self.declared[key] = Declared(
            key=key, monitor=monitor, file="m.yaml", path=(), references=tuple(parts), was=was
        )

    def drop(self, key: str) -> None:
        """Takes a monitor out, and the composites that name it."""
        self.declared = {
            name: one for name, one in self.declared.items() if name != key and key not in one.references
        }

    # --- what others do in Datadog ---------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Straight to Datadog, past the proxy."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "DD-API-KEY": "k", "DD-APPLICATION-KEY": "k"}
        request = urllib.request.Request(self.proxy.upstream + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def marks(self, key: str) -> tuple[str, ...]:
        return ownership_tags(self.catalog, key)

    def post(self, name: str, limit: int, tags: Sequence[str]) -> Json:
        body = {
            "type": "query alert",
            "name": f"{name} of {self.catalog}",
            "query": query_of(name, limit),
            "message": "m",
            "tags": list(tags),
        }
        made: Json = self.call("POST", "/api/v1/monitor", body)
        return made

    def edit(self, monitor: Mapping[str, Any], **fields: Any) -> None:
        self.call("PUT", f"/api/v1/monitor/{monitor['id']}", fields)

    def ours(self) -> list[Json]:
        found: list[Json] = self.call(
            "GET", f"/api/v1/monitor?monitor_tags={MANAGED},{CATALOG}{self.catalog}"
        )
        return found

    def by_key(self) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {}
        for monitor in self.ours():
            for tag in monitor["tags"]:
                if tag.startswith("dd_sync_key:"):
                    found.setdefault(tag.removeprefix("dd_sync_key:"), []).append(monitor)
        return found

    # --- what dd-sync does -----------------------------------------------------------------------

    def plan(self) -> Plan:
        live = self.datadog.monitors.list((MANAGED, CATALOG + self.catalog))
        return build_plan(list(self.declared.values()), live, self.catalog)

    def apply(self, *, allow_deletes: int | None = None, kill_after: int | None = None) -> Report | None:
        """One run; None if it was refused, Datadog could not be read, or it was killed.

        Whatever happens on its way, it deletes no more than it may, and only what it planned or made itself.
        """
        before = {monitor["id"] for monitor in self.ours()}
        start = len(self.proxy.passed)
        planned: list[int] = []
        try:
            plan = self.plan()
            check_limits(plan, LIMITS, allow_deletes=allow_deletes, allow_updates=len(plan.changes))
            planned = [change.monitor_id for change in plan.changes if change.action in ("delete", "replace")]
            port: Any = Mortal(self.datadog.monitors, kill_after)
            # A part that is to be replaced is still named by its composites then.
            force = [change.key for change in plan.changes if change.action == "replace"]
            return apply(plan, port, sleep=lambda _: None, workers=1, force=force)
        except (Killed, UnsafePlan, DatadogError):
            return None
        finally:
            gone = {_id(one) for one in self.proxy.passed[start:] if _is_delete(one)} & before
            assert gone <= set(planned), "it deleted what it did not plan to"
            if allow_deletes is None:
                assert len(gone) <= LIMITS.deletes, "it deleted past the limit"
                assert 100 * len(gone) <= LIMITS.deletes_percent * len(before), "it deleted past the limit"

    def apply_twice_at_once(self, at: int) -> None:
        """Two runs: as the first sends its write of this number, the second comes and goes as a whole."""
        left = [at]

        def meet(method: str, path: str) -> None:
            left[0] -= method != "GET"
            if method != "GET" and left[0] == 0:
                self.apply(allow_deletes=1_000)

        self.proxy.on_request = meet
        self.apply(allow_deletes=1_000)
        self.proxy.calm()

    def finish(self) -> None:
        """One more apply, without faults: then live is as declared, once each."""
        self.proxy.calm()
        report = self.apply(allow_deletes=1_000)
        assert report is not None, "a fault-free apply was refused"
        assert report.is_complete, report
        live = self.by_key()
        assert {key: len(found) for key, found in live.items()} == dict.fromkeys(self.declared, 1)
        ids = {key: str(found[0]["id"]) for key, found in live.items()}
        for key, one in self.declared.items():
            [monitor] = live[key]
            query = one.monitor.query
            for part in one.references:
                query = query.replace(f"${{monitor:{part}}}", ids[part])
            assert (monitor["type"], monitor["query"]) == (one.monitor.type, query)
            assert (monitor["name"], monitor["message"]) == (one.monitor.name, one.monitor.message)
            remembered = [tag for tag in monitor["tags"] if tag.startswith(APPLIED)]
            assert len(remembered) == 1
            assert (*monitor["tags"],) == (*one.monitor.tags, *remembered)
            assert monitor["options"].get("thresholds") == one.monitor.options.get("thresholds")
        assert self.plan().changes == ()
        written = len(self.proxy.writes)
        assert self.apply() is not None
        assert len(self.proxy.writes) == written, "a second apply wrote"
        self.check_foreign()

    def check_foreign(self) -> None:
        for monitor in self.foreign:
            there = self.call("GET", f"/api/v1/monitor/{monitor['id']}")
            assert there["modified"] == monitor["modified"], "somebody else's monitor was changed"


def query_of(key: str, limit: int) -> str:
    return f"sum(last_1h):sum:proof.{key}{{env:prod}} by {{tenant}}.as_count() > {limit}"


def logs_of(key: str, limit: int) -> str:
    return f'logs("proof.{key}").index("*").rollup("count").last("5m") > {limit}'


def _is_delete(passed: Passed) -> bool:
    return passed.method == "DELETE" and passed.status == 200


def _id(passed: Passed) -> int:
    return int(passed.answer["deleted_monitor_id"])
