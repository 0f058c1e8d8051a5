"""Every form of query that is not a metric one: what is read from it, and what is refused where."""

from __future__ import annotations

import pytest

from dd_sync.errors import QueryError
from dd_sync.query.alerts import (
    BurnRate,
    CompositeAlert,
    Conjunction,
    Disjunction,
    ErrorBudget,
    EventAlert,
    FormulaAlert,
    MonitorId,
    MonitorKey,
    Negation,
    NoQuery,
    ProcessAlert,
    Query,
    Rollup,
    ServiceCheck,
)
from dd_sync.query.canonical import render
from dd_sync.query.nodes import (
    And,
    Binary,
    Call,
    Everything,
    Keyword,
    MetricAlert,
    Node,
    Not,
    Number,
    Tag,
    Text,
    Variable,
    Window,
)
from dd_sync.query.queries import FORMS, parse_query
from dd_sync.query.search_nodes import AllOf, Empty, Facet, Phrase, Without, Word

FIVE = Window("last", 5, "m")


def read(text: str) -> Query:
    return parse_query(None, text)


def refusal(text: str, type: str | None = None) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse_query(type, text)
    return caught.value


# --- events ----------------------------------------------------------------------------------


def test_a_log_monitor_is_read_into_every_one_of_its_parts() -> None:
    text = (
        r'logs("service:web -\"health check\"").index("main").rollup("avg", "@t").by("@a,b").last("5m") >= .5'
    )
    assert read(text) == EventAlert(
        "logs",
        AllOf((Facet("service", Word("web")), Without(Phrase("health check")))),
        FIVE,
        ">=",
        0.5,
        indexes=("main",),
        rollup=Rollup("avg", "@t"),
        by=("@a", "b"),
    )


@pytest.mark.parametrize(
    "text",
    [
        'logs("a b").index("x","y").rollup("count").by("host,env").last("5m") > 1',
        "logs('a b').index('x', 'y').rollup('count').by('host','env').last('5m') > 1",
        'logs( "a AND b" ).by( "host" , "env" ).rollup( count ).index("x","y").last(5m)>1.0',
        'logs("a b")\n  .index("x","y")\n  .rollup("count").by("host, env")\n  .last("5m")\n  > 1',
        'logs("(a b)").last("5m").by("host,env,").rollup("count").index("x","y") > +1',
    ],
)
def test_quotes_order_and_spacing_have_no_meaning(text: str) -> None:
    canonical = 'logs("a b").index("x","y").rollup("count").by("host,env").last("5m") > 1'
    assert render(read(text)) == canonical


@pytest.mark.parametrize(
    "source",
    [
        *("logs", "events", "rum", "audits", "trace-analytics", "ci-pipelines", "ci-tests", "network-path"),
        *("error-tracking", "error-tracking-rum", "database-monitoring", "network-performance"),
        *("llm-observability", "something-quite-new"),
    ],
)
def test_every_source_is_read_and_a_new_one_is_left_to_datadog(source: str) -> None:
    found = read(f'{source}("*").rollup("count").last("5m") > 0')
    assert isinstance(found, EventAlert)
    assert (found.source, found.search) == (source, Word("*"))


@pytest.mark.parametrize(
    "method",
    ["count", "cardinality", "avg", "sum", "min", "max", "median", "pc75", "pc99.9", "p95", "latest"],
)
def test_every_rollup_is_read(method: str) -> None:
    found = read(f'logs("*").rollup("{method}", "@x").last("5m") > 0')
    assert isinstance(found, EventAlert)
    assert found.rollup == Rollup(method, "@x")


def test_error_tracking_says_whose_issues_and_which() -> None:
    new = read(
        'error-tracking("service:web").source("all").new().rollup("count").by("issue.id").last("1d") > 0'
    )
    high = read('error-tracking("").source("browser").impact().last("4h") > 10')
    assert isinstance(new, EventAlert)
    assert isinstance(high, EventAlert)
    assert (new.issue_source, new.issues) == ("all", "new")
    assert (high.issue_source, high.issues, high.search, high.rollup) == ("browser", "impact", Empty(), None)


def test_a_window_may_be_cumulative() -> None:
    found = read('events("service:agent").rollup("cardinality", "@evt.id").current("1h") > 2345')
    assert isinstance(found, EventAlert)
    assert found.window == Window("current", 1, "h")


def test_the_threshold_may_be_a_query_of_its_own() -> None:
    found = read('formula("query1").last("5m") > threshold')
    assert isinstance(found, FormulaAlert)
    assert found.threshold is None


def test_live_processes_are_read() -> None:
    text = "processes('nginx').over('command:puma,!env:dev','*').by('host').rollup('count').last('10m') < 1"
    assert read(text) == ProcessAlert(
        Word("nginx"),
        Window("last", 10, "m"),
        "<",
        1.0,
        over=(And((Tag("command", "puma"), Not(Tag("env", "dev")))), Everything()),
        by=("host",),
        rollup=Rollup("count"),
    )


# --- checks, formulas, composites, SLOs -------------------------------------------------------


def test_a_service_check_is_read_into_every_one_of_its_parts() -> None:
    scope = '.over("env:prod","!role:db").exclude("host:a").by("host,url")'
    assert read(f'"http.can_connect"{scope}.last(3).count_by_status()') == ServiceCheck(
        "http.can_connect",
        (Tag("env", "prod"), Not(Tag("role", "db"))),
        (Tag("host", "a"),),
        ("host", "url"),
        3,
        "count_by_status",
    )


def test_a_cluster_check_may_leave_out_how_many_runs() -> None:
    found = read("'tcp.can_connect'.over('*').by('*').pct_by_status()")
    assert found == ServiceCheck("tcp.can_connect", (Everything(),), (), ("*",), None, "pct_by_status")


def test_the_number_of_runs_may_be_quoted() -> None:
    assert read('"ntp.in_sync".by("*").last("2").count_by_status()') == read(
        '"ntp.in_sync".last(2).by("*").count_by_status()'
    )


def test_a_formula_is_read_over_the_names_of_its_queries() -> None:
    text = 'formula("default_zero(query1, 0) / query2 * 100").rollup("sum").by(job_name).last(1h) > 0'
    default = Call("default_zero", (Variable("query1"), Number(0.0)))
    assert read(text) == FormulaAlert(
        Binary("*", Binary("/", default, Variable("query2")), Number(100.0)),
        Window("last", 1, "h"),
        ">",
        0.0,
        rollup=Rollup("sum"),
        by=("job_name",),
    )


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        (
            ".anomaly(direction='above', threshold=10)",
            Call("anomaly", (), (Keyword("direction", Text("above")), Keyword("threshold", Number(10.0)))),
        ),
        (".anomaly(direction=both)", Call("anomaly", (), (Keyword("direction", Text("both")),))),
        ('.change("relative", -5)', Call("change", (Text("relative"), Number(-5.0)))),
        (".forecast()", Call("forecast", ())),
    ],
)
def test_a_formula_may_end_in_an_algorithm(text: str, algorithm: Call) -> None:
    found = read(f'formula("query1").last("30d"){text} >= 5')
    assert isinstance(found, FormulaAlert)
    assert found.algorithm == algorithm
    assert parse_query("cost alert", render(found)) == found


def test_text_in_a_formula_keeps_its_quotes() -> None:
    found = read(r'formula("moving_rollup(query1, 60, \"avg\")").last("5m") > 1')
    assert found == read("""formula("moving_rollup(query1, 60, 'avg')").last('5m') > 1""")


def test_a_composite_binds_and_before_or() -> None:
    one, two, three = MonitorId(1), MonitorId(2), MonitorId(3)
    assert read("1 || 2 && !3") == CompositeAlert(Disjunction((one, Conjunction((two, Negation(three))))))
    assert read("(1||2)&&3") == CompositeAlert(Conjunction((Disjunction((one, two)), three)))
    assert read("(1 && (2 && 3))") == CompositeAlert(Conjunction((one, two, three)))
    assert read("1 || (2 || 3)") == CompositeAlert(Disjunction((one, two, three)))


def test_a_composite_may_name_monitors_by_their_keys() -> None:
    found = read("${monitor:stream-rate} && !(12 || ${monitor:b})")
    key, b = MonitorKey("stream-rate"), MonitorKey("b")
    assert found == CompositeAlert(Conjunction((key, Negation(Disjunction((MonitorId(12), b))))))
    assert render(found) == "${monitor:stream-rate} && !(12 || ${monitor:b})"


def test_both_kinds_of_slo_alert_are_read() -> None:
    month = Window("last", 30, "d")
    assert read("error_budget('ab12').over('30d') > 75") == ErrorBudget("ab12", month, ">", 75.0)
    assert read('burn_rate("ab12").over("30d").short_window("5m").long_window("1h") > 14.4') == BurnRate(
        "ab12", month, Window("last", 1, "h"), FIVE, ">", 14.4
    )


def test_a_synthetic_test_has_no_query() -> None:
    assert parse_query("synthetics alert", " no_query ") == NoQuery()
    assert render(NoQuery()) == "no_query"


# --- places ----------------------------------------------------------------------------------


def test_spans_and_errors_are_right_behind_escaped_quotes() -> None:
    text = r'logs("\"a b\" service:web").rollup("count").last("5m") > 1'
    found = read(text)
    assert isinstance(found, EventAlert)
    assert isinstance(found.search, AllOf)
    service: Node = found.search.items[1]
    assert text[slice(*service.span)] == "service:web"
    assert text[slice(*found.span)] == text
    place = refusal(r'logs("\"a b\" (service:web").rollup("count").last("5m") > 1').place
    assert (place.line, place.column) == (1, 15)


LOGS = 'logs("*").rollup("count")'


@pytest.mark.parametrize(
    ("text", "column", "problem", "hint"),
    [
        ('lgos("*").last("5m") > 1', 1, "unknown source 'lgos'", "did you mean logs?"),
        ('fromula("a").last("5m") > 1', 1, "unknown source 'fromula'", "did you mean formula?"),
        (
            'logs("*).rollup("count").last("5m") > 1',
            18,
            "expected ')', not 'count'",
            "inside quotes is written",
        ),
        ('logs("a" b).last("5m") > 1', 10, "expected ')', not 'b'", "separated by commas"),
        ('logs("a "b" c").last("5m") > 1', 10, "expected ')'", "inside quotes is written"),
        ('logs("a").rollup("count).last("5m") > 1', 32, "expected ')'", "inside quotes"),
        ('logs("a").last("5m).by(x) > 1', 16, "the quote is not closed", "add the missing quote"),
        ('logs("a", "b").last("5m") > 1', 9, "expected ')', not ','", "separated by commas"),
        ('logs("a").rolup("count").last("5m") > 1', 11, "unknown method 'rolup'", "did you mean rollup?"),
        ('logs("a").rollup.last("5m") > 1', 17, "expected '('", ".rollup() with its parentheses"),
        (
            'logs("a").rollup("cuont").last("5m") > 1',
            18,
            "unknown rollup method 'cuont'",
            "did you mean count?",
        ),
        ('logs("a").rollup().last("5m") > 1', 11, "unknown rollup method ''", "use count"),
        ('logs("a").rollup("avg","@a","@b").last("5m") > 1', 11, "a method and one measure", "drop"),
        ('logs("a").rollup(5).last("5m") > 1', 18, ".rollup() takes text", "in quotes"),
        ('logs("a").rollup("avg"', 23, "expected ')', not the end", "separated by commas"),
        ('logs("a").by().by().last("5m") > 1', 16, "a second .by()", "into one"),
        (LOGS + " > 1", 27, "expected .last(), not '>'", 'write for example .last("5m")'),
        (LOGS + '.last("5x") > 1', 32, "'5x' is not an evaluation window", "as in 5m or 1h"),
        (LOGS + '.last("0m") > 1', 32, "'0m' is not an evaluation window", "as in 5m or 1h"),
        (LOGS + ".last(5) > 1", 27, ".last() takes one argument", '.last("5m")'),
        (LOGS + '.last("5m").current("1h") > 1', 38, "a rolling and a cumulative window", "one of them"),
        (LOGS + '.last("5m")', 37, "expected a comparator, not the end", "> 90"),
        (LOGS + '.last("5m") last', 38, "expected a comparator", "a method follows a dot"),
        (LOGS + '.last("5m") > 1 or 2', 42, "unexpected 'or' after the threshold", "ends the query"),
        (LOGS + '.last("5m") > five', 40, "expected the threshold, a number", "> 90"),
        (LOGS + '.last("5m") > 5ms', 40, "expected the threshold, a number", "> 90"),
        (LOGS + ".last(a=b=c) > 1", 34, "a second =", "name=value"),
        (LOGS + ".last(a=) > 1", 34, "expected an argument, not ')'", "arguments look like"),
        ('error-tracking("a").new().impact().last("1d") > 1', 27, "new and high-impact", "one of them"),
        ('error-tracking("a").new("b").last("1d") > 1', 21, ".new() takes nothing", "empty"),
        ('error-tracking("a").source().last("1d") > 1', 21, ".source() takes one argument", "all"),
        ('"a".over("*").last(2).count_by_statu()', 23, "unknown method 'count_by_statu'", "count_by_status?"),
        ('"a".over("*").last(2)', 22, "expected .count_by_status()", ".count_by_status()"),
        ('"a".over("*").count_by_status()', 32, "expected .last(), not the end", ".last(2)"),
        ('"a".last(2).count_by_status(1)', 13, ".count_by_status() takes nothing", "empty"),
        ('"a".last(2).pct_by_status().count_by_status()', 29, "a count and a percentage", "one of them"),
        ('"a".last(101).count_by_status()', 10, ".last() takes a number of runs", "1 to 100"),
        ('"a".last(1.5).count_by_status()', 10, ".last() takes a number of runs", "1 to 100"),
        ('"a".last("x").count_by_status()', 10, ".last() takes a number of runs", "1 to 100"),
        ('"a".last().count_by_status()', 5, ".last() takes a number of runs", "1 to 100"),
        ('"a".last(2).count_by_status() > 1', 31, "unexpected '>'", "the query ends before it"),
        ('"a.over("*").last(2).count_by_status()', 10, "expected .count_by_status(), not '*'", "by_status()"),
        ('"a', 1, "the quote is not closed", "add the missing quote"),
        ('formula("query1 +").last("5m") > 1', 18, "expected the name of a query", "query1 / query2"),
        ('formula("query1 query2").last("5m") > 1', 17, "unexpected 'query2' in the formula", "+ - * /"),
        ('formula("(query1").last("5m") > 1', 10, "the parenthesis is not closed", "add the missing )"),
        ('formula("defaul_zero(a)").last("5m") > 1', 10, "unknown function", "did you mean default_zero?"),
        ('formula("a").last("5m").anomly() > 1', 25, "unknown method 'anomly'", "did you mean anomaly?"),
        ('formula("a").last("5m").change().anomaly() > 1', 34, "two algorithms", "one of them"),
        ("1 && ", 6, "expected the id of a monitor, not the end", "join monitor ids"),
        ("1 2", 3, "expected && or ||, not '2'", "join monitor ids"),
        ("1 & 2", 3, "expected && or ||, not '&'", "join monitor ids"),
        ("(1 || 2", 1, "the parenthesis is not closed", "add the missing )"),
        ("(1 || 2 3", 9, "expected && or ||", "join monitor ids"),
        ("1)", 2, "expected && or ||", "no parenthesis is open"),
        ("1 && 2x", 6, "expected the id of a monitor, not '2x'", "join monitor ids"),
        ('error_budget("a") > 1', 19, "expected .over()", '.over("7d")'),
        ('error_budget("a").over("7d").last("5m") > 1', 30, "unknown method 'last'", "use over"),
        ('burn_rate("a").over("7d").long_window("1h") > 1', 45, "expected .short_window()", '"5m"'),
        ("error_budget(7).over('7d') > 1", 14, "expected the SLO's id in quotes", "arguments look like"),
        ('processes("a").ovr("*").last("5m") > 1', 16, "unknown method 'ovr'", "did you mean over?"),
    ],
)
def test_a_mistake_is_shown_where_it_is_with_what_to_do(
    text: str, column: int, problem: str, hint: str
) -> None:
    error = refusal(text)
    assert problem in error.problem
    assert hint in error.hint
    assert (error.place.file, error.place.line, error.place.column) == ("query", 1, column)


# --- types -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "problem"),
    [
        ("metric alert", "expected a time aggregation"),
        ("event-v2 alert", "expected '('"),
        ("log alert", "expected '('"),
        ("service check", "expected the name of a check"),
        ("composite", "expected the id of a monitor"),
        ("slo alert", "expected an SLO query"),
        ("process alert", "expected processes(…)"),
        ("synthetics alert", "has no query of its own"),
        ("cost alert", "expected formula(…)"),
    ],
)
def test_a_type_says_what_its_query_should_have_been(type: str, problem: str) -> None:
    error = refusal("query", type)
    assert problem in error.problem
    assert error.hint
    assert error.place.column in {1, 6}


def test_a_query_of_another_type_is_named() -> None:
    error = refusal(" avg(last_5m):avg:x{*} > 1", "log alert")
    assert error.problem == "this is a metric query, which a monitor of the type log alert cannot have"
    assert error.hint == "write a search such as logs(…) or a formula, or change the type"
    assert error.place.column == 2


def test_a_number_is_no_source() -> None:
    assert "expected logs(…)" in refusal("5 > 4", "log alert").problem


@pytest.mark.parametrize("type", FORMS)
def test_every_type_has_its_form(type: str) -> None:
    examples = {
        "metric": "avg(last_5m):avg:x{*} > 1",
        "formula": 'formula("query1").last("5m") > 1',
        "events": 'logs("*").rollup("count").last("5m") > 1',
        "check": '"a".over("*").last(2).count_by_status()',
        "processes": 'processes("a").over("*").rollup("count").last("5m") < 1',
        "composite": "1 && 2",
        "slo": 'error_budget("a").over("7d") > 75',
        "no_query": "no_query",
    }
    for form, text in examples.items():
        if form in FORMS[type]:
            assert render(parse_query(type, text)) == text
        else:
            assert refusal(text, type).hint


def test_metric_types_take_metrics_and_formulas() -> None:
    assert isinstance(parse_query("metric alert", "avg(last_5m):x{*} > 1"), MetricAlert)
    assert isinstance(parse_query("query alert", 'formula("a").rollup("sum").last("5m") > 1'), FormulaAlert)


def test_a_type_that_is_not_known_lets_the_text_decide() -> None:
    assert isinstance(parse_query("quantum alert", 'quanta("*").rollup("count").last("5m") > 1'), EventAlert)


@pytest.mark.parametrize(
    "text",
    [
        'logs("' + "(" * 1_000_000,
        'logs("' + "(" * 45_000 + '").last("5m") > 1',
        'logs("' + '\\"' * 22_499 + '").last("5m") > 1',
        'logs("' + "a:[" * 15_000 + '").last("5m") > 1',
        'logs("' + "x" * 45_000,
        'logs("' + '\\"' * 22_500,
        "'" + "\\'" * 45_000,
        'logs("' + 'a:"' * 15_000,
        'logs("' + 'a\\"\\\\\\"' * 7_499 + '").last("5m") > 1',
        '"' * 45_000,
        'logs("a")' + ".by(" * 10_000,
        'logs("a")' + ".by(" + '"x",' * 10_000,
        "(" * 45_000,
        "!" * 45_000,
        "1 && " * 9_000,
        "x" * 45_000 + '("a")',
        'formula("' + "(" * 45_000 + '").last("5m") > 1',
    ],
)
def test_hostile_text_is_refused_in_few_words(text: str) -> None:
    for kind in ("log alert", "composite"):
        error = refusal(text, kind)
        assert len(error.problem) + len(error.hint) < 250
