"""When two downtimes, dashboards or webhooks mean the same, and what is sent to make them so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dd_sync.errors import DatadogError
from dd_sync.kinds.dashboard import comparable as comparable_dashboard
from dd_sync.kinds.downtime import DowntimeCalls, in_time
from dd_sync.kinds.kind import LiveResource
from dd_sync.kinds.webhook import WebhookCalls

Json = dict[str, Any]
NOW = datetime(2027, 1, 6, 15, 0, tzinfo=UTC)  # a Wednesday, 10:00 in New York
RECURRING: Json = {
    "timezone": "America/New_York",
    "recurrences": [{"rrule": "FREQ=WEEKLY;BYDAY=MO,WE", "duration": "2h", "start": "2027-01-04T09:00:00"}],
}


def body(**changes: Any) -> Json:
    return {
        "scope": "*",
        "monitor_identifier": {"monitor_tags": ["a:b", "c:d"]},
        "schedule": RECURRING,
        "message": "managed by dd-sync · catalog risk · downtime peak/a",
        "display_timezone": "UTC",
        "mute_first_recovery_notification": False,
        "notify_end_states": ["alert", "no data", "warn"],
        "notify_end_types": ["expired"],
        **changes,
    }


class Datadog:
    """Takes requests; refuses, if asked, the first that would begin in the past."""

    def __init__(self, live: Json | None = None, *, too_late: bool = False) -> None:
        self.sent: list[Json] = []
        self._live = live
        self._too_late = too_late

    def bodies(self) -> list[Json]:
        return [] if self._live is None else [{"id": "d-1", "attributes": self._live}]

    def create_body(self, attributes: Any) -> Json:
        return self._take(attributes)

    def update_body(self, downtime_id: str, attributes: Any) -> Json:
        return self._take(attributes)

    def cancel(self, downtime_id: str) -> None:
        """Nothing is kept here."""

    def _take(self, attributes: Json) -> Json:
        if self._too_late:
            self._too_late = False
            raise DatadogError("past", status=400, details=("Downtime cannot be scheduled in the past",))
        self.sent.append(attributes)
        return {"id": "d-1"}


def calls(datadog: Datadog) -> DowntimeCalls:
    return DowntimeCalls(datadog, "risk", lambda: NOW)


def live(attributes: Json) -> LiveResource:
    (found,) = calls(Datadog({"status": "active", "created": "x", **attributes})).read(())
    return found


def same(declared: Json, there: Json) -> bool:
    ours, theirs = calls(Datadog()).compared(declared, live(there))
    return ours == theirs


def schedule(**changes: Any) -> Json:
    return {**RECURRING, "recurrences": [{**RECURRING["recurrences"][0], **changes}]}


ONCE: Json = {"start": "2027-01-06T14:00:00+00:00", "end": "2027-01-06T18:00:00+00:00"}


@pytest.mark.parametrize(
    ("declared", "there"),
    [
        (body(), body(schedule={**RECURRING, "current_downtime": {"start": "x", "end": "y"}})),
        (body(), body(schedule=schedule(duration="120m"))),
        (body(), body(notify_end_states=["warn", "alert", "no data"])),
        (body(), body(notify_end_states=None, notify_end_types=None, display_timezone=None)),
        (body(), body(monitor_identifier={"monitor_tags": ["c:d", "a:b"]})),
        (body(), body(message=body()["message"] + "\n")),
        # Datadog took no start in the past: the next time of the rule is the same rule.
        (body(), body(schedule=schedule(start="2027-01-11T09:00:00"))),
        (
            body(schedule=ONCE),
            body(schedule={name: text.replace("+00:00", "Z") for name, text in ONCE.items()}),
        ),
        (body(schedule={**ONCE, "start": None}), body(schedule=ONCE)),
        (body(schedule=ONCE), body(schedule={**ONCE, "start": "2027-01-06T14:00:07.123456+00:00"})),
    ],
)
def test_what_datadog_answers_differently_means_the_same(declared: Json, there: Json) -> None:
    assert same(declared, there)


@pytest.mark.parametrize(
    ("declared", "there"),
    [
        (body(), body(schedule=schedule(duration="3h"))),
        (body(), body(schedule=schedule(rrule="FREQ=DAILY"))),
        (body(), body(schedule=schedule(start="2027-01-12T09:00:00"))),
        (body(), body(schedule=schedule(start="2027-01-11T10:00:00"))),
        (body(), body(schedule=schedule(start=None))),
        (body(), body(schedule=schedule(duration="soon"))),
        (body(), body(schedule={**RECURRING, "timezone": "UTC"})),
        (body(), body(schedule={**RECURRING, "recurrences": RECURRING["recurrences"] * 2})),
        (body(), body(schedule=ONCE)),
        (body(schedule=ONCE), body()),
        (body(schedule=ONCE), body(schedule={**ONCE, "end": None})),
        (body(schedule=ONCE), body(schedule={**ONCE, "start": "2027-01-06T13:00:00Z"})),
        (body(schedule={**ONCE, "start": None}), body(schedule=ONCE, status="scheduled")),
        (body(), body(monitor_identifier={"monitor_id": 7})),
        (body(), body(notify_end_types=[])),
    ],
)
def test_what_silences_otherwise_differs(declared: Json, there: Json) -> None:
    assert not same(declared, there)


def test_a_recurrence_that_began_goes_on_at_its_next_time() -> None:
    datadog = Datadog(too_late=True)
    assert calls(datadog).create(body()) == "d-1"
    (sent,) = datadog.sent
    assert sent["schedule"]["recurrences"][0]["start"] == "2027-01-11T09:00:00"
    assert same(body(), sent)


def test_a_recurrence_to_come_is_left_as_it_is() -> None:
    later = body(schedule=schedule(start="2027-02-01T09:00:00"))
    assert in_time(later, NOW) == later
    over = body(schedule=schedule(rrule="FREQ=DAILY;UNTIL=20270105"))
    assert in_time(over, NOW) == over


def test_another_refusal_is_not_tried_again() -> None:
    class Refusing(Datadog):
        def _take(self, attributes: Json) -> Json:
            raise DatadogError("no", status=400, details=("no",))

    with pytest.raises(DatadogError, match="no"):
        calls(Refusing()).create(body())
    with pytest.raises(DatadogError, match="no"):
        calls(Refusing()).update(live(body()), body(scope="tenant:x"))


def test_an_update_sends_only_what_differs() -> None:
    datadog = Datadog()
    calls(datadog).update(live(body()), body(scope="tenant:x"))
    assert datadog.sent == [{"scope": "tenant:x"}]


def test_an_update_whose_start_has_passed_is_sent_as_it_can_be() -> None:
    datadog = Datadog(too_late=True)
    calls(datadog).update(live(body()), body(schedule=schedule(duration="1h")))
    assert datadog.sent[0]["schedule"]["recurrences"][0] == {
        "rrule": "FREQ=WEEKLY;BYDAY=MO,WE",
        "duration": "1h",
        "start": "2027-01-11T09:00:00",
    }


def test_nulls_ids_and_empty_lists_of_a_dashboard_mean_nothing() -> None:
    widget: Json = {"definition": {"type": "note", "content": "x", "events": []}}
    sparse: Json = {"title": "T", "layout_type": "ordered", "widgets": [widget], "tags": ["team:b", "team:a"]}
    full: Json = {
        **sparse,
        "title": "T ",
        "description": "",
        "reflow_type": None,
        "notify_list": [],
        "template_variables": [],
        "tags": ["team:a", "team:b"],
        "widgets": [{"id": 7, **widget, "definition": {**widget["definition"], "title": None}}],
    }
    assert comparable_dashboard(sparse) == comparable_dashboard(full)
    # An id that is no widget's is somebody's.
    slo = {**sparse, "widgets": [{"definition": {"type": "slo", "custom_links": [{"id": 3}]}}]}
    assert comparable_dashboard(slo)["widgets"][0]["definition"]["custom_links"] == [{"id": 3}]


def test_a_template_variable_without_a_prefix_has_a_null_one() -> None:
    one: Json = {"title": "T", "widgets": [], "template_variables": [{"name": "a"}]}
    other = {**one, "template_variables": [{"name": "a", "prefix": None, "available_values": []}]}
    assert comparable_dashboard(one) == comparable_dashboard(other)
    assert comparable_dashboard({**one, "template_variables": ["odd"]})["template_variables"] == ["odd"]


class Webhooks:
    def __init__(self, stored: Json) -> None:
        self.stored = stored

    def get(self, name: str) -> Json | None:
        return self.stored if name == self.stored["name"] else None

    def create(self, body: Any) -> Json:
        return dict(body)

    def update(self, name: str, body: Any) -> Json:
        return dict(body)


HOOK: Json = {"name": "risk-a", "url": "https://x.example.com", "encode_as": "json"}


@pytest.mark.parametrize(
    ("declared", "there", "equal"),
    [
        ({"payload": '{"a": 1}'}, {"payload": '{ "a":1 }'}, True),
        ({"payload": "$BODY"}, {"payload": "$BODY\n"}, True),
        ({"payload": "$BODY"}, {"payload": "$TITLE"}, False),
        ({"custom_headers": None}, {"custom_headers": ""}, True),
        ({"custom_headers": '{"A": "b"}'}, {"custom_headers": '{"A":"b"}'}, True),
        ({"encode_as": "form"}, {}, False),
        ({"payload": None}, {"payload": "{}"}, False),
    ],
)
def test_webhooks_are_compared_by_what_they_send(declared: Json, there: Json, equal: bool) -> None:
    kind = WebhookCalls(Webhooks({**HOOK, **there}), "risk")
    (found,) = kind.read({"a", "b"})
    ours, theirs = kind.compared({**HOOK, **declared}, found)
    assert (ours == theirs) is equal


def test_a_webhook_is_never_deleted() -> None:
    stored = Webhooks(HOOK)
    kind = WebhookCalls(stored, "risk")
    (found,) = kind.read({"a"})
    kind.delete(found)
    assert stored.get("risk-a") == HOOK
    assert kind.shown("n", 3) == 3
