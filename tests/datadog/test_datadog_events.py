"""Searching events to the end, and posting one exactly once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from dd_sync.datadog.events import DatadogEvents
from dd_sync.errors import DatadogError

START = datetime(2026, 11, 1, tzinfo=UTC)


class Answers:
    """Stands where the wire does: gives prepared answers and remembers what was asked."""

    target = SimpleNamespace(name="datadoghq.eu")

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def call(self, method: str, path: str, send: Any) -> Any:
        self.asked.append(f"{method} {path} {getattr(send, 'keywords', {}).get('cursor', '')}".strip())
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def events(*answers: Any) -> tuple[DatadogEvents, Answers]:
    from datadog_api_client import ApiClient, Configuration

    wire: Any = Answers(*answers)
    configuration: Any = Configuration
    return DatadogEvents(wire, ApiClient(configuration())), wire


def search(given: DatadogEvents) -> list[dict[str, Any]]:
    return given.search("source:alert", START, START + timedelta(days=1))


def test_a_search_follows_the_cursor_to_its_end() -> None:
    pages = ({"data": [{"id": "1"}], "meta": {"page": {"after": "c1"}}}, {"data": [{"id": "2"}], "meta": {}})
    given, wire = events(*pages)
    assert search(given) == [{"id": "1"}, {"id": "2"}]
    assert wire.asked == ["GET /api/v2/events", "GET /api/v2/events c1"]


@pytest.mark.parametrize("answer", [None, [], {"data": None}, {"data": ["x"]}])
def test_an_answer_of_another_shape_is_an_error(answer: Any) -> None:
    given, _ = events(answer)
    with pytest.raises(DatadogError, match="not a list of events"):
        search(given)


def test_a_search_without_an_end_is_given_up() -> None:
    given, wire = events({"data": [], "meta": {"page": {"after": "again"}}})
    with pytest.raises(DatadogError, match="more than 50,000 events"):
        search(given)
    assert len(wire.asked) == 50


def test_a_posted_event_is_known_by_its_whole_number() -> None:
    given, _ = events({"status": "ok", "event": {"id": 6e18, "id_str": "6000000000000000001"}})
    assert given.post({"title": "t", "text": "x"}) == "6000000000000000001"
    given, _ = events({"status": "ok"})
    with pytest.raises(DatadogError, match="not an event"):
        given.post({"title": "t", "text": "x"})
