"""No monitor can be in alert and recovered at once."""

from __future__ import annotations

import pytest

from tests.checks.conftest import Lint, metric, of, raw


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (
            raw(">", "{critical: 20, critical_recovery: 20}"),
            ["critical_recovery is the same as critical, 20 @ 20"],
        ),
        (
            raw("<", "{critical: 20, warning: 30, warning_recovery: 30}"),
            ["warning_recovery is the same as warning, 30 @ 30"],
        ),
        (raw(">", "{critical: 20, critical_recovery: 19}"), []),
        (raw("==", "{critical: 20, critical_recovery: 20}"), []),
        (raw(">", "{critical_recovery: 20}"), []),
    ],
)
def test_a_recovery_that_touches_its_trigger_is_told(lint: Lint, monitors: str, expected: list[str]) -> None:
    assert of("recovery-overlap", lint(monitors)) == expected


ANOMALY = "avg(last_4h):anomalies(avg:a.b{*}, 'basic', 3, alert_window='last_15m') >= "


def windows(critical: str, recovery: str, more: str = "") -> str:
    return (
        f"{{threshold_windows: {{trigger_window: last_15m, recovery_window: {recovery}}}, "
        f"thresholds: {{critical: {critical}{more}}}}}"
    )


@pytest.mark.parametrize(
    ("critical", "recovery", "more", "expected"),
    [
        # Of 15 minutes half may not be anomalous while the last R of them are quiet: 15 - R < 7.5.
        (
            "0.5",
            "last_7m",
            "",
            ["with a recovery window of last_7m an alert could be over and go on @ last_7m"],
        ),
        ("0.5", "last_8m", "", []),
        ("1", "last_1m", "", []),
        ("1.0", "last_15m", "", []),
        ("0.5", "last_30m", "", []),
        ("0.5", "last_30m", ", critical_recovery: 0.2", []),
        (
            "0.5",
            "last_30m",
            ", critical_recovery: 0.3",
            ["with a recovery window of last_30m an alert could be over and go on @ last_30m"],
        ),
        (
            "0.5",
            "last_8m",
            ", critical_recovery: 0.1",
            ["with a recovery window of last_8m an alert could be over and go on @ last_8m"],
        ),
    ],
)
def test_a_recovery_window_too_short_for_its_share_is_told(
    lint: Lint, critical: str, recovery: str, more: str, expected: list[str]
) -> None:
    text = metric(ANOMALY + critical, windows(critical, recovery, more))
    assert of("recovery-overlap", lint(text)) == expected


def test_the_suggested_recovery_window_is_fine(lint: Lint) -> None:
    (problem,) = lint(metric(ANOMALY + "0.3", windows("0.3", "last_5m")))
    assert "last_11m to last_15m" in problem.hint
    assert lint(metric(ANOMALY + "0.3", windows("0.3", "last_11m"))) == ()


def test_an_anomaly_without_windows_is_left_alone(lint: Lint) -> None:
    assert of("recovery-overlap", lint(metric(ANOMALY + "1"))) == []
