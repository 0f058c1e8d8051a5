from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Plan
from dd_sync.plan.report import Outcome, Report
from dd_sync.plan.show import as_json, as_markdown, as_text, outcome_line, report_json, report_text, summary
from tests.plan.memory import CATALOG, declare, live_of


def plan(declared: list[Any], live: list[Any]) -> Plan:
    return build_plan(declared, live_of(*live), CATALOG, target="datadoghq.eu")


def body_of(text: str) -> list[str]:
    """The lines between heading and footer."""
    return text.split("\n")[1:-1]


def test_a_plan_reads_like_a_diff_and_says_what_it_means() -> None:
    made = plan(
        [declare("settle-spike"), declare("stream-rate", limit=800), declare("kept")],
        [declare("kept"), declare("stream-rate"), declare("old")],
    )
    assert as_text(made, saved_as="plan.json") == (
        "Plan for guardrails on datadoghq.eu: 1 create, 1 update, 1 delete, 1 unchanged\n"
        "+ settle-spike\n"
        "~ stream-rate (monitor 2)                                     less sensitive\n"
        "    query: … > 500 -> … > 800\n"
        "    options.thresholds.critical: 500 -> 800\n"
        "- old (monitor 3)\n"
        f"To apply: dd-sync apply --plan plan.json   (fingerprint {made.fingerprint})"
    )


def test_without_changes_there_is_nothing_to_apply() -> None:
    assert as_text(plan([declare("a")], [declare("a")])) == (
        "Plan for guardrails on datadoghq.eu: 0 create, 0 update, 0 delete, 1 unchanged\n"
        "Nothing to do: Datadog is as declared."
    )


def test_an_empty_datadog_is_said_loudly() -> None:
    text = as_text(plan([declare("a")], []))
    assert "note: nothing in Datadog carries this catalog's tags" in text
    assert "dd-sync apply   (fingerprint" in text


def test_a_replacement_is_counted_and_marked() -> None:
    text = as_text(plan([declare("a", type="log alert")], [declare("a")]))
    assert "0 update, 1 replace, 0 delete" in text
    assert "± a (monitor 1)" in text
    assert "loses its history" in text
    assert "    type: query alert -> log alert" in text


def test_a_long_message_is_shown_as_the_lines_that_changed() -> None:
    lines = [f"line {n}" for n in range(20)]
    edited = [*lines[:10], "another line 10", *lines[11:]]
    text = as_text(plan([declare("a", message="\n".join(edited))], [declare("a", message="\n".join(lines))]))
    assert body_of(text)[1:] == [
        "    message:",
        "       line 9",
        "      -line 10",
        "      +another line 10",
        "       line 11",
    ]


def test_tags_show_what_comes_and_goes() -> None:
    one, two = declare("a"), declare("a")
    made = plan([one], [replace(two, monitor=replace(two.monitor, tags=(*two.monitor.tags[1:], "team:x")))])
    assert "    tags: -team:x +team:risk" in as_text(made)


def test_values_read_as_people_write_them() -> None:
    options = {"thresholds": {"critical": 500}, "evaluation_delay": 60, "notify_by": ["tenant"]}
    made = plan([declare("a", options=options, priority=1, name="")], [declare("a")])
    assert body_of(as_text(made))[1:] == [
        '    name: a is high -> ""',
        "    priority: not set -> 1",
        "    options.evaluation_delay: not set -> 60",
        '    options.notify_by: not set -> ["tenant"]',
    ]


def test_a_long_query_is_cut_to_where_it_differs() -> None:
    query = "sum(last_1h):sum:streams.created.by.everybody{env:prod} by {tenant}.as_count() > 500"
    made = plan([declare("a", query=query.replace("env:prod", "env:staging"))], [declare("a", query=query)])
    assert body_of(as_text(made))[1:] == ["    query: … {env:prod} … -> … {env:staging} …"]


def test_a_short_query_is_shown_whole() -> None:
    made = plan([declare("a", type="composite", query="1 && 2")], [declare("a", type="composite", query="1")])
    assert body_of(as_text(made))[1:] == ["    query: 1 -> 1 && 2"]


def test_a_value_of_any_length_stays_one_line() -> None:
    made = plan([declare("a", name="x" * 5000)], [declare("a", name="y" * 5000)])
    assert max(map(len, as_text(made).split("\n"))) < 400


def test_colour_is_given_by_the_caller_and_changes_no_word() -> None:
    made = plan([declare("a"), declare("b", limit=8, message="1\n2")], [declare("b"), declare("c")])
    kinds: set[str] = set()

    def style(text: str, kind: str) -> str:
        kinds.add(kind)
        return f"<{kind}>{text}</{kind}>"

    coloured = as_text(made, style=style)
    for kind in kinds:
        coloured = coloured.replace(f"<{kind}>", "").replace(f"</{kind}>", "")
    assert coloured == as_text(made)
    assert kinds >= {"create", "update", "delete", "label", "old", "new"}


NASTY = st.text(alphabet="a\x1b\u202e\n\t\r`@<>|*[]& \u2028~", max_size=30)


@given(NASTY, NASTY, NASTY)
def test_nothing_in_a_monitor_can_drive_a_terminal_or_a_comment(name: str, message: str, tag: str) -> None:
    after = declare("a", name=name, message=message)
    made = plan([after], [declare("a", name="n", message=tag), declare("z", name=name)])
    made = replace(made, notes=(name,), catalog=f"c{tag}")
    text = as_text(made)
    assert all(line.isprintable() for line in text.split("\n"))
    assert all(line == line.rstrip() for line in text.split("\n"))
    markdown = as_markdown(made)
    assert "\x1b" not in markdown
    assert "\u202e" not in markdown
    json.dumps(as_json(made))


def test_a_comment_shows_each_change_folded_and_mentions_nobody() -> None:
    made = plan(
        [declare("a", message="```\n@pagerduty-risk </details>"), declare("b")], [declare("a"), declare("c")]
    )
    text = as_markdown(made)
    assert text.startswith(
        "### Plan for guardrails on datadoghq.eu: 1 create, 1 update, 1 delete, 0 unchanged\n"
    )
    assert "<summary>update <code>a</code> (monitor 1)" in text
    assert "also pages <code>@pagerduty-risk</code>" in text
    assert "````diff\nmessage:" in text
    assert "- create <code>b</code>" in text
    assert "- delete <code>c</code> (monitor 2)" in text
    assert made.fingerprint in text


def test_a_comment_that_is_too_long_is_summarised_and_never_cut() -> None:
    keys = [f"monitor-{n:04}" for n in range(400)]
    long = "\n".join(f"{n} {'word ' * 20}" for n in range(5))
    made = plan([declare(key, message=long) for key in keys], [declare(key) for key in keys])
    text = as_markdown(made)
    assert len(text) <= 65_536
    assert "dd-sync plan` shows them all" in text
    assert all(key in text for key in keys)
    tiny = as_markdown(made, limit=1000)
    assert len(tiny) <= 1000
    assert "- 400 × pages nobody" in tiny
    assert tiny.rstrip().endswith("</sub>")


def test_notes_are_in_the_comment_too() -> None:
    text = as_markdown(plan([declare("a")], []))
    assert "> nothing in Datadog carries this catalog&#39;s tags" in text


def test_json_holds_the_whole_plan_in_a_stable_form() -> None:
    made = plan([declare("a", limit=800), declare("b")], [declare("a"), declare("c")])
    data = json.loads(json.dumps(as_json(made)))
    assert list(data) == ["catalog", "target", "fingerprint", "counts", "changes", "notes"]
    assert data["counts"] == {"create": 1, "update": 1, "adopt": 0, "replace": 0, "delete": 1, "unchanged": 0}
    update, create, delete = data["changes"]
    assert update["fields"][1] == {"path": "options.thresholds.critical", "before": 500.0, "after": 800}
    assert (update["id"], update["labels"]) == (1, ["less sensitive"])
    assert (create["id"], create["body"]["name"], create["fields"]) == (None, "b is high", [])
    assert (delete["id"], delete["body"]) == (2, None)


REPORT = Report(
    outcomes=(
        Outcome(key="a", did="created", monitor_id=1),
        Outcome(key="b", did="failed", why="answered\n400", hint="mend it"),
        Outcome(key="c", did="skipped", why="it refers to b"),
        Outcome(key="d", did="unchanged", monitor_id=4),
    )
)


def test_a_report_names_what_was_done_what_not_and_why() -> None:
    assert report_text(REPORT) == (
        "created   a (monitor 1)\n"
        "unchanged d (monitor 4)\n"
        "skipped   c: it refers to b\n"
        "failed    b: answered\N{REPLACEMENT CHARACTER}400\n"
        "          = mend it\n"
        "2 done, 1 failed, 1 skipped"
    )
    assert outcome_line(REPORT.outcomes[0], style=lambda text, kind: kind) == "create a (monitor 1)"


def test_a_summary_says_whether_datadog_is_as_planned_now() -> None:
    done = Report(outcomes=REPORT.outcomes[:1])
    assert summary(done) == "1 done; read again, Datadog is as planned"
    assert summary(replace(done, differing=("a", "b"))).endswith("these are not as planned: a, b")
    assert summary(replace(done, unread="answered 500")).endswith("could not be read again: answered 500")
    assert summary(Report(outcomes=REPORT.outcomes[3:])) == "Nothing to do: Datadog is as declared."


def test_a_report_as_json_is_stable() -> None:
    data = report_json(REPORT)
    assert list(data) == ["outcomes", "differing", "unread", "complete"]
    assert data["outcomes"][1] == {
        "kind": "monitor",
        "key": "b",
        "did": "failed",
        "id": None,
        "why": "answered\n400",
        "hint": "mend it",
    }
    assert data["complete"] is False
    assert len(REPORT.skipped) == 1
