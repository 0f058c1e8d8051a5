"""What came of scenarios, made small enough to go between processes, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dd_sync.report.result import Result
from dd_sync.scenarios.run import Failure, Outcome
from dd_sync.scenarios.show import show
from dd_sync.text import printable


@dataclass(frozen=True, slots=True)
class Summarise:
    """Makes a Result of an outcome.

    pictures: whether the HTML is wanted; lines: whether the scenario's line is, for which its file is read
    once more with every place in it.
    """

    pictures: bool = False
    lines: bool = True

    def __call__(self, outcome: Outcome, seconds: float) -> Result:
        scenario = outcome.scenario
        return Result(
            monitor=scenario.monitor,
            name=scenario.name,
            file=scenario.source.file,
            line=scenario.place().line if self.lines else 0,
            failures=outcome.failures,
            text=printable(show(outcome)),
            seconds=seconds,
            picture=self._picture(outcome),
        )

    def _picture(self, outcome: Outcome) -> str:
        if not self.pictures:
            return ""
        from dd_sync.report.scenario_page import section  # only where it is asked for

        return section(outcome)


def as_objects(results: Iterable[Result]) -> list[dict[str, Any]]:
    """As `--format json` shows them."""
    return [
        {
            "name": result.name,
            "monitor": result.monitor,
            "file": result.file,
            "line": result.line,
            "passed": result.passed,
            "failures": [_failure(one) for one in result.failures],
        }
        for result in results
    ]


def _failure(failure: Failure) -> dict[str, Any]:
    where = failure.where
    return {
        "problem": failure.problem,
        "hint": failure.hint,
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "group": failure.group,
        "at": failure.at,
    }
