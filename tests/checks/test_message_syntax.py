"""What is not the template language is told where it breaks."""

from __future__ import annotations

import pytest

from tests.checks.conftest import RATE, RAW, Lint, under


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("message: 'a {{#is_alert}}b'", "message-syntax"),
        ("message: 'a {{#is_alrt}}b{{/is_alrt}}'", "message-syntax"),
        ("name: '{{value'", "message-syntax"),
    ],
)
def test_a_template_that_cannot_be_read_is_told_where_it_breaks(lint: Lint, line: str, expected: str) -> None:
    text = RATE.replace("    name: Streams\n", "") + (
        "" if line.startswith("name") else "    name: Streams\n"
    )
    (problem,) = lint(text + f"    {line}\n")
    assert problem.rule == expected
    assert problem.where is not None
    assert problem.source is not None
    assert "{{" in problem.source[problem.where.column - 1 :]


def test_an_escalation_is_a_template_too(lint: Lint) -> None:
    options = "    options: {renotify_interval: 9, escalation_message: 'again {{#is_alert}}x'}\n"
    (problem,) = lint(RAW + options)
    assert (problem.rule, under(problem)) == ("message-syntax", "{{#is_alert}}")
    assert lint(RAW + "    options: {escalation_message: null}\n") == ()
