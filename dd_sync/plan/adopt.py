"""Which existing monitors the catalog says are its own, and whether they may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dd_sync.errors import DatadogError, Place, Problem, UnsafePlan
from dd_sync.kinds import monitor as kind
from dd_sync.kinds.owners import owner
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import KEY
from dd_sync.plan.changes import Json
from dd_sync.ports import Monitors
from dd_sync.text import within_line

# One by one up to here; beyond, all monitors are listed, a thousand a page.
_FEW = 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a declared monitor cannot adopt the one it names."""

    key: str
    problem: str
    hint: str
    where: Place | None = None
    source: str | None = None


class CannotAdopt(UnsafePlan):
    """A monitor that the catalog says is its own is not there, or is somebody else's. Carries every one."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        first = self.refusals[0]
        super().__init__(first.problem, hint=first.hint, where=first.where)

    def problems(self) -> tuple[Problem, ...]:
        return tuple(
            Problem(self.rule, one.problem, one.hint, one.where, source=one.source) for one in self.refusals
        )

    def placed(self, places: Mapping[str, tuple[Place, str]]) -> CannotAdopt:
        """The same at the lines that say so, in their order. places: by key, with the source line."""
        found = [replace(one, where=places[one.key][0], source=places[one.key][1]) for one in self.refusals]
        return CannotAdopt(sorted(found, key=lambda one: _order(one.where)))


def _order(where: Place | None) -> tuple[str, int, int]:
    return ("", 0, 0) if where is None else (where.file, where.line, where.column)


def pending(declared: Sequence[Declared], owned: Collection[str]) -> list[Declared]:
    """The declared monitors that have one to adopt: those that are live under their key have it already."""
    return [
        one for one in declared if one.adopt is not None and one.key not in owned and one.was not in owned
    ]


def fetch(monitor_ids: Collection[int], monitors: Monitors) -> dict[int, Json]:
    """The live monitors of these ids; one that is not there is missing. Raises DatadogError."""
    if len(monitor_ids) > _FEW:
        return {body["id"]: body for body in monitors.list() if body["id"] in monitor_ids}
    found = {}
    for monitor_id in monitor_ids:
        try:
            found[monitor_id] = monitors.get(monitor_id)
        except DatadogError as error:
            if error.status != 404:
                raise
    return found


def adoptions(wanting: Sequence[Declared], live: Mapping[int, Json], catalog: str) -> dict[str, Json]:
    """The monitors to adopt, by key. live: by id. Raises CannotAdopt with every reason not to."""
    refusals = list(_refusals(wanting, live, catalog))
    if refusals:
        raise CannotAdopt(refusals)
    return {one.key: live[one.adopt] for one in wanting if one.adopt is not None}


def _refusals(wanting: Sequence[Declared], live: Mapping[int, Json], catalog: str) -> Iterator[Refusal]:
    counts = Counter(one.adopt for one in wanting)
    for one in wanting:
        body = live.get(one.adopt) if one.adopt is not None else None
        if counts[one.adopt] > 1:
            yield Refusal(
                one.key,
                f"{one.key} is not the only one to adopt monitor {one.adopt}",
                "a monitor has one key; keep one of these lines",
            )
        elif body is None:
            yield Refusal(
                one.key,
                f"{one.key} is to adopt monitor {one.adopt}, which is not in Datadog",
                "check the id and the organisation; without the line the monitor is created",
            )
        else:
            found = unfit(one.key, body, catalog, type=one.monitor.type, take_over=one.take_over)
            if found is not None:
                yield found


def unfit(key: str, live: Json, catalog: str, *, type: str, take_over: bool) -> Refusal | None:
    """Why this live monitor cannot become that of `key`; None if it can."""
    named = f"monitor {live['id']}"
    ours = kind.identity(live, catalog)
    if ours is not None and ours != key:
        ours = within_line(ours)
        return Refusal(
            key,
            f"{named} is this catalog's {ours} already",
            f"to rename it write `was: {ours}` instead of `adopt:`",
        )
    if ours is None and len(_keys(live)) > 1:
        return Refusal(key, f"{named} carries several keys", f"`dd-sync detach {live['id']}` takes them off")
    if not kind.can_become(str(live.get("type")), type):
        return Refusal(
            key,
            f"{named} is a {within_line(str(live.get('type')))}, and {key} a {type}",
            "Datadog cannot change a monitor's type: declare that one, or leave `adopt:` out",
        )
    theirs = owner(live, catalog)
    if theirs is not None and not take_over:
        return Refusal(
            key,
            within_line(f"{named} belongs to {theirs.name}, as {theirs.mark} says"),
            f"let go of it there first, or add `take_over: true` to {key}",
        )
    return None


def _keys(live: Json) -> list[str]:
    return [tag for tag in live.get("tags") or () if tag.startswith(KEY)]
