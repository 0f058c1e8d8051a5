"""Series from files: CSV, NDJSON and Parquet, a row for each sample."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dd_sync.errors import Place
from dd_sync.evaluate.notation import LARGEST
from dd_sync.evaluate.series import Floats, Ints, MetricType, Series
from dd_sync.guards.values import found
from dd_sync.scenarios.tables import FileError, Table, read_table
from dd_sync.text import within_line

MOST_SERIES = 20_000
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800
# From here on a number of seconds would be thousands of years ahead: it counts milliseconds.
_MILLISECONDS = 100_000_000_000
_NO_SAMPLE = ("", "nan", "null", "none")


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns are called; those that are none of these are tags, `tags` several at once."""

    time: str = "time"
    value: str = "value"
    metric: str = "metric"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read from a file. tags: of every series; starts_at: where the first sample is moved to."""

    metric: str
    type: MetricType
    interval: int
    tags: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)
    starts_at: int | None = None


def read_series(path: Path, name: str, wanted: Wanted) -> list[Series]:
    """The series of a metric in a file.

    path: it must be within the folder that the caller allows. name: as shown to people. A file without a
    column `metric` is all about the metric wanted. Raises FileError.
    """
    table = read_table(path, name)
    columns = wanted.columns
    for column in (columns.time, columns.value):
        if column not in table.columns:
            there = ", ".join(f"'{within_line(name, 40)}'" for name in list(table.columns)[:20]) or "none"
            raise FileError(
                f"there is no column '{column}' in it; there is {there}",
                hint=f"name it under `columns:`, as in columns: {{{_role(columns, column)}: …}}",
                where=Place(name, 1, 1),
            )
    rows = _rows_of(table, wanted)
    times = _times(table, rows, columns.time)
    values = _values(table, rows, columns.value)
    if not times.size:
        raise FileError(
            f"no sample of '{wanted.metric}' in it", hint="compare its columns", where=Place(name, 1, 1)
        )
    if wanted.starts_at is not None:
        times += wanted.starts_at - times.min()
    return [
        Series.of(
            wanted.metric,
            wanted.type,
            (*wanted.tags, *tags),
            interval=wanted.interval,
            times=times[at],
            values=values[at],
        )
        for tags, at in _by_tags(table, rows, columns).items()
    ]


def _role(columns: Columns, column: str) -> str:
    return "time" if column == columns.time else "value"


def _rows_of(table: Table, wanted: Wanted) -> Sequence[int]:
    """The rows about the metric."""
    metrics = table.columns.get(wanted.columns.metric)
    if metrics is None:
        return range(len(table.lines))
    return [row for row, metric in enumerate(metrics) if metric == wanted.metric]


def _by_tags(table: Table, rows: Sequence[int], columns: Columns) -> dict[tuple[str, ...], list[int]]:
    """The positions in `rows` of each series, by its tags."""
    names = [name for name in table.columns if name not in (columns.time, columns.value, columns.metric)]
    cells = [table.columns[name] for name in names]
    raw: dict[Any, list[int]] = {}
    for position, row in enumerate(rows):
        raw.setdefault(tuple(_hashable(column[row]) for column in cells), []).append(position)
        if len(raw) > MOST_SERIES:
            raise table.error(
                row,
                names[0],
                f"more than {MOST_SERIES:,} series",
                "leave out the columns that are no tags of the metric",
            )
    found: dict[tuple[str, ...], list[int]] = {}
    for values, positions in raw.items():
        tags = tuple(
            sorted({tag for name, value in zip(names, values, strict=True) for tag in _tags(name, value)})
        )
        found.setdefault(tags, []).extend(positions)
    return found


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(f"{key}:{each}" for key, each in value.items())
    return tuple(map(str, value)) if isinstance(value, list) else value


def _tags(name: str, value: Any) -> Iterator[str]:
    """The tags a cell means, written as Datadog stores them."""
    if name == "tags":
        parts = value if isinstance(value, tuple) else re.split(r"[,;|\s]+", str(value or ""))
        yield from (_stored(str(part)) for part in parts if part)
    elif value is not None and str(value) != "":
        yield _stored(f"{name}:{_plain(value)}")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _stored(tag: str) -> str:
    return re.sub(r"[^\w\-:./]", "_", tag.lower())[:200]


def _times(table: Table, rows: Sequence[int], column: str) -> Ints:
    """Every time, int64 epoch seconds; at once where they are all numbers."""
    moments = _floats(table, rows, column)
    if moments is not None:
        moments = np.where(np.abs(moments) >= _MILLISECONDS, moments / 1000, moments)
        if ((moments >= _EARLIEST) & (moments < _LATEST)).all():
            return np.floor(moments).astype(np.int64)
    return np.array([_time(table, row, column) for row in rows], dtype=np.int64)


def _values(table: Table, rows: Sequence[int], column: str) -> Floats:
    """Every value, float64, NaN for no sample; at once where they are all numbers."""
    values = _floats(table, rows, column)
    if values is not None and (np.abs(values) <= LARGEST).all():
        return values
    return np.array([_value(table, row, column) for row in rows], dtype=np.float64)


def _floats(table: Table, rows: Sequence[int], column: str) -> Floats | None:
    """The column as numbers; None where a cell is none, which is looked at by itself then."""
    cells = table.columns[column]
    if any(isinstance(cell, bool) for cell in cells):
        return None
    try:
        return np.array([float(cells[row]) for row in rows], dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        return None


def _time(table: Table, row: int, column: str) -> int:
    """Epoch seconds. A number is seconds or milliseconds since 1970; ISO 8601 without a zone is UTC."""
    cell = table.columns[column][row]
    moment: float | None = None
    if isinstance(cell, datetime):
        moment = (cell if cell.tzinfo else cell.replace(tzinfo=UTC)).timestamp()
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        moment = cell
    elif isinstance(cell, str):
        moment = _moment(cell.strip())
    if moment is not None and abs(moment) >= _MILLISECONDS:
        moment /= 1000
    if moment is None or not _EARLIEST <= moment < _LATEST:
        raise table.error(
            row,
            column,
            f"expected a time between 2000 and 2100, found {_said(cell)}",
            "write 2026-03-02T00:00:00Z or seconds since 1970",
        )
    return math.floor(moment)


def _moment(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _value(table: Table, row: int, column: str) -> float:
    """A number; NaN for no sample."""
    cell = table.columns[column][row]
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in _NO_SAMPLE):
        return math.nan
    try:
        number = float(cell) if isinstance(cell, str | int | float) and not isinstance(cell, bool) else None
    except (ValueError, OverflowError):
        number = None
    if number is None or math.isinf(number) or abs(number) > LARGEST:
        problem = f"expected a number, found {_said(cell)}"
        raise table.error(
            row, column, problem, "write a number up to 1e300, or leave the cell empty for none"
        )
    return number


def _said(cell: Any) -> str:
    return found(cell if isinstance(cell, str | int | float | bool | None) else str(cell))
