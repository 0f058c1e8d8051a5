"""A whole number that an export wrote as text is that number."""

from __future__ import annotations

from typing import Any

import pytest

from dd_sync.kinds.monitor import compared
from dd_sync.model.monitor import Monitor
from dd_sync.model.option_numbers import with_numbers


def live(**options: Any) -> Monitor:
    return Monitor.from_json(
        {"type": "query alert", "query": "avg(last_5m):avg:a{*} > 5", "options": options}
    )


def test_a_live_interval_written_as_text_is_no_difference() -> None:
    ours, theirs = compared(live(renotify_interval=30), live(renotify_interval="30"))
    assert ours == theirs
    ours, theirs = compared(live(), live(renotify_interval="0"))
    assert ours == theirs
    ours, theirs = compared(live(), live(evaluation_delay="", no_data_timeframe=""))
    assert ours == theirs
    ours, theirs = compared(live(renotify_interval=30), live(renotify_interval="60"))
    assert ours != theirs


@pytest.mark.parametrize(
    "options",
    [
        {"renotify_interval": 30, "escalation_message": "30"},
        {"escalation_message": ""},
        {"timeout_h": "-1"},
        {"timeout_h": "1.5"},
        {"timeout_h": "٣"},
        {"timeout_h": " "},
        {"timeout_h": "9" * 5000},
        {"notify_no_data": "1"},
        {"an_option_of_tomorrow": "1"},
    ],
)
def test_no_other_text_is_read_as_a_number(options: dict[str, Any]) -> None:
    assert with_numbers(options) is options
