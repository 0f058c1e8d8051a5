"""A variable without a value is told."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import LOG, RATE, Lint, other, said


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("{{tenat.name}}", "did you mean {{tenant.name}}?"),
        ("{{treshold}}", "did you mean {{threshold}}?"),
        ("{{tenant}}", "write {{tenant.name}}"),
        ("{{tenant.id}}", "write {{tenant.name}}"),
        ("{{log.link}}", "the monitor's tags are env, tenant"),
        ("{{dev.name}}", "did you mean {{env.name}}?"),
        ("{{region.name}}", "the monitor's tags are env, tenant"),
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


def test_what_an_event_brings_is_open_and_its_groups_are_not(lint: Lint) -> None:
    given = "{{log.attributes.x}} {{service.name}} {{value}} {{[@usr.email].name}}"
    assert lint(LOG + f"    message: '{given}'\n") == ()
    (problem,) = lint(LOG + "    message: '{{sevice.name}}'\n")
    assert (problem.rule, problem.hint) == ("message-variables", "did you mean {{service.name}}?")


def test_keys_anywhere_in_a_search_have_a_value(lint: Lint) -> None:
    query = 'logs("(service:web OR -env:dev) text").index("*").rollup("count").last("5m") > 20'
    message = "    message: '{{service.name}} {{env.name}}'\n"
    assert lint(other("log alert", query, more=message)) == ()


CHECK = '"node.up".over("env:prod").by(%s).last(2).count_by_status()'


@pytest.mark.parametrize(
    ("by", "message", "hints"),
    [
        ('"pool"', "{{pool.name}} {{env.name}} {{check_message}} {{ok_threshold}}", []),
        ('"host"', "{{host.name}} {{host.ip}}", []),
        ('"pool"', "{{host.name}}", ["the monitor's tags are env, pool"]),
        ('"*"', "{{anything.name}}", []),
    ],
)
def test_a_service_check_gives_its_groups_and_its_message(
    lint: Lint, by: str, message: str, hints: list[str]
) -> None:
    problems = lint(other("service check", CHECK % by, more=f"    message: '{message}'\n"))
    assert [problem.hint for problem in problems] == hints


PARTS = """\
  - {key: p, name: P, type: query alert, query: 'avg(last_5m):avg:a{*} by {tenant} > 1'}
  - {key: q, name: Q, type: service check, query: '"a".over("*").by("tenant").last(2).count_by_status()'}
"""


@pytest.mark.parametrize(
    ("query", "message", "names"),
    [
        ("${monitor:p} && ${monitor:q}", "{{tenant.name}} {{a.value}} {{b.status}}", []),
        ("${monitor:p} && ${monitor:q}", "{{c.value}} {{host.name}}", ["c.value", "host.name"]),
        ("${monitor:p} && 12", "{{c.value}} {{host.name}}", []),
    ],
)
def test_a_composite_gives_its_parts_by_letter(
    lint: Lint, query: str, message: str, names: list[str]
) -> None:
    problems = lint(other("composite", query, more=f"    message: '{message}'\n" + PARTS))
    assert [problem.problem.split("'")[1] for problem in problems] == names


def test_what_a_formula_gives_is_not_judged(lint: Lint) -> None:
    more = "    message: '{{x.name}}'\n"
    assert lint(other("log alert", 'formula("a").last("5m") > 1', more=more)) == ()
