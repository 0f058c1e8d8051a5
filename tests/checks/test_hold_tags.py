"""The event that opens a hold has to carry the tags by which the hold is found."""

from __future__ import annotations

import pytest

from tests.checks.conftest import RATE, Lint


def tagged(number: int) -> str:
    return RATE + f"    tags: [{', '.join(f'n:{i}' for i in range(number))}]\n"


@pytest.mark.parametrize(("own", "told"), [(19, 0), (20, 1)])
def test_a_monitor_with_a_hold_has_no_more_tags_than_an_event_carries(
    lint: Lint, own: int, told: int
) -> None:
    """Four mark what is owned and snoozable, one the hold, one what was applied."""
    problems = [p for p in lint(tagged(own) + "    hold: review\n") if p.rule == "hold-tags"]
    assert len(problems) == told


def test_without_a_hold_tags_are_not_counted(lint: Lint) -> None:
    assert lint(tagged(60)) == ()
