"""The monitors' queries as nodes, made when somebody asks: a plan of monitors in sync never does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dd_sync.query.parser import parse

if TYPE_CHECKING:
    from dd_sync.query.alerts import Query


class Queries(Mapping[str, "Query"]):
    """By the monitor's key. read: nodes, or the text of a metric query that is known to be sound."""

    def __init__(self, read: Mapping[str, Query | str]) -> None:
        self._read = dict(read)

    def __getitem__(self, key: str) -> Query:
        query = self._read[key]
        if isinstance(query, str):
            query = self._read[key] = parse(query)
        return query

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)
