"""Searches in logs, spans, RUM, events and the like, and in live processes, text to nodes."""

from __future__ import annotations

from typing import Literal

from dd_sync.query import words
from dd_sync.query.alerts import EventAlert, ProcessAlert
from dd_sync.query.chain import Chain, Link
from dd_sync.query.lexer import shortened
from dd_sync.query.nodes import Text
from dd_sync.query.search import read_search
from dd_sync.query.search_nodes import Search
from dd_sync.text import nearest

_EVENT_METHODS = ("index", "source", "new", "impact", "rollup", "by", "last", "current")
_ISSUES: tuple[Literal["new", "impact"], ...] = ("new", "impact")
_PROCESS_METHODS = ("over", "by", "rollup", "last")


def read_events(text: str) -> EventAlert:
    """`logs("status:error").index("*").rollup("count").by("service").last("5m") > 10`"""
    chain = Chain(text)
    tokens = chain.tokens
    start, source = tokens.starts[0], tokens.texts[0]
    if tokens.kinds[0] != "word":
        hint = 'begin with what is searched: logs("status:error").rollup("count").last("5m") > 10'
        raise tokens.error(f"expected logs(…), rum(…) or another source, not {tokens.shown()}", hint)
    # Datadog adds sources: only a name that looks like a slip of a known one is refused.
    if source not in words.SOURCES and (near := nearest(source, (*words.SOURCES, "formula"))):
        raise tokens.error(f"unknown source '{shortened(source)}'", f"did you mean {near}?")
    tokens.index = 1
    search = _search(chain)
    links = chain.links(_EVENT_METHODS)
    window = chain.window_of(links)
    comparator, threshold = chain.comparison()
    return EventAlert(
        source,
        search,
        window,
        comparator,
        threshold,
        indexes=chain.texts(links.get("index")),
        issue_source=_issue_source(chain, links),
        issues=_issues(chain, links),
        rollup=chain.rollup(links.get("rollup")),
        by=chain.keys(links.get("by")),
        span=(start, tokens.end),
    )


def read_processes(text: str) -> ProcessAlert:
    """`processes("nginx").over("env:prod").by("host").rollup("count").last("10m") < 1`"""
    chain = Chain(text)
    tokens = chain.tokens
    start = tokens.starts[0]
    if tokens.texts[0] != "processes":
        hint = 'begin with the search: processes("nginx").over("*").rollup("count").last("10m") < 1'
        raise tokens.error(f"expected processes(…), not {tokens.shown()}", hint)
    tokens.index = 1
    search = _search(chain)
    links = chain.links(_PROCESS_METHODS)
    window = chain.window_of(links)
    comparator, threshold = chain.comparison()
    return ProcessAlert(
        search,
        window,
        comparator,
        threshold,
        over=chain.scopes(links.get("over")),
        by=chain.keys(links.get("by")),
        rollup=chain.rollup(links.get("rollup")),
        span=(start, tokens.end),
    )


def _search(chain: Chain) -> Search:
    start, end = chain.only_text("the search").span
    return read_search(chain.text, start, end)


def _issue_source(chain: Chain, links: dict[str, Link]) -> str | None:
    return chain.one(links["source"], Text, '.source("all")').value if "source" in links else None


def _issues(chain: Chain, links: dict[str, Link]) -> Literal["new", "impact"] | None:
    """Error tracking: `.new()` issues, or those of high `.impact()`."""
    if "new" in links and "impact" in links:
        raise chain.error("new and high-impact issues in one query", "use one of them", links["impact"])
    for name in _ISSUES:
        if name in links:
            if links[name].arguments:
                raise chain.error(f".{name}() takes nothing", "leave its parentheses empty", links[name])
            return name
    return None
