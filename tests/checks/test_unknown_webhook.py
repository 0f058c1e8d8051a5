"""A webhook that Datadog does not have is told wherever it is named, and asked about once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from dd_sync.catalog.load import load
from dd_sync.checks import run
from dd_sync.errors import Problem

RATE = "guard: {rate: {metric: m, window: 1h, above: 5}}"


def told(folder: Path, message: str, answers: dict[str, bool | None]) -> tuple[list[Problem], list[str]]:
    (folder / "catalog.yaml").write_text('catalog: c\nlevels: {1: {handles: ["@webhook-pause"]}}\n')
    (folder / "a.yaml").write_text(
        f"monitors:\n  - key: a\n    name: a\n    {RATE}\n    message: {message}\n"
    )
    asked: list[str] = []

    def exists(name: str) -> bool | None:
        asked.append(name)
        return answers[name]

    loading = load(folder, environ={}, env=None, today=date(2026, 1, 1))
    assert loading.catalog is not None
    found = run(loading.catalog, webhook_exists=exists)
    return [one for one in found if one.rule == "unknown-webhook"], asked


def test_a_webhook_that_does_not_exist_is_told_at_its_handle_in_message_and_level(tmp_path: Path) -> None:
    answers: dict[str, bool | None] = {"pause": False, "hold": False}
    found, asked = told(tmp_path, '"tell @webhook-hold and again @webhook-hold"', answers)
    assert asked == ["pause", "hold"]
    assert [str(one.where).removeprefix(str(tmp_path)) for one in found] == [
        "/a.yaml:5:20",
        "/a.yaml:5:44",
        "/catalog.yaml:2:24",
    ]


def test_what_exists_what_cannot_be_told_and_what_is_no_webhook_are_left_alone(tmp_path: Path) -> None:
    message = '"@webhook-hold @webhook-{{tenant.name}} @slack-hold @webhook-"'
    found, asked = told(tmp_path, message, {"pause": None, "hold": True})
    assert (found, asked) == ([], ["pause", "hold"])


def test_what_the_catalog_declares_itself_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("webhooks: [{key: hold, url: 'https://hold.example.com'}]\n")
    found, asked = told(tmp_path, '"@webhook-c-hold"', {"pause": True})
    assert (found, asked) == ([], ["pause"])


def test_an_ignore_of_it_is_not_called_idle_where_datadog_was_not_asked(tmp_path: Path) -> None:
    comment = '"@webhook-hold" # dd-sync: ignore[unknown-webhook] made by the next release'
    found, _ = told(tmp_path, comment, {"pause": True, "hold": False})
    assert found == []
    loading = load(tmp_path, environ={}, env=None, today=date(2026, 1, 1))
    assert loading.catalog is not None
    assert [one.rule for one in run(loading.catalog) if one.rule == "unused-ignore"] == []
