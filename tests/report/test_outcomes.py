"""Outcomes of scenarios as JUnit XML and as a page of HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest

from dd_sync.catalog.load import load
from dd_sync.report.junit import as_junit
from dd_sync.report.outcomes import Summarise
from dd_sync.report.plot import marks as marks_of
from dd_sync.report.plot import thinned
from dd_sync.report.result import Result
from dd_sync.report.scenario_page import page
from dd_sync.scenarios.suite import suite_of

CATALOG = """\
monitors:
  - key: orders
    name: Orders <b>
    message: "{{tenant.name}} & co <script>alert(1)</script> {{#is_alert}}@slack-a{{/is_alert}}"
    type: query alert
    query: sum(last_5m):sum:orders{*} by {tenant}.as_count() > 50
    options:
      thresholds: {critical: 50, warning: 40, critical_recovery: 30}
      on_missing_data: default
      renotify_interval: 10
  - key: both
    name: Both
    type: composite
    query: "${monitor:orders} || ${monitor:gone}"
    message: m
  - key: gone
    name: Gone
    type: query alert
    query: "avg(last_1m):avg:cpu{*} > 90"
    message: m
    options: {on_missing_data: show_and_notify_no_data}
"""
SCENARIOS = """\
scenarios:
  - name: too <many> orders
    monitor: orders
    for: 1h
    snoozes: [{tenant: acme, from: 40m, for: 10m}]
    series:
      - {metric: orders, type: count, tags: ["tenant:acme"], values: "5x9 9x9 20x24 0x13 100x1"}
      - {metric: orders, type: count, tags: ["tenant:<img>"], values: "1x59"}
    expect:
      - {at: 25m, group: tenant:acme, state: OK}
      - {at: 55m, group: tenant:acme, state: OK}
  - name: nothing at all
    monitor: orders
    for: 10m
    expect: [{never: Alert}]
  - name: states only
    monitor: both
    for: 20m
    series:
      - {metric: orders, type: count, tags: ["tenant:acme"], values: "5x9 20x14"}
      - {metric: cpu, type: gauge, values: "1x19"}
    expect: [{group: tenant:acme, never: No Data}]
  - name: long
    monitor: gone
    for: 7d
    seed: 3
    series: [{metric: cpu, type: gauge, values: "50+poisson(4)+dropout(0.5)x5000 _x1000 95x20"}]
    expect: [{never: Warn}]
"""


@pytest.fixture
def results(tmp_path: Path) -> Sequence[Result]:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "catalog.yaml").write_text("catalog: shop\n")
    (tmp_path / "a.yaml").write_text(CATALOG)
    (tmp_path / "scenarios/a.yaml").write_text(SCENARIOS)
    suite = suite_of(load(tmp_path, environ={}, env=None, today=date(2026, 3, 2)))
    return [Summarise(pictures=True)(outcome, 0.25) for outcome in suite.outcomes()]


# --- JUnit -------------------------------------------------------------------------------------


def test_junit_has_a_case_for_each_scenario_and_counts_them(results: Sequence[Result]) -> None:
    text = as_junit(results)
    root = fromstring(text)
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("time")) == (
        "testsuites",
        "4",
        "1",
        "1.000",
    )
    (suite,) = root
    assert [case.get("name") for case in suite] == [
        "too <many> orders",
        "nothing at all",
        "states only",
        "long",
    ]
    failed, passed = suite[0], suite[1]
    assert (failed.get("classname"), failed.get("line")) == ("a.orders", "2")
    assert "expected OK, got Alert" in (failed[0].get("message") or "")
    assert "<- expected OK" in (failed[0].text or "")
    assert list(passed) == []


def test_junit_is_xml_whatever_a_name_holds(results: Sequence[Result]) -> None:
    odd = "a\x00\x1b[31m\ufffe\ud800 ]]> <&\"'"
    (one,) = fromstring(as_junit([Result("m", odd, odd, 1, results[0].failures, odd, 0)]))
    assert (one[0].get("name") or "").endswith(" ]]> <&\"'")


# --- HTML --------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Every tag that is opened, and whether each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(results: Sequence[Result]) -> None:
    text = page(results)
    tags = Tags(text)
    assert tags.open == []
    names = {name for name, _ in tags.seen}
    assert not names & {"script", "link", "img", "iframe", "b>"}
    assert not [value for _, given in tags.seen for name, value in given.items() if name.startswith("on")]
    assert not re.search(r"https?:|url\((?!#)|@import", text)
    assert "color-scheme" in text


def test_what_failed_comes_first_and_is_open(results: Sequence[Result]) -> None:
    details = [given for name, given in Tags(page([*results[1:], results[0]])).seen if name == "details"]
    assert [(given["class"], "open" in given) for given in details] == [
        ("bad", True),
        ("good", False),
        ("good", False),
        ("good", False),
    ]


def test_text_from_files_is_text(results: Sequence[Result]) -> None:
    text = page(results)
    assert "too &lt;many&gt; orders" in text
    assert "tenant:&lt;img&gt;" in text
    assert "acme &amp; co &lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_picture_shows_values_thresholds_states_snoozes_and_who_was_told(
    results: Sequence[Result],
) -> None:
    picture = results[0].picture
    for style in (
        "value",
        "alert-line",
        "warn-line",
        "recovery-line",
        "snooze",
        "told",
        "met",
        "unmet",
    ):
        assert f'class="{style}"' in picture, style
    for style in ("ok", "warn", "alert"):
        assert f'class="state {style}"' in picture
    assert "<title>expected OK at 25m</title>" in picture
    assert "<title>a downtime on tenant:acme</title>" in picture
    assert "not told" in picture
    assert "told again at" in picture
    assert "and 1 more groups" not in picture


def test_what_has_no_values_or_no_groups_is_shown_without(results: Sequence[Result]) -> None:
    assert "no group had any data" in results[1].picture
    assert 'class="value"' not in results[2].picture
    assert 'class="state ok"' in results[2].picture
    # A composite shows what its parts did.
    assert "<title>orders: OK from 1m</title>" in results[2].picture
    assert "<title>gone: OK from 1m</title>" in results[2].picture


def test_a_week_of_minutes_is_drawn_with_as_many_points_as_can_be_seen(results: Sequence[Result]) -> None:
    (path,) = re.findall(r'class="value" d="([^"]*)"', results[3].picture)
    assert 500 < len(re.findall("[ML]", path)) < 1500
    assert 'class="state nodata"' in results[3].picture
    assert results[3].picture.count('class="dot"') == 500
    assert len(results[3].picture) < 60_000


def test_thinning_keeps_every_extreme() -> None:
    values = np.sin(np.arange(20_000) / 50)
    values[777], values[9_000:9_200] = 50, np.nan
    times = np.arange(20_000, dtype=np.int64) * 60
    kept_times, kept = thinned(times, values, 0, 60 * 19_999, 700)
    assert np.nanmax(kept) == 50
    assert np.nanmin(kept) == np.nanmin(values)
    assert sorted(kept_times) == kept_times
    assert np.isnan(kept).any()


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 997), (1e-9, 2e-9), (-5e14, 1e15), (99, 101)])
def test_the_marks_of_the_axis_are_few_and_within(low: float, high: float) -> None:
    marks = marks_of(low, high)
    assert 1 <= len(marks) <= 6
    assert all(low <= mark <= high for mark in marks)


def test_no_picture_is_made_unless_it_is_asked_for(tmp_path: Path, results: Sequence[Result]) -> None:
    suite = suite_of(load(tmp_path, environ={}, env=None, today=date(2026, 3, 2)))
    assert [Summarise()(outcome, 0).picture for outcome in suite.outcomes()] == ["", "", "", ""]


def test_a_part_that_is_evaluated_less_often_is_drawn_at_its_own_times(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "catalog.yaml").write_text("catalog: shop\n")
    (tmp_path / "a.yaml").write_text("""\
monitors:
  - {key: day, name: Day, message: m, type: query alert, query: "sum(last_1d):sum:orders{*}.as_count() > 50"}
  - {key: now, name: Now, message: m, type: query alert, query: "sum(last_5m):sum:orders{*}.as_count() > 50"}
  - {key: both, name: Both, message: m, type: composite, query: "${monitor:day} || ${monitor:now}"}
""")
    (tmp_path / "scenarios/a.yaml").write_text("""\
scenarios:
  - name: a day
    monitor: both
    for: 26h
    series: [{metric: orders, type: count, values: "1x1559"}]
    expect: [{at: 25h, state: Alert}]
""")
    suite = suite_of(load(tmp_path, environ={}, env=None, today=date(2026, 3, 2)))
    (result,) = (Summarise(pictures=True)(one, 0.0) for one in suite.outcomes())
    assert result.passed, result.text
    assert "<title>day: Alert from 1h</title>" in result.picture


def test_a_list_that_came_late_is_met_at_none_of_its_times(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "catalog.yaml").write_text("catalog: shop\n")
    (tmp_path / "a.yaml").write_text("""\
monitors:
  - {key: now, name: Now, message: m, type: query alert, query: "sum(last_5m):sum:orders{*}.as_count() > 50"}
""")
    (tmp_path / "scenarios/a.yaml").write_text("""\
scenarios:
  - name: a flood
    monitor: now
    for: 30m
    series: [{metric: orders, type: count, values: "1x9 100 1x18"}]
    expect:
      - notifications: [{at: 10m, kind: alert}, {at: 15m, kind: recovery}]
      - transitions: [{at: 11m, to: Alert}, {at: 16m, to: OK}]
""")
    suite = suite_of(load(tmp_path, environ={}, env=None, today=date(2026, 3, 2)))
    (result,) = (Summarise(pictures=True)(one, 0.0) for one in suite.outcomes())
    lines = [line.split("<- ")[1] for line in result.text.splitlines() if "<- " in line]
    assert lines == ["expected the notification alert", "expected the notification recovery"]
    for said in (
        "expected the notification alert at 10m",
        "expected the notification recovery at 15m",
        "as expected at 11m",
        "as expected at 16m",
    ):
        assert f"<title>{said}</title>" in result.picture, said
    assert "as expected at 15m" not in result.picture
