"""A reviewer's morning: an alert holds a tenant until somebody has looked, whatever the metric does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from dd_sync.local.clock import SimulatedClock
from dd_sync.local.serve import serving
from tests.cli.support import KEYS, Answer, LocalDatadog, Run, rate, write_catalog
from tests.cli.test_snooze_story import send, silence


@pytest.fixture(scope="module")
def datadog() -> Iterator[LocalDatadog]:
    """One of this file's own: its clock runs far ahead."""
    with serving(clock=SimulatedClock(datetime.now(UTC))) as url:
        yield LocalDatadog(url)


@pytest.fixture
def holding(live: Run, datadog: LocalDatadog, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A catalog of this test's own, with a monitor that asks for reviews; gives the metric it counts."""
    name = f"holds-{abs(hash(request.node.name)) % 10**8}"
    write_catalog(tmp_path, name, rate(name, 100, hold="review", renotify="10m"))
    live("apply", "--yes")
    return name.replace("-", ".")


def held(live: Run, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live("holds", "list", "--format", "json", *more).json
    return found


def end(live: Run, verdict: str, tenant: str, reason: str = "looked at it", by: str = "ann") -> Answer:
    return live("holds", verdict, tenant, "--reason", reason, "--by", by)


def test_a_hold_outlives_the_alert_and_ends_with_the_review(
    live: Run, datadog: LocalDatadog, holding: str
) -> None:
    send(datadog, holding, {"acme": 30, "birch": 1}, 10)
    (one,) = held(live)
    assert (one["subject"], one["open"], one["alerts"]) == ("tenant:acme", True, 1)
    send(datadog, holding, {"acme": 0, "birch": 1}, 70)
    assert held(live) == [one]
    assert datadog.call("GET", "/api/holds/acme")["held"] is True
    assert datadog.call("GET", "/api/holds/birch") == {"subject": "birch", "held": False, "holds": []}

    ended = end(live, "release", "acme")
    assert (ended.code, "released by ann at" in ended.out) == (0, True)
    assert held(live) == []
    assert datadog.call("GET", "/api/holds/tenant:acme")["held"] is False
    (past,) = held(live, "--all")
    assert (past["ended"]["by"], past["ended"]["reason"]) == ("ann", "looked at it")

    send(datadog, holding, {"acme": 30, "birch": 1}, 10)
    (again,) = held(live)
    assert again["since"] > one["since"]
    shown = live("holds", "show", "acme").out
    assert "released by ann" in shown
    assert "  told    no, it ended before" in shown
    listed = live("holds", "list")
    assert "tenant:acme" in listed.out
    assert "looked back 30d" in listed.err


def test_a_silenced_alert_opens_no_hold(live: Run, datadog: LocalDatadog, holding: str) -> None:
    silence(live, "acme", "24h", "--unknown-tenant")
    send(datadog, holding, {"acme": 30, "birch": 30}, 10)
    assert [one["subject"] for one in held(live)] == ["tenant:birch"]


def test_a_composite_holds_each_tenant_for_itself(live: Run, datadog: LocalDatadog, tmp_path: Path) -> None:
    parts = rate("pair-a", 100) + rate("pair-b", 100)
    query = "${monitor:pair-a} && ${monitor:pair-b}"
    both = f"  - {{key: pair, name: Both, type: composite, query: '{query}', hold: review, message: both}}\n"
    write_catalog(tmp_path, "pairs", parts + both)
    live("apply", "--yes")
    for metric in ("pair.a", "pair.b"):
        send(datadog, metric, {"dogwood": 30, "elm": 30, "fir": 1}, 10)
    assert {one["subject"] for one in held(live)} == {"tenant:dogwood", "tenant:elm"}
    assert datadog.call("GET", "/api/holds/dogwood")["held"] is True
    assert end(live, "release", "dogwood").code == 0
    assert [one["subject"] for one in held(live)] == ["tenant:elm"]
    assert datadog.call("GET", "/api/holds/dogwood")["held"] is False
    assert datadog.call("GET", "/api/holds/elm")["held"] is True
    assert silence(live, "elm", "24h", "--key", "pair").code == 0


def test_a_release_in_one_environment_ends_no_hold_of_another(
    live: Run, datadog: LocalDatadog, holding: str, tmp_path: Path
) -> None:
    (tmp_path / "monitors/environments").mkdir()
    (tmp_path / "monitors/environments/staging.yaml").write_text("", "utf-8")
    assert live("apply", "--yes", "--env", "staging").code == 0
    send(datadog, holding, {"ginkgo": 30}, 10)
    given = ("--reason", "a test", "--by", "ann", "--env", "staging")
    assert live("holds", "release", "ginkgo", *given).code == 0
    assert [one["subject"] for one in held(live)] == ["tenant:ginkgo"]
    answer = datadog.call("GET", "/api/holds/ginkgo")
    assert (answer["held"], [one["catalog"].endswith(".staging") for one in answer["holds"]]) == (
        True,
        [False],
    )


def test_a_group_by_a_facet_is_held_and_ended_as_the_tag_that_an_event_can_carry(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    query = 'logs("service:gifts").index("*").rollup("count").by("@donor").last("15m") > 0'
    monitor = (
        f"  - {{key: gifts, name: Gifts, type: log alert, query: '{query}', hold: review, message: m}}\n"
    )
    write_catalog(tmp_path, "facets", monitor)
    live("apply", "--yes")
    datadog.call("POST", "/api/v2/logs", [{"service": "gifts", "donor": "Ann B", "message": "x"}])
    datadog.call("POST", "/local/clock", {"advance": "5m"})
    (one,) = held(live)
    assert one["subject"] == "donor:ann_b"
    assert "@donor:Ann B" in one["why"]
    assert "there is no hold on ''" in end(live, "release", "").err
    mistaken = live("holds", "release", "@donor:Ann B", "--reason", "x", "--key", "gift")
    assert "no hold on '@donor:Ann B' by the monitor 'gift'" in mistaken.err
    assert "donor:ann_b (gifts)" in mistaken.err
    assert end(live, "release", "@donor:Ann B").code == 0
    query = "dd_sync_key:gifts%20event:payment_released"
    posted = datadog.call("GET", f"/api/v2/events?filter[from]=now-1d&filter[query]={query}")
    assert "donor:ann_b" in posted["data"][0]["attributes"]["tags"]
    assert held(live) == []


def test_ending_what_has_ended_posts_nothing_and_says_how_it_ended(
    live: Run, datadog: LocalDatadog, holding: str
) -> None:
    send(datadog, holding, {"acme": 30}, 10)
    assert end(live, "confirm", "acme").code == 0
    again = end(live, "confirm", "acme", by="bob")
    assert (again.code, again.out) == (0, "")
    assert "no open hold on acme: confirmed by ann" in again.err
    other = end(live, "release", "acme", by="bob")
    assert other.code == 1
    assert "confirmed by ann" in other.err
    events = datadog.call("GET", "/api/v2/events?filter[from]=now-1d&filter[query]=event:hold_confirmed")
    assert sum("by: bob" in one["attributes"]["message"] for one in events["data"]) == 0


def test_holds_are_told_of_once(live: Run, datadog: LocalDatadog, holding: str) -> None:
    send(datadog, holding, {"acme": 30}, 10)
    assert "told of the hold on tenant:acme" in live("holds", "sync").out
    assert live("holds", "sync").out == "every open hold has been told of\n"
    assert live("holds", "sync", "--format", "json").json == []
    (one,) = held(live)
    assert (one["told"], one["open"]) == (True, True)


def test_a_tenant_without_a_hold_is_named_with_those_that_have_one(
    live: Run, datadog: LocalDatadog, holding: str
) -> None:
    nothing = end(live, "release", "acme")
    assert (nothing.code, "there are none at all" in nothing.err) == (1, True)
    send(datadog, holding, {"birch": 30}, 10)
    refused = end(live, "release", "acme")
    assert "there is no hold on 'acme'" in refused.err
    assert "tenant:birch" in refused.err
    assert live("holds", "show", "birch", "--format", "json").json[0]["open"] is True


@pytest.mark.parametrize(
    ("reason", "by", "words"),
    [
        ("", "ann", "the reason is empty"),
        ("ask @pagerduty", "ann", "holds an @: 'ask @pagerduty'"),
        ("ok", "ann@example.com", "the name of the reviewer holds an e-mail address"),
        ("x" * 501, "ann", "has 501 characters"),
        ("a\nby: bob", "ann", "line break"),
    ],
)
def test_what_may_not_stand_in_the_record_is_refused(
    live: Run, tmp_path: Path, reason: str, by: str, words: str
) -> None:
    write_catalog(tmp_path, "refused", rate("refused", hold="review"))
    refused = end(live, "release", "acme", reason=reason, by=by)
    assert (refused.code, words in refused.err) == (1, True)


def test_a_catalog_without_holds_says_so(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "none", rate("none"))
    listed = live("holds", "list")
    assert (listed.code, listed.out) == (0, "no open holds\n")
    assert "no monitor of this catalog has `hold: review`" in listed.err


# --- against a Datadog in which somebody else is faster, or whose search lags ----------------------


def event(number: str, at: int, *tags: str, status: str = "error", text: str = "") -> dict[str, Any]:
    own = ["managed_by:dd-sync", "dd_sync_catalog:raced", "dd_sync_key:raced", "tenant:acme", *tags]
    inner = {"title": "[Triggered] raced", "status": status, "timestamp": at}
    return {"id": number, "attributes": {"message": text, "tags": own, "attributes": inner}}


class Raced(BaseHTTPRequestHandler):
    """Answers searches with what it was given; a posted event is never seen."""

    alerts: ClassVar[list[Any]] = []
    reviews: ClassVar[list[dict[str, Any]]] = []
    late: ClassVar[list[dict[str, Any]]] = []
    posted: ClassVar[list[Any]] = []

    def do_GET(self) -> None:
        found = self.reviews if "-source" in self.path else self.alerts
        self._answer(200, {"data": found})

    def do_POST(self) -> None:
        self.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.reviews.extend(self.late)
        self._answer(202, {"status": "ok", "event": {"id": 9, "id_str": "9"}})

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests say what matters."""


@contextmanager
def raced(*late: dict[str, Any]) -> Iterator[str]:
    Raced.alerts = [event("1", 1_793_000_000_000)]
    Raced.reviews, Raced.late, Raced.posted = [], list(late), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Raced)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def release(run: Run, url: str) -> Answer:
    given = ("--reason", "fine", "--by", "ann", "--since", "3000d", "--host", url)
    return run("holds", "release", "acme", *given, env=KEYS)


def test_who_was_slower_is_told_whose_review_counts(
    dd_sync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    write_catalog(tmp_path, "raced", rate("raced", hold="review"))
    first = event("2", 1_793_000_001_000, "event:hold_confirmed", text="by: bob\nreason: fraud")
    ours = event("9", 1_793_000_002_000, "event:payment_released", text="by: ann\nreason: fine")
    with raced(ours, first) as url:
        lost = release(dd_sync, url)
    assert lost.code == 1
    assert "somebody was faster, and that review counts: confirmed by bob" in lost.err


def test_a_review_that_datadog_does_not_show_yet_is_posted_once_and_said(
    dd_sync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    write_catalog(tmp_path, "raced", rate("raced", hold="review"))
    with raced() as url:
        done = release(dd_sync, url)
        (posted,) = Raced.posted
    assert done.code == 0
    assert "Datadog does not show it yet" in done.err
    ours = ["managed_by:dd-sync", "dd_sync_catalog:raced", "dd_sync_key:raced"]
    assert posted["tags"] == [*ours, "tenant:acme", "event:payment_released"]
    assert posted["text"] == "by: ann\nreason: fine"


@pytest.mark.parametrize(
    ("title", "more", "subject"),
    [
        ("[Triggered on {tenant:acme}] raced", ["tenant:own"], "tenant:acme"),
        ("[Triggered] raced", ["tenant:own"], "tenant:own"),
        ("[Triggered on {tenant:acme-2}] raced", ["tenant:acme-2"], "tenant:acme-2"),
    ],
)
def test_a_tag_of_the_monitor_is_not_taken_for_its_group_whatever_their_order(
    dd_sync: Run, tmp_path: Path, title: str, more: list[str], subject: str
) -> None:
    write_catalog(tmp_path, "raced", rate("raced", hold="review"))
    alert = event("1", 1_793_000_000_000, *more)
    alert["attributes"]["attributes"]["title"] = title
    with raced() as url:
        Raced.alerts = [alert]
        listed = dd_sync("holds", "list", "--since", "3000d", "--format", "json", "--host", url, env=KEYS)
    assert [one["subject"] for one in listed.json] == [subject]


def test_what_cannot_be_read_as_an_event_opens_nothing(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "raced", rate("raced", hold="review"))
    odd: list[dict[str, Any]] = [
        {},
        {"id": 1, "attributes": None},
        event("3", 1_793_000_000_000, status="warn"),
        event("4", 1_793_000_000_000, "dd_sync_key:other"),
        {"id": "5", "attributes": {"tags": "x", "attributes": []}},
        {**event("6", 0), "attributes": {**event("6", 0)["attributes"], "tags": ["dd_sync_key:raced"]}},
        {"id": "7", "attributes": {"timestamp": "never", "tags": event("7", 0)["attributes"]["tags"]}},
    ]
    with raced() as url:
        Raced.alerts = odd
        listed = dd_sync("holds", "list", "--since", "3000d", "--host", url, env=KEYS)
        assert (listed.code, listed.out) == (0, "no open holds\n")
        Raced.alerts = ["no event"]
        refused = dd_sync("holds", "list", "--host", url, env=KEYS)
    assert refused.code == 4
    assert "not a list of events" in refused.err
