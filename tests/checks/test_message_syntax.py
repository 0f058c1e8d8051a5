"""What is not the template language is told where it breaks."""

from __future__ import annotations

import pytest

from tests.checks.conftest import RATE, Lint


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
