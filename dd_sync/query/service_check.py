"""`"http.can_connect".over("env:prod").by("host").last(3).count_by_status()`, text to nodes."""

from __future__ import annotations

import re
from typing import Literal, cast

from dd_sync.query.alerts import ServiceCheck
from dd_sync.query.chain import Chain, Link
from dd_sync.query.nodes import Number, Text
from dd_sync.query.quoting import unquoted

_Method = Literal["count_by_status", "pct_by_status"]
_METHODS = ("over", "exclude", "by", "last", "count_by_status", "pct_by_status")
# Datadog keeps no more runs of a check than these.
_MOST_RUNS = 100
_RUNS = re.compile(r"[1-9]\d{0,2}")


def read_service_check(text: str) -> ServiceCheck:
    chain = Chain(text)
    tokens = chain.tokens
    start = tokens.starts[0]
    if tokens.kinds[0] != "string":
        if tokens.kinds[0] == "open":
            raise chain.open_quote()
        hint = 'begin with the check in quotes: "http.can_connect".over("env:prod")'
        raise tokens.error(f"expected the name of a check in quotes, not {tokens.shown()}", hint)
    tokens.index += 1
    links = chain.links(_METHODS)
    method = next(reversed(links), "")
    if not method.endswith("_by_status"):
        raise chain.missing(".count_by_status()")
    if "count_by_status" in links and "pct_by_status" in links:
        raise chain.error("a count and a percentage", "use one of them", links[method])
    if links[method].arguments:
        raise chain.error(f".{method}() takes nothing", "leave its parentheses empty", links[method])
    if "last" not in links and method == "count_by_status":
        raise chain.missing(".last(2)")
    chain.end()
    return ServiceCheck(
        unquoted(tokens.texts[0]),
        chain.scopes(links.get("over")),
        chain.scopes(links.get("exclude")),
        chain.keys(links.get("by")),
        _runs(chain, links["last"]) if "last" in links else None,
        cast(_Method, method),
        span=(start, tokens.end),
    )


def _runs(chain: Chain, link: Link) -> int:
    match link.arguments:
        case (Number(value=value),) if value in range(1, _MOST_RUNS + 1):
            return int(value)
        case (Text(value=written),) if _RUNS.fullmatch(written) and int(written) <= _MOST_RUNS:
            return int(written)
    hint = f"write how many runs of the check to look at, 1 to {_MOST_RUNS}, as in .last(2)"
    raise chain.error(".last() takes a number of runs", hint, link.arguments[0] if link.arguments else link)
