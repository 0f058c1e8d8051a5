"""Numbers that Datadog's own exports write as text: `"renotify_interval": "0"`, `"evaluation_delay": ""`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dd_sync.model.options import OPTIONS

_WHOLE = frozenset(name for name, option in OPTIONS.items() if option.kind == "whole")
_DIGITS = re.compile(r"[0-9]{0,18}")


def with_numbers(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options with a number where a whole number stands as text; the same object if none does.

    An empty text is null, as the number that was never filled in.
    Anything else that is written as text stays as it is, and is judged as text.
    """
    texts = [name for name, value in options.items() if value.__class__ is str and name in _WHOLE]
    read = {name: _number(options[name]) for name in texts if _DIGITS.fullmatch(options[name])}
    return {**options, **read} if read else options


def _number(digits: str) -> int | None:
    return int(digits) if digits else None
