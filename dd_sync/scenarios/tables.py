"""Files as tables: the columns of CSV, NDJSON and Parquet, and where each cell stands."""

from __future__ import annotations

import csv
import json
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dd_sync.errors import DdSyncError, Place
from dd_sync.guards.values import found

LARGEST_FILE = 100_000_000
MOST_ROWS = 2_000_000


class FileError(DdSyncError):
    """A file that holds no samples that could be read. `where` is in that file."""

    rule = "samples"


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a file. lines: of each row, from 1; text: the lines themselves, where it has any."""

    file: str
    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int]
    text: Sequence[str] = ()

    def error(self, row: int, column: str, problem: str, hint: str) -> FileError:
        return FileError(problem, hint=hint, where=self._place(row, column))

    def _place(self, row: int, column: str) -> Place:
        line = self.lines[row]
        if not self.text:
            return Place(self.file, line, 1)
        start, length = _cell(self.text[line - 1], [*self.columns].index(column), column)
        return Place(self.file, line, start + 1, max(1, length))


def read_table(path: Path, name: str) -> Table:
    """The file as a table, read as its name's ending says. name: as shown to people. Raises FileError."""
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise OSError(0, "not a plain file")
        if state.st_size > LARGEST_FILE:
            problem = f"larger than {LARGEST_FILE // 1_000_000} MB"
            raise FileError(problem, hint="keep only what the test needs", where=Place(name, 1, 1))
        if path.suffix == ".parquet":
            return _parquet(path, name)
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise FileError(problem, hint="check its name and permissions", where=Place(name, 1, 1)) from None
    except UnicodeDecodeError as error:
        problem = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        line = error.object.count(b"\n", 0, error.start) + 1
        raise FileError(problem, hint="save it as UTF-8", where=Place(name, line, 1)) from None
    return _csv(text, name) if path.suffix == ".csv" else _ndjson(text, name)


def _csv(text: str, name: str) -> Table:
    lines = text.split("\n")
    reader = csv.reader((line + "\n" for line in lines), strict=True)
    rows: list[list[str]] = []
    numbers: list[int] = []
    header: list[str] = []
    try:
        for row in reader:
            if not row:
                continue
            if not header:
                header = [cell.strip() for cell in row]
                continue
            if len(row) != len(header):
                raise FileError(
                    f"{len(row)} cells in a row of a table with {len(header)} columns",
                    hint='give every row each cell, and put cells with commas in "…"',
                    where=Place(name, reader.line_num, 1),
                )
            rows.append(row)
            numbers.append(reader.line_num)
            _check_rows(len(rows), name, reader.line_num)
    except csv.Error as error:
        raise FileError(
            f"this is not CSV: {error}",
            hint="check its quotes",
            where=Place(name, max(1, reader.line_num), 1),
        ) from None
    twice = {column for column in header if header.count(column) > 1}
    if twice:
        problem = f"two columns are called '{min(twice)[:40]}'"
        raise FileError(problem, hint="give each a name of its own", where=Place(name, 1, 1))
    cells: Iterable[Sequence[str]] = zip(*rows, strict=True) if rows else ([] for _ in header)
    return Table(name, dict(zip(header, cells, strict=True)), numbers, lines)


def _ndjson(text: str, name: str) -> Table:
    lines = text.split("\n")
    objects: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            column = getattr(error, "colno", 1)
            hint = 'write one object a line, as in {"time": "2026-03-02T00:00:00Z", "value": 5}'
            raise FileError("this line is not JSON", hint=hint, where=Place(name, number, column)) from None
        if not isinstance(value, dict):
            raise FileError(
                f"expected an object, found {found(value)}",
                hint='as in {"time": "2026-03-02T00:00:00Z", "value": 5}',
                where=Place(name, number, 1),
            )
        objects.append(value)
        numbers.append(number)
        _check_rows(len(objects), name, number)
    names = dict.fromkeys(key for one in objects for key in one)
    columns = {key: [one.get(key) for one in objects] for key in names}
    return Table(name, columns, numbers, lines)


def _check_rows(count: int, name: str, line: int) -> None:
    if count > MOST_ROWS:
        raise FileError(
            f"more than {MOST_ROWS:,} rows", hint="keep only what the test needs", where=Place(name, line, 1)
        )


def _parquet(path: Path, name: str) -> Table:
    try:
        import polars
    except ModuleNotFoundError:
        raise FileError(
            "reading Parquet needs polars, which is not installed",
            hint="pip install 'dd-sync[history]', or save it as CSV",
            where=Place(name, 1, 1),
        ) from None
    try:
        frame = polars.scan_parquet(path, glob=False).head(MOST_ROWS + 1).collect()
    except (polars.exceptions.PolarsError, OSError) as error:
        said = str(error).split("\n")[0][:100]
        raise FileError(
            f"this is not Parquet: {said}", hint="write it anew", where=Place(name, 1, 1)
        ) from None
    _check_rows(frame.height, name, 1)
    columns = {column: frame[column].to_list() for column in frame.columns}
    return Table(name, columns, range(1, frame.height + 1))


def _cell(line: str, index: int, column: str) -> tuple[int, int]:
    """Offset and length of a cell in its line: the `index`-th of CSV, or the value of a key of JSON."""
    if line.lstrip().startswith("{"):
        at = re.search(rf"{re.escape(json.dumps(column))}\s*:\s*([^,}}]*)", line)
        return (at.start(1), len(at[1].rstrip())) if at else (0, 1)
    cells = list(re.finditer(r'(?:"(?:[^"]|"")*"|[^,"])*(?:,|$)', line.rstrip("\r")))
    if index >= len(cells):
        return 0, 1
    return cells[index].start(), len(cells[index].group().rstrip(","))
