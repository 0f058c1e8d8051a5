"""A monitor with a hold and more tags than an alert event carries: the hold would be lost with the rest."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject

# Datadog puts so many of a monitor's tags on the events it writes; which ones is not published.
MOST = 25
# What is applied is remembered in one more.
_ADDED_LATER = 1


def check(subject: Subject) -> Iterator[Finding]:
    declared = subject.declared
    number = len(declared.monitor.tags) + _ADDED_LATER
    if declared.hold and number > MOST:
        yield Finding(
            ("tags",),
            f"'{declared.key}' asks for holds and has {number} tags; an alert event carries {MOST} of them",
            f"take {number - MOST} away: which ones Datadog leaves out is not known, and tags find a hold",
            key=True,
        )
