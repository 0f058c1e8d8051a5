"""What no line of a file may do to `dd-sync normalise`."""

from __future__ import annotations

import io
import json
import sys

import pytest

from tests.cli.support import Run


@pytest.mark.parametrize("depth", [50, 400, 900, 5000, 100_000])
def test_a_deeply_nested_monitor_is_answered_or_refused_and_the_next_line_is_read(
    depth: int, dd_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    nested = '{"request":{"options":{"variables":' + "[" * depth + "]" * depth + '}},"live":{}}\n'
    text = nested + '{"request":{"name":"\\ud800"},"live":{"name":"b"}}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    answered = dd_sync("normalise", "--jsonl")
    first, second = map(json.loads, answered.out.splitlines())
    assert second["changes"][0]["path"] == "name"
    if "error" in first:
        assert answered.code == 1
        assert first["error"]["hint"]
    else:
        assert first["changes"][0]["path"] == "options.variables"


def test_a_number_that_json_cannot_write_back_is_refused(
    dd_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = b'{"request": {"options": {"thresholds": {"critical": 1e999}}}, "live": {}}\n'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line)))
    answer = dd_sync("normalise", "--jsonl")
    assert (answer.code, json.loads(answer.out)["error"]["message"]) == (1, "the line is not JSON")
