"""What the guardrails in monitors/ promise, each row of their documents with its figure."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from dd_sync.catalog.catalog import Catalog, Loading
from dd_sync.catalog.load import load
from dd_sync.cli import run
from dd_sync.evaluate.replay import Kind
from dd_sync.local.schedule import spans_between
from dd_sync.message.fill import Context, fill
from dd_sync.message.parser import parse
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import SNOOZABLE
from dd_sync.report.explain import explain
from dd_sync.scenarios.coverage import Aspect, cover
from dd_sync.scenarios.mutate import mutate
from dd_sync.scenarios.run import Outcome
from dd_sync.scenarios.suite import suite_of

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "monitors"
RUNBOOKS = PROJECT / "docs" / "runbooks"
DAY = date(2026, 11, 21)
PAGES = {"@pagerduty-risk", "@slack-risk-incidents"}


def loaded(environ: Mapping[str, str] | None = None, env: str | None = None) -> Loading:
    return load(FOLDER, environ=environ or {}, env=env, today=DAY)


@pytest.fixture(scope="module")
def loading() -> Loading:
    return loaded()


@pytest.fixture(scope="module")
def catalog(loading: Loading) -> Catalog:
    assert loading.catalog is not None
    return loading.catalog


@pytest.fixture(scope="module")
def monitors(catalog: Catalog) -> dict[str, Declared]:
    return {one.key: one for one in catalog.monitors}


@pytest.fixture(scope="module")
def outcomes(loading: Loading) -> list[Outcome]:
    return list(suite_of(loading).outcomes())


# --- the figures -------------------------------------------------------------------------------------

# Variable: the document's figure, and a monitor that is judged by it, at that threshold.
FIGURES: list[tuple[str, float, str, float]] = [
    ("STREAMS_PER_HOUR", 500, "stream-rate", 500),
    ("REVENUE_PER_DAY", 50000, "revenue-day", 50000),
    ("REVENUE_PER_HOUR", 5000, "revenue-hour", 5000),
    ("REVENUE_PEAK_TIMES", 2.0, "revenue-hour-peak", 10000),
    ("ACCOUNT_PER_DAY", 500, "account-day", 500),
    ("ACCOUNT_SINGLE", 100, "account-single", 100),
    ("ACCOUNT_PAYMENTS", 10, "account-payments", 10),
    ("PAYOUT_PER_DAY", 10000, "payout-day", 10000),
    ("PAYOUT_SINGLE", 5000, "payout-single", 5000),
    ("REVENUE_ZSCORE", 3.0, "revenue-anomaly", 3),
    ("VOLUME_ZSCORE", 2.5, "volume-anomaly", 2.5),
    ("SIZE_ZSCORE", 2.0, "size-anomaly", 2),
    ("REVENUE_EWMA_DEVIATIONS", 2.0, "revenue-trend", 2),
    ("TX_SPIKE_ZSCORE", 4.0, "tx-zscore", 4),
    ("TX_SPIKE_EWMA_PERCENT", 50, "tx-ewma", 50),
    ("VALIDATOR_MISSED_SOME", 3, "validator-missed", 3),
    ("VALIDATOR_MISSED_MANY", 10, "validator-down", 10),
    ("DONATION_VELOCITY", 5, "donation-velocity", 5),
    ("DONATION_IDENTICAL", 3, "donation-identical", 3),
    ("DONATION_RECIPIENTS", 10, "donation-recipients", 10),
    ("DONATION_FAILURES", 5, "donation-failures", 5),
    ("DONATION_OFF_HOURS", 20, "donation-off-hours", 20),
]


def tunables() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*.yaml")):
        yield from (yaml.safe_load(path.read_text("utf-8")).get("tunables") or {}).items()


@pytest.mark.parametrize(("variable", "figure", "key", "threshold"), FIGURES)
def test_each_figure_is_the_default_of_a_tunable_and_what_its_monitor_judges_by(
    monitors: dict[str, Declared], variable: str, figure: float, key: str, threshold: float
) -> None:
    (one,) = [written for _, written in tunables() if written["env"] == variable]
    assert one["default"] == figure
    assert monitors[key].monitor.options["thresholds"]["critical"] == threshold


def test_every_number_has_a_unit_bounds_and_a_variable_of_its_own() -> None:
    found = dict(tunables())
    assert len({one["env"] for one in found.values()}) == len(found) >= 40
    for name, one in found.items():
        if isinstance(one["default"], int | float) or re.fullmatch(r"\d+[mhd]", one["default"]):
            assert {"unit", "min", "max"} <= one.keys(), name


def test_every_variable_reaches_a_monitor_and_is_refused_out_of_bounds() -> None:
    found = [(name, one) for name, one in tunables() if "min" in one and not isinstance(one["min"], str)]
    raised = loaded({one["env"]: str(one["max"]) for _, one in found}).problems
    wrong = loaded({one["env"]: str(one["max"] + 1) for _, one in found}).problems
    told = " ".join(problem.problem for problem in wrong)
    assert [name for name, one in found if one["env"] not in told] == []
    # The largest values are all allowed, except where one tunable bounds another.
    assert [str(problem.problem) for problem in raised if "maximum" in problem.problem] == []


def test_windows_are_those_of_the_documents(monitors: dict[str, Declared]) -> None:
    wanted = {
        "stream-rate": "sum(last_1h)",
        "stream-rate-day": "sum(last_24h)",
        "revenue-day": "sum(last_24h)",
        "revenue-hour": "sum(last_1h)",
        "account-payments": "sum(last_24h)",
        "donation-velocity": '.last("5m") >= 5',
        "donation-identical": '.last("10m") >= 3',
        "donation-off-hours": '.last("4h") >= 20',
        "revenue-anomaly-lasting": "min(last_15m)",
    }
    assert [key for key, text in wanted.items() if text not in monitors[key].monitor.query] == []
    trend = monitors["revenue-trend"].derivation
    assert trend is not None
    assert (trend.alpha, trend.window, trend.measure) == (0.3, timedelta(minutes=60), "deviations")
    schedule = monitors["donation-off-hours"].monitor.options["scheduling_options"]["custom_schedule"]
    assert schedule["recurrences"][0]["start"].endswith("T06:00:00")
    assert schedule["recurrences"][0]["timezone"] == "UTC"


# --- what is promised of each ------------------------------------------------------------------------


@pytest.mark.parametrize("env", [None, "staging"])
def test_there_is_nothing_to_find_fault_with(env: str | None) -> None:
    loading = loaded(env=env)
    assert loading.problems == ()
    assert loading.catalog is not None
    suite = suite_of(loading, env)
    tested = {scenario.monitor for scenario in suite.scenarios}
    assert tested == {one.key for one in loading.catalog.monitors}


def test_an_environment_tells_its_own_webhooks() -> None:
    staging = loaded(env="staging").catalog
    assert staging is not None
    names = {str(one.body["name"]) for one in staging.resources if one.kind == "webhook"}
    handles = {
        handle for one in staging.monitors for handle in re.findall(r"@webhook-(\S+)", one.monitor.message)
    }
    assert (
        handles == names == {"risk-guardrails.staging-hold-review", "risk-guardrails.staging-pause-request"}
    )


@pytest.mark.prove
def test_every_state_of_every_monitor_is_reached_and_expected(loading: Loading, catalog: Catalog) -> None:
    covered = cover(suite_of(loading), catalog, [one.key for one in catalog.monitors], jobs=1)
    missing = [
        f"{one.key}: {part.name}"
        for one in covered.monitors
        for part in one.of(Aspect.STATE)
        if not part.covered
    ]
    assert missing == []
    assert covered.percent >= 98


@pytest.mark.prove
def test_nine_of_ten_mistakes_are_noticed(loading: Loading, catalog: Catalog) -> None:
    made = mutate(suite_of(loading), catalog, [one.key for one in catalog.monitors], jobs=2)
    assert made.percent >= 95


def test_a_warning_pages_nobody(catalog: Catalog, outcomes: list[Outcome]) -> None:
    for one in catalog.monitors:
        assert not PAGES & set(explain(one, catalog.queries[one.key], ()).told["warning"]), one.key
    warned = [told for one in outcomes if one.replay for told in one.replay.notifications]
    warnings = [told for told in warned if told.kind is Kind.WARNING]
    assert warnings
    assert [told.title for told in warnings if PAGES & set(told.handles)] == []


def test_every_message_that_is_sent_leads_to_a_section_of_a_runbook(catalog: Catalog) -> None:
    dead = []
    for one in catalog.monitors:
        found = re.search(r"https://runbooks\.example\.com/risk/([a-z]+)#([a-z-]+)", one.monitor.message)
        assert found or one.level == 1, one.key
        if found:
            headings = re.findall(
                r"^## (.+)$", (RUNBOOKS / f"{found[1]}.md").read_text("utf-8"), re.MULTILINE
            )
            dead += [one.key] * (found[2] not in headings)
    assert dead == []


def test_messages_have_a_part_for_each_state_they_are_sent_in(catalog: Catalog) -> None:
    for one in catalog.monitors:
        own = one.monitor.message
        if one.level == 1 or one.guard == "absent":
            continue
        assert "{{#is_alert}}" in own.split("Runbook:")[0], one.key
        assert "{{#is_recovery}}" in own.split("Runbook:")[0], one.key


def test_holds_are_what_the_documents_ask_for(catalog: Catalog) -> None:
    assert {one.key for one in catalog.monitors if one.hold} == {
        "stream-rate",
        "settle-spike",
        "escrow-unlock-spike",
        "revenue-anomaly",
        "account-fraud-pattern",
        "payout-day",
        "payout-single",
        "validator-double-sign",
    }


def test_a_double_sign_pages_has_the_highest_priority_and_cannot_be_silenced(
    monitors: dict[str, Declared], catalog: Catalog
) -> None:
    one = monitors["validator-double-sign"]
    assert one.protected
    assert one.monitor.priority == 1
    assert SNOOZABLE not in one.monitor.tags
    assert set(explain(one, catalog.queries[one.key], ()).told["alert"]) == PAGES


def test_only_levels_that_may_ask_for_a_pause(catalog: Catalog) -> None:
    asking = [one for one in catalog.monitors if "pause-request" in one.monitor.message]
    assert {one.key for one in asking} == {"account-fraud-pattern", "revenue-rollback"}
    assert all(catalog.levels[one.level or 0].may_request_pause for one in asking)


# --- machines read it --------------------------------------------------------------------------------

FIELDS = {
    "level", "scope", "message", "signal", "identifier", "count", "threshold", "window", "pattern",
    "severity", "timestamp",
}  # fmt: skip
SEVERITIES = {"low": 1, "medium": 2, "high": 3}


def test_every_alert_about_donations_has_a_line_of_json(
    outcomes: list[Outcome], monitors: dict[str, Declared]
) -> None:
    seen = {}
    for outcome in outcomes:
        key = outcome.scenario.monitor
        for told in outcome.replay.notifications if outcome.replay else ():
            if not key.startswith("donation-") or told.kind is not Kind.ALERT:
                continue
            (line,) = [line for line in told.body.splitlines() if line.startswith("{")]
            found = json.loads(line)
            assert found.keys() == FIELDS
            assert found["scope"] == "SUSPICIOUS_PATTERN"
            assert (
                found["count"]
                >= found["threshold"]
                == monitors[key].monitor.options["thresholds"]["critical"]
            )
            assert found["identifier"] == "3f2a"
            assert SEVERITIES[found["severity"]] == monitors[key].level
            seen[key] = found["signal"]
    assert seen == {
        "donation-velocity": "high_velocity_donations",
        "donation-identical": "identical_amount_pattern",
        "donation-recipients": "high_recipient_diversity",
        "donation-failures": "sequential_failures",
        "donation-off-hours": "off_hours_activity",
    }


def test_the_line_of_json_stays_json_whatever_the_identifier_is_made_of(
    monitors: dict[str, Declared],
) -> None:
    message = monitors["donation-failures"].monitor.message
    text = fill(parse(message), Context(is_alert=True, variables={"donor.name": "a-b_c:d/e.f"}))
    (line,) = [line for line in text.splitlines() if line.startswith("{")]
    assert json.loads(line)["identifier"] == "a-b_c:d/e.f"


# --- the peak ----------------------------------------------------------------------------------------

ZONE = ZoneInfo("Europe/Berlin")
# A usual week, and the weeks in which clocks are put forward and back.
WEEKS = [datetime(2026, 12, 7), datetime(2027, 3, 25), datetime(2026, 10, 22)]


@pytest.mark.parametrize("first", WEEKS, ids=["usual", "forward", "back"])
def test_exactly_one_of_the_two_hourly_caps_is_heard_at_any_minute(catalog: Catalog, first: datetime) -> None:
    start = first.replace(tzinfo=ZONE).astimezone(UTC)
    end = start + timedelta(days=7)
    muted = {key: silent(catalog, key, start, end) for key in ("revenue-hour", "revenue-hour-peak")}
    minutes = [start + timedelta(minutes=at) for at in range(7 * 1440)]
    both = [one for one in minutes if (one in muted["revenue-hour"]) == (one in muted["revenue-hour-peak"])]
    assert both == []
    for minute in minutes:
        if minute not in muted["revenue-hour"]:
            window = {(minute - timedelta(minutes=back)).astimezone(ZONE).hour for back in (1, 60)}
            assert not window & set(range(18, 23)), minute


def silent(catalog: Catalog, key: str, start: datetime, end: datetime) -> set[datetime]:
    """The minutes in which declared downtimes mute a monitor."""
    found: set[datetime] = set()
    for one in catalog.resources:
        if one.kind == "downtime" and one.key.endswith(f"/{key}"):
            for begin, finish in spans_between(one.body["schedule"], start - timedelta(days=1), end):
                assert finish is not None
                length = int((finish - begin) / timedelta(minutes=1))
                found |= {begin + timedelta(minutes=at) for at in range(length)}
    return found


# --- dashboards --------------------------------------------------------------------------------------


def test_each_area_has_a_dashboard_with_what_alerts_and_what_is_snoozed(catalog: Catalog) -> None:
    boards = {one.key: json.dumps(one.body) for one in catalog.resources if one.kind == "dashboard"}
    areas = {Path(one.file).stem for one in catalog.monitors}
    assert boards.keys() == areas
    for area in areas - {"worker"}:
        assert "status:(alert OR warn" in boards[area], area
        assert "muted:true" in boards[area], area
        assert "${monitor:" in boards[area], area
    held = {Path(one.file).stem for one in catalog.monitors if one.hold}
    assert {area for area in areas if "payment_held" in boards[area]} == held


def test_the_dashboard_of_revenue_shows_baseline_z_scores_use_of_the_caps_and_alerts(
    catalog: Catalog,
) -> None:
    (board,) = [one.body for one in catalog.resources if one.kind == "dashboard" and one.key == "revenue"]
    text = json.dumps(board)
    for wanted in ("week_before(", "dd_sync.zscore", "/ 50000", "/ 5000", "${monitor:revenue-day}"):
        assert wanted in text


# --- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "right", "wrong", "place", "problem"),
    [
        ("revenue.yaml", "default: 500, min: 1", "default: 0, min: 1", "6:52", "below the minimum 1 USD"),
        ("revenue.yaml", "duration: 15h", "duration: 25h", "225:", "it begins"),
        ("payouts.yaml", "warn_at: 80%", "warn_at: 12000", "10:127", "12000"),
        ("payouts.yaml", "alert_graph: payout-day", "alert_graph: payout-dya", "", "payout-dya"),
        ("chain.yaml", "priority: 1", "priority: 9", "", "priority"),
        ("revenue.yaml", "monitors: [revenue-hour]", "monitors: [validator-double-sign]", "", "protected"),
        ("donations.yaml", 'daily_at: "06:00"', "daily_at: 6pm", "", "6pm"),
        ("donations.yaml", 'by: ["@donor"]', 'by: ["@email"]', "", "email"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    right: str,
    wrong: str,
    place: str,
    problem: str,
) -> None:
    folder = tmp_path / "monitors"
    shutil.copytree(FOLDER, folder)
    text = (folder / file).read_text("utf-8")
    assert right in text
    (folder / file).write_text(text.replace(right, wrong, 1), "utf-8")
    assert run(["check", "--catalog", str(folder)]) == 1
    said = capsys.readouterr().out
    first = next(line for line in said.splitlines() if ": error[" in line)
    assert f"{file}:{place}" in first
    assert problem in said
