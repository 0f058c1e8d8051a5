"""A folder of YAML files to a catalog, and every problem on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from dd_sync.catalog.catalog import Catalog, Loading
from dd_sync.catalog.collector import collector_paused
from dd_sync.catalog.complaints import Path as Steps
from dd_sync.catalog.complaints import complaints, did_you_mean, unfit
from dd_sync.catalog.context import Context
from dd_sync.catalog.entry import Entry
from dd_sync.catalog.interpolation import Interpolation, fill_all
from dd_sync.catalog.monitors import KNOWN, Read, Reader
from dd_sync.catalog.problems import Found
from dd_sync.catalog.queries import Queries
from dd_sync.catalog.references import cycles, offset_of, shown
from dd_sync.catalog.resources import SECTIONS, read_resources, sections_in
from dd_sync.catalog.schema import GuardDefaults, key
from dd_sync.catalog.settings import Settings, check_env, read_settings
from dd_sync.catalog.source import Files, Source, no_environment, read_files
from dd_sync.catalog.tunables import Given, read_tunables
from dd_sync.errors import Unfit
from dd_sync.guards.values import AllUnfit
from dd_sync.guards.values import found as words_for
from dd_sync.model.monitor import Declared
from dd_sync.text import nearest

__all__ = ["Catalog", "Loading", "compile_files", "load"]

_NOTHING: Mapping[str, object] = MappingProxyType({})
_SECTIONS = ("tunables", "defaults", "monitors", *SECTIONS)


def load(
    folder: Path,
    *,
    environ: Mapping[str, str],
    env: str | None,
    today: date,
    overrides: Mapping[str, object] = _NOTHING,
    allow_unknown_options: bool = False,
    now: datetime | None = None,
) -> Loading:
    """Everything `folder` declares.

    environ: environment variables, of which only the declared tunables' are read; env: the environment whose
    file of values is used and whose name marks what it owns; today: a date in UTC; overrides: values of
    tunables by name, stronger than all else; allow_unknown_options: options of raw monitors that this
    version does not know pass; now: an aware time of that day, its midnight if not given.
    Raises CatalogError only where there is no catalog at all.
    """
    with collector_paused():
        return compile_files(
            read_files(folder),
            environ=environ,
            env=env,
            today=today,
            overrides=overrides,
            allow_unknown_options=allow_unknown_options,
            now=now,
        )


def compile_files(
    files: Files,
    *,
    environ: Mapping[str, str],
    env: str | None,
    today: date,
    overrides: Mapping[str, object] = _NOTHING,
    allow_unknown_options: bool = False,
    now: datetime | None = None,
    at_any_time: bool = False,
) -> Loading:
    """As `load`, from files that are read already: for the same catalog under other values.

    at_any_time: downtimes are those that were ever written, as they were written, whatever `now` is.
    """
    check_env(env)
    found = Found([*files.every_problem()])
    settings = read_settings(files.settings, found)
    given = Given(overrides, environ, _environment(files, env))
    values, broken = read_tunables(files.monitors, files.environments, given, found)
    interpolation = Interpolation(values, broken)
    entries = list(_entries(files, interpolation, found))
    keyed, keys = _keyed(entries, found)
    if settings is None:
        # Its errors keep this catalog from being used; the monitors' own problems are told all the same.
        from dd_sync.catalog.partial import settings_of  # only mistakes pay for the import

        settings = settings_of(files.settings.value, readable=files.settings.readable)
    reader = Reader(settings, settings.name(env), interpolation, today, found, allow_unknown_options)
    every = [read for entry, key in keyed if (read := reader.read(entry, key))]
    whole = all(source.readable for source in files.monitors)
    right = [read for read in every if read.whole]
    reads = _with_known_references(right, keys, files, found, whole=whole)
    if any(read.declared.references for read in reads):
        from dd_sync.catalog.composites import with_snoozable  # only composites pay for it

        reads = with_snoozable(reads)
    _check_renames([read.declared for read in every], keys, files, found)
    _check_protected(settings, keys, files, found, whole=whole)
    catalog = _catalog(settings, env, reads, files, interpolation)
    if len(reads) < len(every):
        catalog = _with_wrong(catalog, every)
    if manages := sections_in(files):
        moment = None if at_any_time else now or datetime.combine(today, time.min, UTC)
        context = Context(
            settings, catalog.name, interpolation, moment, found, keys, catalog.monitors, whole=whole
        )
        catalog = replace(catalog, resources=read_resources(files, context), manages=manages)
    return Loading(catalog, found.everything(), files.scenarios, keys)


def _catalog(
    settings: Settings, env: str | None, reads: Sequence[Read], files: Files, interpolation: Interpolation
) -> Catalog:
    return Catalog(
        name=settings.name(env),
        settings=settings,
        monitors=tuple(sorted((read.declared for read in reads), key=lambda declared: declared.key)),
        tunables=tuple(value for _, value in sorted(interpolation.values.items())),
        queries=Queries({read.declared.key: read.query for read in reads}),
        files=files,
        interpolation=interpolation,
    )


def _with_wrong(catalog: Catalog, every: Sequence[Read]) -> Catalog:
    wrong = [read for read in every if catalog.declared(read.declared.key) is None]
    queries = {read.declared.key: read.query for read in every}
    return replace(catalog, wrong=tuple(read.declared for read in wrong), queries=Queries(queries))


def _environment(files: Files, env: str | None) -> Source | None:
    """The file of the environment asked for. Raises CatalogError if there is none."""
    if env is None:
        return None
    names = {Path(source.file).stem: source for source in files.environments}
    if env not in names:
        raise no_environment(files.folder, env, names)
    return names[env]


def _entries(files: Files, interpolation: Interpolation, found: Found) -> Iterator[tuple[Entry, bool]]:
    """Every monitor as written, and whether all of its file's defaults are right."""
    for source in files.monitors:
        _check_sections(source, found)
        wrong, fit = _check_defaults(source, interpolation, found)
        monitors = source.value.get("monitors")
        if monitors is None:
            continue
        if not isinstance(monitors, list):
            problem = f"expected a list of monitors, found {words_for(monitors)}"
            found.add(source, ("monitors",), problem, "begin each monitor with '- key: …'")
            continue
        for index, monitor in enumerate(monitors):
            if isinstance(monitor, dict):
                yield Entry(source, ("monitors", index), wrong), fit
            else:
                problem = f"expected a monitor, found {words_for(monitor)}"
                found.add(source, ("monitors", index), problem, "begin each monitor with '- key: …'")


def _check_sections(source: Source, found: Found) -> None:
    for section in source.value:
        if section in _SECTIONS:
            continue
        hint: str | Callable[[], str]
        if section in Settings.model_fields:
            problem, hint = f"'{section}' belongs in catalog.yaml", "move it there"
        else:
            problem = f"unknown key '{section}'"
            hint = partial(did_you_mean, section, _SECTIONS, f"known here: {', '.join(_SECTIONS)}")
        found.add(source, (section,), problem, hint, key=True)


def _check_defaults(
    source: Source, interpolation: Interpolation, found: Found
) -> tuple[frozenset[str], bool]:
    """The keys of a file's defaults that are wrong, and whether all of them are right."""
    defaults = source.value.get("defaults")
    if defaults is None:
        return frozenset(), True
    wrong: set[str] = set()

    def fill(text: str, path: Steps) -> Any:
        try:
            return interpolation.fill(text)
        except AllUnfit as error:
            for mistake in error.each:
                found.complain(source, ("defaults", *path), unfit(mistake), rule="tunable")
            wrong.update(map(str, path[:1]))
            return text

    try:
        GuardDefaults.model_validate(fill_all(defaults, fill, ()))
    except ValidationError as error:
        for complaint in complaints(error, GuardDefaults):
            if complaint.path[:1] and complaint.path[0] in wrong:
                continue
            found.complain(source, ("defaults",), complaint)
        wrong.update(str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"])
        return frozenset(wrong), False
    return frozenset(wrong), not wrong


def _keyed(
    entries: Sequence[tuple[Entry, bool]], found: Found
) -> tuple[list[tuple[Entry, str | None]], frozenset[str]]:
    """Every monitor with its key, and all keys. A monitor that cannot be declared has None as its key.

    The keys of those are known nevertheless: others may name them.
    """
    named = [
        (entry, _key(entry, found) if "key" in entry.own else _no_key(entry, found)) for entry, _ in entries
    ]
    first: dict[str, str] = {}
    twice = set()
    for entry, name in named:
        if name is not None and name in first:
            problem = f"the key '{name}' is taken, by a monitor in {first[name]}"
            found.add(entry.source, (*entry.path, "key"), problem, "give each monitor a key of its own")
            twice.add(name)
        elif name is not None:
            first[name] = entry.source.file
    keyed = [
        (entry, name if fit and name not in twice else None)
        for (entry, name), (_, fit) in zip(named, entries, strict=True)
    ]
    return keyed, frozenset(first)


def _key(entry: Entry, found: Found) -> str | None:
    try:
        return key(entry.own["key"])
    except Unfit as error:
        found.add(entry.source, (*entry.path, "key"), error.problem, error.hint)
        return None


def _no_key(entry: Entry, found: Found) -> str | None:
    for name in entry.own:
        if name not in KNOWN and not found.is_full(entry.source) and nearest(name, KNOWN) == "key":
            found.add(
                entry.source, (*entry.path, name), f"unknown key '{name}'", "did you mean 'key'?", key=True
            )
            return None
    found.add(entry.source, entry.path, "'key' is missing", "add `key: …`, a name that never changes")
    return None


def _with_known_references(
    reads: Sequence[Read], keys: frozenset[str], files: Files, found: Found, *, whole: bool
) -> list[Read]:
    """Those whose references lead somewhere. whole: whether every file could be read, and all keys known."""
    kept = []
    for read in reads:
        declared = read.declared
        unknown = [other for other in declared.references if other not in keys]
        if whole:
            for other in unknown:
                near = partial(did_you_mean, other, keys, "name the key of a monitor in this catalog")
                _add_reference(
                    declared, other, f"no monitor has the key '{other}'", near, files=files, found=found
                )
        if not unknown:
            kept.append(read)
    by_key = {read.declared.key: read for read in kept}
    circular: set[str] = set()
    for circle in cycles([read.declared for read in kept]):
        circular.update(circle)
        declared = by_key[circle[0]].declared
        hint = "take one of the references away"
        _add_reference(
            declared,
            circle[1],
            f"the monitors refer in a circle: {shown(circle)}",
            hint,
            files=files,
            found=found,
        )
    return [read for read in kept if read.declared.key not in circular]


def _add_reference(
    declared: Declared, other: str, problem: str, hint: str | Callable[[], str], *, files: Files, found: Found
) -> None:
    entry = Entry(files.source(declared.file), declared.path)
    text = entry.text_at(("query",)) or ""
    offset = offset_of(text, other)
    path = entry.origin(("query",))
    length = len("${monitor:}") + len(other)
    found.add(entry.source, path, problem, hint, rule="reference", offset=offset, length=length)


def _check_renames(monitors: Sequence[Declared], keys: frozenset[str], files: Files, found: Found) -> None:
    """An old key that is in use would give one live monitor to two."""
    taken: dict[str, str] = {}
    for declared in monitors:
        was = declared.was
        if was is None:
            continue
        other = (
            f"{was} is a monitor still" if was in keys else f"so is {taken[was]}" if was in taken else None
        )
        taken.setdefault(was, declared.key)
        if other is not None:
            entry = Entry(files.source(declared.file), declared.path)
            problem = f"{declared.key} is said to be the former {was}, and {other}"
            hint = "`was:` names a key that no monitor has any more, and only one monitor had"
            found.add(entry.source, entry.origin(("was",)), problem, hint)


def _check_protected(
    settings: Settings, keys: frozenset[str], files: Files, found: Found, *, whole: bool
) -> None:
    """A protection that names no monitor protects nothing, and looks as if it did."""
    for index, name in enumerate(settings.policy.snooze.protected):
        if whole and name not in keys:
            path = ("policy", "snooze", "protected", index)
            hint = did_you_mean(name, keys, "name the key of a monitor in this catalog")
            found.add(files.settings, path, f"no monitor has the key '{name}'", hint)
