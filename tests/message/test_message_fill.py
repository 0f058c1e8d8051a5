"""A message as its reader sees it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.message.fill import Context, fill, format_number
from dd_sync.message.parser import parse
from dd_sync.message.words import TRANSITIONS

VARIABLES: dict[str, str | float] = {
    "value": 612.0,
    "threshold": 500.0,
    "comparator": ">",
    "tenant.name": "acme",
    "service.name": "pay & go/eu",
    "dot.key.name": "dotted",
    "empty.name": "",
    "count.name": "5.0",
    "small": 0.25,
    "last_triggered_at": "2023-11-14T22:13:20+00:00",
    "last_triggered_at_epoch": 1_700_000_000_000.0,
    "first_triggered_at": "2023-11-14T22:13:20",
    "check.result.code": 7.0,
}
ALERT = Context(is_alert=True, priority=2, variables=VARIABLES)


def filled(text: str, context: Context = ALERT) -> str:
    return fill(parse(text), context)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{tenant.name}} created {{value}} (limit {{ threshold }})", "acme created 612 (limit 500)"),
        ("{{[dot.key].name}}", "dotted"),
        ("[{{unknown.name}}]", "[]"),
        ("a{{!-- {{tenant.name}} --}}b", "ab"),
        ("a{{!-- short }}b{{! plain }}c", "abc"),
        ("a{{!-- one }}b{{!-- two --}}c", "abc"),
        ("{{{{raw}}}}{{ tenant.name }}{{{{/raw}}}}", "{{ tenant.name }}"),
        ("{{service.name}} {{{service.name}}}", "pay &amp; go/eu pay & go/eu"),
        ("{{comparator}}{{{comparator}}}", "&gt;>"),
        ('/{{urlencode "service.name"}}/', "/pay%20%26%20go%2Feu/"),
        ("{{override_priority 'P1'}}x", "x"),
        ("} }} --}} {", "} }} --}} {"),
        ("{{{tenant.name}}}}", "acme}"),
    ],
)
def test_variables_comments_and_raw_text_show_as_documented(text: str, shown: str) -> None:
    assert filled(text) == shown


def transition(name: str) -> Context:
    flags: dict[str, Any] = {name: True}
    return Context(**flags)


@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_transition_shows_its_block_and_hides_its_negation(name: str) -> None:
    text = f"{{{{#{name}}}}}yes{{{{else}}}}no{{{{/{name}}}}} {{{{^{name}}}}}not{{{{else}}}}so{{{{/{name}}}}}"
    assert filled(text, transition(name)) == "yes so"
    assert filled(text, Context()) == "no not"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('is_match "tenant.name" "ac"', True),
        ('is_match "tenant.name" "beta" "cm"', True),
        ('is_match "tenant.name" "ACME"', False),
        ('is_match "tenant" "acme"', True),
        ("is_match tenant.name 'acme'", True),
        ('is_match "tenant.name" ""', True),
        ('is_match "empty.name" ""', False),
        ('is_match "unknown.name" ""', False),
        ('is_match "value" "61"', True),
        ('is_match "[dot.key].name" "dot"', True),
        ('is_exact_match "tenant.name" "acme"', True),
        ('is_exact_match "tenant.name" "ac"', False),
        ('is_exact_match "unknown.name" ""', True),
        ('is_exact_match "value" "612"', True),
        ('is_exact_match "value" "612.0"', True),
        ('is_exact_match "value" "abc" "6.12e2"', True),
        ('is_exact_match "value" "613"', False),
        ('is_exact_match "count.name" "5"', True),
        ('is_exact_match (eval "int(value/100)") "5" "6"', True),
        ('is_exact_match (eval "int(value/100)") "7"', False),
        ("is_priority 'P2'", True),
        ("is_priority 'P1'", False),
        ("if tenant.name", True),
        ("if empty.name", False),
        ("if unknown", False),
        ("unless tenant.name", False),
        ("unless unknown", True),
        ("each tenant", False),
        ("with unknown.thing", False),
    ],
)
def test_a_condition_on_a_value_holds_as_documented(condition: str, holds: bool) -> None:
    name = condition.split(maxsplit=1)[0]
    assert filled(f"{{{{#{condition}}}}}yes{{{{else}}}}no{{{{/{name}}}}}") == ("yes" if holds else "no")
    assert filled(f"{{{{{{{{{condition}}}}}}}}}{{{{x}}}}{{{{{{{{/{name}}}}}}}}}") == (
        "{{x}}" if holds else ""
    )


def test_a_monitor_without_a_priority_has_none_of_them() -> None:
    assert filled("{{#is_priority 'P3'}}x{{/is_priority}}", Context()) == ""


def test_with_looks_names_up_inside_its_subject_first() -> None:
    assert filled("{{#with check.result}}{{code}} {{value}}{{/with}}") == "7 612"


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("value + 1 - 2 * 3 / 4", "611.5"),
        ("(value+1)*2", "1226"),
        ("-value", "-612"),
        ("2 ^ 3 ^ 2", "512"),
        ("-2 ^ 2", "-4"),
        ("7 % 4", "3"),
        ("last_triggered_at_epoch-15*60*1000", "1699999100000"),
        ("round(value/7, 2)", "87.43"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("int(12.9)", "12"),
        ("trunc(-12.9)", "-12"),
        ("dec(12.25)", "0.25"),
        ("float(3)", "3"),
        ("abs(-3)", "3"),
        ("ceil(small)", "1"),
        ("floor(small)", "0"),
        ("sgn(-2) + sgn(0) + sgn(9)", "0"),
        ("to_bool(value)", "true"),
        ("to_bool(0)", "false"),
        ("log10(1000)", "3"),
        ("exp(0)", "1"),
        ("atan2(0, 1)", "0"),
        ("cos(0)", "1"),
        ("humanize_bytes(1536)", "1.5KB"),
        ("humanize_bytes(512)", "512B"),
        ("humanize_bits(value * 1024 * 1024)", "612Mb"),
        ("humanize_bytes(10^30)", "8.674e+11EB"),
        ("upper(tenant.name)", "ACME"),
        ("lower('ABC')", "abc"),
        ("substring(tenant.name, 2)", "me"),
        ("substring(tenant.name, 1, 3)", "cm"),
        ("strip('  x ')", "x"),
        ("strip('abcxabc', 'abc')", "x"),
        ("[dot.key].name", "dotted"),
        ("count.name * 2", "10"),
        ("unknown + 1", ""),
        ("tenant.name + 1", ""),
        ("value / 0", ""),
        ("value % 0", ""),
        ("10 ^ 400", ""),
        ("(0-8) ^ 0.5", ""),
        ("exp(1000)", ""),
        ("1e308 * 10", ""),
        ("asin(2)", ""),
        ("strip('x', 5)", ""),
        ("round(1, 400)", ""),
    ],
)
def test_eval_calculates_or_shows_nothing(formula: str, shown: str) -> None:
    assert filled(f'{{{{eval "{formula}"}}}}') == shown


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ("'last_triggered_at' 'Asia/Tokyo'", "2023-11-15 07:13:20+09:00"),
        ("'last_triggered_at' 'UTC'", "2023-11-14 22:13:20+00:00"),
        ("'first_triggered_at' 'UTC'", "2023-11-14 22:13:20+00:00"),
        ("'last_triggered_at_epoch' 'UTC'", "2023-11-14 22:13:20+00:00"),
        ("'last_triggered_at' 'Nowhere/At_all'", ""),
        ("'last_triggered_at' '../etc/passwd'", ""),
        ("'unknown' 'UTC'", ""),
        ("'tenant.name' 'UTC'", ""),
    ],
)
def test_local_time_shows_a_moment_in_its_zone(arguments: str, shown: str) -> None:
    assert filled(f"{{{{local_time {arguments}}}}}") == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (300.0, "300"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333"),
        (1234567.89, "1234568"),
        (99.5, "99.5"),
        (-0.0, "0"),
        (0.00001234567, "1.23457e-05"),
        (1e18, "1e+18"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_show_without_noise(value: float, text: str) -> None:
    assert format_number(value) == text


@settings(max_examples=100)
@given(st.floats(min_value=1e-3, max_value=1e12))
def test_a_shown_number_is_right_to_six_digits(value: float) -> None:
    assert float(format_number(value)) == pytest.approx(value, rel=5.1e-6)
