"""What every kind beside monitors has: what of it is live, the calls, and when two bodies mean the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dd_sync.model.digest import digest
from dd_sync.model.resource import Kind
from dd_sync.ports import Json


@dataclass(frozen=True, slots=True)
class LiveResource:
    """One in Datadog that the catalog owns. id: as Datadog knows it; body: as Datadog answers.

    normal: the body without what makes no difference; born: when it was made, as text that sorts.
    """

    key: str
    id: str
    body: Json = field(repr=False)
    normal: Json = field(repr=False)
    born: str = ""

    @property
    def fingerprint(self) -> str:
        return digest(self.normal)


class Calls(Protocol):
    """One kind in one Datadog, for one catalog. Every call that asks Datadog raises DatadogError."""

    @property
    def kind(self) -> Kind: ...

    def read(self, keys: Collection[str]) -> list[LiveResource]:
        """All that the catalog owns; where Datadog has no list of them, those of `keys`."""
        ...

    def create(self, body: Mapping[str, Any]) -> str:
        """Its id. A request that may have been carried out is not repeated."""
        ...

    def update(self, live: LiveResource, body: Mapping[str, Any]) -> None: ...

    def delete(self, live: LiveResource) -> None: ...

    def compared(self, body: Mapping[str, Any], live: LiveResource) -> tuple[Json, Json]:
        """Both without what makes no difference: equal exactly when an update would change nothing."""
        ...

    def shown(self, path: str, value: Any) -> Any:
        """A value that differs, fit to show: no secret that somebody wrote into Datadog."""
        ...

    def labels(self, action: str, body: Mapping[str, Any] | None, paths: Collection[str]) -> tuple[str, ...]:
        """What a change means, in a few words. body: as declared, None for a delete; paths: what differs."""
        ...
