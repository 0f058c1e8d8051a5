"""A monitor nobody has seen alert is told."""

from __future__ import annotations

from dd_sync.checks.untested import MANY
from dd_sync.errors import Severity
from tests.checks.conftest import RATE, Lint, of, said

IGNORE = "   # dd-sync: ignore[untested] played by hand"


def test_a_monitor_without_a_scenario_is_told_where_somebody_looked(lint: Lint) -> None:
    assert lint(RATE) == ()
    assert lint(RATE, tested={"stream-rate"}) == ()
    (problem,) = lint(RATE, tested={"other"})
    assert said((problem,)) == ["untested: no scenario covers 'stream-rate' @ stream-rate"]
    assert problem.severity is Severity.WARNING


def imported(count: int, mark: str = "") -> str:
    """So many monitors; mark: what stands behind the key of the first."""
    entries = (
        f"  - {{key: m{number}, name: M{number}, type: slo alert, "
        f'query: \'error_budget("{number}").over("7d") > 75\'}}{mark if number == 0 else ""}\n'
        for number in range(count)
    )
    return "monitors:\n" + "".join(entries)


def test_many_monitors_without_one_scenario_are_told_once(lint: Lint) -> None:
    assert len(of("untested", lint(imported(MANY), tested=set()))) == MANY
    (problem,) = lint(imported(MANY + 1), tested=set())
    assert said((problem,)) == [f"untested: no scenario covers any of the {MANY + 1} monitors @ risk"]
    assert problem.severity is Severity.WARNING
    assert len(of("untested", lint(imported(MANY + 1), tested={"m3"}))) == MANY


def test_an_ignore_waits_for_monitors_to_be_told_one_by_one(lint: Lint) -> None:
    text = imported(MANY + 1, IGNORE)
    assert [problem.rule for problem in lint(text, tested=set())] == ["untested"]
    assert len(of("untested", lint(text, tested={"m3"}))) == MANY - 1
