"""Which variables a message uses, and whom it tells under which conditions."""

from __future__ import annotations

import pytest

from dd_sync.message.fill import Context, fill
from dd_sync.message.parser import parse
from dd_sync.message.tools import handles, handles_in, variables_in


def test_every_use_of_a_variable_is_found_with_its_place() -> None:
    text = (
        '{{tenant.name}} {{eval "abs(value - [a.b].name) / 2"}} {{{x}}} {{urlencode "service.name"}}'
        " {{local_time 'last_triggered_at' 'UTC'}} {{override_priority 'P1'}}"
        '{{#is_match "env.name" "prod"}}{{inner}}{{else}}{{other}}{{/is_match}}'
        '{{#is_exact_match (eval "n % 2") "0"}}{{/is_exact_match}}{{#is_alert}}{{/is_alert}}'
    )
    uses = variables_in(parse(text))
    assert [(use.name, use.compared) for use in uses] == [
        ("tenant.name", False),
        ("value", False),
        ("a.b.name", False),
        ("x", False),
        ("service.name", False),
        ("last_triggered_at", False),
        ("env.name", True),
        ("inner", False),
        ("other", False),
        ("n", True),
    ]
    assert [
        text[slice(*use.span)] for use in uses if use.name in {"tenant.name", "service.name", "env.name"}
    ] == [
        "{{tenant.name}}",
        "service.name",
        "env.name",
    ]
    assert uses[2].path == ("a.b", "name")


def test_names_within_with_belong_to_its_subject() -> None:
    uses = variables_in(parse('{{#with a.b}}{{c}}{{eval "d"}}{{else}}{{e}}{{/with}}'))
    assert [use.name for use in uses] == ["a.b", "a.b.c", "a.b.d", "e"]


def test_handles_are_found_with_the_conditions_around_them() -> None:
    text = (
        "@everyone-reads-this {{#is_alert}}@pagerduty-risk, {{^is_renotify}}@slack-risk.{{/is_renotify}}"
        '{{else}}{{#is_match "tenant.name" "acme"}}@team-acme{{/is_match}}{{/is_alert}}'
    )
    uses = handles_in(parse(text))
    assert [(use.handle, use.conditions) for use in uses] == [
        ("@everyone-reads-this", ()),
        ("@pagerduty-risk", ("is_alert",)),
        ("@slack-risk", ("is_alert", "not is_renotify")),
        ("@team-acme", ("not is_alert", 'is_match "tenant.name" "acme"')),
    ]
    assert [text[slice(*use.span)] for use in uses] == [use.handle for use in uses]


def test_a_condition_reads_as_it_holds() -> None:
    text = (
        "{{#unless x}}@a{{else}}@b{{/unless}}{{^unless x}}@c{{/unless}}{{^is_alert}}@d{{else}}@e{{/is_alert}}"
    )
    assert [use.conditions for use in handles_in(parse(text))] == [
        ("unless x",),
        ("not unless x",),
        ("not unless x",),
        ("not is_alert",),
        ("is_alert",),
    ]


def test_a_variable_may_be_part_of_a_handle() -> None:
    text = "see @slack-{{ service.name }}-alerts now, or @{{[dot.key].name}}"
    uses = handles_in(parse(text))
    assert [use.handle for use in uses] == ["@slack-{{service.name}}-alerts", "@{{[dot.key].name}}"]
    assert text[slice(*uses[0].span)] == "@slack-{{ service.name }}-alerts"
    assert text[slice(*uses[1].span)] == "@{{[dot.key].name}}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@a @b @a", ("@a", "@b")),
        ("mail a@example.com", ()),
        ("@a@example.com", ("@a@example.com",)),
        ("(@a)", ()),
        ("to @a). and @b; @c: @d,", ("@a", "@b", "@c", "@d")),
        ("@workflow-open(key=value, x=host.name)", ("@workflow-open",)),
        ("line\n@a\n", ("@a",)),
        ("@", ()),
        ("@. @,", ()),
        ('in "quotes @a" and `ticks @b` and <angles @c> or @d! @e?', ("@a", "@b", "@c", "@d", "@e")),
        ('service:x @http.status_code:5* @evt.name:{{evt.name}} @event:"a b" @usr.id:(1 OR 2)', ()),
        (
            "@pagerduty:now @all:x @slack-ops:now @here: x",
            ("@pagerduty:now", "@all:x", "@slack-ops:now", "@here"),
        ),
        ("", ()),
    ],
)
def test_a_handle_stands_apart_and_loses_its_punctuation(text: str, found: tuple[str, ...]) -> None:
    assert handles(text) == found
    assert tuple(dict.fromkeys(use.handle for use in handles_in(parse(text)))) == found


def test_a_filled_message_tells_those_whose_conditions_hold() -> None:
    template = parse("{{#is_alert}} @pager {{/is_alert}}{{^is_alert}} @slack-{{tenant.name}} {{/is_alert}}")
    assert handles(fill(template, Context(is_alert=True))) == ("@pager",)
    assert handles(fill(template, Context(variables={"tenant.name": "acme"}))) == ("@slack-acme",)
