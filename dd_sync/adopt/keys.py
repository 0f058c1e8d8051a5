"""Keys for monitors that never had one: from their names, so that people recognise them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_LONGEST = 60
_VARIABLE = re.compile(r"\{\{.*?\}\}|\[\[.*?\]\]")


def slug(name: str) -> str:
    """A name in lower-case letters, digits and `-`, up to 60 of them: "CPU of {{host.name}}" gives cpu-of.

    Empty where nothing of the name can be written so.
    """
    plain = unicodedata.normalize("NFKD", _VARIABLE.sub(" ", name)).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    if len(words) > _LONGEST:
        words = words[: _LONGEST + 1].rpartition("-")[0] or words[:_LONGEST]
    return words.strip("-")


def key_for(name: str, monitor_id: int, taken: Collection[str]) -> str:
    """A key that nobody has: the name's, else with the monitor's id, which is the same at every import."""
    plain = slug(name)
    for key in (plain, f"{plain}-{monitor_id}" if plain else f"monitor-{monitor_id}"):
        if key and key not in taken:
            return key
    number = 2
    while (key := f"monitor-{monitor_id}-{number}") in taken:
        number += 1
    return key
