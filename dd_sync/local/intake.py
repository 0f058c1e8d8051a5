"""Series intake, v1 and v2: what is taken, what is dropped, what is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dd_sync.local.http import TEXT_JSON, Answer, Call, bad_request
from dd_sync.local.points_table import RETENTION, Intake

_USUAL = (timedelta(hours=1), timedelta(minutes=10))
# As old as anything is kept, and as far ahead as a simulated clock moves in one go.
_ANY = (RETENTION, timedelta(days=31))
_TYPES_V2 = ("gauge", "count", "rate", "gauge")
_TYPES_V1 = {"": "gauge", "gauge": "gauge", "count": "count", "rate": "rate"}
_LONGEST_NAME = 200
_NOT_IN_METRIC = re.compile(r"[^A-Za-z0-9_.]")
_NOT_IN_TAG = re.compile(r"[^a-z0-9_\-:./]+")
_LEADING = re.compile(r"^[^a-z]+")


def series_v2(call: Call) -> Answer:
    return _take(call, _read_v2, _USUAL, Answer({"errors": []}, status=202, media_type=TEXT_JSON))


def series_v1(call: Call) -> Answer:
    return _take(call, _read_v1, _USUAL, Answer({"status": "ok"}, status=202, media_type=TEXT_JSON))


def history(call: Call) -> Answer:
    """The v2 body with points of nearly any time: seeds what Datadog's own intake would drop."""
    return _take(call, _read_v2, _ANY, Answer({"errors": []}, status=202))


def _take(call: Call, read: Any, reach: tuple[timedelta, timedelta], answer: Answer) -> Answer:
    now = call.org.clock().timestamp()
    first, last = now - reach[0].total_seconds(), now + reach[1].total_seconds()
    series = call.mapping().get("series")
    if not isinstance(series, list):
        raise bad_request("'series' is a list of series")
    # Points out of time are dropped without a word, as Datadog drops them.
    call.org.store.points.add([read(one, first, last) for one in series])
    return answer


def _read_v2(one: Any, first: float, last: float) -> Intake:
    one = _mapping(one, "series")
    kind = one.get("type") or 0
    if not isinstance(kind, int) or not 0 <= kind < len(_TYPES_V2):
        raise bad_request("'type' is one of 0 (unspecified), 1 (count), 2 (rate), 3 (gauge)")
    pairs = []
    for item in _items(one.get("points"), "points"):
        point = _mapping(item, "points")
        pairs.append((point.get("timestamp"), point.get("value")))
    tags = _words(one.get("tags"), "tags")
    for item in _items(one.get("resources") or [], "resources"):
        resource = _mapping(item, "resources")
        tags.append(f"{resource.get('type')}:{resource.get('name')}")
    return _intake(one, _TYPES_V2[kind], pairs, tags, (first, last))


def _read_v1(one: Any, first: float, last: float) -> Intake:
    one = _mapping(one, "series")
    kind = _TYPES_V1.get(str(one.get("type") or ""))
    if kind is None:
        raise bad_request("'type' is one of gauge, count, rate")
    pairs = []
    for point in _items(one.get("points"), "points"):
        if not isinstance(point, list) or len(point) != 2:
            raise bad_request("'points' is a list of [timestamp, value]")
        pairs.append((point[0], point[1]))
    tags = _words(one.get("tags"), "tags")
    if one.get("host"):
        tags.append(f"host:{one['host']}")
    return _intake(one, kind, pairs, tags, (first, last))


def _intake(
    one: Mapping[str, Any],
    type: str,
    pairs: list[tuple[Any, Any]],
    tags: list[str],
    between: tuple[float, float],
) -> Intake:
    first, last = between
    points = [(int(_finite(at, "timestamp")), _finite(value, "value")) for at, value in pairs]
    return Intake(
        _metric(one.get("metric")),
        type,
        _interval(one.get("interval")),
        tuple(sorted({normalised for tag in tags if (normalised := normalise_tag(tag))})),
        tuple((at, value) for at, value in points if first <= at <= last),
    )


def _metric(name: Any) -> str:
    if (
        not isinstance(name, str)
        or not name[:1].isascii()
        or not name[:1].isalpha()
        or len(name) > _LONGEST_NAME
    ):
        raise bad_request(
            f"'metric' is a name of at most {_LONGEST_NAME} characters that starts with a letter"
        )
    return _NOT_IN_METRIC.sub("_", name)


def _interval(value: Any) -> int:
    """Seconds; 1 where none was sent, which only matters to a rate read as a count."""
    if value is None or value == 0:
        return 1
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 86400:
        raise bad_request("'interval' is a whole number of seconds, at most a day")
    return value


def _finite(value: Any, name: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise bad_request(f"'{name}' is not a finite number")


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise bad_request(f"'{name}' is a list of objects")
    return value


def _items(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise bad_request(f"'{name}' is a list")
    return value


def _words(value: Any, name: str) -> list[str]:
    words = _items([] if value is None else value, name)
    if not all(isinstance(word, str) for word in words):
        raise bad_request(f"'{name}' is a list of strings")
    return list(words)


def normalise_tag(tag: str) -> str:
    """A metric's tag as it is matched: lower case, from its first letter on; empty if it has none."""
    text = _LEADING.sub("", tag.strip().lower())
    return _NOT_IN_TAG.sub("_", text)[:_LONGEST_NAME].rstrip(":_")
