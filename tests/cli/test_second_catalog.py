"""Nothing is wired to the first catalog: another domain, tenant tag and handles go the same way."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.support import LocalDatadog, Run

WEB = Path(__file__).resolve().parents[1] / "second_catalog"


def test_a_catalog_about_web_pages_is_checked_tested_applied_and_snoozed_by_its_own_tag(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    shutil.copytree(WEB, tmp_path / "monitors")
    assert live("check", "--strict").code == 0
    assert "2 passed, 0 failed" in live("test").out
    assert "3 create, 0 update, 0 delete" in live("plan").out
    applied = live("apply", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert live("plan", "--detailed-exitcode").code == 0
    assert {one["name"] for one in datadog.monitors("shop-web")} == {"Pages are slow", "Pages fail"}

    silenced = live(
        "snooze", "tenant", "fern", "--for", "2h", "--reason", "INC-7", "--yes", "--unknown-tenant"
    )
    assert silenced.code == 0, silenced.err
    assert silenced.out.startswith("silenced: customer:fern")
    too_long = live("snooze", "tenant", "moss", "--for", "9h", "--reason", "INC-7", "--unknown-tenant")
    assert too_long.code != 0
    assert "8h" in too_long.err
    assert live("plan", "--detailed-exitcode").code == 0
    assert live("snooze", "end", "fern").code == 0
