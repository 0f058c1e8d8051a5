"""The variables a message can have a value for."""

from __future__ import annotations

from dataclasses import dataclass

# What every monitor gives, by Datadog's documentation of notification variables.
GIVEN = frozenset(
    (
        "value",
        "threshold",
        "warn_threshold",
        "alert_recovery_threshold",
        "warn_recovery_threshold",
        "comparator",
        "first_triggered_at",
        "first_triggered_at_epoch",
        "last_triggered_at",
        "last_triggered_at_epoch",
        "triggered_duration_sec",
    )
)
OF_CHECKS = GIVEN | {"check_message", "ok_threshold"}


@dataclass(frozen=True, slots=True)
class Known:
    """What a monitor gives: variables by name, tags or facets by key, and everything of an event.

    attributes: first parts of a path that can lead anywhere, such as `log` or a composite's `a`.
    """

    keys: tuple[str, ...]
    given: frozenset[str] = GIVEN
    attributes: frozenset[str] = frozenset()
