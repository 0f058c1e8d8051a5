"""Series from CSV, NDJSON and Parquet: what a row means, and what is wrong with a file, at its place."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dd_sync.evaluate.series import MetricType, Series
from dd_sync.scenarios import files, tables
from dd_sync.scenarios.files import Columns, Wanted, read_series
from dd_sync.scenarios.tables import FileError

START = 1772409600  # 2026-03-02T00:00:00Z
Read = Callable[..., list[Series]]
Points = dict[tuple[str, ...], list[tuple[int, float]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reader(name: str, content: str | bytes, **more: Any) -> list[Series]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_series(path, name, Wanted("orders", MetricType.COUNT, 60, **more))

    return reader


def points(series: list[Series]) -> Points:
    """By tags: seconds from the start, and the value."""
    return {
        one.tags: list(zip((one.times - START).tolist(), one.values.tolist(), strict=True)) for one in series
    }


@pytest.mark.parametrize(
    "rows",
    [
        "time,tenant,value\n2026-03-02T00:00:00Z,acme,5\n2026-03-02T00:01:00+00:00,acme,6.5\n",
        "time,tenant,value\n2026-03-02 00:00:00,acme,5\n\n2026-03-02T01:01:00+01:00,acme,6.5\n",
        f"value,tenant,time\r\n5,acme,{START}\r\n6.5,acme,{START + 60}\r\n",
        f'\ufefftime,tenant,value\n{START}000,acme,5\n{START + 60}000,"acme",6.5\n',
        f"time,tenant,value\n{START}.9,acme,5\n{START + 60},acme,6.5\n{START + 61},acme,\n{START},acme,nan\n",
    ],
)
def test_a_row_of_csv_is_a_sample_and_its_other_columns_are_tags(read: Read, rows: str) -> None:
    assert points(read("a.csv", rows)) == {("tenant:acme",): [(0, 5.0), (60, 6.5)]}


def test_a_line_of_ndjson_is_a_sample_too(read: Read) -> None:
    lines = (
        f'{{"time": {START}, "value": 1, "tags": ["tenant:acme", "env:prod"]}}\n'
        f'{{"time": {START + 60}, "value": "2", "env": "prod", "tags": {{"tenant": "acme"}}}}\n'
        f'{{"time": {START}, "value": null, "tenant": 7.0, "new": true}}\n\n'
    )
    assert points(read("a.ndjson", lines)) == {
        ("env:prod", "tenant:acme"): [(0, 1.0), (60, 2.0)],
        ("new:true", "tenant:7"): [],
    }


def test_parquet_is_read_column_by_column(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "at": [datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, 0, 1, tzinfo=UTC)],
            "n": [1, None],
            "tenant": ["acme", "acme"],
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    wanted = Wanted("orders", MetricType.GAUGE, 60, columns=Columns(time="at", value="n"))
    assert points(read_series(tmp_path / "a.parquet", "a.parquet", wanted)) == {("tenant:acme",): [(0, 1.0)]}


def test_a_cell_of_parquet_that_is_wrong_is_named_by_its_row(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"time": [START, START + 60], "value": ["5", "many"]})
    frame.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(FileError, match="expected a number, found the text 'many'") as caught:
        read_series(tmp_path / "a.parquet", "a.parquet", Wanted("orders", MetricType.GAUGE, 60))
    assert str(caught.value.where) == "a.parquet:2:1"


def test_tags_are_written_as_datadog_stores_them_and_those_of_the_scenario_are_added(read: Read) -> None:
    rows = f'time,Tenant,value,tags\n{START},"ACME, Inc.",1,"a:b;c d"\n'
    assert list(points(read("a.csv", rows, tags=("env:prod",)))) == [
        ("a:b", "c", "d", "env:prod", "tenant:acme__inc.")
    ]


def test_a_column_of_metrics_chooses_the_rows(read: Read) -> None:
    rows = f"time,value,metric\n{START},1,orders\n{START},2,carts\n"
    assert points(read("a.csv", rows)) == {(): [(0, 1.0)]}
    with pytest.raises(FileError, match="no sample of 'orders' in it"):
        read("a.csv", rows.replace("orders", "paid"))


def test_the_first_sample_can_be_moved_and_the_rest_with_it(read: Read) -> None:
    rows = "time,value\n2020-01-01T00:01:00Z,2\n2020-01-01T00:00:00Z,1\n"
    assert points(read("a.csv", rows, starts_at=START - 60)) == {(): [(-60, 1.0), (0, 2.0)]}


@pytest.mark.parametrize(
    ("name", "content", "place", "said"),
    [
        ("a.csv", "", "1:1", "there is no column 'time' in it; there is none"),
        ("a.csv", "ts,value\n1,2\n", "1:1", "there is no column 'time' in it; there is 'ts', 'value'"),
        ("a.csv", "time,n\n1,2\n", "1:1", "there is no column 'value' in it"),
        ("a.csv", "time,value\n", "1:1", "no sample of 'orders' in it"),
        ("a.csv", "time,value,value\n1,2,3\n", "1:1", "two columns are called 'value'"),
        (
            "a.csv",
            f"time,x,value\n{START},a,5\n{START},b,abc\n",
            "3:14",
            "expected a number, found the text 'abc'",
        ),
        (
            "a.csv",
            f'time,x,value\n{START},"a,""b",1e308\n',
            "2:20",
            "expected a number, found the text '1e308'",
        ),
        ("a.csv", f"time,value\n{START},inf\n", "2:12", "expected a number, found the text 'inf'"),
        ("a.csv", "x,time,value\na,yesterday,1\n", "2:3", "expected a time between 2000 and 2100"),
        ("a.csv", "time,value\n5,1\n", "2:1", "expected a time between 2000 and 2100, found the text '5'"),
        (
            "a.csv",
            "time,value\nnan,1\n",
            "2:1",
            "expected a time between 2000 and 2100, found the text 'nan'",
        ),
        ("a.csv", f"time,value\n{START},1,3\n", "2:1", "3 cells in a row of a table with 2 columns"),
        ("a.csv", f'time,value\n"{START},1\n', "3:1", "this is not CSV"),
        ("a.csv", b"time,value\n\xff,1\n", "2:1", "byte 0xff is not UTF-8"),
        ("a.csv", b"\0" * 200, "1:1", "there is no column 'time' in it"),
        ("a.csv", "x" * 200_000, "1:1", "this is not CSV"),
        ("a.ndjson", '{"time": 1,', "1:12", "this line is not JSON"),
        ("a.ndjson", f'{{"time": {START}, "value": 1}}\n[1]\n', "2:1", "expected an object, found a list"),
        ("a.ndjson", "[" * 100_000, "1:1", "this line is not JSON"),
        ("a.ndjson", f'{{"time": {START}, "value": true}}', "1:31", "expected a number, found yes"),
        ("a.ndjson", f'{{"time": {START}, "value": {{}}}}', "1:31", "expected a number, found the text '{}'"),
        (
            "a.ndjson",
            '{"value": 1, "time": true}',
            "1:22",
            "expected a time between 2000 and 2100, found yes",
        ),
        ("a.ndjson", f'{{"time": {START}, "value": 1}}\n{{"value": 1}}', "2:1", "found nothing"),
        ("a.parquet", "", "1:1", "this is not Parquet"),
        ("a.parquet", b"PAR1" + b"x" * 100 + b"PAR1", "1:1", "this is not Parquet"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_what(
    read: Read, name: str, content: str | bytes, place: str, said: str
) -> None:
    with pytest.raises(FileError) as caught:
        read(name, content)
    assert str(caught.value.where) == f"{name}:{place}"
    assert said in caught.value.problem
    assert caught.value.hint


def test_what_is_not_there_or_no_plain_file_is_told(tmp_path: Path) -> None:
    wanted = Wanted("orders", MetricType.COUNT, 60)
    with pytest.raises(FileError, match="cannot be read: No such file"):
        read_series(tmp_path / "a.csv", "a.csv", wanted)
    os.mkfifo(tmp_path / "b.csv")
    with pytest.raises(FileError, match="cannot be read: not a plain file"):
        read_series(tmp_path / "b.csv", "b.csv", wanted)


def test_rows_series_and_bytes_have_an_end(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "time,id,value\n" + "".join(f"{START},{number},1\n" for number in range(5))
    monkeypatch.setattr(files, "MOST_SERIES", 4)
    with pytest.raises(FileError, match="more than 4 series") as caught:
        read("a.csv", rows)
    assert str(caught.value.where) == "a.csv:6:12"
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    with pytest.raises(FileError, match="more than 3 rows"):
        read("a.csv", rows)
    with pytest.raises(FileError, match="more than 3 rows"):
        read("a.ndjson", f'{{"time": {START}, "value": 1}}\n' * 5)
    monkeypatch.setattr(tables, "LARGEST_FILE", 20)
    with pytest.raises(FileError, match="larger than 0 MB"):
        read("a.csv", rows)


def test_without_polars_parquet_is_told_to_need_it(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    really = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "polars":
            raise ModuleNotFoundError(name)
        return really(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FileError, match="reading Parquet needs polars") as caught:
        read("a.parquet", "PAR1")
    assert "pip install 'dd-sync[history]'" in caught.value.hint
