"""What a person says about an act, as it may stand in Datadog for others to read."""

from __future__ import annotations

import re

from dd_sync.errors import RequestError
from dd_sync.text import first_unseen, within_line

_EMAIL = re.compile(r"\S+@\S+\.\S+")
_SHOWN = 60


def said(what: str, text: str, longest: int) -> str:
    """One plain line, without an address and without anything Datadog would take for a handle.

    what: `reason`, as errors name it; longest: characters. Raises RequestError.
    """
    text = text.strip()
    if not text:
        raise RequestError(f"the {what} is empty", hint="whoever reads this later will want to know")
    if _EMAIL.search(text):
        raise RequestError(f"the {what} holds an e-mail address", hint="a name or handle is enough")
    if "@" in text:
        raise RequestError(
            f"the {what} holds an @: '{within_line(text, _SHOWN)}'",
            hint="Datadog would notify whoever it names; write the name without it",
        )
    if first_unseen(text) is not None:
        raise RequestError(
            f"the {what} holds a line break or an invisible character", hint="write it as one plain line"
        )
    if len(text) > longest:
        raise RequestError(
            f"the {what} has {len(text)} characters", hint=f"at most {longest}; link to the rest"
        )
    return text
