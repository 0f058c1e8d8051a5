"""Where in the YAML a monitor's field was written, and whether an edit made in Datadog can go there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.adopt.drift import Drifted
from dd_sync.adopt.edit import Change
from dd_sync.adopt.entries import escaped, with_references
from dd_sync.adopt.recognise import recognised
from dd_sync.adopt.yaml_text import inline, one_line
from dd_sync.catalog.catalog import Catalog
from dd_sync.catalog.levels import suffix
from dd_sync.errors import Place
from dd_sync.model.ownership import RESERVED
from dd_sync.plan.changes import FieldChange

Steps = tuple[str | int, ...]
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_TUNABLE = re.compile(r"(?<!\$)\$\{(?!monitor:)([^{}$\n]*)\}")


@dataclass(frozen=True, slots=True)
class Planned:
    """changes: to the file; where: the value is."""

    changes: tuple[Change, ...]
    where: Place


@dataclass(frozen=True, slots=True)
class Explained:
    """Why the edit cannot go where the value is, and what a person can do."""

    where: Place
    why: str


def planned(
    catalog: Catalog, one: Drifted, change: FieldChange, ids: Mapping[str, int]
) -> Planned | Explained:
    """What puts the live value of a field into the file.

    change: before is live. ids: of the live monitors, by key.
    """
    return _Field(catalog, one, change, ids).planned()


class _Field:
    def __init__(self, catalog: Catalog, one: Drifted, change: FieldChange, ids: Mapping[str, int]) -> None:
        self.catalog, self.one, self.change, self.ids = catalog, one, change, ids
        self.declared = one.declared
        self.entry = catalog.entry(one.declared)
        self.steps: Steps = tuple(name or int(number) for name, number in _STEP.findall(change.path))

    def planned(self) -> Planned | Explained:
        head = self.steps[0]
        if self.declared.guard is not None and head in ("query", "options"):
            return self._of_guard()
        if head == "tags":
            return self._tags()
        if head not in self.entry.own and head in self.entry.defaults:
            return self._explained(
                "it comes from the file's `defaults:`, which all its monitors share: "
                "change it there, or give this monitor its own"
            )
        tunable = self._tunable(self.steps)
        if tunable:
            return self._of_tunable(tunable)
        if head == "message":
            return self._message()
        if head == "query":
            return self._query()
        value = self.change.before
        return self._set(None if (head, value) == ("draft_status", "published") else escaped(value))

    # --- single fields ---------------------------------------------------------------------------

    def _message(self) -> Planned | Explained:
        added = suffix(self.catalog.levels, self.declared.level).strip()
        live = self.one.live.message.rstrip()
        if not live.endswith(added):
            place = self._where(("level",)) if self.declared.level is not None else self._where()
            return Explained(
                place,
                f"what level {self.declared.level} adds at its end is gone or edited there: change `level:` "
                "or change its handles in catalog.yaml",
            )
        return self._set(escaped(live.removesuffix(added).rstrip()) or None)

    def _query(self) -> Planned | Explained:
        live = escaped(self.one.live.query.strip())
        if self.declared.references:
            live = with_references(live, {number: key for key, number in self.ids.items()})
        return self._set(live)

    def _tags(self) -> Planned | Explained:
        live = [tag for tag in self.change.before or () if isinstance(tag, str)]
        added = [tag for tag in self.one.live.tags if tag in live and tag not in self.declared.monitor.tags]
        gone = [tag for tag in self.declared.monitor.tags if tag not in live]
        own = list(self.entry.own.get("tags") or ())
        reserved = [tag for tag in (*added, *gone) if tag.lower().startswith(RESERVED)]
        if reserved:
            return self._explained(f"this tool writes {reserved[0]} itself: the next apply mends it")
        elsewhere = [tag for tag in gone if tag not in own]
        if elsewhere:
            return self._explained(
                f"{elsewhere[0]} is not written with this monitor but shared or filled in: change it there"
            )
        kept = [tag for tag in own if tag not in gone]
        return self._set([*kept, *escaped(added)] or None)

    # --- what is explained -----------------------------------------------------------------------

    def _of_guard(self) -> Explained:
        name = self.declared.guard or ""
        place = self._where(("guard", name))
        wanted = self._parameters(name)
        if wanted is None:
            return Explained(
                place,
                f"it comes from the guard {name}, which cannot say what is in Datadog: apply to undo the "
                "edit, or write Datadog's own type, query and options",
            )
        return Explained(place, f"it comes from the guard {name}: there, {wanted}")

    def _parameters(self, name: str) -> str | None:
        """What to do to get what is live, such as `write above: 800`; None if the guard cannot say it."""
        live, declared = recognised(self.one.live), recognised(self.declared.monitor)
        if live is None or declared is None or not live["guard"].keys() == declared["guard"].keys() == {name}:
            return None
        wanted = {**live.pop("guard")[name], **live}
        given = {**declared.pop("guard")[name], **declared}
        new = [f"{key}: {_shown(value)}" for key, value in wanted.items() if given.get(key) != value]
        gone = [key for key in given if key not in wanted]
        asked = [f"write {', '.join(new)}"] if new else []
        asked += [f"leave {', '.join(gone)} out"] if gone else []
        filled = [
            f"{key} is filled in from the tunable {tunable}, so change that or write the value here"
            for key in wanted.keys() & given.keys()
            if wanted[key] != given[key]
            and (tunable := self._tunable(("guard", name, key)) or self._tunable((key,)))
        ]
        return "; ".join((" and ".join(asked), *sorted(filled))) if asked else None

    def _of_tunable(self, name: str) -> Explained:
        value = self.catalog.interpolation.values.get(name)
        source = f", which has its value from {value.source}" if value and value.source != "default" else ""
        return self._explained(
            f"it is filled in from the tunable {name}{source}: change that, or write the value here"
        )

    def _tunable(self, steps: Steps) -> str:
        """The first tunable in what is written at a path; empty if there is none."""
        value: Any = self.entry.own
        for step in steps:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(value, str):
                found = _TUNABLE.search(value)
                return found[1] if found else ""
        else:
            found = _TUNABLE.search(str(value))
            return found[1] if found else ""
        return ""

    # --- both ------------------------------------------------------------------------------------

    def _set(self, value: Any) -> Planned:
        steps = self.steps
        if steps[0] in ("tags", "restricted_roles"):
            steps = steps[:1]
        change = Change((*self.declared.path, *steps), value)
        return Planned((change,), self._where(steps))

    def _explained(self, why: str) -> Explained:
        return Explained(self._where(self.steps), why)

    def _where(self, steps: Steps = ()) -> Place:
        place, _ = self.catalog.locate(self.declared, steps, key=not steps)
        return place


def _shown(value: Any) -> str:
    return inline(value) or "" if isinstance(value, list) else one_line(value)
