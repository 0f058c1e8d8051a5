"""What looks like a secret: it has no place in a file, and none in what is shown."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

# A custom variable of Datadog's Webhooks integration, where secrets belong.
VARIABLE = re.compile(r"\$[A-Z][A-Z0-9_]*")
HIDDEN = "(hidden)"

_NAMES = re.compile(
    r"auth|token|secret|passw|pwd|credential|signature|cookie|bearer|(?:^|[^a-z])sig$"
    r"|(?:api|app|access|private|routing|integration|service|signing|subscription|genie)[-_ ]?key",
    re.IGNORECASE,
)
_VALUES = re.compile(
    r"""\b(?:bearer|basic)\s+[\w.+/=~-]{8,}      # the value of an Authorization header
      | \bxox[a-z]-[\w-]{8,} | \bgh[a-z]_\w{20,} | \bgithub_pat_\w+ | \bglpat-[\w-]{10,}
      | \bAKIA[0-9A-Z]{12,} | \bsk-[\w-]{16,} | \beyJ[\w-]{10,}\.[\w.-]+
      | -----BEGIN
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LONG_WORD = re.compile(r"[A-Za-z0-9]{16,}")
_SCHEME_WORD = re.compile(r"[A-Za-z]{0,15}")


def names_secret(name: str) -> bool:
    """Whether a header, parameter or field of this name holds a secret."""
    return _NAMES.search(name) is not None


def looks_secret(value: str) -> bool:
    """Whether a text holds what looks like a key or token, beside variables."""
    rest = VARIABLE.sub(" ", value)
    return _VALUES.search(rest) is not None or any(_is_random(word) for word in _LONG_WORD.findall(rest))


def may_be_written(name: str, value: str) -> bool:
    """Whether a named value may be written: a secret only as a variable, with a scheme such as Bearer."""
    if not names_secret(name):
        return not looks_secret(value)
    words = VARIABLE.sub("", value).split()
    return not value.strip() or (
        VARIABLE.search(value) is not None and all(_SCHEME_WORD.fullmatch(word) for word in words)
    )


def secret_in_url(url: str) -> str | None:
    """The part of a URL that looks like a secret, None if none does. Raises ValueError if it is no URL."""
    parts = urlsplit(url)
    if parts.password is not None and not VARIABLE.fullmatch(parts.password):
        return parts.password
    for name, value in parse_qsl(parts.query):
        if not may_be_written(name, value):
            return value
    for segment in parts.path.split("/"):
        if looks_secret(unquote(segment)):
            return segment
    return None


def without_secrets(url: str) -> str:
    """The URL fit to show: without its user, and with what looks like a secret hidden."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return HIDDEN
    path = "/".join(HIDDEN if looks_secret(unquote(one)) else one for one in parts.path.split("/"))
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = "&".join(f"{name}={value if may_be_written(name, value) else HIDDEN}" for name, value in pairs)
    return f"{parts.scheme}://{host}{path}" + (f"?{query}" if query else "")


def _is_random(word: str) -> bool:
    """Letters and digits as no language mixes them. The groups of a UUID are shorter than what is asked."""
    digits = sum(c.isdigit() for c in word)
    return 3 <= digits <= len(word) - 3
