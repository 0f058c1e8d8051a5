"""log_count: too many, or too few, log lines that a search finds."""

from __future__ import annotations

from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.guards.logs import LogSearch, compile_search
from dd_sync.query.alerts import Rollup


class LogCount(LogSearch):
    """How many log lines a search finds in a rolling window, per group, against a bound."""


def compile_log_count(spec: LogCount, context: GuardContext) -> Compiled:
    return compile_search(spec, context, Rollup("count"))


GUARD = Guard("log_count", LogCount, compile_log_count, "too many, or too few, log lines")
