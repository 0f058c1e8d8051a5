"""A catalog, read: its settings and the monitors it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dd_sync.catalog.complaints import Path as Steps
from dd_sync.catalog.entry import Entry
from dd_sync.catalog.interpolation import Interpolation
from dd_sync.catalog.levels import suffix
from dd_sync.catalog.settings import Level, Limits, Policy, Settings
from dd_sync.catalog.source import Files, Source
from dd_sync.catalog.tunables import TunableValue
from dd_sync.errors import Place, Problem
from dd_sync.model.monitor import Declared
from dd_sync.model.resource import Kind, Resource, texts_in

if TYPE_CHECKING:
    from dd_sync.query.alerts import Query


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """name: as in Datadog, with the environment; monitors: by key; tunables: by name.

    queries: as nodes, by the monitor's key. resources: downtimes, dashboards and webhooks, by kind and key.
    manages: the kinds of those that have a section in some file, be it empty.
    wrong: monitors in which something is wrong, with what of them is right; only their texts are judged.
    """

    name: str
    settings: Settings
    monitors: tuple[Declared, ...]
    tunables: tuple[TunableValue, ...]
    queries: Mapping[str, Query]
    files: Files = field(repr=False)
    interpolation: Interpolation = field(repr=False)
    resources: tuple[Resource, ...] = ()
    manages: frozenset[Kind] = frozenset()
    wrong: tuple[Declared, ...] = ()

    @property
    def folder(self) -> Path:
        return self.files.folder

    @property
    def tenant_tag(self) -> str:
        return self.settings.tenant_tag

    @property
    def levels(self) -> Mapping[int, Level]:
        return self.settings.levels

    @property
    def policy(self) -> Policy:
        return self.settings.policy

    @property
    def limits(self) -> Limits:
        return self.settings.limits

    @cached_property
    def _by_key(self) -> Mapping[str, Declared]:
        return {declared.key: declared for declared in self.monitors}

    def declared(self, key: str) -> Declared | None:
        """The monitor of that key, None if there is none, or if it could not be read."""
        return self._by_key.get(key)

    def group_keys(self, key: str) -> tuple[str, ...]:
        """What the monitor of that key alerts by; of a composite, as far as its parts are declared here."""
        from dd_sync.catalog.composites import group_keys_of

        return group_keys_of(self.queries[key], self.queries.get)

    def own_message(self, declared: Declared) -> str:
        """The message as its author wrote it, tunables filled in, without what its level adds."""
        added = suffix(self.levels, declared.level)
        message = declared.monitor.message
        return "" if message == added.lstrip("\n") else message.removesuffix(added) if added else message

    def entry(self, declared: Declared) -> Entry:
        """The monitor as its author wrote it."""
        return Entry(self.files.source(declared.file), declared.path)

    def locate(
        self,
        declared: Declared,
        path: Steps = (),
        *,
        key: bool = False,
        offset: int | None = None,
        length: int = 1,
    ) -> tuple[Place, str]:
        """The place of something in a monitor, and the source line there.

        path: from the monitor, as in ("guard", "rate", "by", 0); what a default gave is found there.
        offset, length: characters of the text at `path`, after tunables were filled in.
        """
        entry = self.entry(declared)
        text = entry.text_at(path)
        if offset is not None and text is not None:
            if "${" in text:
                offset = self.interpolation.offset_before(text, offset)
            if path == ("query",):
                offset += len(text) - len(text.lstrip())
        return entry.source.locate(entry.origin(path), key=key, offset=offset, length=length)

    def texts_of(self, resource: Resource) -> Iterator[tuple[Steps, str]]:
        """Every text its author wrote in a downtime, dashboard or webhook, tunables filled in."""
        for path, text in texts_in(self._written(resource)):
            filled = self.interpolation.fill(text) if "${" in text else text
            if isinstance(filled, str):
                yield path, filled

    def locate_in(
        self,
        resource: Resource,
        path: Steps = (),
        *,
        key: bool = False,
        offset: int | None = None,
        length: int = 1,
    ) -> tuple[Place, str]:
        """As `locate`, of something in a downtime, dashboard or webhook."""
        text: Any = self._written(resource)
        for step in path:
            text = text[step]
        if offset is not None and isinstance(text, str) and "${" in text:
            offset = self.interpolation.offset_before(text, offset)
        source = self.files.source(resource.file)
        return source.locate((*resource.path, *path), key=key, offset=offset, length=length)

    def _written(self, resource: Resource) -> Any:
        value: Any = self.files.source(resource.file).value
        for step in resource.path:
            value = value[step]
        return value


@dataclass(frozen=True)
class Loading:
    """What reading a folder gave: a catalog of the monitors without errors, and all problems, in order.

    catalog is None only where there is none at all; with a wrong catalog.yaml it is made of the sound parts,
    to be judged and never to be used. keys: of all monitors, the wrong ones included.
    scenarios: the files of tests, for whoever reads them.
    """

    catalog: Catalog | None
    problems: tuple[Problem, ...]
    scenarios: tuple[Source, ...] = ()
    keys: frozenset[str] = frozenset()

    @property
    def all_keys(self) -> frozenset[str] | None:
        """The same; None where a file cannot be read, since others may be in it."""
        whole = self.catalog is None or all(source.readable for source in self.catalog.files.monitors)
        return self.keys if whole else None

    @property
    def all_downtimes(self) -> frozenset[str] | None:
        """The keys of all downtimes, of those too that are over or wrong; None likewise."""
        if self.catalog is None or self.all_keys is None:
            return None
        sections = (source.value.get("downtimes") for source in self.catalog.files.monitors)
        written = [each for section in sections if isinstance(section, list) for each in section]
        keys = (each.get("key") for each in written if isinstance(each, dict))
        return frozenset(key for key in keys if isinstance(key, str))
