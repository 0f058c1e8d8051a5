"""What is read from a notification message, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dd_sync.errors import Place, TemplateError
from dd_sync.message.fill import Context, fill
from dd_sync.message.nodes import Block, Literal, Template, Variable
from dd_sync.message.parser import parse
from dd_sync.message.tools import handles_in, variables_in


def refusal(text: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        parse(text)
    return caught.value


def test_text_variables_and_blocks_are_read_with_their_places() -> None:
    text = "Hi {{ tenant.name }}{{#is_alert}}!{{else}}?{{/is_alert}}"
    template = parse(text)
    hi, name, block = template.parts
    assert isinstance(hi, Literal)
    assert isinstance(name, Variable)
    assert isinstance(block, Block)
    assert [text[slice(*part.span)] for part in template.parts] == [
        "Hi ",
        "{{ tenant.name }}",
        "{{#is_alert}}!{{else}}?{{/is_alert}}",
    ]
    assert name.name == "tenant.name"
    assert (block.condition.name, block.negated) == ("is_alert", False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{{value}}", ("value",)),
        ("{{tenant.name}}", ("tenant", "name")),
        ("{{[dot.key].name}}", ("dot.key", "name")),
        ("{{[two words].name}}", ("two words", "name")),
        ("{{@machine_id.name}}", ("@machine_id", "name")),
        ("{{[@network.client.ip].name}}", ("@network.client.ip", "name")),
        ("{{log.attributes.[error.message]}}", ("log", "attributes", "error.message")),
        ("{{event.tags.[dot.key]}}", ("event", "tags", "dot.key")),
        ("{{{a.value}}}", ("a", "value")),
        ("{{kube-cluster/x.name}}", ("kube-cluster/x", "name")),
    ],
)
def test_every_form_of_a_variable_is_read(text: str, path: tuple[str, ...]) -> None:
    assert parse(text).parts == (Variable(path, not text.startswith("{{{"), span=(0, len(text))),)


def test_blocks_nest() -> None:
    text = '{{#is_renotify}}{{#is_match "env" "prod"}}x{{/is_match}}{{/is_renotify}}'
    (outer,) = parse(text).parts
    assert isinstance(outer, Block)
    (inner,) = outer.then
    assert isinstance(inner, Block)
    assert inner.condition.values == ("prod",)


@pytest.mark.parametrize(
    ("text", "line", "column", "problem", "hint"),
    [
        ("{{#is_alert}}x", 1, 1, "{{#is_alert}} is not closed", "close it with {{/is_alert}}"),
        ("a\n{{#is_alert}}x{{else}}", 2, 1, "{{#is_alert}} is not closed", "{{/is_alert}}"),
        ("{{/is_alert}}", 1, 1, "{{/is_alert}} closes nothing", "open it with {{#is_alert}}"),
        (
            "{{#is_alert}}{{/is_warning}}",
            1,
            14,
            "does not close the innermost",
            "close it first with {{/is_alert}}",
        ),
        ("{{#is_alrt}}{{/is_alrt}}", 1, 1, "unknown condition 'is_alrt'", "did you mean is_alert?"),
        ("{{#qqq}}{{/qqq}}", 1, 1, "unknown condition 'qqq'", "use each, if, is_alert"),
        ("{{#}}", 1, 1, "unknown condition ''", "use each"),
        ("{{#is_alert 'P1'}}{{/is_alert}}", 1, 1, "is_alert takes no argument", "write {{#is_alert}}"),
        ("{{else}}", 1, 1, "{{else}} outside of a block", "between"),
        ("{{#is_alert}}{{else}}{{else}}{{/is_alert}}", 1, 22, "a second {{else}}", "remove it"),
        ("{{#is_match}}{{/is_match}}", 1, 1, "is_match asks about nothing", '"tenant.name"'),
        ("{{#is_match 'a'}}{{/is_match}}", 1, 1, "nothing to compare with", "acme"),
        ("{{#is_match (value) 'c'}}{{/is_match}}", 1, 1, "only eval can stand in parentheses", "eval"),
        ("{{#is_priority}}{{/is_priority}}", 1, 1, "a priority is one of P1 to P5", "'P1'"),
        ("{{#is_priority 'P6'}}{{/is_priority}}", 1, 1, "a priority is one of P1 to P5", "'P1'"),
        ("{{#is_match “a” 'b'}}{{/is_match}}", 1, 13, "typographic quotes", "plain quotes"),
        ("{{#is_match 'a' \"b}}{{/is_match}}", 1, 17, 'unexpected "', "close every quote"),
        ("{{value", 1, 1, "{{ is not closed", "close it with }}"),
        ("{{value and {{threshold}}", 1, 1, "{{ is not closed", "raw"),
        ("{{{value}}", 1, 1, "{{{ is not closed", "close it with }}}"),
        ("{{{{raw}}}} {{ x }}", 1, 1, "{{{{raw}}}} is not closed", "{{{{/raw}}}}"),
        ("{{{{raw", 1, 1, "{{{{ is not closed", "}}}}"),
        ("{{{{#is_alert}}}}x{{{{/#is_alert}}}}", 1, 1, "has a sign inside four braces", "without #"),
        ("{{{{qqq}}}}x{{{{/qqq}}}}", 1, 1, "unknown condition 'qqq'", "use each"),
        ("{{!-- never ends", 1, 1, "the comment is not closed", "--}}"),
        ("{{}}", 1, 1, "braces without a variable", "{{value}}"),
        ("{{.Labels}}", 1, 3, "'.Labels' is not a variable", "[dot.key]"),
        ("{{a..b}}", 1, 3, "'a..b' is not a variable", "[dot.key]"),
        ("{{[a.name}}", 1, 3, "unexpected [", "bracket"),
        ("{{evl 'value'}}", 1, 1, "unknown function 'evl'", "did you mean eval?"),
        ("{{tenant name}}", 1, 1, "unknown function 'tenant'", "a variable is one word"),
        ("{{is_alert 'x'}}", 1, 1, "is_alert is a condition", "{{#is_alert"),
        ("{{eval value * 2}}", 1, 1, "wrong arguments for eval", "one pair of quotes"),
        ("{{local_time 'last_triggered_at'}}", 1, 1, "wrong arguments for local_time", "Asia/Tokyo"),
        ("{{urlencode 'a' 'b'}}", 1, 1, "wrong arguments for urlencode", "urlencode"),
        ("{{override_priority 'P0'}}", 1, 1, "a priority is one of P1 to P5", "'P1'"),
        ("{{eval 'value +'}}", 1, 16, "expected a variable or a number, not the end", "value * 100"),
        ("{{eval 'rond(value)'}}", 1, 9, "unknown function 'rond' in eval", "did you mean round?"),
        ("{{eval 'round(value, 1, 2)'}}", 1, 9, "round takes 1 to 2 arguments, not 3", "round"),
        ("{{eval 'abs(value, 1)'}}", 1, 9, "abs takes 1 arguments, not 2", "abs"),
        ("{{eval '(value'}}", 1, 15, "expected ), not the end", "close every parenthesis"),
        ("{{eval 'value value'}}", 1, 15, "unexpected 'value'", "operators are"),
        ("a\n  {{eval 'value ? 2'}}", 2, 17, "unexpected '?'", "operators are"),
    ],
)
def test_a_mistake_is_shown_where_it_is_with_what_to_do(
    text: str, line: int, column: int, problem: str, hint: str
) -> None:
    error = refusal(text)
    assert problem in error.problem
    assert hint in error.hint
    assert (error.place.file, error.place.line, error.place.column) == ("message", line, column)


def test_a_place_never_leaves_its_line() -> None:
    assert refusal("{{#is_alrt\n}}").place.length == len("{{#is_alrt")


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 500_000,
        "{{#is_alert}}" * 80_000,
        "{{!-- " * 150_000,
        "{{{{raw}}}}" * 90_000,
        "{{value" + " {{x}}" * 100_000,
        "{{#" + "x" * 500_000 + "}}",
        "{{{{" + "x" * 500_000 + "}}}}",
        "{{/" + "x" * 500_000 + "}}",
        "{{" + "x" * 500_000 + " y}}",
        "{{eval '" + "x" * 5_000 + "(1)'}}",
        "{{eval '" + "(" * 9_000 + "'}}",
        "{{eval '" + "-" * 9_000 + "1'}}",
        "{{eval '" + "1+" * 4_000 + "1'}}",
        "{{eval '" + "abs(" * 2_000 + "'}}",
        "{{eval '" + "2^" * 2_000 + "2'}}",
        "{{eval '" + "1" * 900_000 + "'}}",
    ],
)
def test_hostile_text_is_refused_in_few_words(text: str) -> None:
    error = refusal(text)
    assert error.hint
    assert len(error.problem) + len(error.hint) < 350


def test_long_innocent_text_is_read() -> None:
    text = "{{!-- c --}}{{#is_alert}}@a {{value}} }} { --}}{{/is_alert}}" * 5_000
    template = parse(text)
    assert len(template.parts) == 5_000
    assert len(handles_in(template)) == 5_000
    assert fill(template, Context(is_alert=True)).count("@a") == 5_000


PIECES = """{{ }}
{{{ }}} {{{{ }}}} # ^ / ! -- is_alert is_match else raw value 'a' "b" ( ) eval '1+x' [ ] . @x
é local_time 'Asia/Tokyo' urlencode if with each {{#is_alert}} {{/is_alert}} {{else}} {{value}}"""


def place_of_refusal(text: str) -> Place | None:
    try:
        template = parse(text)
    except TemplateError as error:
        return error.place
    ask_everything(template)
    return None


def ask_everything(template: Template) -> None:
    text = template.source
    assert all(text[slice(*use.span)] for use in variables_in(template))
    assert all(text[slice(*use.span)].startswith("@") for use in handles_in(template))
    fill(template, Context(is_alert=True, variables={"x": 1.0, "value": "v"}))


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([*PIECES.split(), " ", "\n"]), max_size=16).map("".join)
    | st.lists(st.sampled_from(PIECES.split()), max_size=12).map(" ".join)
    | st.text(max_size=30)
)
@example("{{!-- a {{b}} --}}{{#is_alert}}{{^is_alert}}{{/is_alert}}{{/is_alert}}")
def test_no_text_raises_anything_but_a_template_error_within_the_text(text: str) -> None:
    for message in (text, f"{{{{{text}}}}}", f"{{{{#is_alert}}}}{text}{{{{/is_alert}}}}"):
        place = place_of_refusal(message)
        if place is not None:
            lines = message.split("\n")
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1


@settings(max_examples=100)
@given(st.text(alphabet=st.characters(blacklist_characters="{"), max_size=60))
def test_text_without_an_opening_brace_is_sent_as_it_stands(text: str) -> None:
    assert fill(parse(text), Context()) == text
