"""Tunables: types, bounds, where a value comes from, and how it enters a monitor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from dd_sync.catalog.interpolation import Interpolation
from dd_sync.catalog.load import Loading
from dd_sync.catalog.tunables import TunableValue
from dd_sync.guards.values import AllUnfit
from tests.catalog.conftest import Read, told


def value(loading: Loading) -> object:
    assert loading.problems == ()
    assert loading.catalog is not None
    (found,) = loading.catalog.tunables
    return found.value


def tunable(text: str) -> str:
    return f"tunables:\n  x: {text}\n"


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ("{env: X, default: 5}", {}, 5),
        ("{env: X, default: 5}", {"X": " 7 "}, 7),
        ("{env: X, default: 5, min: 1.5}", {"X": "2.25"}, 2.25),
        ("{env: X, default: 2.5}", {"X": "1e1"}, 10.0),
        ("{env: X, default: 30m, min: 10m, max: 2h}", {"X": "90m"}, "90m"),
        ("{env: X, default: 30m}", {"X": " 1h "}, "1h"),
        ("{env: X, default: prod}", {"X": "two words"}, "two words"),
        ("{env: X, default: '5'}", {"X": "6"}, "6"),
        ("{env: X, default: 5}", {"Y": "7"}, 5),
    ],
)
def test_a_value_has_the_type_of_its_default(
    read: Read, declared: str, given: dict[str, str], expected: object
) -> None:
    found = value(read(tunable(declared), environ=given))
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ("{env: X, default: 5, min: 1, unit: a/h}", "0", "X is 0, below the minimum 1 a/h"),
        ("{env: X, default: 5, max: 9}", "10", "X is 10, above the maximum 9"),
        ("{env: X, default: 30m, max: 1h}", "2h", "X is 2h, above the maximum 1h"),
        ("{env: X, default: 5}", "2.5", "X is 2.5, not a whole number"),
        ("{env: X, default: 5}", "1e3", "X is 1e3, not a whole number"),
        ("{env: X, default: 5}", "many", "X is the text 'many', not a whole number"),
        ("{env: X, default: 5}", "nan", "X is the text 'nan', not a whole number"),
        ("{env: X, default: 2.5}", "inf", "X is the text 'inf', not a number"),
        ("{env: X, default: 5}", "9" * 40, f"X is the text '{'9' * 40}', not a whole number"),
        ("{env: X, default: 30m}", "30", "X is the text '30', not a duration"),
        ("{env: X, default: 5}", "", "X is set, but empty"),
        ("{env: X, default: prod}", "  ", "X is set, but empty"),
    ],
)
def test_a_wrong_environment_variable_is_named_with_its_value_and_bound(
    read: Read, declared: str, given: str, expected: str
) -> None:
    loading = read(tunable(declared), environ={"X": given})
    assert told(loading) == [f"m.yaml:2:12 {expected}"]
    assert loading.problems[0].hint


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("{default: 5}", "m.yaml:2:3 'env' is missing"),
        ("{env: X}", "m.yaml:2:3 'default' is missing"),
        ("{env: x, default: 5}", "m.yaml:2:12 'x' is not an environment variable"),
        ("{env: DD_API_KEY, default: a}", "m.yaml:2:12 'DD_API_KEY' looks like a secret"),
        ("{env: GITHUB_TOKEN, default: a}", "m.yaml:2:12 'GITHUB_TOKEN' looks like a secret"),
        ("{env: X, default: yes}", "m.yaml:2:24 expected a number or a text, found yes"),
        ("{env: X, default: [1]}", "m.yaml:2:15 expected a number or a text, found a list"),
        ("{env: X, default: 5, min: 6}", "m.yaml:2:24 the default is 5, below the minimum 6"),
        ("{env: X, default: 5, min: 6, max: 4}", "m.yaml:2:32 min 6 is more than max 4"),
        ("{env: X, default: 5, max: 1h}", "m.yaml:2:32 the text '1h', not a whole number"),
        ("{env: X, default: abc, max: 3}", "m.yaml:2:34 a text has no bounds"),
        ("{env: X, default: 5, maximum: 3}", "m.yaml:2:27 unknown key 'maximum'"),
        ("5", "m.yaml:2:6 expected a mapping, found 5"),
    ],
)
def test_a_wrong_declaration_is_told(read: Read, declared: str, expected: str) -> None:
    assert told(read(tunable(declared))) == [expected]


def test_a_name_is_declared_once_and_seen_in_all_files(read: Read) -> None:
    one = "tunables: {x: {env: X, default: 5}}\n"
    use = "monitors:\n  - {key: a, name: '${x} things', type: composite, query: 1 || 2}\n"
    loading = read({"a.yaml": one, "b.yaml": use})
    assert loading.catalog is not None
    assert loading.catalog.monitors[0].monitor.name == "5 things"
    problems = told(read({"a.yaml": one, "c.yaml": one}))
    assert len(problems) == 1
    assert problems[0].startswith("c.yaml:1:12 the tunable 'x' is declared twice, also in ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tunables: []\n", "m.yaml:1:1 expected a mapping, found a list"),
        ("tunables: {Big: {env: X, default: 5}}\n", "m.yaml:1:12 'Big' is not a tunable's name"),
    ],
)
def test_a_wrong_section_is_told(read: Read, text: str, expected: str) -> None:
    assert told(read(text)) == [expected]


def test_the_environment_variable_wins_over_the_file_and_the_file_over_the_default(read: Read) -> None:
    files = {"m.yaml": tunable("{env: X, default: 5}"), "environments/staging.yaml": "tunables: {x: 6}\n"}
    for environ, env, overrides, expected in [
        ({}, None, {}, (5, "default")),
        ({}, "staging", {}, (6, "environments/staging.yaml")),
        ({"X": "7"}, "staging", {}, (7, "environment variable X")),
        ({"X": "7"}, "staging", {"x": 8}, (8, "scenario")),
    ]:
        loading = read(files, environ=environ, env=env, overrides=overrides)
        assert loading.catalog is not None
        (found,) = loading.catalog.tunables
        assert (found.value, found.source) == expected


def test_a_text_is_set_to_text_only(read: Read) -> None:
    files = {"m.yaml": tunable("{env: X, default: prod}"), "environments/staging.yaml": "tunables: {x: 5}\n"}
    assert told(read(files)) == ["staging.yaml:1:15 x is 5, not text"]


def test_a_scenario_s_value_is_checked_too(read: Read) -> None:
    loading = read(tunable("{env: X, default: 5, max: 9}"), overrides={"x": 10})
    assert told(loading) == ["m.yaml:2:12 x is 10, above the maximum 9"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tunables: {y: 1}", "staging.yaml:1:12 no tunable is called 'y'"),
        ("tunables: {x: 10}", "staging.yaml:1:15 x is 10, above the maximum 9"),
        ("tunables: {x: many}", "staging.yaml:1:15 x is the text 'many', not a whole number"),
        ("tunables: [x]", "staging.yaml:1:1 expected a mapping, found a list"),
        ("tunable: {x: 1}", "staging.yaml:1:1 unknown key 'tunable'"),
    ],
)
@pytest.mark.parametrize("env", [None, "staging"])
def test_every_environment_s_file_is_checked_whichever_is_used(
    read: Read, text: str, expected: str, env: str | None
) -> None:
    files = {"m.yaml": tunable("{env: X, default: 5, max: 9}"), "environments/staging.yaml": text}
    assert told(read(files, env=env)) == [expected]


# --- interpolation -----------------------------------------------------------------------------

NAMED = "monitors:\n  - key: a\n    type: composite\n    query: 1 || 2\n    name: {}\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("'${nope}'", "m.yaml:7:12 no tunable is called 'nope'"),
        ("more than ${nope} x", "m.yaml:7:21 no tunable is called 'nope'"),
        ("'${HOME}'", "m.yaml:7:12 no tunable is called 'HOME'"),
        ("'${x'", "m.yaml:7:12 '${' without a '}'"),
        ("'${}'", "m.yaml:7:12 no tunable is called ''"),
        ("'${ x }'", "m.yaml:7:12 no tunable is called ' x '"),
        ("'${x}'", "m.yaml:7:11 expected text, found 5"),
    ],
)
def test_nothing_but_declared_tunables_can_be_filled_in(read: Read, name: str, expected: str) -> None:
    loading = read(
        tunable("{env: X, default: 5}") + NAMED.format(name), environ={"HOME": "secret", "nope": "secret"}
    )
    assert told(loading) == [expected]


def test_a_near_name_is_suggested_even_from_the_variable_s_name(read: Read) -> None:
    loading = read("tunables: {limit: {env: LIMIT, default: 5}}\n" + NAMED.format("at ${LIMIT}"))
    assert loading.problems[0].hint == "did you mean 'limit'?"


def test_what_a_broken_tunable_would_fill_is_left_out_without_another_problem(read: Read) -> None:
    loading = read(tunable("{env: X, default: 5}") + NAMED.format("at ${x}"), environ={"X": "?"})
    assert told(loading) == ["m.yaml:2:12 X is the text '?', not a whole number"]
    defaults = "defaults: {tags: ['a:${x}']}\n"
    loading = read(tunable("{env: X, default: 5}") + defaults + NAMED.format("b"), environ={"X": "?"})
    assert len(loading.problems) == 1


def test_a_key_is_never_filled_in(read: Read) -> None:
    loading = read(tunable("{env: X, default: a}") + NAMED.format("b").replace("key: a", "key: a${x}"))
    assert told(loading) == ["m.yaml:4:10 'a${x}' is not a key"]


def test_keys_of_mappings_are_left_alone(read: Read) -> None:
    text = (
        tunable("{env: X, default: 5}")
        + NAMED.format("b")
        + "    options: {'${x}': ['${x}', {y: 'a${x}'}]}\n"
    )
    loading = read(text, allow_unknown_options=True)
    assert loading.catalog is not None
    assert loading.catalog.monitors[0].monitor.options == {"${x}": [5, {"y": "a5"}]}


def filling(**values: int | float | str) -> Interpolation:
    return Interpolation({name: TunableValue(name, value, "default") for name, value in values.items()})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${n}", 5),
        ("${f}", 3.0),
        ("${s}", "text"),
        ("x${n}", "x5"),
        ("> ${f}", "> 3"),
        ("> ${g}", "> 2.5"),
        ("$${n}", "${n}"),
        ("$$${n}", "$${n}"),
        ("costs $5 {n} $", "costs $5 {n} $"),
        ("${n}${n}", "55"),
        ("${monitor:a} && ${n}", "${monitor:a} && 5"),
    ],
)
def test_a_whole_value_keeps_its_type_and_in_text_it_is_text(text: str, expected: object) -> None:
    found = filling(n=5, f=3.0, g=2.5, s="text").fill(text)
    assert found == expected
    assert type(found) is type(expected)


PIECES = st.lists(
    st.sampled_from(["${n}", "${long}", "$${", "word", " ", "${monitor:a}", "$", "@"]), max_size=8
)


@examples(max_examples=200)
@given(PIECES, PIECES)
def test_an_offset_after_filling_in_leads_back_to_the_text_as_written(
    before: list[str], after: list[str]
) -> None:
    interpolation = filling(n=5, long="a much longer text")
    text = "".join(before) + "^" + "".join(after)
    filled = interpolation.fill(text)
    found = interpolation.offset_before(text, filled.index("^"))
    assert text[found] == "^"


def test_an_offset_within_what_was_filled_in_leads_to_its_mark() -> None:
    interpolation = filling(long="a much longer text")
    assert interpolation.offset_before("ab ${long} cd", 9) == 3
    with pytest.raises(AllUnfit) as caught:
        interpolation.fill("${longer} and ${long} and ${shorter}, ${")
    assert [error.offset for error in caught.value.each] == [0, 26, 38]
