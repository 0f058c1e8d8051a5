"""One monitor as written: its own keys, its file's defaults, and which of them a path leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.catalog.complaints import Path
from dd_sync.catalog.schema import GUARD_ONLY
from dd_sync.catalog.source import Source


@dataclass(frozen=True, slots=True)
class Entry:
    """path: of the monitor in its file. Paths given to the methods begin at the monitor.

    left_out: keys of the file's defaults that are wrong and have been told.
    """

    source: Source
    path: Path
    left_out: frozenset[str] = frozenset()

    @property
    def own(self) -> Mapping[str, Any]:
        value: Any = self.source.value
        for step in self.path:
            value = value[step]
        return value if isinstance(value, dict) else {}

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The file's defaults that this monitor takes: what only guards have passes a raw one by."""
        found = self.source.value.get("defaults")
        if not isinstance(found, dict):
            return {}
        left_out = self.left_out if "guard" in self.own else self.left_out.union(GUARD_ONLY)
        return {key: value for key, value in found.items() if key not in left_out} if left_out else found

    def merged(self) -> dict[str, Any]:
        """The monitor with the defaults under it, tags of both, each once."""
        own, defaults = self.own, self.defaults
        merged = {**defaults, **own}
        tags, more = defaults.get("tags"), own.get("tags")
        if isinstance(tags, list) and isinstance(more, list):
            merged["tags"] = tags + [tag for tag in more if tag not in tags]
        return merged

    def origin(self, path: Path) -> Path:
        """Where in the file the value at `path` of the merged monitor was written."""
        own, defaults = self.own, self.defaults
        if not path or path[0] not in defaults:
            return (*self.path, *path)
        if path[0] == "tags" and path[0] in own:
            return self._origin_of_tag(path)
        return (*self.path, *path) if path[0] in own else ("defaults", *path)

    def _origin_of_tag(self, path: Path) -> Path:
        tags, more = self.defaults["tags"], self.own["tags"]
        index = path[1] if len(path) > 1 else None
        if not isinstance(index, int) or not isinstance(tags, list) or not isinstance(more, list):
            return (*self.path, *path)
        if index < len(tags):
            return ("defaults", *path)
        kept = [place for place, tag in enumerate(more) if tag not in tags]
        return (*self.path, "tags", kept[index - len(tags)])

    def text_at(self, path: Path) -> str | None:
        """The text written at `path`, before anything was filled in."""
        value: Any = self.source.value
        for step in self.origin(path):
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value if isinstance(value, str) else None
