"""From events to holds: whatever order they come in, and however often."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dd_sync.holds.record import About, Alert, Hold, Review, holds_of

START = datetime(2026, 11, 1, tzinfo=UTC)
ACME = About("stream-rate", "tenant:acme")


def alert(minute: float, number: str = "", again: bool = False, about: About = ACME) -> Alert:
    return Alert(number or f"a{minute}{again}", START + timedelta(minutes=minute), about, "too many", again)


def review(
    minute: float, event: str = "payment_released", number: str = "", by: str = "ann", about: About = ACME
) -> Review:
    at = START + timedelta(minutes=minute)
    return Review(number or f"r{minute}{event}{by}", at, about, event, by, "why")


def test_an_alert_opens_a_hold_that_stays_open() -> None:
    (hold,) = holds_of([alert(0), alert(5)], [])
    assert (hold.is_open, hold.since, hold.alerts) == (True, START, 2)


def test_a_review_ends_it_and_a_new_alert_opens_another() -> None:
    newest, oldest = holds_of([alert(0), alert(20)], [review(10)])
    assert (oldest.is_open, oldest.ended and oldest.ended.event) == (False, "payment_released")
    assert (newest.is_open, newest.since) == (True, START + timedelta(minutes=20))


def test_a_reminder_of_an_alert_opens_nothing_after_a_review() -> None:
    (hold,) = holds_of([alert(0), alert(20, again=True)], [review(10)])
    assert (hold.is_open, hold.alerts) == (False, 1)


def test_a_reminder_alone_stands_for_the_alert_that_is_out_of_sight() -> None:
    (hold,) = holds_of([alert(0, again=True)], [])
    assert hold.is_open


def test_of_two_reviews_the_earliest_counts_and_of_two_at_once_the_smaller_id() -> None:
    (hold,) = holds_of([alert(0)], [review(11, "hold_confirmed", by="bob"), review(10, by="ann")])
    assert hold.ended is not None
    assert hold.ended.by == "ann"
    (hold,) = holds_of([alert(0)], [review(10, number="2", by="bob"), review(10, number="1", by="ann")])
    assert hold.ended is not None
    assert hold.ended.by == "ann"


def test_a_review_before_any_alert_ends_nothing() -> None:
    (hold,) = holds_of([alert(10)], [review(5), review(10)])
    assert hold.is_open


def test_a_hold_that_was_told_of_is_still_open() -> None:
    (hold,) = holds_of([alert(0)], [review(1, "payment_held"), review(2, "something_else")])
    assert (hold.is_open, hold.told) == (True, True)


def test_monitors_and_groups_are_held_apart() -> None:
    other = About("settle-spike", "tenant:acme")
    found = holds_of([alert(0), alert(1, about=other)], [review(2)])
    assert {hold.about: hold.is_open for hold in found} == {ACME: False, other: True}


def test_a_tenant_is_meant_by_its_tag_or_its_name() -> None:
    about = About("k", "tenant:acme,region:eu")
    assert all(about.is_about(text) for text in ("acme", "tenant:acme", "eu", "tenant:acme,region:eu"))
    assert not about.is_about("tenant")


ABOUTS = st.sampled_from([ACME, About("stream-rate", "tenant:birch")])
ALERTS = st.builds(alert, st.integers(0, 30), again=st.booleans(), about=ABOUTS)
REVIEWS = st.builds(
    review,
    st.integers(0, 30),
    st.sampled_from(["payment_released", "hold_confirmed", "payment_held"]),
    by=st.sampled_from(["ann", "bob"]),
    about=ABOUTS,
)


@given(st.lists(ALERTS, max_size=12), st.lists(REVIEWS, max_size=12), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(
    alerts: list[Alert], reviews: list[Review], shuffled: random.Random
) -> None:
    expected = holds_of(alerts, reviews)
    again, more = [*alerts, *alerts], [*reviews, *reviews]
    shuffled.shuffle(again)
    shuffled.shuffle(more)
    assert [(h.about, h.since, h.is_open) for h in holds_of(again, more)] == [
        (h.about, h.since, h.is_open) for h in expected
    ]


@given(st.lists(ALERTS, max_size=12), st.lists(REVIEWS, max_size=12))
def test_a_group_is_held_exactly_when_the_plain_story_says_so(
    alerts: list[Alert], reviews: list[Review]
) -> None:
    """Told minute by minute: reviews of a minute first, then its alerts."""
    found = holds_of(alerts, reviews)
    for about in {one.about for one in alerts} | {one.about for one in reviews}:
        held = seen = False
        for minute in range(31):
            at = START + timedelta(minutes=minute)
            if any(r.at == at and r.about == about and r.event != "payment_held" for r in reviews):
                held = False
            for one in (a for a in _once(alerts) if a.at == at and a.about == about):
                held = held or not one.again or not seen
                seen = True
        assert held == any(hold.is_open for hold in found if hold.about == about)


def _once(alerts: Sequence[Alert]) -> list[Alert]:
    """Of events with one number the last one given counts, as it does for the holds."""
    return sorted({(one.about, one.id): one for one in alerts}.values(), key=lambda one: (one.at, one.id))


def test_holds_come_newest_first() -> None:
    found: tuple[Hold, ...] = holds_of([alert(0), alert(20), alert(5, about=About("b", "t:x"))], [review(10)])
    assert [hold.since for hold in found] == sorted((hold.since for hold in found), reverse=True)
