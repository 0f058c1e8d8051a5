"""Names of the template language, and what to write instead of one that is not of it."""

from __future__ import annotations

from collections.abc import Iterable

from dd_sync.text import nearest

# Conditions on the transition that caused the notification. They take no argument.
TRANSITIONS = (
    "is_alert",
    "is_warning",
    "is_no_data",
    "is_unknown",
    "is_recovery",
    "is_alert_recovery",
    "is_warning_recovery",
    "is_no_data_recovery",
    "is_alert_to_warning",
    "is_renotify",
)
COMPARISONS = ("is_match", "is_exact_match")
# Plain Handlebars; Datadog's documentation uses them in messages of synthetic tests.
HANDLEBARS = ("if", "unless", "with", "each")
CONDITIONS = (*TRANSITIONS, "is_priority", *COMPARISONS, *HANDLEBARS)
HELPERS = ("eval", "local_time", "urlencode", "override_priority")


def suggestion(word: str, known: Iterable[str]) -> str:
    """The nearest known name, or all of them."""
    names = sorted(known)
    near = nearest(word, names)
    return f"did you mean {near}?" if near else f"use {', '.join(names[:-1])} or {names[-1]}"
