"""Whatever Datadog answers about a monitor, a plan is made of it or it is refused: never a defect."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dd_sync.text import first_unseen
from tests.cli.support import KEYS, Answer, Run, write_catalog
from tests.datadog.wild import Wild, reply, wild

QUERY = "sum(last_1h):sum:x.y{env:prod} by {tenant}.as_count() > 5"
DECLARED = f"""  - key: a
    name: A is high
    type: query alert
    query: "{QUERY}"
    message: |
      one
      two @slack-x
    priority: 2
    options: {{thresholds: {{critical: 5, warning: 3}}, renotify_interval: 30, notify_by: [tenant]}}
"""
LIVE: dict[str, Any] = {
    "id": 2**60 + 1,
    "org_id": 7,
    "type": "query alert",
    "name": "A is high",
    "query": QUERY,
    "message": "one\ntwo @slack-x",
    "tags": ["managed_by:dd-sync", "dd_sync_catalog:odd", "dd_sync_key:a"],
    "priority": 2,
    "options": {
        "thresholds": {"critical": 5.0, "warning": 3.0},
        "renotify_interval": 30,
        "notify_by": ["tenant"],
        "silenced": {},
        "variables": [{"name": "a", "search": {"query": "x"}}],
        "scheduling_options": {"evaluation_window": {"day_starts": "04:00"}},
    },
    "restricted_roles": None,
    "assets": [],
    "draft_status": "published",
    "creator": {"name": "A", "handle": "a@example.com"},
    "modified": "2027-01-01T00:00:00.000000+00:00",
    "deleted": None,
}
HOSTILE = "::error::\n\x1b[31m\u202e<img src=x>\x7f"
ODD: tuple[Any, ...] = (
    None,
    5,
    -1.5,
    True,
    "",
    "x",
    HOSTILE,
    "cut \ud83d",
    [],
    {},
    [None],
    [5],
    [{}],
    {"a": [1]},
    10**400,
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield (*before, name)
        yield from paths(item, (*before, name))


def with_odd(path: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    body = copy.deepcopy(LIVE)
    inner: Any = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = odd
    return body


@pytest.fixture
def asked(dd_sync: Run, tmp_path: Path) -> Iterator[Any]:
    """Runs a command while this body, or these, are all that is live."""
    answers: dict[str, Any] = {}
    write_catalog(tmp_path, "odd", DECLARED)

    def answer(number: int, line: str) -> bytes:
        return reply(200, {"metadata": {"total_count": 1}} if "/search" in line else answers["bodies"])

    def ask(body: Any, *command: str, url: str) -> Answer:
        answers["bodies"] = body if isinstance(body, list) else [body]
        return dd_sync(*command, env={**KEYS, "DD_HOST": url, "DD_SYNC_TRACEBACK": "1"})

    with wild(answer) as server:
        yield server, ask


COMMANDS = (
    ("plan",),
    ("plan", "--format", "json", "--out", "p.json"),
    ("plan", "--format", "markdown"),
    ("drift",),
    ("import", "--all"),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(list(paths(LIVE))), odd=st.sampled_from(ODD), command=st.sampled_from(COMMANDS))
@example(path=("org_id",), odd={"a": [1]}, command=("plan",))
@example(path=("options", "thresholds", "critical"), odd=10**400, command=("plan",))
@example(path=("assets",), odd=True, command=("drift",))
@example(path=("name",), odd="cut \ud83d", command=COMMANDS[1])
@example(path=("message",), odd=HOSTILE, command=COMMANDS[1])
def test_any_field_may_hold_anything(
    asked: tuple[Wild, Any], path: tuple[Any, ...], odd: Any, command: tuple[str, ...]
) -> None:
    server, ask = asked
    answer: Answer = ask(with_odd(path, odd), *command, url=server.url)
    assert answer.code in (0, 1, 3, 4), answer
    for line in [*answer.out.split("\n"), *answer.err.split("\n")]:
        assert first_unseen(line) is None, line
    if answer.code == 0 and "json" in command:
        assert json.loads(answer.out)["catalog"] == "odd"


def test_a_plan_of_a_name_that_was_cut_within_an_emoji_can_be_carried_out(
    asked: tuple[Wild, Any], dd_sync: Run
) -> None:
    server, ask = asked
    body = {**LIVE, "name": "cut \ud83d"}
    assert ask(body, "plan", "--out", "p.json", url=server.url).code == 0
    applied = ask(body, "apply", "--plan", "p.json", "--allow-updates", "1", url=server.url)
    assert "the plan p.json cannot be read" not in applied.err
    assert any(line.startswith("PUT ") for line in server.requests)


def test_json_holds_the_very_text_of_datadog(asked: tuple[Wild, Any]) -> None:
    server, ask = asked
    name = f"x{HOSTILE}ü\U000e0041"
    plan = ask({**LIVE, "name": name}, "plan", "--format", "json", url=server.url)
    fields = {one["path"]: one["before"] for one in plan.json["changes"][0]["fields"]}
    assert fields["name"] == name
    assert all(text in plan.out for text in ("\\u202e", "\\udb40\\udc41", "\\u007f", "ü"))


@pytest.mark.parametrize("command", [*COMMANDS, ("pull-request", "report")])
@pytest.mark.parametrize("number", [1, 2])
def test_a_key_that_somebody_wrote_into_a_tag_steers_nothing(
    asked: tuple[Wild, Any], number: int, command: tuple[str, ...]
) -> None:
    """Once it is no longer declared; twice it is a clone."""
    server, ask = asked
    tags = [*LIVE["tags"][:2], f"dd_sync_key:b\n{HOSTILE}![x](https://example.com)"]
    live = [{**LIVE, "id": one + 1, "tags": tags} for one in range(number)]
    answer: Answer = ask(live, *command, url=server.url)
    assert answer.code in ((0, 1) if number == 1 or "import" in command else (3,)), answer
    for line in [*answer.out.split("\n"), *answer.err.split("\n")]:
        assert first_unseen(line) is None, line
        assert not line.lstrip().startswith("::"), line
    if "markdown" in command or ("pull-request" in command and number == 1):
        assert "![x]" not in answer.out
