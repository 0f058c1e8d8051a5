"""Edits made in Datadog, put into the YAML that declares the monitor; what cannot be is explained.

A file is written only when reading it back gives exactly what was meant: the edited fields as they are live,
all other monitors as before, and no comment lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.adopt.drift import Drift, Drifted, resolved
from dd_sync.adopt.edit import Change, NotEditable, edited
from dd_sync.adopt.places import Explained, planned
from dd_sync.catalog.catalog import Catalog, Loading
from dd_sync.catalog.source import Files, Source, parse
from dd_sync.errors import Place
from dd_sync.kinds import monitor as kind
from dd_sync.plan.diff import field_changes

Compile = Callable[[Files], Loading]


@dataclass(frozen=True, slots=True)
class Done:
    key: str
    path: str
    where: Place


@dataclass(frozen=True, slots=True)
class Left:
    """An edit that is not written. why: a sentence with what to do."""

    key: str
    path: str
    where: Place
    why: str


@dataclass(frozen=True, slots=True)
class Written:
    """texts: of the files to be written, by name. Nothing has been written yet."""

    done: tuple[Done, ...]
    left: tuple[Left, ...]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Edit:
    """One field of one monitor. changes: what it takes in the file; steps: to it, from the monitor."""

    one: Drifted
    path: str
    changes: tuple[Change, ...]
    where: Place


def write_back(drift: Drift, catalog: Catalog, anew: Compile) -> Written:
    """What to write so that the files say what was edited in Datadog. Changes nothing by itself.

    anew: reads the catalog anew from other files, as it was read before.
    """
    edits: list[_Edit] = []
    left: list[Left] = []
    for one in drift.drifted:
        for change in one.of("datadog"):
            found = planned(catalog, one, change, drift.ids)
            if isinstance(found, Explained):
                left.append(Left(one.declared.key, change.path, found.where, found.why))
            else:
                edits.append(_Edit(one, change.path, found.changes, found.where))
        for side, why in _NOT_WRITTEN.items():
            for change in one.of(side):
                where, _ = catalog.locate(one.declared, key=True)
                left.append(Left(one.declared.key, change.path, where, why))
    work = _Work(catalog, anew, drift.ids)
    for file in sorted({edit.one.declared.file for edit in edits}):
        work.file(catalog.files.source(file), [edit for edit in edits if edit.one.declared.file == file])
    return Written(tuple(work.done), (*left, *work.left), work.texts)


_NOT_WRITTEN: Mapping[Any, str] = {
    "both": "changed in git and edited in Datadog: decide which it is to be, write it here, and apply",
    "unknown": "nothing tells on which side it came about: write what it is to be here, and apply",
}


class _Work:
    def __init__(self, catalog: Catalog, anew: Compile, ids: Mapping[str, int]) -> None:
        self.catalog, self.anew, self.ids = catalog, anew, ids
        self.files = catalog.files
        self.done: list[Done] = []
        self.left: list[Left] = []
        self.texts: dict[str, str] = {}

    def file(self, source: Source, edits: list[_Edit]) -> None:
        """All edits of a file at once if that comes out right, else those that do one by one."""
        if self._apply(source, edits) or len(edits) == 1:
            return
        tried = {(edit.one.declared.key, edit.path) for edit in edits}
        self.left = [one for one in self.left if (one.key, one.path) not in tried]
        for edit in edits:
            self._apply(self.files.source(source.file), [edit])

    def _apply(self, source: Source, edits: list[_Edit]) -> bool:
        changes = [change for edit in edits for change in edit.changes]
        try:
            text = edited(source.text, changes)
            wrong = self._wrong(parse(source.file, text), edits)
        except NotEditable as error:
            wrong = str(error)
        if wrong:
            why = f"{wrong}: edit it by hand"
            self.left += [Left(edit.one.declared.key, edit.path, edit.where, why) for edit in edits]
            return False
        self.files = self.files.having(parse(source.file, text))
        self.texts[source.file] = text
        self.done += [Done(edit.one.declared.key, edit.path, edit.where) for edit in edits]
        return True

    def _wrong(self, source: Source, edits: Iterable[_Edit]) -> str:
        """Why the edited file is not what was meant; empty if it is."""
        before = {one.key: one for one in (self.anew(self.files).catalog or self.catalog).monitors}
        loading = self.anew(self.files.having(source))
        error = next((problem for problem in loading.problems if problem.is_error), None)
        if error is not None or loading.catalog is None:
            return "the file would no longer load" + (f" ({error.problem})" if error else "")
        after = {one.key: one for one in loading.catalog.monitors}
        touched = {edit.one.declared.key: edit.one for edit in edits}
        if any(before[key].monitor != one.monitor for key, one in after.items() if key not in touched):
            return "it would change another monitor too"
        for key, one in touched.items():
            wanted = {edit.path for edit in edits if edit.one.declared.key == key}
            ours, theirs = kind.compared(resolved(after[key], self.ids), one.live)
            differing = {change.path for change in field_changes(ours, theirs)} if ours != theirs else set()
            known = {difference.change.path for difference in one.differences}
            if differing & wanted or not differing <= known:
                return "the file would not give what is in Datadog"
        return ""
