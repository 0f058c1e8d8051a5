"""Tables of cases: one scenario written once, run for each row."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dd_sync.catalog.source import Source
from dd_sync.model.monitor import Declared
from dd_sync.scenarios.load import load_scenarios
from dd_sync.scenarios.run import run

MakeSource = Callable[[str], Source]
MakeDeclared = Callable[..., Declared]

TABLE = """\
scenarios:
  - name: a rate
    monitor: stream-rate
    for: 2h
    series:
      - {metric: streams.created, type: count, tags: [env:prod, tenant:acme], values: "${rate}x120"}
    expect:
      - {at: 2h, group: tenant:acme, state: "${state}", value: "${value}"}
    cases:
      - {rate: 5, state: OK, value: 300}
      - {rate: 9, state: Alert, value: 540}
"""


def test_each_row_is_a_scenario_with_a_name_of_its_own(source: MakeSource, declared: MakeDeclared) -> None:
    loaded = load_scenarios([source(TABLE)], {"stream-rate"})
    assert loaded.problems == ()
    assert [one.name for one in loaded.scenarios] == [
        "a rate [rate=5, state=OK, value=300]",
        "a rate [rate=9, state=Alert, value=540]",
    ]
    outcomes = [run(one, {"stream-rate": declared()}, "tenant") for one in loaded.scenarios]
    assert [outcome.failures for outcome in outcomes] == [(), ()]


def test_a_name_that_is_made_from_the_row_stays_as_it_is(source: MakeSource) -> None:
    text = TABLE.replace("name: a rate", "name: ${rate} an hour is ${state}")
    names = [one.name for one in load_scenarios([source(text)]).scenarios]
    assert names == ["5 an hour is OK", "9 an hour is Alert"]


def test_a_row_that_fails_says_so_at_its_own_value(source: MakeSource, declared: MakeDeclared) -> None:
    text = TABLE.replace("rate: 9, state: Alert", "rate: 9, state: Warn")
    last = load_scenarios([source(text)]).scenarios[-1]
    (failure,) = run(last, {"stream-rate": declared()}, "tenant").failures
    assert str(failure.where) == "scenarios/streams.yaml:11:26"
    assert "expected Warn, got Alert" in failure.problem


def test_a_whole_value_keeps_its_kind_and_may_be_a_list(source: MakeSource) -> None:
    text = TABLE.replace('state: "${state}", value: "${value}"}', 'state: OK}\n      - {never: "${never}"}')
    text = text[: text.index("      - {rate: 5")] + "      - {rate: 5, never: [Warn, Alert]}\n"
    loaded = load_scenarios([source(text)])
    assert loaded.problems == ()
    assert loaded.scenarios[0].form.expect[1].never == ("Warn", "Alert")


@pytest.mark.parametrize(
    ("old", "new", "place", "said", "hint"),
    [
        ("rate: 9", "rate: x", "6:87", "'xx120' is not a sample, in the case rate=x, state=Alert", "5x59"),
        ("rate: 9, state: Alert", "rate: 9, state: Alrt", "11:26", "found the text 'Alrt'", "Alert"),
        ("rate: 9, ", "rate: 9, more: 1, ", "11:19", "nothing uses 'more'", "write ${more}"),
        ("rate: 9, ", "", "11:9", "this case has no 'rate'", "add `rate: …`"),
        ("rate: 9", "rat: 9", "11:10", "nothing uses 'rat'", "did you mean 'rate'?"),
        ("${rate}", "${rtae}", "6:88", "no case has 'rtae'", "did you mean 'rate'?"),
        ("- {rate: 5, state: OK, value: 300}", "- 5", "9:5", "expected a list of rows", "rate: 5"),
        ("monitor: stream-rate", 'monitor: "${state}"', "10:26", "there is no monitor 'OK'", "key"),
        ("name: a rate", "name: 5", "2:11", "expected text, found 5", "quotes"),
    ],
)
def test_a_mistake_in_a_table_is_named_where_it_stands(
    source: MakeSource, old: str, new: str, place: str, said: str, hint: str
) -> None:
    problem = load_scenarios([source(TABLE.replace(old, new, 1))], {"stream-rate"}).problems[0]
    assert (str(problem.where), said in problem.problem) == (f"scenarios/streams.yaml:{place}", True), problem
    assert hint in problem.hint


def test_the_other_rows_are_kept(source: MakeSource) -> None:
    loaded = load_scenarios([source(TABLE.replace("rate: 9", "rate: x"))])
    assert [one.name for one in loaded.scenarios] == ["a rate [rate=5, state=OK, value=300]"]


def test_two_rows_that_are_the_same_are_two_scenarios_of_one_name(source: MakeSource) -> None:
    text = TABLE.replace("rate: 9, state: Alert, value: 540", "rate: 5, state: OK, value: 300")
    (problem,) = load_scenarios([source(text)]).problems
    assert problem.problem == "'stream-rate' has another scenario of this name"


def test_a_table_has_an_end(source: MakeSource) -> None:
    rows = "".join(f"      - {{rate: {rate}, state: OK, value: 1}}\n" for rate in range(1001))
    (problem,) = load_scenarios([source(TABLE[: TABLE.index("      - {rate: 5")] + rows)]).problems
    assert (problem.problem, problem.hint) == ("too many cases", "at most 1,000 rows, fewer of a long one")


def test_yes_no_and_structures_in_a_text_are_written_as_yaml_has_them(source: MakeSource) -> None:
    text = TABLE.replace("name: a rate", "name: a rate ${flag} ${many}").replace(
        "rate: 9, ", "rate: 9, flag: yes, many: [1], "
    )
    text = text.replace("      - {rate: 5, state: OK, value: 300}\n", "")
    assert [one.name for one in load_scenarios([source(text)]).scenarios] == ["a rate true a list"]
