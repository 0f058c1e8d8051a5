"""Any monitor to its rule: the type and the form of the query say which."""

from __future__ import annotations

from dd_sync.evaluate.composite import compile_composite
from dd_sync.evaluate.event_rule import compile_events
from dd_sync.evaluate.metric_rule import compile_metric
from dd_sync.evaluate.rule import Rule
from dd_sync.evaluate.service_check import compile_check
from dd_sync.evaluate.unsupported import unsupported
from dd_sync.model.monitor import Monitor
from dd_sync.model.options import EVENT_TYPES, METRIC_TYPES
from dd_sync.query.queries import parse_query
from dd_sync.query.tools import is_metric_query


def compile_rule(key: str, monitor: Monitor, monitor_id: int = 0, *, rollup: int | None = None) -> Rule:
    """Read a monitor's query, message and options.

    rollup: seconds, of metrics whose query names none, None for the usual choice.
    Raises QueryError or TemplateError for what is not in Datadog's languages, and Unsupported for what is
    but cannot be evaluated here; places are relative to the query or the message.
    """
    if is_metric_query(monitor.type, monitor.query):
        return compile_metric(key, monitor, monitor_id, rollup)
    if monitor.type == "service check":
        return compile_check(key, monitor, monitor_id)
    if monitor.type == "composite":
        return compile_composite(key, monitor, monitor_id)
    if monitor.type in EVENT_TYPES | METRIC_TYPES:
        return compile_events(key, monitor, monitor_id)
    query = parse_query(monitor.type, monitor.query)
    raise unsupported(monitor.query, query, f"monitors of type '{monitor.type}' are not evaluated here")
