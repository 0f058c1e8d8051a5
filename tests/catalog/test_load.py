"""From files to declared monitors, and every problem on the way."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dd_sync.catalog.load import Catalog, Loading, compile_files, load
from dd_sync.catalog.source import read_files
from dd_sync.errors import CatalogError, Severity
from dd_sync.model.monitor import Declared
from dd_sync.query.alerts import ServiceCheck
from tests.catalog.conftest import RATE, SETTINGS, TODAY, Read, Write, told

RAW = """\
monitors:
  - key: raw
    name: Raw
    type: query alert
    query: sum(last_1h):sum:escrow.errors{env:prod} by {tenant}.as_count() > 20
    options: {thresholds: {critical: 20}}
"""


def catalog_of(loading: Loading) -> Catalog:
    assert loading.problems == ()
    assert loading.catalog is not None
    return loading.catalog


def only(loading: Loading) -> Declared:
    (declared,) = catalog_of(loading).monitors
    return declared


# --- the two forms -----------------------------------------------------------------------------


def test_a_guard_becomes_a_whole_monitor(read: Read) -> None:
    declared = only(
        read("""\
            defaults: {tags: [team:risk], level: 2, priority: 2}
            monitors:
              - key: stream-rate
                name: Streams
                guard:
                  rate: {metric: streams.created, scope: "env:prod", by: [tenant], window: 1h,
                         above: 500, warn_at: 80%}
                tags: [service:streams, team:risk]
                hold: review
                renotify: 30m
                evaluation_delay: 1m
                restricted_roles: [a, b]
                draft_status: draft
                message: |
                  {{tenant.name}} made {{value}}.
            """)
    )
    assert declared.monitor.body() == {
        "type": "query alert",
        "name": "Streams",
        "query": "sum(last_1h):sum:streams.created{env:prod} by {tenant}.as_count() > 500",
        "message": "{{tenant.name}} made {{value}}.\n"
        "{{#is_alert}} @slack-risk {{/is_alert}}{{#is_alert_recovery}} @slack-risk {{/is_alert_recovery}}"
        "{{#is_no_data}} @slack-risk {{/is_no_data}}"
        "{{#is_no_data_recovery}} @slack-risk {{/is_no_data_recovery}}",
        "tags": [
            "team:risk",
            "service:streams",
            "managed_by:dd-sync",
            "dd_sync_catalog:risk",
            "dd_sync_key:stream-rate",
            "dd_sync_snooze:allowed",
            "dd_sync_hold:review",
        ],
        "priority": 2,
        "options": {
            "thresholds": {"critical": 500, "warning": 400},
            "include_tags": True,
            "notify_audit": False,
            "on_missing_data": "default",
            "require_full_window": False,
            "new_group_delay": 0,
            "renotify_interval": 30,
            "evaluation_delay": 60,
        },
        "restricted_roles": ["a", "b"],
        "draft_status": "draft",
    }
    assert (declared.guard, declared.level, declared.hold, declared.protected) == ("rate", 2, True, False)
    assert declared.path == ("monitors", 0)
    assert declared.notes


def test_a_raw_monitor_is_passed_on_as_it_is_written(read: Read) -> None:
    loading = read(
        """\
        defaults: {renotify: 30m, tags: [team:risk]}
        monitors:
          - key: raw
            name: Raw
            type: service check
            query: '"http.check".over("*").by("host").last(3).count_by_status()'
            options: {thresholds: {ok: 1, critical: 2}, locked: null, anything: {goes: [1, null]}}
            message: as it is
        """,
        allow_unknown_options=True,
    )
    declared = only(loading)
    assert declared.monitor.type == "service check"
    assert declared.monitor.options == {
        "thresholds": {"ok": 1, "critical": 2},
        "locked": None,
        "anything": {"goes": [1, None]},
    }
    assert declared.monitor.message == "as it is"
    assert declared.monitor.tags[0] == "team:risk"
    assert "dd_sync_snooze:allowed" not in declared.monitor.tags
    (query,) = catalog_of(loading).queries.values()
    assert isinstance(query, ServiceCheck)
    assert query.last == 3


def test_a_whole_number_that_an_export_wrote_as_text_is_sent_as_a_number(read: Read) -> None:
    loading = read(
        """\
        monitors:
          - key: raw
            name: Raw
            type: query alert
            query: avg(last_5m):avg:a{*} > 5
            options: {thresholds: {critical: 5}, renotify_interval: '30', timeout_h: "0", new_host_delay: ""}
        """
    )
    assert only(loading).monitor.options == {
        "thresholds": {"critical": 5},
        "renotify_interval": 30,
        "timeout_h": 0,
        "new_host_delay": None,
    }


def test_monitors_are_sorted_by_key_and_keep_their_queries_as_nodes(read: Read) -> None:
    catalog = catalog_of(read({"b.yaml": RATE, "a.yaml": RAW}))
    assert [declared.key for declared in catalog.monitors] == ["raw", "stream-rate"]
    thresholds = {key: getattr(query, "threshold", None) for key, query in catalog.queries.items()}
    assert thresholds == {"raw": 20, "stream-rate": 500}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("guard: {rate: {}}\n    type: query alert", "'guard' and 'type' in one monitor"),
        ("priority: 1", "neither a guard nor a query"),
        ("type: query alert", "'query' is missing"),
        ("query: x", "'type' is missing"),
        (
            "type: synthetics alert\n    query: x",
            "monitors of the type 'synthetics alert' cannot be declared",
        ),
        ("type: event alert\n    query: x", "monitors of the type 'event alert' cannot be declared"),
        ("type: query alrt\n    query: x", "there is no monitor type 'query alrt'"),
        ("type: query alert\n    query: ' '", "the query is empty"),
        ("type: query alert\n    query: x\n    exempt: []", "'exempt' belongs to a guard"),
        ("type: query alert\n    query: x\n    renotify: 1h", "'renotify' belongs to a guard"),
        ("type: composite\n    query: 1 && 2\n    options: {thresholds: 3}", "expected a mapping, found 3"),
        (
            "type: composite\n    query: 1 || 2\n    options: {thresholds: {crit: 3}}",
            "there is no threshold 'crit'",
        ),
        (
            "type: composite\n    query: 1 || 2\n    options: {thresholds: {ok: x}}",
            "expected a number, found 'x'",
        ),
        ("guard: {}", "one guard a monitor, here none"),
        ("guard: {rate: {}, spike: {}}", "one guard a monitor, here rate and spike"),
        ("guard: {rat: {}}", "there is no guard 'rat'"),
        ("guard: rate", "expected a mapping, found the text 'rate'"),
        ("guard: {rate: {}}\n    for: 15m", "'for' is for guards over gauges only"),
        ("guard: {rate: {}}\n    nam: x", "unknown key 'nam'"),
        ("guard: {rate: {}}\n    priority: 6", "6 is more than 5"),
        ("guard: {rate: {}}\n    priority: high", "expected a whole number, found the text 'high'"),
        ("guard: {rate: {}}\n    hold: later", "expected review, found the text 'later'"),
        ("guard: {rate: {}}\n    draft_status: x", "expected draft or published, found the text 'x'"),
        ("guard: {rate: {}}\n    message: yes", "expected text, found yes"),
        ("guard: {rate: {}}\n    message:", "expected text, found nothing"),
        ("guard: {rate: {}}\n    tags: team:risk", "expected a list, found the text 'team:risk'"),
        ("guard: {rate: {}}\n    tags: [' x']", "not a tag"),
        ("guard: {rate: {}}\n    tags: [3]", "expected text, found 3"),
        (
            "guard: {rate: {}}\n    tags: [dd_sync_key:x]",
            "'dd_sync_key:x' is one of the tags that mark what this tool owns",
        ),
        (
            "guard: {rate: {}}\n    tags: [Managed_By:dd-sync]",
            "'Managed_By:dd-sync' is one of the tags that mark what this tool owns",
        ),
        ("guard: {rate: {}}\n    renotify: 90s", "90s is not a whole number of minutes up to 7d"),
        ("guard: {rate: {}}\n    renotify: 30", "expected a duration, found 30"),
        ("guard: {rate: {}}\n    evaluation_delay: 2d", "2d is longer than Datadog's 1d"),
    ],
)  # fmt: skip
def test_a_wrong_monitor_is_told_in_plain_words(read: Read, lines: str, expected: str) -> None:
    loading = read(f"monitors:\n  - key: a\n    name: A\n    {lines}\n")
    assert expected in [problem.problem for problem in loading.problems]
    assert loading.catalog is not None
    assert loading.catalog.monitors == ()
    assert all(problem.hint for problem in loading.problems)


@pytest.mark.parametrize(
    ("guard", "under", "expected"),
    [
        ("rate: {metric: a, window: 1h, abve: 5}", "abve", "unknown key 'abve'"),
        ("rate: {metric: a b, window: 1h, above: 5}", "a b", "'a b' is not a metric's name"),
        ("rate: {window: 1h, above: 5}", "rate", "'metric' is missing"),
        ("rate: {metric: a, window: 1h, above: 5, by: [x, x]}", "x", "'x' is there twice"),
        (
            "rate: {metric: a, window: 1h, above: 5, warn_at: 6}",
            "6",
            "the warning level 6 is not below the bound 5",
        ),
        ("rate: 5", "5", "expected a mapping, found 5"),
        ("rat: {}", "rat", "there is no guard 'rat'"),
        ("rate: {metric: a, window: 1h}", "rate", "no bound"),
        (
            "spike: {metric: a, window: 1h, times: 3, floor: 5, baseline: [30m]}",
            "30m",
            "a baseline 30m back overlaps the window of 1h",
        ),
    ],
)  # fmt: skip
def test_a_guard_s_mistake_is_placed_at_the_parameter(
    read: Read, guard: str, under: str, expected: str
) -> None:
    loading = read(f"monitors:\n  - key: a\n    name: A\n    guard:\n      {guard}\n")
    (problem,) = [problem for problem in loading.problems if problem.problem == expected]
    assert problem.rule == "guard"
    assert problem.hint
    assert problem.where is not None
    assert problem.source is not None
    assert problem.source[problem.where.column - 1 :][: problem.where.length] == under


@pytest.mark.parametrize("name", ["''", "'  '", "' padded'"])
def test_a_name_that_datadog_would_change_is_refused(read: Read, name: str) -> None:
    (problem,) = read(RATE.replace("name: Streams", f"name: {name}")).problems
    assert problem.problem.startswith("the name")
    assert problem.hint


def test_too_many_tags_are_refused(read: Read) -> None:
    tags = ", ".join(f"t:{n}" for n in range(71))
    loading = read(RATE + f"    tags: [{tags}]\n")
    assert told(loading) == ["m.yaml:6:5 a list is more than 70 of them"]


def test_a_level_must_be_declared(read: Read) -> None:
    loading = read(RATE + "    level: 4\n")
    assert told(loading) == ["m.yaml:6:12 there is no level 4"]
    assert loading.problems[0].hint == "catalog.yaml declares 1, 2, 3"
    loading = read(RATE + "    level: 2\n", settings="catalog: risk\n")
    assert "declare `levels:`" in loading.problems[0].hint


# --- places ------------------------------------------------------------------------------------


def test_every_problem_of_every_file_is_told_at_once_in_order_and_the_rest_is_declared(read: Read) -> None:
    loading = read(
        {
            "b.yaml": RATE + "  - key: stream-rate\n    name: Again\n    guard: {rate: {metric: m}}\n",
            "c.yaml": "monitors: [\n",
            "d.yaml": RAW.replace("key: raw", "key: fine").replace("sum(", "mean("),
            "e.yaml": RAW + "extra: 1\n",
            "catalog.yaml": SETTINGS + "polcy: {}\n",
        }
    )
    assert told(loading) == [
        "b.yaml:6:10 the key 'stream-rate' is taken, by a monitor in " + _file(loading, "b.yaml"),
        "b.yaml:8:13 'window' is missing",
        "b.yaml:8:13 no bound",
        "c.yaml:2:1 a value was expected here",
        "catalog.yaml:7:1 unknown key 'polcy'",
        "d.yaml:5:12 unknown time aggregation 'mean'",
        "e.yaml:7:1 unknown key 'extra'",
    ]
    assert loading.catalog is not None
    assert [declared.key for declared in loading.catalog.monitors] == ["raw"]
    assert loading.keys == {"stream-rate", "fine", "raw"}


def _file(loading: Loading, name: str) -> str:
    return next(p.where.file for p in loading.problems if p.where and p.where.file.endswith(name))


def test_a_mistake_in_a_query_is_placed_inside_the_yaml(read: Read) -> None:
    loading = read(RAW.replace("sum:escrow", "medan:escrow"))
    (problem,) = loading.problems
    assert problem.rule == "query-syntax"
    assert problem.where is not None
    assert problem.source is not None
    assert problem.source[problem.where.column - 1 :].startswith("medan")


@pytest.mark.parametrize(
    ("kind", "query", "shown"),
    [
        ("log alert", 'logs("x").rollup("count").lst("5m") > 1', "lst"),
        ("service check", '"a".over("*").by("host").last(2).count_by_states()', "count_by_states"),
        ("composite", "${monitor:a} &&& 2", "& 2"),
        ("slo alert", 'burn_rate("x").over("30d").long_windw("1h").short_window("5m") > 1', "long_windw"),
        ("composite", "logs(", "logs("),
    ],
)
def test_a_mistake_in_a_query_of_any_type_is_placed_inside_the_yaml(
    read: Read, kind: str, query: str, shown: str
) -> None:
    loading = read(f"monitors:\n  - key: raw\n    name: Raw\n    type: {kind}\n    query: '{query}'\n")
    (problem,) = loading.problems
    assert problem.rule == "query-syntax"
    assert problem.where is not None
    assert problem.source is not None
    assert problem.source[problem.where.column - 1 :].startswith(shown)


def test_a_mistake_in_a_folded_query_after_a_tunable_is_placed_inside_the_yaml(read: Read) -> None:
    loading = read("""\
        tunables: {window: {env: W, default: last_30m}}
        monitors:
          - key: raw
            name: Raw
            type: query alert
            query: >-
              sum(${window}):sum:a.b{env:prod}
              by {tenant}.as_cont() > 20
        """)
    (problem,) = loading.problems
    assert problem.source is not None
    assert problem.where is not None
    assert problem.where.line == 8
    assert "as_cont" in problem.source[problem.where.column - 2 :][:9]


def test_a_mistake_in_a_query_with_spaces_before_it_is_placed_exactly(read: Read) -> None:
    loading = read(RAW.replace("query: sum(last_1h)", "query: '  mean(last_1h)").replace("> 20", "> 20'"))
    (problem,) = loading.problems
    assert problem.where is not None
    assert problem.source is not None
    assert problem.source[problem.where.column - 1 :].startswith("mean")


def test_a_mistake_in_a_scope_is_placed_in_the_scope(read: Read) -> None:
    loading = read(RATE.replace('"env:prod"', '"env:prod AND (a:b"'))
    (problem,) = loading.problems
    assert problem.rule == "guard"
    assert problem.where is not None
    assert problem.where.line == 5
    assert problem.where.column > RATE.splitlines()[4].index("env:prod")


def test_what_a_default_gave_is_placed_at_the_default(read: Read) -> None:
    loading = read("defaults: {level: 7, tags: [a:b, c:d]}\n" + RATE + "    tags: [a:b, x:y]\n")
    assert told(loading) == ["m.yaml:1:19 there is no level 7"]
    loading = read("defaults: {tags: [a:b, c:d]}\n" + RATE + "    tags: [a:b, x:y]\n    priority: 1\n")
    declared = only(loading)
    assert declared.monitor.tags[:3] == ("a:b", "c:d", "x:y")
    places = [catalog_of(loading).locate(declared, ("tags", n))[0] for n in range(3)]
    assert [(place.line, place.column) for place in places] == [(1, 19), (1, 24), (7, 17)]
    assert catalog_of(loading).locate(declared, ("tags",))[0].line == 7
    assert catalog_of(loading).locate(declared, ("priority",))[0].line == 8
    assert catalog_of(loading).locate(declared)[0].line == 3


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ("{levl: 2}", "m.yaml:1:12 unknown key 'levl'"),
        ("{tags: x}", "m.yaml:1:18 expected a list, found the text 'x'"),
        ("[]", "m.yaml:1:1 expected a mapping, found a list"),
        ("{tags: [\"${nope}\"]}", "m.yaml:1:20 no tunable is called 'nope'"),
        ("{name: x}", "m.yaml:1:12 unknown key 'name'"),
    ],
)  # fmt: skip
def test_wrong_defaults_are_told_once_and_their_monitors_left_out(
    read: Read, defaults: str, expected: str
) -> None:
    loading = read(f"defaults: {defaults}\n" + RATE)
    assert told(loading) == [expected]
    assert loading.catalog is not None
    assert loading.catalog.monitors == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("monitors: {}\n", "m.yaml:1:1 expected a list of monitors, found a mapping"),
        ("monitors: [x]\n", "m.yaml:1:12 expected a monitor, found the text 'x'"),
        ("monitrs: []\n", "m.yaml:1:1 unknown key 'monitrs'"),
        ("policy: {}\n", "m.yaml:1:1 'policy' belongs in catalog.yaml"),
        ("downtimes: 3\n", "m.yaml:1:12 expected a list of downtimes, found 3"),
        ("dashboards: 3\n", "m.yaml:1:13 expected a list of dashboards, found 3"),
        ("webhooks: 3\n", "m.yaml:1:11 expected a list of webhooks, found 3"),
    ],
)
def test_a_file_of_another_shape_is_told(read: Read, text: str, expected: str) -> None:
    assert told(read(text)) == [expected]


def test_a_thousand_problems_of_a_file_are_listed_and_the_rest_counted(read: Read) -> None:
    problems = read("monitors:\n" + "  - x\n" * 100_000).problems
    assert len(problems) == 1001
    assert told(problems)[0] == "m.yaml:1:1 99,000 more problems in this file"


def test_a_hint_is_looked_for_among_thousands_by_the_first_letter(read: Read) -> None:
    monitors = "".join(composite(f"m{n}", "1 || 2") for n in range(400))
    loading = read("monitors:\n" + monitors + composite("zebra", "${monitor:zebr}"))
    assert [problem.hint for problem in loading.problems] == ["did you mean 'zebra'?"]


def test_hints_for_hundreds_of_mistakes_compare_a_few_names_each(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def count(word: str, names: Sequence[str], **more: Any) -> list[str]:
        compared.append(len(names))
        return []

    monkeypatch.setattr("difflib.get_close_matches", count)
    monitors = "".join(composite(f"m{n}", f"1 && ${{monitor:n{n}}}") for n in range(500))
    assert len(read("monitors:\n" + monitors).problems) == 500
    assert max(compared) <= 20


# --- keys, references --------------------------------------------------------------------------


def composite(key: str, query: str) -> str:
    return f"  - key: {key}\n    name: {key}\n    type: composite\n    query: {query}\n"


def test_references_are_kept_as_text_and_listed(read: Read) -> None:
    text = RATE + composite("both", "${monitor:stream-rate} && !${monitor:other} && ${monitor:stream-rate}")
    loading = read({"m.yaml": text, "n.yaml": "monitors:\n" + composite("other", "1 || 2")})
    both = catalog_of(loading).monitors[0]
    assert both.key == "both"
    assert both.references == ("stream-rate", "other")
    assert both.monitor.query == "${monitor:stream-rate} && !${monitor:other} && ${monitor:stream-rate}"


def test_a_reference_to_no_monitor_is_told_where_it_stands(read: Read) -> None:
    loading = read(RATE + composite("both", "1 && ${monitor:stream-rat}"))
    assert told(loading) == ["m.yaml:9:17 no monitor has the key 'stream-rat'"]
    assert loading.problems[0].hint == "did you mean 'stream-rate'?"


def test_a_monitor_that_is_wrong_can_still_be_referred_to(read: Read) -> None:
    loading = read("monitors:\n" + composite("a", "${monitor:b}") + "  - key: b\n    name: B\n")
    assert told(loading) == ["m.yaml:6:5 neither a guard nor a query"]


def test_with_a_file_that_cannot_be_read_no_reference_is_called_unknown(read: Read) -> None:
    loading = read({"m.yaml": "monitors:\n" + composite("a", "${monitor:b}"), "n.yaml": "monitors: ["})
    assert [p.rule for p in loading.problems] == ["yaml"]


def test_an_old_key_that_is_in_use_is_told_at_its_line(read: Read) -> None:
    one = "- {{key: {}, name: {}, was: {}, type: metric alert, query: 'avg(last_5m):avg:a{{*}} > 1'}}"
    monitors = [
        one.format(*each) for each in (("a", "A", "b"), ("b", "B", "c"), ("d", "D", "x"), ("e", "E", "x"))
    ]
    monitors += [one.format("f", "F", "f")]
    loading = read("monitors:\n" + "".join(f"  {line}\n" for line in monitors))
    assert told(loading) == [
        "m.yaml:2:28 a is said to be the former b, and b is a monitor still",
        "m.yaml:5:28 e is said to be the former x, and so is d",
        "m.yaml:6:28 f is said to be the former f, and f is a monitor still",
    ]


def test_references_in_a_circle_are_told(read: Read) -> None:
    text = "monitors:\n" + "".join(
        composite(key, f"1 && ${{monitor:{other}}}")
        for key, other in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]
    )
    loading = read(text)
    assert told(loading) == ["m.yaml:5:17 the monitors refer in a circle: a -> b -> c -> a"]
    assert loading.catalog is not None
    assert [declared.key for declared in loading.catalog.monitors] == ["d"]


def test_a_circle_of_thousands_is_told_by_its_two_ends(read: Read) -> None:
    text = "monitors:\n" + "".join(
        composite(f"m{n}", f"1 && ${{monitor:m{(n + 1) % 2000}}}") for n in range(2000)
    )
    [problem] = read(text).problems
    assert problem.problem == (
        "the monitors refer in a circle: "
        "m0 -> m1 -> m2 -> m3 -> m4 -> m5 -> m6 -> … 1,992 more … -> m1999 -> m0"
    )


def test_a_long_chain_of_references_is_no_circle(read: Read) -> None:
    text = "monitors:\n" + "".join(composite(f"m{n}", f"${{monitor:m{n + 1}}}") for n in range(1500))
    assert len(catalog_of(read(text + composite("m1500", "1 || 2"))).monitors) == 1501


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RATE + '    message: "see ${monitor:stream-rate}"\n', "m.yaml:6:19 a reference outside a query"),
        (
            RAW.replace("> 20", "> 20 ${monitor:raw}"),
            "m.yaml:5:83 a query alert cannot refer to other monitors",
        ),
        (RATE.replace("key: stream-rate", 'key: "${x}"'), "m.yaml:2:10 '${x}' is not a key"),
    ],
)
def test_a_reference_elsewhere_is_told(read: Read, text: str, expected: str) -> None:
    assert told(read(text))[0].split(" ", 1)[1] == expected.split(" ", 1)[1]
    assert told(read(text))[0].split(":")[:2] == expected.split(":")[:2]


# --- snoozes, protection -----------------------------------------------------------------------


def test_only_monitors_grouped_by_the_tenant_and_not_protected_can_be_snoozed(read: Read) -> None:
    text = RATE + RATE.removeprefix("monitors:\n").replace("stream-rate", "safe").replace("Streams", "Safe")
    text += RATE.removeprefix("monitors:\n").replace("stream-rate", "total").replace("[tenant]", "[region]")
    loading = read(text, settings=SETTINGS + "policy: {snooze: {protected: [safe]}}\n")
    snoozable = {d.key: "dd_sync_snooze:allowed" in d.monitor.tags for d in catalog_of(loading).monitors}
    assert snoozable == {"stream-rate": True, "safe": False, "total": False}
    assert [d.key for d in catalog_of(loading).monitors if d.protected] == ["safe"]


def test_protection_of_a_monitor_that_is_not_there_is_told(read: Read) -> None:
    loading = read(RATE, settings=SETTINGS + "policy: {snooze: {protected: [stream-rte]}}\n")
    assert told(loading) == ["catalog.yaml:7:31 no monitor has the key 'stream-rte'"]
    assert loading.problems[0].hint == "did you mean 'stream-rate'?"


# --- levels ------------------------------------------------------------------------------------


def test_a_warning_tells_the_milder_level_and_so_never_pages(read: Read) -> None:
    message = only(read(RATE + "    level: 3\n")).monitor.message
    assert "{{#is_alert}} @pagerduty-risk @slack-incidents {{/is_alert}}" in message
    assert "{{#is_warning}} @slack-risk {{/is_warning}}" in message
    assert "{{#is_warning_recovery}} @slack-risk {{/is_warning_recovery}}" in message
    assert not message.startswith("\n")


def test_a_level_without_handles_adds_nothing(read: Read) -> None:
    assert only(read(RATE + "    level: 1\n    message: hello\n")).monitor.message == "hello"


def test_the_author_s_part_of_a_message_is_known(read: Read) -> None:
    for text in ("hello", "", "hello\n\n"):
        loading = read(RATE + f"    level: 2\n    message: {json.dumps(text)}\n")
        assert catalog_of(loading).own_message(only(loading)) == text.rstrip()


# --- exemptions --------------------------------------------------------------------------------


def exempted(until: str, **more: str) -> str:
    line = {"tenant": "load-test", "until": until, "reason": "synthetic", **more}
    return RATE + f"    exempt: [{{{', '.join(f'{k}: {v}' for k, v in line.items() if v)}}}]\n"


def test_an_exempt_tenant_is_left_out_until_its_date_begins(read: Read) -> None:
    text = exempted("2027-01-31")
    before = read(text, today=date(2027, 1, 30))
    assert before.catalog is not None
    assert "{env:prod,!tenant:load-test}" in before.catalog.monitors[0].monitor.query
    after = read(text, today=date(2027, 1, 31))
    assert after.catalog is not None
    assert "{env:prod}" in after.catalog.monitors[0].monitor.query


@pytest.mark.parametrize(
    ("until", "rule", "expected"),
    [
        ("2026-11-21", "exemption-ended", "ended on 2026-11-21"),
        ("2026-11-22", "exemption-ends-soon", "ends in 1 day, on 2026-11-22"),
        ("2026-11-28", "exemption-ends-soon", "ends in 7 days"),
    ],
)
def test_an_exemption_at_its_end_is_announced(read: Read, until: str, rule: str, expected: str) -> None:
    loading = read(exempted(until))
    (problem,) = loading.problems
    assert (problem.rule, problem.severity) == (rule, Severity.WARNING)
    assert expected in problem.problem
    assert problem.where is not None
    assert problem.source is not None
    assert problem.source[problem.where.column - 1 :].startswith(until)


def test_an_exemption_far_from_its_end_is_not_mentioned(read: Read) -> None:
    assert read(exempted("2026-11-29")).problems == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (exempted(""), "'until' is missing"),
        (exempted("2027-01-31", reason=""), "'reason' is missing"),
        (exempted("2027-01-31", reason='" "'), "the reason is empty"),
        (exempted("2027-02-30"), "the text '2027-02-30' is not a date"),
        (exempted("20270131"), "20270131 is not a date"),
        (exempted("2027-01-31", tenant=""), "an exemption names one tag, here none"),
        (exempted("2027-01-31", region="eu"), "an exemption names one tag, here tenant, region"),
        (exempted("2027-01-31", tenant="'load-*'"), "the text 'load-*' is not a tag's value"),
        (exempted("2027-01-31", tenant="Load"), "the text 'Load' is not a tag's value"),
        (
            exempted("2027-01-31", tenant="", region="eu"),
            "the guard is not grouped by 'region', so nothing of it can be exempt",
        ),
    ],
)  # fmt: skip
def test_a_wrong_exemption_is_told(read: Read, text: str, expected: str) -> None:
    loading = read(text)
    assert [problem.problem for problem in loading.problems] == [expected]


# --- environments, other values ----------------------------------------------------------------

TUNED = """\
tunables:
  limit: {env: LIMIT, default: 500, min: 1, max: 1000, unit: streams}
""" + RATE.replace("above: 500", 'above: "${limit}"')


def test_an_environment_has_its_own_name_and_values(read: Read) -> None:
    loading = read({"m.yaml": TUNED, "environments/staging.yaml": "tunables: {limit: 50}\n"}, env="staging")
    catalog = catalog_of(loading)
    assert catalog.name == "risk.staging"
    assert "dd_sync_catalog:risk.staging" in catalog.monitors[0].monitor.tags
    assert catalog.monitors[0].monitor.query.endswith("> 50")


@pytest.mark.parametrize("env", ["stagin", "../staging", "A B", ""])
def test_an_environment_that_is_not_there_is_one_clear_message(write: Write, env: str) -> None:
    folder = write({"m.yaml": RATE, "environments/staging.yaml": ""})
    with pytest.raises(CatalogError) as caught:
        load(folder, environ={}, env=env, today=TODAY)
    (problem,) = caught.value.problems()
    assert problem.hint


def test_the_same_files_can_be_compiled_under_other_values(write: Write) -> None:
    files = read_files(write({"m.yaml": TUNED}))
    loadings = [
        compile_files(files, environ={}, env=None, today=TODAY, overrides={"limit": value})
        for value in (7, 8)
    ]
    assert [only(loading).monitor.options["thresholds"] for loading in loadings] == [
        {"critical": 7},
        {"critical": 8},
    ]
    (value,) = catalog_of(loadings[0]).tunables
    assert (value.source, value.unit) == ("scenario", "streams")


def test_the_catalog_gives_what_the_other_rooms_ask(write: Write) -> None:
    folder = write({"m.yaml": RATE, "scenarios/s.yaml": "scenarios: []\n"})
    loading = load(folder, environ={}, env=None, today=TODAY)
    catalog = catalog_of(loading)
    assert catalog.folder == folder
    assert catalog.tenant_tag == "tenant"
    assert catalog.limits.deletes == 5
    assert catalog.policy.handles is None
    assert sorted(catalog.levels) == [1, 2, 3]
    assert [Path(source.file).name for source in loading.scenarios] == ["s.yaml"]
    where, line = catalog.files.locate(str(folder / "m.yaml"), ("monitors", 0, "name"))
    assert line[where.column - 1 :] == "Streams"


def test_a_place_in_a_message_is_found_after_tunables_were_filled_in(read: Read) -> None:
    loading = read(TUNED + "    message: 'more than ${limit} by {{tenant.name}}'\n")
    catalog = catalog_of(loading)
    message = catalog.monitors[0].monitor.message
    where, line = catalog.locate(catalog.monitors[0], ("message",), offset=message.index("{{"), length=15)
    assert line[where.column - 1 : where.column - 1 + where.length] == "{{tenant.name}}"


def test_the_garbage_collector_runs_again_after_loading(write: Write) -> None:
    folder = write({"m.yaml": RATE})
    load(folder, environ={}, env=None, today=TODAY)
    assert gc.isenabled()
    gc.disable()
    try:
        load(folder, environ={}, env=None, today=TODAY)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_ten_times_the_monitors_take_about_ten_times_as_long(write: Write) -> None:
    def seconds(count: int) -> float:
        body = RATE.removeprefix("monitors:\n")
        text = "monitors:\n" + "".join(body.replace("stream-rate", f"m-{n}") for n in range(count))
        files = write({"m.yaml": text})
        start = time.process_time()
        assert len(catalog_of(load(files, environ={}, env=None, today=TODAY)).monitors) == count
        return time.process_time() - start

    seconds(20)
    assert seconds(1000) < 25 * max(seconds(100), 0.01)
