"""catalog.yaml, and reading nothing else."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from dd_sync.catalog.settings import load_settings
from dd_sync.errors import CatalogError
from tests.catalog.conftest import SETTINGS, Read, Write, told


def test_only_the_name_is_needed(write: Write) -> None:
    settings = load_settings(write(settings="catalog: risk\n"))
    assert settings.name(None) == "risk"
    assert settings.name("staging") == "risk.staging"
    assert settings.tenant_tag == "tenant"
    assert settings.levels == {}
    assert settings.policy.handles is None
    assert settings.policy.required_tags == settings.policy.personal_tags == ()
    assert settings.policy.snooze.longest == timedelta(days=31)
    limits = settings.limits
    assert (limits.deletes, limits.deletes_percent, limits.updates_percent) == (5, 30, 50)


def test_everything_said_is_read(write: Write) -> None:
    settings = load_settings(
        write(
            settings=SETTINGS
            + """\
policy:
  required_tags: [team]
  handles: ["@slack-*"]
  personal_tags: [user_id, "@usr.email"]
  snooze: {longest: 24h, protected: [a]}
limits: {deletes: 0, deletes_percent: 100, updates_percent: 0}
"""
        )
    )
    assert settings.levels[3].handles == ("@pagerduty-risk", "@slack-incidents")
    assert settings.levels[3].may_request_pause
    assert settings.policy.required_tags == ("team",)
    assert settings.policy.handles == ("@slack-*",)
    assert settings.policy.personal_tags == ("user_id", "@usr.email")
    assert settings.policy.snooze.longest == timedelta(days=1)
    assert settings.policy.snooze.protected == ("a",)
    assert settings.limits.deletes == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["catalog.yaml:1:1 'catalog' is missing"]),
        ("catalog: Risk\n", ["catalog.yaml:1:10 'Risk' is not a catalog's name"]),
        ("catalog: 5\n", ["catalog.yaml:1:10 expected text, found 5"]),
        ("catalog: a\ntenat_tag: b\n", ["catalog.yaml:2:1 unknown key 'tenat_tag'"]),
        ("catalog: a\ntenant_tag: 'a:b'\n", ["catalog.yaml:2:13 'a:b' is not a tag's key"]),
        ("catalog: a\nlevels: {0: {}}\n", ["catalog.yaml:2:10 '0' is not a level"]),
        ("catalog: a\nlevels: {2: {handls: []}}\n", ["catalog.yaml:2:14 unknown key 'handls'"]),
        ("catalog: a\nlevels: {2: {handles: [x]}}\n", ["catalog.yaml:2:24 'x' is not a handle"]),
        ("catalog: a\nlevels: {2: {handles: ['@a b']}}\n", ["catalog.yaml:2:24 '@a b' is not a handle"]),
        ("catalog: a\npolicy: {snooze: {longest: 32d}}\n", ["catalog.yaml:2:28 a snooze lasts 31d at most"]),
        ("catalog: a\npolicy: {snooze: {longest: 9}}\n", ["catalog.yaml:2:28 expected a duration, found 9"]),
        ("catalog: a\nlimits: {deletes: -1}\n", ["catalog.yaml:2:19 -1 is less than 0"]),
        ("catalog: a\nlimits: {deletes_percent: 101}\n", ["catalog.yaml:2:27 101 is more than 100"]),
        ("catalog: a\nlimits: {deletes: 1.5}\n", ["catalog.yaml:2:19 expected a whole number, found 1.5"]),
        ("catalog: a\nlimits: {deletes: '5'}\n",
         ["catalog.yaml:2:19 expected a whole number, found the text '5'"]),
        ("catalog: a\npolicy:\n", ["catalog.yaml:2:8 expected a mapping, found nothing"]),
        ("catalog: a\nlevels: {1: {may_request_pause: 1}}\n",
         ["catalog.yaml:2:33 expected true or false, found 1"]),
        ("catalog: a\nmonitors: []\n", ["catalog.yaml:2:1 'monitors' does not belong in catalog.yaml"]),
        ("catalog: [\n", ["catalog.yaml:2:1 a value was expected here"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    write: Write, read: Read, text: str, expected: list[str]
) -> None:
    with pytest.raises(CatalogError) as caught:
        load_settings(write(settings=text))
    assert told(caught.value.problems()) == expected
    loading = read({}, settings=text)
    assert told(loading) == expected
    assert all(problem.hint for problem in loading.problems)


def test_the_settings_alone_need_neither_guards_nor_queries(write: Write) -> None:
    program = (
        "import sys; from pathlib import Path; from dd_sync.catalog.settings import load_settings;"
        f"load_settings(Path({str(write())!r}));"
        "heavy = ('dd_sync.query', 'dd_sync.guards.guard', 'dd_sync.message');"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
