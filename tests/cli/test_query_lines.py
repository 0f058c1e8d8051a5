"""`query parse --jsonl`: one answer per line, in order, whatever the line holds."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from dd_sync.cli import run


def answers(lines: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines)))
    code = run(["query", "parse", "--jsonl"])
    out, err = capsys.readouterr()
    assert err == ""
    return code, [json.loads(line) for line in out.splitlines()]


def test_every_line_has_its_answer_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = b"""{"type": "query alert", "query": "avg(last_5m):avg:cpu{*} > 90"}
{"type": "log alert", "query": "logs(\\"caf\\u00e9\\").last(\\"5m\\") > 0"}
{"query": "no_query", "more": 1}
"""
    code, found = answers(lines, monkeypatch, capsys)
    assert code == 0
    assert [line["ok"] for line in found] == [True] * 3
    assert [line["ast"]["node"] for line in found] == ["MetricAlert", "EventAlert", "NoQuery"]
    assert found[1]["canonical"] == 'logs("café").last("5m") > 0'


def test_a_failed_line_says_what_is_wrong_where_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        b'{"type": "query alert", "query": "avg(last_5m):\\n  avg:cpu{*} by host > 90"}',
        b'{"type": "query alert", "query": ',
        b"",
        b"[1]",
        b'{"type": "query alert"}',
        b'{"type": 5, "query": "no_query"}',
        b'"\xff"',
        b"[" * 200_000,
        b'{"query": "\\ud800 > 1"}',
        b'{"query": "no_query"}',
    ]
    code, found = answers(b"\n".join(lines), monkeypatch, capsys)
    assert code == 1
    assert [line["ok"] for line in found] == [False] * 5 + [True] + [False] * 3 + [True]
    assert found[0]["error"] == {
        "column": 17,
        "message": "expected the grouping in braces, not 'host'",
        "hint": "write by {tenant}",
        "line": 2,
    }
    assert found[1]["error"]["message"] == "the line is not JSON"
    assert all(line["error"]["column"] >= 1 and line["error"]["hint"] for line in found if not line["ok"])
