"""Exemptions: tenants a guard leaves out until a date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from pydantic import ValidationError

from dd_sync.catalog.complaints import Complaint, did_you_mean
from dd_sync.catalog.reading import Reading
from dd_sync.catalog.schema import Exemption, check_tag
from dd_sync.errors import Severity, Unfit

SOON = timedelta(days=7)


def in_force(
    exemptions: Mapping[int, Exemption], by: Sequence[str] | None, reading: Reading, today: date
) -> tuple[tuple[str, str], ...]:
    """Tags to leave out today, a date in UTC.

    An exemption holds until its date begins: `until: 2027-01-31` exempts through the end of 2027-01-30. From
    then on the line counts as absent, with a warning. A tag the guard is not grouped by is an error.
    exemptions: by index; by: what the guard is grouped by, None where that is not known.
    """
    tags = []
    for index, exemption in exemptions.items():
        name, value = exemption.tag
        if by is not None and name not in by:
            hint = did_you_mean(name, by, f"it is grouped by {', '.join(by)}" if by else "add it to `by:`")
            problem = f"the guard is not grouped by '{name}', so nothing of it can be exempt"
            reading.complain(Complaint(("exempt", index, name), problem, hint))
        elif today < exemption.until:
            tags.append((name, value))
        _announce(exemption, index, reading, today)
    return tuple(tags)


def _announce(exemption: Exemption, index: int, reading: Reading, today: date) -> None:
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
    reading.complain(Complaint(("exempt", index, "until"), problem, hint), rule, Severity.WARNING)


def sound_ones(value: object, reading: Reading) -> Iterator[tuple[int, Exemption]]:
    """Those of a list that are right themselves, by index. A tag that a wrong date would hide is judged."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        try:
            yield index, Exemption.model_validate(item)
        except ValidationError:
            if isinstance(item, dict) and item.keys() >= _REST:
                try:
                    check_tag({name: tag for name, tag in item.items() if name not in _REST})
                except Unfit as error:
                    reading.tell(error, path=("exempt", index))


_REST = {"until", "reason"}
