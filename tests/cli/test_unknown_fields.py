"""An option that Datadog adds one day: quiet, told at -v, and never taken away."""

from __future__ import annotations

from pathlib import Path

from tests.cli.support import LocalDatadog, Run, rate, write_catalog


def test_an_option_of_tomorrow_is_no_change_and_is_told_once_at_v(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "tomorrow", rate("a") + rate("b"))
    live("apply", "--yes")
    for monitor in datadog.monitors("tomorrow"):
        options = {**monitor["options"], "an_option_of_tomorrow": 1}
        datadog.call("PUT", f"/api/v1/monitor/{monitor['id']}", {"options": options})
    quiet, verbose = live("plan", "--detailed-exitcode"), live("plan", "-v", "--detailed-exitcode")
    assert (quiet.code, verbose.code) == (0, 0)
    assert "tomorrow" not in quiet.err
    assert verbose.err.count("options.an_option_of_tomorrow") == 1
