"""What a scenario may ask for in all."""

from __future__ import annotations

from dd_sync.catalog.source import parse
from dd_sync.scenarios.load import load_scenarios


def test_series_that_are_too_many_samples_together_are_refused_before_they_are_written_out() -> None:
    series = "\n".join(f"      - {{metric: m{n}, type: count, values: 1x999998}}" for n in range(11))
    text = (
        "scenarios:\n  - name: flood\n    monitor: m\n    for: 1h\n"
        f"    series:\n{series}\n    expect: [{{never: Alert}}]\n"
    )
    (problem,) = load_scenarios([parse("scenarios/flood.yaml", text)]).problems
    assert problem.problem == "the series have more than 10,000,000 samples together"
