"""GET /api/v1/query: series by bucket, evaluated as monitors are.

As in recorded API traffic buckets are aligned to the epoch, a first one that is cut is left out, and the one
that holds `to` is whole. Several queries, with commas between them, are told apart by `query_index`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dd_sync.errors import DdSyncError
from dd_sync.evaluate.graph import graph, interval_of, queries_in, read_graph
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.select import group_name
from dd_sync.evaluate.series import Floats, Ints
from dd_sync.local.http import Answer, Call, bad_request, invalid
from dd_sync.query.canonical import render_expression, render_scope
from dd_sync.query.tools import metrics_in

_MOST_POINTS = 1500
_MOST_QUERIES = 50
_EPOCH_END = 2**33


def query(call: Call) -> Answer:
    start = call.number("from", default=-1, least=-1, most=_EPOCH_END)
    end = call.number("to", default=-1, least=-1, most=_EPOCH_END)
    text = call.query.get("query", "").strip()
    if start < 0 or end <= start:
        raise invalid("from", "epoch seconds before 'to' are needed")
    if not text:
        raise invalid("query")
    texts = queries_in(text)
    if len(texts) > _MOST_QUERIES:
        raise invalid("query", f"at most {_MOST_QUERIES} queries at once")
    series = [one for index, each in enumerate(texts) for one in _series(call, each, index, start, end)]
    by = dict.fromkeys(tag.partition(":")[0] for one in series for tag in one["tag_set"])
    return Answer(
        {
            "status": "ok",
            "resp_version": 1,
            "res_type": "time_series",
            "query": text,
            "from_date": 1000 * start,
            "to_date": 1000 * end,
            "group_by": list(by),
            "message": "",
            "values": [],
            "times": [],
            "series": series,
        }
    )


def _series(call: Call, text: str, index: int, start: int, end: int) -> Iterator[dict[str, Any]]:
    try:
        rule, interval = _rule(text, end - start)
        first, last = -(-start // interval) * interval, end // interval * interval + interval
        yield from _found(call, rule, index, (first, last), interval)
    except DdSyncError as error:
        raise bad_request(f"Error parsing query: {error.problem}") from None


def _rule(text: str, span: int) -> tuple[MetricRule, int]:
    """The query as a rule over all of the time asked for, and its interval in seconds."""
    rule = read_graph(text)
    if rule.algorithm is not None:
        raise bad_request(f"{rule.algorithm.name}() is not answered here")
    interval = interval_of(rule, span)
    if span > interval * _MOST_POINTS:
        # Datadog answers in coarser buckets; a query whose buckets matter has to ask for less time.
        raise bad_request(f"{span // interval} points of {interval} s are more than {_MOST_POINTS}")
    return rule, interval


def _found(
    call: Call, rule: MetricRule, index: int, span: tuple[int, int], interval: int
) -> Iterator[dict[str, Any]]:
    done = graph(rule, call.org.store.points, *span, interval)
    for group, values in zip(done.groups, done.values, strict=True):
        points = _points(done.times, values)
        if points:
            tags = [f"{key}:{value}" for key, value in zip(rule.keys, group, strict=True)]
            yield _one(rule, index, tags, group_name(rule.keys, group), points, interval)


def _points(times: Ints, values: Floats) -> list[list[float]]:
    kept = np.isfinite(values)
    return [[1000 * at, value] for at, value in zip(times[kept].tolist(), values[kept].tolist(), strict=True)]


def _one(
    rule: MetricRule, index: int, tags: list[str], name: str, points: list[list[float]], interval: int
) -> dict[str, Any]:
    metric = next(metrics_in(rule.alert.expression))
    scope = render_scope(metric.scope)
    return {
        "metric": metric.name,
        "display_name": metric.name,
        "expression": render_expression(rule.alert.expression),
        "scope": ",".join([*tags, *([] if scope == "*" and tags else [scope])]) or name,
        "tag_set": tags,
        "aggr": metric.aggregation,
        "interval": interval,
        "length": len(points),
        "start": int(points[0][0]),
        "end": int(points[-1][0]) + 1000 * interval - 1000,
        "query_index": index,
        "unit": None,
        "attributes": {},
        "pointlist": points,
    }
