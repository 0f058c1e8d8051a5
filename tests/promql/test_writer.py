"""Queries as PromQL, and what has no PromQL."""

from __future__ import annotations

import pytest

from dd_sync.promql.writer import NotExpressible, write
from dd_sync.query.parser import parse

Q = "sum:settle.attempts{env:prod} by {tenant}.as_count()"
P = 'sum by (tenant) (increase(settle_attempts_total{env="prod",tenant!=""}[1h]))'
DAY = 'sum by (tenant) (increase(settle_attempts_total{env="prod",tenant!=""}[1h] offset 1d))'
WEEK = 'sum by (tenant) (increase(settle_attempts_total{env="prod",tenant!=""}[1h] offset 7d))'


@pytest.mark.parametrize(
    ("query", "written"),
    [
        (f"sum(last_1h):{Q} > 500", f"{P} > 500"),
        (f"sum(last_1h):{Q} - 3 * day_before({Q}) > 100", f"{P} - 3 * ({DAY} or 0 * {P}) > 100"),
        (
            f"sum(last_1h):{Q} - 3 * (day_before({Q}) + week_before({Q})) / 2 > 100",
            f"{P} - 3 * (({DAY} or 0 * {P}) + ({WEEK} or 0 * {P})) / 2 > 100",
        ),
        (f"sum(last_1h):{Q} + day_before({Q}) > 1.5", f"({P} or 0 * {DAY}) + ({DAY} or 0 * {P}) > 1.5"),
        (f"sum(last_1h):-{Q} < -5", f"-1 * {P} < -5"),
        (f"sum(last_1h):2 - (1 - {Q}) > 5", f"2 - (1 - {P}) > 5"),
        (f"sum(last_1h):abs({Q} - 5) > 5", f"abs({P} - 5) > 5"),
        (f"sum(last_1h):clamp_min({Q}, -5) > 5", f"clamp_min({P}, -5) > 5"),
        (
            f"sum(last_1h):hour_before(timeshift({Q}, -1800)) > 5",
            f"{P.replace('[1h]', '[1h] offset 1h30m')} > 5",
        ),
        ("sum(last_2d):sum:a.b{*}.as_count() >= 1", "sum (increase(a_b_total[2d])) >= 1"),
        ("sum(last_1h):sum:a.total{*}.as_count() >= 1", "sum (increase(a_total[1h])) >= 1"),
        (
            "max(last_5m):max:a.b{x:1} by {c.d}.rollup(max, 60) > 1",
            'max by (c_d) (max_over_time(a_b{x="1",c_d!=""}[5m])) > 1',
        ),
        ("min(last_5m):min:a.b{*}.rollup(min) < 1", "min (min_over_time(a_b[5m])) < 1"),
        ("min(last_5m):abs(-min:a.b{*}.rollup(min)) < 1", "abs(-1 * min (min_over_time(a_b[5m]))) < 1"),
        (f"sum(last_1h):timeshift({Q}, -(3600)) > 5", f"{P.replace('[1h]', '[1h] offset 1h')} > 5"),
        (f"sum(last_1h):{Q} - 3 > 5", f"{P} - 3 > 5"),
        (f"sum(last_1h):{Q} - 3 * abs({Q}) >= 5", f"{P} - 3 * abs({P}) >= 5"),
        (f"sum(last_1h):{Q} / 2 == 5", f"{P} / 2 == 5"),
    ],
)
def test_queries_are_written_with_the_same_meaning(query: str, written: str) -> None:
    assert write(parse(query)) == written


@pytest.mark.parametrize(
    ("scope", "matchers"),
    [
        ("*", '{g!=""}'),
        ("env:prod,!tier:1", '{env="prod",tier!="1",g!=""}'),
        ("env:Prod", '{env="prod",g!=""}'),
        ("env:*,!tier:*", '{env!="",tier="",g!=""}'),
        ("env:web-*", '{env=~"web-.*",g!=""}'),
        ("!env:*.x", '{env!~".*\\\\.x",g!=""}'),
        ("env IN (a, b)", '{env=~"a|b",g!=""}'),
        ("env NOT IN (a, b)", '{env!~"a|b",g!=""}'),
        ("env:a OR env:b", '{env=~"a|b",g!=""}'),
        ("g:x", '{g="x"}'),
        ("!g:x", '{g!="x",g!=""}'),
        ("9.service/name:x", '{_9_service_name="x",g!=""}'),
    ],
)
def test_scopes_become_label_matchers(scope: str, matchers: str) -> None:
    text = write(parse(f"sum(last_1h):sum:m{{{scope}}} by {{g}}.as_count() > 1"))
    assert text == f"sum by (g) (increase(m_total{matchers}[1h])) > 1"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sum(last_1h):sum:m{canary}.as_count() > 1", "cannot be said by label matchers"),
        ("sum(last_1h):sum:m{a:1 OR b:2}.as_count() > 1", "cannot be said by label matchers"),
        ("sum(last_1h):sum:m{*}.as_count() < 1", "where nothing is reported"),
        ("sum(last_1h):sum:m{*}.as_count() == 0", "where nothing is reported"),
        ("sum(last_1h):9 - sum:m{*}.as_count() > 1", "where nothing is reported"),
        ("sum(last_1h):abs(clamp_max(sum:m{*}.as_count(), -2)) >= 2", "where nothing is reported"),
        ("sum(last_1h):sum:a{*}.as_count() / sum:b{*}.as_count() > 1", "the divisor is 0"),
        ("sum(last_1h):sum:a{*} by {x}.as_count() + sum:b{*}.as_count() > 1", "different keys"),
        ("avg(last_1h):avg:m{*} > 1", "Datadog's buckets"),
        ("max(last_1h):max:m{*} > 1", "Datadog's buckets"),
        ("max(last_1h):max:m{*}.rollup(avg, 60) > 1", "Datadog's buckets"),
        ("sum(last_1h):sum:m{*}.as_rate() > 1", "Datadog's buckets"),
        ("sum(last_1h):avg:m{*}.as_count() > 1", "Datadog's buckets"),
        ("sum(last_1h):ewma_3(sum:m{*}.as_count()) > 1", "ewma_3()"),
        ("sum(last_1h):clamp_min(sum:m{*}.as_count(), sum:n{*}.as_count()) > 1", "a plain number"),
        ("change(sum(last_1h),last_1h):sum:m{*}.as_count() > 1", "no change alert"),
        ("sum(current_1d):sum:m{*}.as_count() > 1", "no cumulative window"),
        ("sum(last_1h):sum:m{*}.as_count() > threshold", "a query of its own"),
        ("sum(last_1h):1 + 1 > 1", "reads no metric"),
        (f"sum(last_1h):{Q} - day_before({Q}) > -1", "where nothing is reported"),
        ("max(last_5m):-(max:m{*} / 0) > 1", "the divisor is 0"),
        ("sum(last_1h):moving_rollup(sum:m{*}.as_count(), 60, 'max') > 1", "moving_rollup()"),
    ],
)
def test_what_promql_cannot_say_is_refused_with_the_reason(query: str, reason: str) -> None:
    with pytest.raises(NotExpressible) as refused:
        write(parse(query))
    assert reason in refused.value.problem


def test_a_spike_that_could_alert_without_present_data_fills_every_operand() -> None:
    text = write(parse(f"sum(last_1h):{Q} - -2 * day_before({Q}) > 100"))
    assert text == f"({P} or 0 * {DAY}) - (-2) * ({DAY} or 0 * {P}) > 100"
