"""Whether a monitor is so plainly as declared that nothing has to be normalised: most are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dd_sync.model.monitor import Monitor
from dd_sync.model.options import OPTIONS, means_absent
from dd_sync.model.ownership import APPLIED

_WORD_FOR_WORD = ("type", "name", "query", "priority")


def plainly_same(declared: Monitor, live: Mapping[str, Any]) -> bool:
    """Whether Datadog answers, word for word, what is declared, beside options that it fills in.

    declared: references resolved; live: as Datadog answers. True means that an update would change nothing;
    False means nothing: the two have to be compared.
    """
    return (
        all(getattr(declared, name) == live.get(name) for name in _WORD_FOR_WORD)
        and declared.message.rstrip() == live.get("message")
        and list(declared.tags) == _tags(live)
        and declared.restricted_roles is None
        and declared.assets is None
        and (declared.draft_status or "published") == live.get("draft_status")
        and _same_options(declared.options, live.get("options") or {})
    )


def _tags(live: Mapping[str, Any]) -> Any:
    """The tags, without what was applied last, which apply writes at the end."""
    tags = live.get("tags")
    return tags[:-1] if tags and tags[-1].startswith(APPLIED) else tags


def _same_options(declared: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    for name, value in declared.items():
        if name not in live or live[name] != value:
            return False
    return len(declared) == len(live) or all(
        _is_filled_in(name, value) for name, value in live.items() if name not in declared
    )


def _is_filled_in(name: str, value: Any) -> bool:
    option = OPTIONS.get(name)
    return option is not None and (option.read_only or means_absent(name, value))
