"""Series read from Prometheus: the metric of a guard by its name there, one query each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dd_sync.errors import DdSyncError, Exit, RequestError
from dd_sync.evaluate.select import Group
from dd_sync.promql.buckets import bucket
from dd_sync.promql.matchers import label_name
from dd_sync.text import within_line
from dd_sync.worker.buckets import Buckets, Plan
from dd_sync.worker.sources import Read, Wanted

if TYPE_CHECKING:
    import requests

# Prometheus answers at most 11,000 points a series.
_MOST_BUCKETS = 10_000
_LARGEST = 100_000_000
_CONNECT, _READ = 3.0, 20.0


class PrometheusError(DdSyncError):
    """Prometheus could not be reached, or answered with an error. Never carries the token."""

    exit = Exit.UNREACHABLE
    rule = "prometheus"


def checked_url(url: str, *, token: bool) -> str:
    """The base URL without a slash at its end. Raises RequestError before anything is sent."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not host or not plain or not url.isprintable():
        raise RequestError(
            "this is not the URL of a Prometheus",
            hint="write for example http://prometheus:9090, without user or query; "
            "a token goes into PROMETHEUS_TOKEN",
        )
    if token and parts.scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        raise RequestError(
            "PROMETHEUS_TOKEN is not sent over plain http",
            hint="use https, or unset it if the server asks for none",
        )
    return url.rstrip("/")


@dataclass(slots=True)
class PrometheusSource:
    """The port `Source` on Prometheus. session: without redirects followed, they would carry the token on."""

    url: str
    session: requests.Session
    token: str | None = field(default=None, repr=False)
    queries: int = 0

    def batches(self, wanted: Sequence[Wanted]) -> list[list[Wanted]]:
        return [[one] for one in wanted]

    def read(self, batch: Sequence[Wanted]) -> Read:
        found: dict[str, Buckets | DdSyncError] = {}
        for one in batch:
            try:
                found[one.plan.key] = self._read(one)
            except DdSyncError as error:
                found[one.plan.key] = error
        return found

    def wait(self) -> float:
        return 0.0

    def _read(self, wanted: Wanted) -> Buckets:
        plan, step = wanted.plan, wanted.plan.step
        query = bucket(plan.metric, plan.derivation.bucket)
        points: dict[Group, list[tuple[int, float]]] = {}
        for start in range(wanted.start, wanted.end, _MOST_BUCKETS * step):
            end = min(wanted.end, start + _MOST_BUCKETS * step)
            # A bucket's value is what Prometheus has at its end.
            asked = {"query": query, "start": start + step, "end": end, "step": step}
            for labels, values in self._matrix(asked):
                group = _group(labels, plan)
                if group is not None:
                    points.setdefault(group, []).extend((at - step, value) for at, value in values)
        return Buckets.of(points, wanted.start, wanted.end, step)

    def _matrix(self, asked: dict[str, Any]) -> list[tuple[dict[str, Any], list[tuple[int, float]]]]:
        result = self._ask(asked)
        try:
            return [
                (dict(one["metric"]), [(round(float(at)), float(value)) for at, value in one["values"]])
                for one in result
            ]
        except (KeyError, TypeError, ValueError, OverflowError):
            raise PrometheusError(
                "query_range: answered with series that cannot be read", hint="is this really Prometheus?"
            ) from None

    def _ask(self, asked: dict[str, Any]) -> list[Any]:
        import requests

        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            with self.session.post(
                f"{self.url}/api/v1/query_range",
                data=asked,
                headers=headers,
                timeout=(_CONNECT, _READ),
                allow_redirects=False,
                stream=True,
            ) as answer:
                status, body = answer.status_code, _whole(answer)
        except requests.RequestException as error:
            raise PrometheusError(
                f"query_range: Prometheus cannot be reached ({type(error).__name__})",
                hint="check the URL and the network",
            ) from None
        return _result(status, body)


def _whole(answer: requests.Response) -> bytes:
    parts, size = [], 0
    for part in answer.iter_content(1 << 18):
        size += len(part)
        if size > _LARGEST:
            raise PrometheusError(
                f"query_range: answered with more than {_LARGEST // 1_000_000} MB",
                hint="group by a tag with fewer values",
            )
        parts.append(part)
    return b"".join(parts)


def _result(status: int, body: bytes) -> list[Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    data = answer.get("data") if isinstance(answer, dict) else None
    result = data.get("result") if isinstance(data, dict) else None
    if status == 200 and isinstance(result, list) and data and data.get("resultType") == "matrix":
        return result
    said = answer.get("error") if isinstance(answer, dict) else None
    why = f"answered {status}" + (f": {within_line(str(said), 300)}" if said else "")
    raise PrometheusError(
        f"query_range: {why}", hint="is this really Prometheus, and does it want a token (PROMETHEUS_TOKEN)?"
    )


def _group(labels: dict[str, Any], plan: Plan) -> Group | None:
    values = tuple(str(labels.get(label_name(key), "")) for key in plan.metric.by)
    return values if all(values) else None
