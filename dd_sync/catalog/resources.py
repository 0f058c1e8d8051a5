"""`downtimes:`, `dashboards:` and `webhooks:`: what a catalog declares beside monitors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from dd_sync.catalog.context import Context
from dd_sync.catalog.entry import Entry
from dd_sync.catalog.problems import Found
from dd_sync.catalog.reading import Reading
from dd_sync.catalog.schema import key
from dd_sync.catalog.source import Files
from dd_sync.errors import Unfit
from dd_sync.guards.values import found as words_for
from dd_sync.model.resource import Kind, Resource
from dd_sync.text import nearest

SECTIONS: Mapping[str, Kind] = {"downtimes": "downtime", "dashboards": "dashboard", "webhooks": "webhook"}


# Reads one entry of a section; what is wrong with it has been told, and then nothing comes of it.
Reader = Callable[[Reading, str, Context], Iterable[Resource]]


def sections_in(files: Files) -> frozenset[Kind]:
    """The kinds that some file has a section of, an empty one too: what this catalog manages."""
    return frozenset(
        kind
        for source in files.monitors
        if source.readable
        for section, kind in SECTIONS.items()
        if section in source.value
    )


def read_resources(files: Files, context: Context) -> tuple[Resource, ...]:
    """Everything declared in the three sections, by kind and key."""
    found: list[Resource] = []
    for section, kind in SECTIONS.items():
        if kind in sections_in(files):
            found += _read(section, kind, files, context)
    return tuple(sorted(found, key=lambda one: (one.kind, one.key)))


def _read(section: str, kind: Kind, files: Files, context: Context) -> Iterator[Resource]:
    reader = _reader(kind)
    first: dict[str, str] = {}
    for entry in _entries(section, kind, files, context.found):
        name = _key(entry, context.found)
        reading = Reading(entry, context.interpolation, context.found, names_monitors=_NAMES_MONITORS[kind])
        if name is not None and name in first:
            problem = f"the key '{name}' is taken, by a {kind} in {first[name]}"
            path = (*entry.path, "key")
            context.found.add(entry.source, path, problem, f"give each {kind} a key of its own")
            name = None
        elif name is not None:
            first[name] = entry.source.file
        resources = list(reader(reading, name or "no-key", context))
        if name is not None and not reading.wrong:
            yield from resources


# The keys under which `${monitor:key}` may stand.
_NAMES_MONITORS: Mapping[Kind, frozenset[str]] = {
    "downtime": frozenset(),
    "dashboard": frozenset({"widgets"}),
    "webhook": frozenset(),
}


def _reader(kind: Kind) -> Reader:
    """Imported only by catalogs that declare one."""
    if kind == "downtime":
        from dd_sync.catalog.downtimes import read_downtime

        return read_downtime
    if kind == "dashboard":
        from dd_sync.catalog.dashboards import read_dashboard

        return read_dashboard
    from dd_sync.catalog.webhooks import read_webhook

    return read_webhook


def _entries(section: str, kind: Kind, files: Files, found: Found) -> Iterator[Entry]:
    hint = f"begin each {kind} with '- key: …'"
    for source in files.monitors:
        listed = source.value.get(section)
        if listed is None:
            continue
        if not isinstance(listed, list):
            problem = f"expected a list of {section}, found {words_for(listed)}"
            found.add(source, (section,), problem, hint)
            continue
        # The defaults of a file are its monitors'.
        defaults = source.value.get("defaults")
        left_out = frozenset(defaults) if isinstance(defaults, dict) else frozenset()
        for index, item in enumerate(listed):
            if isinstance(item, dict):
                yield Entry(source, (section, index), left_out)
            else:
                problem = f"expected a {kind}, found {words_for(item)}"
                found.add(source, (section, index), problem, hint)


def _key(entry: Entry, found: Found) -> str | None:
    if "key" in entry.own:
        try:
            return key(entry.own["key"])
        except Unfit as error:
            found.add(entry.source, (*entry.path, "key"), error.problem, error.hint)
            return None
    near = next((name for name in entry.own if nearest(name, ["key"]) is not None), None)
    if near is not None:
        path = (*entry.path, near)
        found.add(entry.source, path, f"unknown key '{near}'", "did you mean 'key'?", key=True)
    else:
        hint = "add `key: …`, a name that never changes"
        found.add(entry.source, entry.path, "'key' is missing", hint, key=True)
    return None
