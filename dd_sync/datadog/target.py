"""Which Datadog to talk to, and with which keys: read from the environment, checked before any request."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from dd_sync.errors import RequestError
from dd_sync.text import nearest

DEFAULT_SITE = "datadoghq.com"


@dataclass(frozen=True, slots=True)
class Target:
    """base: URL of the API without a slash at the end; name: how people call it, `datadoghq.eu`.

    The keys never show in a repr.
    """

    base: str
    name: str
    api_key: str = field(repr=False)
    app_key: str = field(repr=False)


def choose_target(environ: Mapping[str, str], host: str | None, sites: Sequence[str]) -> Target:
    """The Datadog that `host`, else DD_HOST, else DD_SITE names, with DD_API_KEY and DD_APP_KEY.

    sites: the sites that the official client knows. Raises RequestError before anything is sent.
    """
    asked = host or environ.get("DD_HOST")
    base, name = _host(asked) if asked else _site(environ.get("DD_SITE") or DEFAULT_SITE, sites)
    return Target(base, name, _key(environ, "DD_API_KEY"), _key(environ, "DD_APP_KEY"))


def _key(environ: Mapping[str, str], variable: str) -> str:
    key = environ.get(variable, "")
    if not key:
        raise RequestError(
            f"the environment variable {variable} is not set",
            hint=f"export {variable}=… (Datadog: Organization Settings > "
            f"{'API Keys' if variable == 'DD_API_KEY' else 'Application Keys'})",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise RequestError(
            f"{variable} holds characters that no key has",
            hint="look for spaces or a line break at its end",
        )
    return key


def _site(site: str, sites: Sequence[str]) -> tuple[str, str]:
    # A mistyped site would send the keys to whoever owns that name.
    if site in sites:
        return f"https://api.{site}", site
    near = nearest(site.removeprefix("https://").removeprefix("app."), sites)
    meant = f"did you mean {near}? " if near else ""
    raise RequestError(
        f"DD_SITE names no site of Datadog: '{_shown(site)}'",
        hint=f"{meant}known sites: {', '.join(sites)}; for any other API base set DD_HOST",
    )


def _host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not _clean(url):
        raise RequestError(
            "DD_HOST (or --host) is not the URL of an API",
            hint="write for example https://api.datadoghq.eu or http://127.0.0.1:8126, without user or query",
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise RequestError(
            f"keys are not sent over plain http to {parts.hostname}",
            hint="use https; plain http is for a Datadog on this machine only",
        )
    shown = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    name = f"{shown}:{port}" if port else shown
    return f"{parts.scheme}://{name}{parts.path.rstrip('/')}", name


def _clean(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def _is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:80])
