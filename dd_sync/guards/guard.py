"""What a guard is: a form to fill in, and how it becomes a metric monitor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

from dd_sync.errors import QueryError, Unfit
from dd_sync.guards.values import AllUnfit
from dd_sync.query.nodes import Scope
from dd_sync.query.tools import exclude, parse_scope

if TYPE_CHECKING:
    from dd_sync.model.derivation import Derivation
    from dd_sync.query.alerts import Query


class Spec(BaseModel):
    """The base of every guard's form: what it does not name is an error."""

    # Built when first used: the forms that guards share are never used by themselves.
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def together(cls, fields: Mapping[str, Any], written: Collection[str]) -> Iterator[Unfit]:
        """What is wrong with fields that are right each by itself, every mistake of it.

        fields: the values by name, without those that are wrong already; written: the names that were given,
        the wrong ones too. A guard may override it.
        """
        yield from ()

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        wrong = tuple(self.together(self.__dict__, self.model_fields_set))
        if wrong:
            raise AllUnfit(wrong)
        return self


@lru_cache(maxsize=1024)
def scope_of(text: str) -> Scope:
    """A scope as nodes; monitors of a catalog share few. Raises Unfit at `scope`."""
    try:
        return parse_scope(text)
    except QueryError as error:
        offset = error.place.offset_in(text)
        raise Unfit(
            error.problem, hint=error.hint, path=("scope",), offset=offset, length=error.place.length
        ) from None


@dataclass(frozen=True, slots=True)
class GuardContext:
    """What a guard is compiled in.

    exempt: pairs of tag key and value that are left out of the scope. key, catalog: of the monitor.
    sustained: how long it has to last, `for: 15m`, only ever given to a guard that `lasts`.
    """

    exempt: tuple[tuple[str, str], ...] = ()
    key: str = ""
    catalog: str = ""
    sustained: timedelta | None = None

    def scope(self, text: str) -> Scope:
        """The scope as nodes, without the exempt. Raises Unfit at `scope`."""
        scope = scope_of(text)
        for key, value in self.exempt:
            scope = exclude(scope, key, value)
        return scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A monitor's own parts. type: Datadog's; notes: sentences that `explain` tells, one thing each.

    derivation: the gauge the query asks for, where that is one this tool's worker sends.
    """

    query: Query
    thresholds: Mapping[str, int | float]
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    type: str = "query alert"
    derivation: Derivation | None = None


S = TypeVar("S", bound=Spec)


@dataclass(frozen=True, slots=True)
class Guard(Generic[S]):
    """One guard. `compile` may raise Unfit, with a path into the spec.

    lasts: whether it takes `for:`, as a guard over a gauge does: a count is judged over its window.
    """

    name: str
    spec: type[S]
    compile: Callable[[S, GuardContext], Compiled]
    summary: str
    lasts: bool = False
