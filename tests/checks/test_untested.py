"""A monitor nobody has seen alert is told."""

from __future__ import annotations

from dd_sync.errors import Severity
from tests.checks.conftest import RATE, Lint, said


def test_a_monitor_without_a_scenario_is_told_where_somebody_looked(lint: Lint) -> None:
    assert lint(RATE) == ()
    assert lint(RATE, tested={"stream-rate"}) == ()
    (problem,) = lint(RATE, tested={"other"})
    assert said((problem,)) == ["untested: no scenario covers 'stream-rate' @ stream-rate"]
    assert problem.severity is Severity.WARNING
