"""No mistake hides another: what can be judged without the wrong part is judged."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from dd_sync.errors import Problem, Severity
from tests.catalog.conftest import RATE, SETTINGS, Read, told

GUARD = "{rate: {metric: a, window: 1h, above: 5}}"


def monitor(*lines: str, key: str = "a") -> str:
    return "\n".join(["monitors:", f"  - key: {key}", "    name: A", *(f"    {line}" for line in lines), ""])


def problems(read: Read, *lines: str, **given: Any) -> list[str]:
    return sorted(problem.problem for problem in read(monitor(*lines), **given).problems)


# --- misspelt keys -----------------------------------------------------------------------------


def test_a_misspelt_guard_is_named_and_judged_with_all_other_keys(read: Read) -> None:
    loading = read(monitor("gaurd:", "  rate: {metric: a, windw: 1h, above: x}", "prioritty: 9", "zzz: 1"))
    assert told(loading) == [
        "m.yaml:4:5 unknown key 'gaurd'",
        "m.yaml:5:25 unknown key 'windw'",
        "m.yaml:5:43 expected a number, found the text 'x'",
        "m.yaml:6:5 unknown key 'prioritty'",
        "m.yaml:6:16 9 is more than 5",
        "m.yaml:7:5 unknown key 'zzz'",
    ]
    hints = [problem.hint for problem in loading.problems]
    assert hints[:2] == ["did you mean 'guard'?", "did you mean 'window'?"]
    assert hints[3] == "did you mean 'priority'?"
    assert hints[5].startswith("known here: ")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("typ: query alert", "qurey: mean(last_5m):sum:a{*} > 1"),
         ["unknown key 'qurey'", "unknown key 'typ'", "unknown time aggregation 'mean'"]),
        (("optoins: {}",), ["neither a guard nor a query", "unknown key 'optoins'"]),
        (("guard: {rat: {metric: a, window: 1h}}",), ["no bound", "there is no guard 'rat'"]),
        (("guard: {zzz: {metric: a}}", "level: 7"), ["there is no guard 'zzz'", "there is no level 7"]),
        (("guard: {rate: {metric: a, window: 1h, abve: 5}}",), ["unknown key 'abve'"]),
        (("guard: {rate: {metric: a, window: 1h, abov: 5, abve: 5}}",),
         ["unknown key 'abov'", "unknown key 'abve'"]),
        (("type: query alrt", "query: mean(last_5m):sum:a{*} > 1"),
         ["there is no monitor type 'query alrt'", "unknown time aggregation 'mean'"]),
        ((f"guard: {GUARD}", "exempt: [{tenant: x, untl: 2027-01-31, reason: r}]"),
         ["'until' is missing"]),
        (("level: 7", "tags: x"),
         ["expected a list, found the text 'x'", "neither a guard nor a query", "there is no level 7"]),
    ],
)  # fmt: skip
def test_a_misspelt_word_hides_nothing(read: Read, lines: tuple[str, ...], expected: list[str]) -> None:
    assert problems(read, *lines) == expected


def test_a_misspelt_key_is_not_called_missing_too(read: Read) -> None:
    text = monitor(f"guard: {GUARD}")
    assert told(read(text.replace("key:", "kye:"))) == ["m.yaml:2:5 unknown key 'kye'"]
    assert told(read(text.replace("name:", "nmae:"))) == ["m.yaml:3:5 unknown key 'nmae'"]
    tunable = "tunables:\n  x: {env: X, defalt: 5}\n"
    assert told(read(tunable + text)) == ["m.yaml:2:15 unknown key 'defalt'"]
    loading = read(text, settings="catlog: risk\n")
    assert told(loading) == ["catalog.yaml:1:1 unknown key 'catlog'"]


# --- one mistake beside another ----------------------------------------------------------------


def test_every_unknown_name_in_a_text_is_told(read: Read) -> None:
    loading = read(monitor(f"guard: {GUARD}", 'message: "${one} ${monitor:a} ${two}"'))
    assert told(loading) == [
        "m.yaml:5:15 no tunable is called 'one'",
        "m.yaml:5:22 a reference outside a query",
        "m.yaml:5:35 no tunable is called 'two'",
    ]


def test_a_text_that_cannot_be_filled_in_hides_nothing_and_is_told_once(read: Read) -> None:
    lines = ('guard: {rate: {metric: a b, scope: "${s}", window: "${w}", above: "${x}"}}', "priority: 9")
    assert problems(read, *lines) == [
        "'a b' is not a metric's name",
        "9 is more than 5",
        "no tunable is called 's'",
        "no tunable is called 'w'",
        "no tunable is called 'x'",
    ]
    raw = ("type: query alert", "query: mean(${w}) > 1", "options: {thresholds: {critical: '${x}'}}")
    assert problems(read, *raw) == ["no tunable is called 'w'", "no tunable is called 'x'"]


def test_all_mistakes_of_one_guard_are_told(read: Read) -> None:
    guard = "spike: {metric: a, window: 1h, times: 0, floor: 0, baseline: [30m], scope: 'a:b,'}"
    assert problems(read, f"guard: {{{guard}}}") == [
        "a baseline 30m back overlaps the window of 1h",
        "expected a tag, not the end",
        "the floor is above 0",
        "times is a factor above 0 and up to 1000",
    ]


def test_mistakes_between_fields_show_beside_those_within_one(read: Read) -> None:
    assert problems(read, "guard: {rate: {metric: a b, window: 1h, above: 1, below: x}}") == [
        "'a b' is not a metric's name",
        "expected a number, found the text 'x'",
        "two bounds, above and below",
    ]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("A B", "'A B' is not a key"), ("5", "expected a key, found 5"), ("''", "'' is not a key")],
)
def test_a_wrong_key_hides_nothing(read: Read, key: str, expected: str) -> None:
    loading = read(monitor("guard: {rate: {metric: a, window: 1h}}", "priority: 9", key=key))
    assert [problem.problem for problem in loading.problems] == [expected, "no bound", "9 is more than 5"]
    assert loading.catalog is not None
    assert loading.catalog.monitors == ()


def test_a_key_that_is_taken_hides_nothing(read: Read) -> None:
    again = "  - key: stream-rate\n    name: A\n    guard: {rate: {metric: a, window: 1h}}\n"
    loading = read(RATE + again + again)
    assert [problem.problem.split(",")[0] for problem in loading.problems] == [
        "the key 'stream-rate' is taken", "no bound", "the key 'stream-rate' is taken", "no bound",
    ]  # fmt: skip
    assert loading.catalog is not None
    assert loading.catalog.monitors == ()


def test_a_mistake_of_form_hides_neither_level_nor_exemption(read: Read) -> None:
    exempt = (
        "exempt: [{tenant: 'x y', until: 2027-02-30, reason: r}, {region: eu, until: 2027-01-31, reason: r}]"
    )
    assert problems(read, f"guard: {GUARD}", "priority: 9", "level: 7", exempt, "extra: 1") == [
        "9 is more than 5",
        "the guard is not grouped by 'region', so nothing of it can be exempt",
        "the text '2027-02-30' is not a date",
        "the text 'x y' is not a tag's value",
        "there is no level 7",
        "unknown key 'extra'",
    ]


def test_every_exemption_is_judged(read: Read) -> None:
    lines = [f"{{{tag}: x, until: 2027-01-31, reason: r}}" for tag in ("region", "tenant", "host")]
    loading = read(RATE + f"    exempt: [{', '.join(lines)}]\n")
    assert [problem.problem.split(",")[0] for problem in loading.problems] == [
        "the guard is not grouped by 'region'", "the guard is not grouped by 'host'",
    ]  # fmt: skip


def test_what_a_guard_is_grouped_by_is_not_guessed(read: Read) -> None:
    guard = "guard: {rate: {metric: a, window: 1h, above: 5, by: [A]}}"
    assert problems(read, guard, "exempt: [{region: eu, until: 2027-01-31, reason: r}]") == [
        "'A' is not a tag's key"
    ]


def test_both_forms_or_what_belongs_elsewhere_hides_nothing(read: Read) -> None:
    assert problems(read, f"guard: {GUARD}", "type: query alert", "options: {}", "for: 5m", "level: 7") == [
        "'for' is for guards over gauges only",
        "'guard' and 'options' in one monitor",
        "there is no level 7",
    ]
    raw = ("type: query alert", "query: mean(last_5m):sum:a{*} > 1", "renotify: 1h", "exempt: []")
    assert problems(read, *raw, "level: 7") == [
        "'exempt' belongs to a guard",
        "'renotify' belongs to a guard",
        "there is no level 7",
        "unknown time aggregation 'mean'",
    ]
    assert problems(read, "guard: {rate: {metric: a, window: 1h}, spike: 5}") == [
        "expected a mapping, found 5",
        "no bound",
        "one guard a monitor, here rate and spike",
    ]


def test_wrong_defaults_hide_nothing_and_are_told_once(read: Read) -> None:
    defaults = "defaults: {level: 7, tags: 5, priority: '${x}', prioritty: 1}\n"
    two = monitor(f"guard: {GUARD}", "extra: 1") + "  - key: b\n    name: B\n    type: x\n    query: y\n"
    assert sorted(problem.problem for problem in read(defaults + two).problems) == [
        "expected a list, found 5",
        "no tunable is called 'x'",
        "there is no level 7",
        "there is no monitor type 'x'",
        "unknown key 'extra'",
        "unknown key 'prioritty'",
    ]


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", "9" * 401])
@pytest.mark.parametrize("line", ["guard: {{rate: {{metric: a, window: 1h, above: {}}}}}", "level: {}"])
def test_what_is_no_number_is_one_problem_with_a_fitting_hint(read: Read, line: str, number: str) -> None:
    lines = (line.format(number), *(() if line.startswith("guard") else (f"guard: {GUARD}",)))
    (problem,) = read(monitor(*lines)).problems
    assert problem.rule == "yaml"
    assert "a finite number" in problem.hint


TUNED = "tunables:\n  limit: {env: LIMIT, default: 5, max: 10}\n"


def test_a_monitor_is_judged_by_the_default_of_a_tunable_whose_value_is_wrong(read: Read) -> None:
    text = TUNED + monitor('guard: {rate: {metric: a, window: 1h, above: "${limit}", warn_at: 6}}')
    for given in (
        {"environ": {"LIMIT": "11"}},
        {"overrides": {"limit": [1]}},
    ):
        found = [problem.problem for problem in read(text, **given).problems]
        assert len(found) == 2
        assert found[1] == "the warning level 6 is not below the bound 5"


def test_a_tunable_whose_declaration_is_wrong_hides_nothing_else(read: Read) -> None:
    text = TUNED.replace("default: 5", "default: 50")
    guard = 'guard: {rate: {metric: a b, window: 1h, above: "${limit}"}}'
    assert [problem.problem for problem in read(text + monitor(guard)).problems] == [
        "the default is 50, above the maximum 10",
        "'a b' is not a metric's name",
    ]


# --- catalog.yaml ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        (SETTINGS + "polcy: {}\n", 1),
        (SETTINGS.replace("catalog: risk", "catalog: Risk"), 1),
        (SETTINGS.replace("catalog: risk", "tenant_tag: 5").replace("tenant_tag: tenant\n", ""), 2),
        (SETTINGS + "policy: {handles: ['@ok', bad], per_tenant: [a], snooze: {longest: 99d}}\n", 2),
        (SETTINGS.replace("@slack-risk", "slack-risk"), 1),
        ("catalog: risk\nlevels: 5\npolicy: 6\nlimits: {deletes: x}\n", 3),
        ("catalog: [\n", 1),
        ("[]\n", 1),
    ],
)
def test_mistakes_in_catalog_yaml_hide_none_in_monitors(read: Read, settings: str, count: int) -> None:
    loading = read(RATE + "    level: 1\n    priority: 9\n", settings=settings)
    mine = [problem.problem for problem in loading.problems if told_in(problem) == "m.yaml"]
    assert mine == ["9 is more than 5"]
    assert len(loading.problems) == count + 1


def told_in(problem: Problem) -> str:
    assert problem.where is not None
    return Path(problem.where.file).name


def test_a_catalog_for_the_checks_is_there_even_if_catalog_yaml_is_wrong(read: Read) -> None:
    policy = "policy: {personal_tags: [user_id], handles: [bad], required_tags: 5}\n"
    loading = read(RATE + "    level: 2\n", settings=SETTINGS + policy)
    assert loading.catalog is not None
    assert [declared.key for declared in loading.catalog.monitors] == ["stream-rate"]
    assert loading.catalog.policy.personal_tags == ("user_id",)
    assert (loading.catalog.policy.handles, loading.catalog.policy.required_tags) == (None, ())
    assert loading.catalog.levels[2].handles == ("@slack-risk",)
    assert any(problem.is_error for problem in loading.problems)


# --- options -----------------------------------------------------------------------------------


def options(text: str) -> str:
    return monitor("type: query alert", "query: sum(last_1h):sum:a{*}.as_count() > 20", f"options: {text}")


@pytest.mark.parametrize(
    ("text", "column", "problem", "hint"),
    [
        ("{notfy_audit: true}", 15, "there is no option 'notfy_audit'", "did you mean 'notify_audit'?"),
        ("{threshold: {}}", 15, "there is no option 'threshold'", "did you mean 'thresholds'?"),
        ("{notify_audit: 1}", 29, "expected true or false, found 1", ""),
        ("{evaluation_delay: 90000}", 33, "90000 is above the most, 86400 seconds", "from 0 to 86400"),
        ("{on_missing_data: never}", 32, "'never' is not one of its values", "resolve"),
        ("{thresholds: {crit: 3}}", 28, "there is no threshold 'crit'", "did you mean 'critical'?"),
    ],
)
def test_an_option_datadog_does_not_take_is_told_where_it_stands(
    read: Read, text: str, column: int, problem: str, hint: str
) -> None:
    loading = read(options(text))
    assert told(loading) == [f"m.yaml:6:{column} {problem}"] or told(loading)[0].endswith(problem)
    assert hint in loading.problems[0].hint
    assert loading.catalog is not None
    assert loading.catalog.monitors == ()


def test_all_options_are_judged_beside_the_query(read: Read) -> None:
    text = options("{notify_audit: 1, timeout_h: 25, renotify_statuses: [x]}").replace(
        "sum(last", "mean(last"
    )
    assert len(read(text).problems) == 4


def test_an_option_that_does_nothing_is_a_warning_and_the_monitor_is_declared(read: Read) -> None:
    loading = read(options("{enable_logs_sample: true}"))
    assert [problem.severity for problem in loading.problems] == [Severity.WARNING]
    assert loading.catalog is not None
    assert [declared.key for declared in loading.catalog.monitors] == ["a"]


def test_an_option_of_tomorrow_passes_where_that_is_asked_for_and_others_are_still_judged(read: Read) -> None:
    assert told(read(options("{of_tomorrow: 1}"), allow_unknown_options=True)) == []
    found = read(options("{of_tomorrow: 1, notify_audit: 1}"), allow_unknown_options=True).problems
    assert [problem.problem for problem in found] == ["expected true or false, found 1"]


def test_a_catalog_yaml_that_cannot_be_mended_still_lets_monitors_be_judged(read: Read) -> None:
    loading = read(
        RATE + "    level: 9\n    priority: 9\n", settings="catalog: risk\nlevels: {x: {}, 3: 5}\n"
    )
    assert [problem.problem for problem in loading.problems if told_in(problem) == "m.yaml"] == [
        "9 is more than 5"
    ]


def test_a_file_that_cannot_be_read_shows_the_line_it_fails_at(read: Read) -> None:
    latin = b"monitors:\n  - key: a\n    name: caf\xe9 au lait\n"
    long = b'monitors:\n  - name: "' + b"x" * 70_000 + b'"\n'
    for data, under in ((latin, "\N{REPLACEMENT CHARACTER}"), (long, "x")):
        (problem,) = read({"m.yaml": data}).problems
        assert problem.where is not None
        assert problem.source is not None
        assert problem.source[problem.where.column - 1] == under
        assert len(problem.source) < 66_000


# --- size --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "monitors:\n" + "".join(f"  - {{kye: m{n}, gaurd: {{rat: {{windw: 1h}}}}}}\n" for n in range(5_000)),
        monitor(f"guard: {GUARD}", *(f"k{n}: 1" for n in range(20_000))),
        monitor("guard:", *(f"  g{n}: {{}}" for n in range(20_000))),
        monitor(f"guard: {GUARD}", "message: '" + "${x} " * 12_000 + "'"),
        "defaults: {level: 7}\nmonitors:\n"
        + "".join(f"  - {{key: m{n}, name: A, guard: {GUARD}}}\n" for n in range(5_000)),
    ],
)
def test_much_that_is_wrong_is_told_soon(read: Read, text: str) -> None:
    start = time.process_time()
    assert read(text).problems
    assert time.process_time() - start < 5
