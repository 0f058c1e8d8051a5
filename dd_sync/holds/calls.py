"""Reading and ending holds: one event posted, then read again, since somebody else may have been faster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dd_sync.holds.events import alert_query, alerts_in, body, review_query, reviews_in
from dd_sync.holds.record import HELD, Hold, Review, Verdict, holds_of
from dd_sync.ports import Events

# Datadog finds a new event only after a moment; so long it is looked for.
SETTLING = (0.3, 0.7, 1.5, 2.5)
_BOT = "dd-sync"


@dataclass(frozen=True, slots=True)
class Ended:
    """hold: as it is now. by_us: whether our review is the one that counts, None where it is not seen yet."""

    hold: Hold
    by_us: bool | None


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds of one catalog. groups: by monitor's key, the tag keys it alerts by; since: how far back."""

    events: Events
    catalog: str
    groups: Mapping[str, tuple[str, ...]]
    since: timedelta
    sleep: Callable[[float], None]

    def read(self, now: datetime) -> tuple[Hold, ...]:
        """Newest first. Raises DatadogError."""
        # A clock that is slow must not hide what Datadog knows already.
        start, end = now - self.since, now + timedelta(days=1)
        alerts = self.events.search(alert_query(self.catalog), start, end)
        reviews = self.events.search(review_query(self.catalog), start, end)
        return holds_of(alerts_in(alerts, self.groups), reviews_in(reviews, self.groups))

    def end(self, hold: Hold, verdict: Verdict, now: datetime, *, by: str, reason: str) -> Ended:
        """Releases or confirms an open hold, and says whose review counts.

        An answer that was lost is not sent again: a second review would change nothing, and running the
        command again is safe. Raises DatadogError.
        """
        number = self.events.post(body(hold.about, verdict, self.catalog, by=by, reason=reason))
        for seconds in SETTLING:
            self.sleep(seconds)
            found = _same(hold, self.read(now))
            if found is not None and found.ended is not None:
                return Ended(found, _is_ours(found.ended, number, verdict, by, reason))
        return Ended(hold, None)

    def announce(self, now: datetime) -> tuple[Hold, ...]:
        """Posts `payment_held` once for each open hold that has none, and gives those."""
        untold = [hold for hold in self.read(now) if hold.is_open and not hold.told]
        for hold in untold:
            why = f"an alert on {hold.about.key}"
            self.events.post(body(hold.about, HELD, self.catalog, by=_BOT, reason=why))
        return tuple(untold)


def chosen(holds: Sequence[Hold], subject: str, key: str | None) -> tuple[Hold, ...]:
    """The holds on a subject: `tenant:acme`, or `acme` whatever its tag is called. key: of this monitor."""
    return tuple(hold for hold in holds if hold.about.is_about(subject) and key in (None, hold.about.key))


def _same(hold: Hold, holds: Sequence[Hold]) -> Hold | None:
    return next((one for one in holds if one.about == hold.about and one.since == hold.since), None)


def _is_ours(review: Review, number: str, verdict: Verdict, by: str, reason: str) -> bool:
    # The number that intake answers with is not always the one that the search gives.
    return review.id == number or (review.event, review.by, review.reason) == (verdict, by, reason)
