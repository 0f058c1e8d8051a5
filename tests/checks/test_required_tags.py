"""A tag the policy requires is there."""

from __future__ import annotations

import pytest

from tests.checks.conftest import RATE, Lint

REQUIRED = "policy: {required_tags: [team, service]}\n"


@pytest.mark.parametrize(
    ("tags", "missing"),
    [
        ("", ["team", "service"]),
        ("    tags: [team:a]\n", ["service"]),
        ("    tags: [team, 'service:']\n", ["service"]),
        ("    tags: [team:a, service:b]\n", []),
        ("    tags: [teams:a, my_service:b]\n", ["service", "team"]),
    ],
)
def test_a_required_tag_that_is_missing_is_told(lint: Lint, tags: str, missing: list[str]) -> None:
    problems = lint(RATE + tags, policy=REQUIRED)
    assert sorted(p.problem for p in problems) == sorted(
        f"'stream-rate' has no tag '{key}'" for key in missing
    )


def test_tags_of_the_file_s_defaults_count(lint: Lint) -> None:
    assert lint("defaults: {tags: [team:a, service:b]}\n" + RATE, policy=REQUIRED) == ()
