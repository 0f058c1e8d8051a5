"""Digests of JSON values: equal values have equal ones, whatever the order of their keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# Made once: json.dumps makes one for each call, and a plan digests each monitor.
_text = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, in hex: equal values, whatever the order of their keys, equal digests."""
    try:
        text = _text(value)
    except TypeError:
        # Not plain JSON yet: another mapping than dict, keys that are no text.
        text = _text(_plain(value))
    else:
        # Only a text with one of these can hold a float that is a whole number.
        if ".0" in text or "e+" in text:
            text = _text(_plain(value))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    # 2 and 2.0 are one number to Datadog, so they are one to a fingerprint.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
