"""Exemptions: tenants a guard leaves out until a date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from dd_sync.catalog.complaints import did_you_mean
from dd_sync.catalog.entry import Entry
from dd_sync.catalog.problems import Found
from dd_sync.catalog.schema import Exemption
from dd_sync.errors import Severity, Unfit

SOON = timedelta(days=7)


def in_force(
    exemptions: Sequence[Exemption], by: Sequence[str], entry: Entry, found: Found, today: date
) -> tuple[tuple[str, str], ...]:
    """Tags to leave out today, a date in UTC.

    An exemption holds until its date begins: `until: 2027-01-31` exempts through the end of 2027-01-30. From
    then on the line counts as absent, with a warning. Raises Unfit for a tag the guard is not grouped by.
    """
    tags = []
    for index, exemption in enumerate(exemptions):
        name, value = exemption.tag
        if name not in by:
            raise Unfit(
                f"the guard is not grouped by '{name}', so nothing of it can be exempt",
                hint=did_you_mean(name, by, f"it is grouped by {', '.join(by)}" if by else "add it to `by:`"),
                path=("exempt", index, name),
            )
        if today < exemption.until:
            tags.append((name, value))
        _announce(exemption, index, entry, found, today)
    return tuple(tags)


def _announce(exemption: Exemption, index: int, entry: Entry, found: Found, today: date) -> None:
    name, value = exemption.tag
    days = (exemption.until - today).days
    if today >= exemption.until:
        rule = "exemption-ended"
        problem = f"the exemption of {name} {value} ended on {exemption.until}; it is judged like all others"
        hint = "take the line away, or give it a later date and say why"
    elif exemption.until - today <= SOON:
        rule = "exemption-ends-soon"
        left = "1 day" if days == 1 else f"{days} days"
        problem = f"the exemption of {name} {value} ends in {left}, on {exemption.until}"
        hint = "prolong it now, or let it end"
    else:
        return
    path = entry.origin(("exempt", index, "until"))
    found.add(entry.source, path, problem, hint, rule=rule, severity=Severity.WARNING)
