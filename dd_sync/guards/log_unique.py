"""log_unique: too many, or too few, different values of an attribute."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from dd_sync.guards.guard import Compiled, Guard, GuardContext
from dd_sync.guards.logs import LogSearch, compile_search, facet
from dd_sync.query.alerts import Rollup


class LogUnique(LogSearch):
    """How many different values of a facet the found log lines have, per group, against a bound."""

    of: Annotated[str, BeforeValidator(facet)] = Field(
        description="The facet whose different values are counted, such as `@recipient`."
    )


def compile_log_unique(spec: LogUnique, context: GuardContext) -> Compiled:
    return compile_search(spec, context, Rollup("cardinality", spec.of))


GUARD = Guard("log_unique", LogUnique, compile_log_unique, "too many, or too few, different values in logs")
