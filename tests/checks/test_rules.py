"""Rules: what each finds, what it leaves alone, and where it points."""

from __future__ import annotations

from pathlib import Path

import pytest

import dd_sync.checks
from dd_sync.checks.handles import is_allowed
from dd_sync.checks.run import RULES, rule_id
from dd_sync.errors import Severity
from tests.checks.conftest import Lint, said

RATE = """\
monitors:
  - key: stream-rate
    name: Streams
    guard:
      rate: {metric: streams.created, scope: "env:prod", by: [tenant], window: 1h, above: 500}
"""
RAW = """\
monitors:
  - key: raw
    name: Raw
    type: query alert
    query: sum(last_1h):sum:a.b{env:prod} by {tenant}.as_count() > 20
"""
LOG = """\
monitors:
  - key: log
    name: Log
    type: log alert
    query: logs("status:error @usr.email:x").index("*").rollup("count").by("service").last("5m") > 20
"""


def test_every_rule_is_a_file_with_a_page_of_its_own() -> None:
    package = Path(dd_sync.checks.__file__).parent
    modules = {path.stem for path in package.glob("*.py")} - {"__init__", "run", "finding"}
    ids = {rule_id(rule) for rule in RULES} | {"untested"}
    assert ids == {stem.replace("_", "-") for stem in modules}
    pages = {path.stem for path in (package.parents[1] / "docs" / "rules").glob("*.md")}
    assert ids <= pages


# --- personal data -----------------------------------------------------------------------------

PERSONAL = "policy: {personal_tags: [user_id, email, ip]}\n"


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (
            RATE.replace("[tenant]", "[tenant, user_id]"),
            "'user_id' points at a person, and the query uses it @ user_id",
        ),
        (
            RATE.replace("env:prod", "env:prod,!email:x"),
            "'email' points at a person, and the query uses it @ email",
        ),
        (RATE.replace("env:prod", "ip:* OR env:prod"), "'ip' points at a person, and the query uses it @ ip"),
        (RAW.replace("{tenant}", "{tenant,ip}"), "'ip' points at a person, and the query uses it @ ip"),
        (
            RAW.replace("env:prod", "email IN (a, b)"),
            "'email' points at a person, and the query uses it @ email",
        ),
        (LOG, "'email' points at a person, and the query uses it @ email"),
        (
            LOG.replace(" @usr.email:x", "").replace('by("service")', 'by("service,@ip")'),
            "'ip' points at a person, and the query uses it @ ip",
        ),
        (
            RATE + "    tags: [a:b, 'user_id:7']\n",
            "'user_id' points at a person, and is a tag of the monitor @ 'user_id:7'",
        ),
        (
            RATE + "    message: hello {{ip.name}} there\n",
            "'ip' points at a person, and the message shows it @ {{ip.name}}",
        ),
        (
            RATE.replace("name: Streams", "name: 'by {{user_id.name}}'"),
            "'user_id' points at a person, and the name shows it @ {{user_id.name}}",
        ),
        (
            LOG.replace("@usr.email:x", "") + "    message: '{{log.attributes.[usr.email]}}'\n",
            "'email' points at a person, and the message shows it @ {{log.attributes.[usr.email]}}",
        ),
        (
            RATE + "    message: |\n      {{#is_match \"ip.name\" \"x\"}}a{{/is_match}}\n",
            "'ip' points at a person, and the message shows it @ ip.name",
        ),
    ],
)  # fmt: skip
def test_a_tag_that_points_at_a_person_is_found_wherever_it_is_used(
    lint: Lint, monitors: str, expected: str
) -> None:
    found = [line for line in said(lint(monitors, policy=PERSONAL)) if line.startswith("personal-data")]
    assert found == [f"personal-data: {expected}"]


def test_what_only_resembles_a_personal_tag_is_left_alone(lint: Lint) -> None:
    text = (
        LOG.replace("@usr.email:x", "emailed:x zip:1")
        + "    tags: [zip:1, emails:2]\n    message: ship it, email\n"
    )
    assert lint(text, policy=PERSONAL) == ()
    assert lint(RATE.replace("[tenant]", "[tenant, zip]"), policy=PERSONAL) == ()


def test_without_a_policy_nothing_is_personal(lint: Lint) -> None:
    assert lint(RATE.replace("[tenant]", "[user_id]")) == ()


# --- handles -----------------------------------------------------------------------------------

HANDLES = 'policy: {handles: ["@slack-risk-*", "@pagerduty-risk"]}\n'


@pytest.mark.parametrize(
    ("handle", "allowed"),
    [
        ("@slack-risk-alerts", True),
        ("@slack-risk-", True),
        ("@slack-risk", False),
        ("@pagerduty-risk", True),
        ("@pagerduty-riskier", False),
        ("@slack-risk-{{service.name}}", True),
        ("@slack-{{service.name}}", False),
        ("@slack-ris{{service.name}}", False),
        ("@pagerduty-{{service.name}}", False),
        ("@a?", False),
    ],
)
def test_a_handle_is_allowed_only_if_all_it_can_become_is(handle: str, allowed: bool) -> None:
    assert is_allowed(handle, ("@slack-risk-*", "@pagerduty-risk", "@[a]?")) is allowed


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (RATE + "    message: help @slack-other.\n", "@slack-other @ @slack-other"),
        (
            RATE + "    message: '{{#is_alert}}@slack-{{tenant.name}} {{/is_alert}}'\n",
            "@slack-{{tenant.name}} @ @slack-{{tenant.name}}",
        ),
        (RATE.replace("Streams", "to @all"), "@all @ @all"),
        (RAW + "    options: {escalation_message: 'again @all'}\n", "@all @ @all"),
    ],
)  # fmt: skip
def test_a_handle_outside_the_policy_is_found_in_every_text(lint: Lint, monitors: str, expected: str) -> None:
    problems = lint(monitors, policy=HANDLES)
    assert said(problems) == [f"handles: the policy does not allow the handle {expected}"]


def test_handles_of_the_levels_are_judged_where_they_are_written_and_only_there(lint: Lint) -> None:
    policy = (
        HANDLES
        + 'levels: {1: {handles: ["@slack-risk-a"]}, 2: {handles: ["@slack-risk-a", "@slck-risk-b"]}}\n'
    )
    problems = lint(RATE + "    level: 2\n    message: hello @slack-risk-z\n", policy=policy)
    assert said(problems) == ['handles: the policy does not allow the handle @slck-risk-b @ "@slck-risk-b"']
    assert problems[0].where is not None
    assert problems[0].where.file.endswith("catalog.yaml")


def test_a_near_handle_is_suggested_and_no_policy_allows_all(lint: Lint) -> None:
    text = RATE + "    message: help @pagerduty-rsk\n"
    assert "did you mean @pagerduty-risk?" in lint(text, policy=HANDLES)[0].hint
    assert lint(text) == ()
    assert lint(text, policy="policy: {handles: []}\n")[0].hint.endswith("allows none")


def test_an_escalation_that_cannot_be_read_is_told(lint: Lint) -> None:
    (problem,) = lint(RAW + "    options: {escalation_message: 'again {{#is_alert}}x'}\n", policy=HANDLES)
    assert problem.rule == "handles"
    assert lint(RAW + "    options: {escalation_message: null}\n", policy=HANDLES) == ()


# --- required tags -----------------------------------------------------------------------------

REQUIRED = "policy: {required_tags: [team, service]}\n"


@pytest.mark.parametrize(
    ("tags", "missing"),
    [
        ("", ["team", "service"]),
        ("    tags: [team:a]\n", ["service"]),
        ("    tags: [team, 'service:']\n", ["service"]),
        ("    tags: [team:a, service:b]\n", []),
        ("    tags: [teams:a, my_service:b]\n", ["service", "team"]),
    ],
)
def test_a_required_tag_that_is_missing_is_told(lint: Lint, tags: str, missing: list[str]) -> None:
    problems = lint(RATE + tags, policy=REQUIRED)
    assert sorted(p.problem for p in problems) == sorted(
        f"'stream-rate' has no tag '{key}'" for key in missing
    )


def test_tags_of_the_file_s_defaults_count(lint: Lint) -> None:
    assert lint("defaults: {tags: [team:a, service:b]}\n" + RATE, policy=REQUIRED) == ()


# --- messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("message: 'a {{#is_alert}}b'", "message-syntax"),
        ("message: 'a {{#is_alrt}}b{{/is_alrt}}'", "message-syntax"),
        ("name: '{{value'", "message-syntax"),
    ],
)
def test_a_template_that_cannot_be_read_is_told_where_it_breaks(lint: Lint, line: str, expected: str) -> None:
    text = RATE.replace("    name: Streams\n", "") + (
        "" if line.startswith("name") else "    name: Streams\n"
    )
    (problem,) = lint(text + f"    {line}\n")
    assert problem.rule == expected
    assert problem.where is not None
    assert problem.source is not None
    assert "{{" in problem.source[problem.where.column - 1 :]


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("{{tenat.name}}", "did you mean {{tenant.name}}?"),
        ("{{treshold}}", "did you mean {{threshold}}?"),
        ("{{tenant}}", "write {{tenant.name}}"),
        ("{{tenant.id}}", "write {{tenant.name}}"),
        ("{{log.link}}", "the monitor's tags are env, tenant"),
        ("{{host.name}}", "the monitor's tags are env, tenant"),
    ],
)
def test_a_variable_without_a_value_is_a_warning(lint: Lint, message: str, hint: str) -> None:
    (problem,) = lint(RATE + f"    message: 'in {message} out'\n")
    assert (problem.rule, problem.severity) == ("message-variables", Severity.WARNING)
    assert said((problem,))[0].endswith(f"@ {message}")
    assert problem.hint == hint


@pytest.mark.parametrize(
    "message",
    [
        "{{tenant.name}} {{value}} {{threshold}} {{warn_threshold}} {{comparator}} {{env.name}}",
        '{{#is_match \\"tenant\\" \\"a\\"}}x{{/is_match}} {{last_triggered_at_epoch}}',
        '{{eval \\"last_triggered_at_epoch-15*60*1000\\"}}',
    ],
)
def test_variables_a_metric_monitor_gives_are_left_alone(lint: Lint, message: str) -> None:
    assert lint(RATE + f'    message: "{message}"\n') == ()


def test_a_host_brings_its_tags_and_a_key_with_a_dot_needs_brackets(lint: Lint) -> None:
    text = RATE.replace("[tenant]", "[host, chain.id]")
    assert lint(text + "    message: '{{host.env}} {{host.ip}} {{[chain.id].name}}'\n") == ()
    (problem,) = lint(text + "    message: '{{[chain.id]}}'\n")
    assert problem.hint == "write {{[chain.id].name}}"


def test_an_ungrouped_monitor_has_no_tags_to_show(lint: Lint) -> None:
    text = RATE.replace("by: [tenant], ", "").replace("env:prod", "*")
    assert lint(text + "    message: '{{tenant.name}}'\n")[0].hint == "the monitor is not grouped"


def test_variables_of_other_monitors_are_not_judged(lint: Lint) -> None:
    assert lint(LOG + "    message: '{{log.attributes.x}} {{service.name}}'\n") == ()


# --- thresholds of raw monitors ----------------------------------------------------------------


def raw(comparator: str, thresholds: str, number: str = "20") -> str:
    return RAW.replace("> 20", f"{comparator} {number}") + f"    options: {{thresholds: {thresholds}}}\n"


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (
            raw(">", "{critical: 21}"),
            ["threshold-mismatch: the critical threshold is 21, but the query compares with 20 @ 21"],
        ),
        (raw(">", "{critical: 20, warning: 20}"), ["warning-side: warning 20 is not below critical 20 @ 20"]),
        (raw("<", "{critical: 20, warning: 10}"), ["warning-side: warning 10 is not above critical 20 @ 10"]),
        (
            raw(">=", "{critical: 20, critical_recovery: 25}"),
            ["warning-side: critical_recovery 25 is not below critical 20 @ 25"],
        ),
        (
            raw(">", "{critical: 20, warning: 9, warning_recovery: 10}"),
            ["warning-side: warning_recovery 10 is not below warning 9 @ 10"],
        ),
        (
            raw(">", "{critical: 20, warning_recovery: 10}"),
            ["warning-side: a recovery from a warning that is not there @ 10"],
        ),
        (
            raw(">", "{critical: 20, warning: 9, critical_recovery: 5}"),
            ["warning-side: a warning together with a recovery from critical @ 5"],
        ),
        (raw(">", "{critical: 20.0, warning: 9, warning_recovery: 5}"), []),
        (raw("<=", "{critical: 20, warning: 30}"), []),
        (raw("==", "{critical: 20, warning: 30}"), []),
        (raw(">", "{warning: 5}"), []),
        (raw(">", "{critical: -0.5}", "-0.5"), []),
        (raw(">", "{}"), []),
        (LOG + "    options: {thresholds: {critical: 1, warning: 5}}\n", []),
    ],
)  # fmt: skip
def test_thresholds_that_cannot_work_are_told(lint: Lint, monitors: str, expected: list[str]) -> None:
    assert said(lint(monitors)) == expected


def test_only_what_is_unknown_about_thresholds_is_a_warning(lint: Lint) -> None:
    (problem,) = lint(raw(">", "{critical: 20, warning: 9, critical_recovery: 5}"))
    assert problem.severity is Severity.WARNING
    (problem,) = lint(raw(">", "{critical: 20, warning: 20}"))
    assert problem.severity is Severity.ERROR


# --- the whole catalog -------------------------------------------------------------------------


def test_two_monitors_of_one_name_are_told_apart_from_the_second_on(lint: Lint) -> None:
    text = RATE + RATE.removeprefix("monitors:\n").replace("stream-rate", "z").replace("Streams", "streams ")
    text = text.replace("name: streams ", "name: STREAMS")
    (problem,) = lint(text)
    assert said((problem,)) == [
        "duplicate-names: 'STREAMS' is also the name of the monitor 'stream-rate' @ STREAMS"
    ]
    assert problem.severity is Severity.WARNING


def test_a_monitor_without_a_scenario_is_told_where_somebody_looked(lint: Lint) -> None:
    assert lint(RATE) == ()
    assert lint(RATE, tested={"stream-rate"}) == ()
    (problem,) = lint(RATE, tested={"other"})
    assert said((problem,)) == ["untested: no scenario covers 'stream-rate' @ stream-rate"]
    assert problem.severity is Severity.WARNING


def test_findings_come_in_the_order_of_the_file(lint: Lint) -> None:
    text = RATE + "    tags: ['ip:1']\n    message: '{{nope}} @all'\n"
    problems = lint(
        text, policy="policy: {handles: [], personal_tags: [ip], required_tags: [team]}\n", tested=set()
    )
    assert [problem.rule for problem in problems] == [
        "untested", "required-tags", "personal-data", "message-variables", "handles",
    ]  # fmt: skip
