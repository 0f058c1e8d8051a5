"""consecutive: a service check that failed so many times in a row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from dd_sync.errors import Unfit
from dd_sync.guards.fields import TagKeys
from dd_sync.guards.guard import Compiled, Guard, GuardContext, Spec, scope_of
from dd_sync.guards.values import Number, Numeric
from dd_sync.query.alerts import ServiceCheck
from dd_sync.query.nodes import And, Everything, Not, Scope, Tag

MOST_RUNS = 100
_CHECK = re.compile(r"[a-zA-Z][\w./:-]{0,199}")


def _check(value: Any) -> Any:
    if isinstance(value, str) and not _CHECK.fullmatch(value):
        raise Unfit(f"'{value}' is not a check's name", hint="as it is submitted, such as validator.signed")
    return value


def _runs(value: Numeric) -> Numeric:
    if value != int(value) or not 1 <= value <= MOST_RUNS:
        raise Unfit(f"{value:g} is not a number of runs", hint=f"a whole number, 1 to {MOST_RUNS}")
    return int(value)


Runs = Annotated[Number, AfterValidator(_runs)]


class Consecutive(Spec):
    """A service check whose newest runs all failed, per group. One success begins the count anew."""

    check: Annotated[str, BeforeValidator(_check)] = Field(description="The service check's name.")
    scope: str = Field(default="*", description="Which runs count: tags joined by commas, or `*` for all.")
    by: TagKeys = Field(description="Tag keys to judge apart; Datadog wants at least one.")
    failures: Runs = Field(description="Alert after so many CRITICAL runs in a row.")
    warnings: Runs | None = Field(default=None, description="Warn after so many WARNING runs in a row.")
    successes: Runs = Field(default=1, description="Recover after so many OK runs in a row.")
    no_data_after: Runs | None = Field(
        default=None, description="Tell after so many minutes without any run."
    )

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        yield from super().together(fields, written)
        if fields.get("by", ...) == ():
            yield Unfit(
                "a service check is grouped",
                hint="`by: [host]`, or what its runs differ by",
                path=("by",),
            )
        try:
            _tags(scope_of(fields.get("scope", "*")))
        except Unfit as error:
            yield error


def compile_consecutive(spec: Consecutive, context: GuardContext) -> Compiled:
    """`"check".over("…").by("…").last(N).count_by_status()`"""
    counts = {"critical": spec.failures, "warning": spec.warnings, "ok": spec.successes}
    given = {name: int(count) for name, count in counts.items() if count is not None}
    over = _tags(scope_of(spec.scope))
    options: dict[str, Any] = {
        "include_tags": True,
        "notify_audit": False,
        "notify_no_data": spec.no_data_after is not None,
        "new_group_delay": 0,
    }
    if spec.no_data_after is not None:
        options["no_data_timeframe"] = spec.no_data_after
    return Compiled(
        query=ServiceCheck(
            check=spec.check,
            over=tuple(item for item in over if not isinstance(item, Not)) or (Everything(),),
            exclude=(
                *(item.item for item in over if isinstance(item, Not)),
                *(Tag(key, value) for key, value in context.exempt),
            ),
            by=spec.by,
            last=max(given.values()),
            method="count_by_status",
        ),
        type="service check",
        thresholds=given,
        options=options,
        notes=(
            "Runs are counted, not minutes: a check that stops running stops failing too.",
            "A milder alert after fewer failures is a monitor of its own: a warning counts WARNING runs.",
        ),
    )


def _tags(scope: Scope) -> tuple[Scope, ...]:
    """The tags of a scope, one each. Raises Unfit at `scope` for what a service check cannot say."""
    items = scope.items if isinstance(scope, And) else (scope,)
    for item in items:
        plain = item.item if isinstance(item, Not) else item
        if not isinstance(plain, Tag | Everything):
            raise Unfit(
                "a service check's scope has tags joined by commas only",
                hint="as in env:prod,!region:test",
                path=("scope",),
            )
    return tuple(item for item in items if not isinstance(item, Everything))


GUARD = Guard("consecutive", Consecutive, compile_consecutive, "a service check that failed often in a row")
