"""A guard of another package is judged like a query that a person wrote."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from dd_sync.guards.guard import Compiled, Guard, GuardContext, Spec
from dd_sync.query.parser import parse
from tests.checks.conftest import Lint, of


class Text(Spec):
    """A guard that is told its query."""

    query: str


def _compile(spec: Text, context: GuardContext) -> Compiled:
    return Compiled(query=parse(spec.query), thresholds={"critical": 1, "warning": 2})


GUARD = Guard("text", Text, _compile, "its query as it stands")

MONITOR = """\
monitors:
  - key: plugged
    name: Plugged
    guard:
      text: {query: 'avg(last_5m):abs(sum:a{*}.as_count()) / sum:b{*} < 0'}
"""


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = EntryPoints([EntryPoint("text", f"{__name__}:GUARD", "dd_sync.guards")])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries)


def test_findings_about_its_query_stand_at_the_guard(lint: Lint) -> None:
    problems = lint(MONITOR)
    assert of("division-by-zero", problems) == [
        "this divisor can be 0, and then there is nothing to compare @ text"
    ]
    assert of("as-count-aggregation", problems) == ["avg over the window of a metric with .as_count() @ text"]


def test_its_numbers_are_told_at_the_guard_too(lint: Lint) -> None:
    problems = lint(MONITOR.replace(" / sum:b{*}", ""))
    assert of("unreachable-threshold", problems) == ["it never alerts: the value is 0 or more @ text"]


def test_its_thresholds_are_judged(lint: Lint) -> None:
    assert of("warning-side", lint(MONITOR.replace("< 0", "> 1"))) == [
        "warning 2 is not below critical 1 @ key: plugged"
    ]
