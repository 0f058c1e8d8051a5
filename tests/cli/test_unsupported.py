"""What cannot be evaluated is said at the part of the monitor that is to blame, wherever it is shown."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from dd_sync.catalog.load import load
from dd_sync.errors import Place
from dd_sync.evaluate.unsupported import QUERY, Unsupported
from dd_sync.scenarios.declarations import place_of
from tests.cli.support import Run
from tests.cli.test_quality import GAUGE, ORDERS, raw, scenario, write

SMOOTH = raw("avg(last_5m):autosmooth(avg:load{*}) > 5", thresholds={"critical": 5})
QUIET = scenario(GAUGE % "1x9", "{never: Alert}")


def pointed_at(text: str) -> str:
    """What the first carets of a text mark in the line above them."""
    lines = text.splitlines()
    index = next(index for index, line in enumerate(lines) if re.fullmatch(r"[ |]*\^+", line))
    start = lines[index].index("^")
    return lines[index - 1][start : start + lines[index].count("^")]


@pytest.mark.parametrize(
    ("monitor", "blamed"),
    [
        (SMOOTH, "autosmooth(avg:load{*})"),
        (raw("avg(last_5m):avg:load{env:ü} + autosmooth(avg:load{*}) > 5"), "autosmooth(avg:load{*})"),
        (
            raw(
                "avg(last_5m):avg:load{*} == 5",
                thresholds={"critical": 5, "critical_recovery": 4},
                notify_no_data=True,
            ),
            "4",
        ),
        (
            raw(
                "avg(last_5m):avg:load{*} > 5",
                threshold_windows={"trigger_window": "last_5m", "recovery_window": "last_5m"},
            ),
            '"threshold_windows"',
        ),
        (
            raw('"up".over("*").by("host").last(3).count_by_status()', "service check", thresholds={"ok": 9}),
            '"up".over("*").by("host").last(3).count_by_status()',
        ),
    ],
    ids=["query", "beyond ascii", "threshold", "option", "check"],
)
def test_the_part_to_blame_is_pointed_at(dd_sync: Run, tmp_path: Path, monitor: str, blamed: str) -> None:
    write(tmp_path, monitor, QUIET)
    said = dd_sync("test").out
    assert pointed_at(said).replace("\\", "") == blamed, said
    assert "monitors/all.yaml:" in said


def test_what_a_guard_has_made_is_said_at_the_guard(tmp_path: Path) -> None:
    write(tmp_path, ORDERS, "")
    loading = load(tmp_path / "monitors", environ={}, env=None, today=date(2026, 3, 2))
    assert loading.catalog is not None
    (orders,) = loading.catalog.monitors
    error = Unsupported("odd", path=QUERY, where=Place("query", 1, 3, 4))
    where, line = place_of(loading.catalog, orders, error)
    assert line[where.column - 1 :][: where.length] == "rate"
    assert line.strip().startswith("guard: {rate:")


def test_every_report_of_a_failure_has_the_place_and_the_line(dd_sync: Run, tmp_path: Path) -> None:
    write(tmp_path, SMOOTH, QUIET)
    dd_sync("test", "--junit", str(tmp_path / "j.xml"), "--html", str(tmp_path / "p.html"))
    failure = fromstring((tmp_path / "j.xml").read_text("utf-8")).find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.attrib["message"].startswith("monitors/all.yaml:5:26: autosmooth()")
    assert pointed_at(failure.text) == "autosmooth(avg:load{*})"
    page = (tmp_path / "p.html").read_text("utf-8")
    assert "<small>monitors/all.yaml:5:26</small><pre>5 |" in page
    (found,) = dd_sync("test", "--format", "json").json
    assert (found["file"], found["line"]) == ("monitors/scenarios/all.yaml", 2)
    told = found["failures"][0]
    assert (told["file"], told["line"], told["column"]) == ("monitors/all.yaml", 5, 26)


def test_coverage_names_the_part_that_is_to_blame_be_it_of_a_composite_s_part(
    dd_sync: Run, tmp_path: Path
) -> None:
    both = raw("${monitor:it} || ${monitor:fine}", "composite", key="both")
    fine = raw("avg(last_5m):avg:load{*} > 5", key="fine")
    write(tmp_path, SMOOTH + fine + both, "")
    text = dd_sync("test", "--coverage").out
    assert "monitors/all.yaml:5:26: both: autosmooth() is not evaluated here" in text
    assert "monitors/all.yaml:5:26: it: autosmooth() is not evaluated here" in text
    found = {
        one["monitor"]: one
        for one in dd_sync("test", "--coverage", "--format", "json").json["coverage"]["monitors"]
    }
    assert [(one["file"], one["line"], one["column"]) for one in (found["it"], found["both"])] == [
        ("monitors/all.yaml", 5, 26)
    ] * 2
    assert found["fine"]["unsupported"] is None


def test_a_gauge_whose_metric_is_not_evaluated_blames_no_part_of_the_query_that_reads_it(
    dd_sync: Run, tmp_path: Path
) -> None:
    guarded = "  - key: z\n    name: Z\n    message: m\n    guard: {zscore: {metric: load, above: 3}}\n"
    reads = raw("max(last_5m):max:dd_sync.zscore{dd_sync_key:z} + max:dd_sync.zscore{dd_sync_key:z} > 3")
    series = (
        "{metric: load, type: count, tags: [host:a], values: 1x59}\n"
        "      - {metric: load, type: gauge, tags: [host:b], values: 1x59}"
    )
    both = scenario(series, "{never: Alert}") + scenario(series, "{never: Alert}", key="z")
    write(tmp_path, guarded + reads, both)
    first, second = dd_sync("test", "--format", "json").json
    (blamed,), (guard,) = first["failures"], second["failures"]
    assert (blamed["file"], blamed["line"], blamed["column"]) == ("monitors/all.yaml", 6, 10)
    assert (guard["file"], guard["line"], guard["column"]) == ("monitors/all.yaml", 5, 13)
    assert blamed["problem"] == guard["problem"]


def test_a_message_that_is_none_is_no_reason_to_point_at_the_query(dd_sync: Run, tmp_path: Path) -> None:
    broken = raw("avg(last_5m):avg:load{*} > 5", message="{{#is_alert}}")
    both = raw("${monitor:it} || ${monitor:it}", "composite", key="both")
    write(tmp_path, broken + both, "")
    text = dd_sync("test", "--coverage").out
    assert "monitors/all.yaml:2:10: it: " in text
    assert "monitors/all.yaml:8:10: both: " in text
