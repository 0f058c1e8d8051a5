"""Importing: which of the live monitors become entries, which cannot and why, and the file of those that do.

What is written is read back by the catalog's own loader, and compared with what is live: an entry that would
change its monitor, or could not be read, is never written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from dd_sync.adopt.entries import Json, entry, ids_in, lifted
from dd_sync.adopt.keys import key_for
from dd_sync.adopt.yaml_text import document
from dd_sync.catalog.catalog import Loading
from dd_sync.catalog.load import compile_files
from dd_sync.catalog.source import LARGEST_FILE, Files, Source, parse
from dd_sync.errors import Problem, RequestError
from dd_sync.kinds import monitor as kind
from dd_sync.kinds.normal import unknown_options
from dd_sync.kinds.owners import free_message, owner
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.model.options import FOREIGN_TYPES, TYPES
from dd_sync.plan.diff import field_changes
from dd_sync.text import within_line


@dataclass(frozen=True, slots=True)
class Skipped:
    """A monitor that is not imported. refused: it is another tool's, and only that stands in the way."""

    monitor_id: int
    name: str
    why: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """text: the file; entries: what is in it, defaults included in each; notes: sentences about single ones.

    loading: the catalog with the file in it.
    """

    text: str
    entries: tuple[Json, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    loading: Loading


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What there is already. catalog: its name in Datadog; keys: taken ones; owned: keys by monitor id.

    adopted: keys by the id they adopt. files: None where there is no catalog yet. file: the new one's name.
    """

    catalog: str
    file: str
    today: date
    files: Files
    env: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    owned: Mapping[int, str] = field(default_factory=dict)
    adopted: Mapping[int, str] = field(default_factory=dict)


def import_monitors(
    live: Iterable[Json], around: Around, *, take_over: bool = False, unknown: bool = False, header: str = ""
) -> Imported:
    """The live monitors as a file of the catalog, in the order of their ids.

    take_over: those of other tools too. unknown: options that nobody here knows are declared. header: lines
    of comment. Raises RequestError if the file would be larger than a catalog's may be.
    """
    work = _Work(around, take_over, unknown)
    work.choose(sorted(live, key=lambda body: int(body["id"])))
    text = work.settle(header)
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_FILE:
        raise RequestError(
            f"{len(work.chosen):,} monitors are more than one file can hold",
            hint="import them in parts, as by --tag team:payments",
        )
    return Imported(
        text,
        tuple(work.built.values()),
        tuple(sorted(work.skipped, key=lambda one: one.monitor_id)),
        tuple(work.notes()),
        work.loading,
    )


@dataclass(slots=True)
class _Work:
    around: Around
    take_over: bool
    unknown: bool
    chosen: dict[str, Monitor] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    raw: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    built: dict[str, Json] = field(default_factory=dict)
    loading: Loading = field(init=False)

    def choose(self, live: Sequence[Json]) -> None:
        taken = set(self.around.keys)
        for body in live:
            monitor = Monitor.from_json(body)
            theirs = owner(body, self.around.catalog)
            why = self._unfit(body, monitor)
            if why is None and theirs is not None and not self.take_over:
                why = f"it belongs to {theirs.name}, as {theirs.mark} says"
                self.skipped.append(Skipped(int(body["id"]), monitor.name, why, refused=True))
            elif why is not None:
                self.skipped.append(Skipped(int(body["id"]), monitor.name, why))
            else:
                key = key_for(monitor.name, int(body["id"]), taken)
                taken.add(key)
                self.chosen[key] = monitor
                if theirs is not None:
                    self.foreign.add(key)

    def _unfit(self, body: Json, monitor: Monitor) -> str | None:
        number = int(body["id"])
        ours = kind.identity(body, self.around.catalog) or self.around.adopted.get(number)
        if ours is not None:
            return f"it is this catalog's already: {ours}"
        if monitor.type in FOREIGN_TYPES:
            return f"a {monitor.type} cannot be declared: {FOREIGN_TYPES[monitor.type]}"
        if monitor.type not in TYPES:
            return f"this version does not know monitors of the type '{within_line(monitor.type, 60)}'"
        if not monitor.name.strip():
            return "it has no name; give it one in Datadog"
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return "a text of it is not Unicode, so that no file can hold it"
        return None

    def settle(self, header: str) -> str:
        """The text in which every entry is read back as its monitor; what cannot be is skipped."""
        while True:
            self._build()
            defaults, entries = lifted(list(self.built.values()))
            text = header + document({**({"defaults": defaults} if defaults else {}), "monitors": entries})
            wrong = dict(self._wrong(text))
            if not wrong:
                return text
            for key, why in wrong.items():
                if "guard" in self.built[key]:
                    self.raw.add(key)
                else:
                    monitor = self.chosen.pop(key)
                    self.skipped.append(Skipped(monitor.id or 0, monitor.name, why))

    def _build(self) -> None:
        self.ids = {key: number for number, key in (*self.around.owned.items(), *self.around.adopted.items())}
        self.ids |= {key: monitor.id for key, monitor in self.chosen.items() if monitor.id is not None}
        keys = {number: key for key, number in self.ids.items()}
        self.built = {
            key: entry(
                key,
                monitor,
                keys,
                take_over=key in self.foreign,
                guards=key not in self.raw,
                unknown=self.unknown,
            )
            for key, monitor in self.chosen.items()
        }

    def _wrong(self, text: str) -> Iterator[tuple[str, str]]:
        """The keys whose entries would not give their monitors, each with the reason."""
        around = self.around
        source = parse(around.file, text)
        self.loading = compile_files(
            around.files.having(source),
            environ=around.environ,
            env=around.env,
            today=around.today,
            allow_unknown_options=self.unknown,
        )
        read = self.loading.catalog.monitors if self.loading.catalog else ()
        declared = {one.key: one for one in read if one.file == around.file}
        for index, key in enumerate(self.chosen):
            if key not in declared:
                yield key, _told(self.loading.problems, source, index)
            else:
                changed = self._changed(declared[key])
                if changed:
                    yield key, f"it cannot be declared as it is: {', '.join(changed)} would change"

    def _changed(self, read: Declared) -> list[str]:
        """The fields that adopting would change, beside tags and what --take-over takes off."""
        live = self.chosen[read.key]
        wanted = replace(read.monitor, query=kind.resolve(read.monitor.query, self.ids), tags=live.tags)
        if read.key in self.foreign:
            live = replace(live, message=wanted.message)
        ours, theirs = kind.compared(wanted, live)
        return [change.path for change in field_changes(ours, theirs)] if ours != theirs else []

    def notes(self) -> Iterator[str]:
        for key, monitor in self.chosen.items():
            left_out = within_line(", ".join(unknown_options(monitor.options)), 200)
            if left_out and not self.unknown:
                yield (
                    f"{key}: this version does not know {left_out}: left out, and lost when its options are "
                    "next updated; --allow-unknown-options declares them"
                )
            loose = ids_in(self.built[key]["query"]) if monitor.type == "composite" else []
            if loose:
                yield f"{key}: names {', '.join(loose)} by id, since this catalog does not have them"
            if key in self.foreign and free_message(monitor.message) != monitor.message:
                yield f"{key}: kennel's line is left out of the message, so that kennel lets go of it"


def _told(problems: Iterable[Problem], source: Source, index: int) -> str:
    """The first error within an entry."""
    first = source.locate(("monitors", index))[0].line
    last = source.locate(("monitors", index + 1))[0].line
    for problem in problems:
        where = problem.where
        if not problem.is_error or where is None or where.file != source.file:
            continue
        if first <= where.line and (where.line < last or last <= first):
            return f"{problem.problem}; {problem.hint}"
    return "it cannot be read back"
