"""What of the live monitors is not as declared, and on which side that came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from dd_sync.kinds import monitor as kind
from dd_sync.kinds.applied import applied, digests, field_of
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.plan.build import owned_by_key
from dd_sync.plan.changes import FieldChange, Json
from dd_sync.plan.diff import field_changes
from dd_sync.plan.same import plainly_same

# datadog: edited there since the last apply; git: changed in the catalog since; unknown: nothing tells.
Side = Literal["datadog", "both", "git", "unknown"]
SIDES: tuple[Side, ...] = ("datadog", "both", "git", "unknown")


@dataclass(frozen=True, slots=True)
class Difference:
    """change: before is live, after declared."""

    side: Side
    change: FieldChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """A monitor that is not as declared. modified: when it was last written, as Datadog says."""

    declared: Declared
    live: Monitor
    differences: tuple[Difference, ...]

    def of(self, side: Side) -> tuple[FieldChange, ...]:
        return tuple(one.change for one in self.differences if one.side == side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """drifted: by key. missing: keys declared and not in Datadog. undeclared: the other way round, with ids.

    ids: of the live monitors, by key; same: how many are as declared.
    """

    catalog: str
    target: str
    drifted: tuple[Drifted, ...]
    missing: tuple[str, ...]
    undeclared: tuple[tuple[str, int], ...]
    ids: Mapping[str, int]
    same: int

    @property
    def is_none(self) -> bool:
        return not (self.drifted or self.missing or self.undeclared)

    def count(self, side: Side) -> int:
        """How many monitors have a difference of that side."""
        return sum(bool(one.of(side)) for one in self.drifted)


def find_drift(
    declared: Sequence[Declared], live: Iterable[Json], catalog: str, *, target: str = ""
) -> Drift:
    """Compares field by field, three ways where the monitor remembers what was applied, else two.

    live: monitors as Datadog answers; those of others are left out. Raises UnsafePlan when two of them carry
    one key, RequestError when an old key is still in use.
    """
    owned = owned_by_key(declared, live, catalog)
    ids = {key: one.id for key, one in owned.items()}
    drifted = []
    for one in declared:
        if one.key in owned:
            found = _drifted(one, owned[one.key].body, ids)
            drifted += [found] if found else []
    keys = {one.key for one in declared}
    return Drift(
        catalog=catalog,
        target=target,
        drifted=tuple(sorted(drifted, key=lambda one: one.declared.key)),
        missing=tuple(sorted(keys - owned.keys())),
        undeclared=tuple((key, ids[key]) for key in sorted(owned.keys() - keys)),
        ids=ids,
        same=len(keys & owned.keys()) - len(drifted),
    )


def resolved(declared: Declared, ids: Mapping[str, int]) -> Monitor:
    """The declared monitor with ids for references."""
    if not declared.references:
        return declared.monitor
    return replace(declared.monitor, query=kind.resolve(declared.monitor.query, ids))


def _drifted(one: Declared, body: Json, ids: Mapping[str, int]) -> Drifted | None:
    wanted = resolved(one, ids)
    if plainly_same(wanted, body):
        return None
    live = Monitor.from_json(body)
    ours, theirs = kind.compared(wanted, live)
    if ours == theirs:
        return None
    side = _Sides(wanted, live, theirs)
    differences = tuple(Difference(side.of(change), change) for change in field_changes(ours, theirs))
    return Drifted(declared=one, live=live, differences=differences)


class _Sides:
    """Compares digests of both sides with those of the last apply. aligned: live, as it was compared."""

    def __init__(self, declared: Monitor, live: Monitor, aligned: Mapping[str, Any]) -> None:
        self.applied = applied(live.tags)
        if self.applied is not None:
            self.declared = digests(kind.comparable(declared), declared.type)
            # The comparison leaves out what Datadog adds, and puts back what was written and means nothing.
            self.live = digests(kind.comparable(live), live.type), digests(aligned, live.type)

    def of(self, change: FieldChange) -> Side:
        name = field_of(change.path)
        if self.applied is None or name is None:
            return "unknown"
        before = self.applied[name]
        in_git = self.declared[name] != before
        in_datadog = all(live[name] != before for live in self.live)
        if in_git:
            return "both" if in_datadog else "git"
        return "datadog" if in_datadog else "unknown"
