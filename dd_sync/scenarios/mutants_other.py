"""Mutants of the other queries: composites, service checks and searches of events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dd_sync.query.alerts import (
    CompositeAlert,
    Condition,
    Conjunction,
    Disjunction,
    EventAlert,
    Negation,
    ServiceCheck,
)
from dd_sync.query.canonical import render_scope
from dd_sync.query.canonical_alerts import render_condition, render_search
from dd_sync.query.nodes import Everything, Scope
from dd_sync.query.search_nodes import AllOf, AnyOf, Empty, Search
from dd_sync.scenarios.mutation import Change, windows_beside, without_each

_ROLLUPS = {"avg": "max", "max": "avg", "min": "avg", "sum": "avg"}


def composite_changes(alert: CompositeAlert) -> Iterator[Change]:
    """`&&` for `||` and the other way, `!` away, each part left out."""
    for index, (words, condition) in enumerate(_conditions(alert.condition)):
        yield Change(
            f"condition-{index}", words, "condition", replace(alert, condition=condition), alert.span
        )


def _conditions(node: Condition) -> Iterator[tuple[str, Condition]]:
    match node:
        case Conjunction(items=items) | Disjunction(items=items):
            kind, other = ("&&", "||") if isinstance(node, Conjunction) else ("||", "&&")
            swapped = Disjunction(items) if isinstance(node, Conjunction) else Conjunction(items)
            yield f"{kind} became {other} in {render_condition(node)}", swapped
            for index, item, others in without_each(items):
                left = others[0] if len(others) == 1 else replace(node, items=others)
                yield f"without {render_condition(item)}", left
                for words, inner in _conditions(item):
                    yield words, replace(node, items=(*items[:index], inner, *items[index + 1 :]))
        case Negation(item=item):
            yield f"{render_condition(node)} without its !", item
            for words, inner in _conditions(item):
                yield words, replace(node, item=inner)


def service_check_changes(alert: ServiceCheck) -> Iterator[Change]:
    """Runs looked at, groups, and which checks are looked at."""
    if alert.last is not None:
        for name, last in (("last-more", alert.last + 1), ("last-fewer", alert.last - 1)):
            if last >= 1:
                words = f".last({alert.last}) -> .last({last})"
                yield Change(name, words, "last", replace(alert, last=last), alert.span)
    for _, key, keys in without_each(alert.by):
        yield Change(f"by-{key}", f"no longer grouped by {key}", "by", replace(alert, by=keys), alert.span)
    for text, over in _without_scope(alert.over):
        # Datadog wants one scope at least: `*` is every run.
        changed = replace(alert, over=over or (Everything(),))
        yield Change(f"over-{text}", f"over without {text}", "scope", changed, alert.span)
    for text, exclude in _without_scope(alert.exclude):
        yield Change(
            f"exclude-{text}",
            f"no longer excludes {text}",
            "scope",
            replace(alert, exclude=exclude),
            alert.span,
        )


def _without_scope(scopes: tuple[Scope, ...]) -> Iterator[tuple[str, tuple[Scope, ...]]]:
    for _, scope, others in without_each(scopes):
        text = render_scope(scope)
        if text != "*":
            yield text, others


def event_changes(alert: EventAlert) -> Iterator[Change]:
    """Window, groups, what is counted and each term of the search."""
    for name, words, window in windows_beside(alert.window):
        yield Change(name, words, "window", replace(alert, window=window), alert.window.span)
    for _, key, keys in without_each(alert.by):
        yield Change(f"by-{key}", f"no longer grouped by {key}", "by", replace(alert, by=keys), alert.span)
    rollup = alert.rollup
    if rollup is not None and rollup.method == "cardinality":
        counted = replace(rollup, method="count", measure=None)
        words = f"counts events instead of different {rollup.measure}"
        yield Change("rollup", words, "rollup", replace(alert, rollup=counted), alert.span)
    elif rollup is not None and rollup.method in _ROLLUPS:
        other = _ROLLUPS[rollup.method]
        words = f"{rollup.method} of {rollup.measure} -> {other}"
        changed = replace(rollup, method=other)
        yield Change("rollup", words, "rollup", replace(alert, rollup=changed), alert.span)
    for text, search in searches_without(alert.search):
        words = f"search without {text}"
        yield Change(f"search-{text}", words, "scope", replace(alert, search=search), alert.search.span)


def searches_without(search: Search) -> Iterator[tuple[str, Search]]:
    """Each term of a search left out: its text, and what remains."""
    match search:
        case AllOf(items=items) | AnyOf(items=items):
            for index, item, others in without_each(items):
                yield render_search(item), others[0] if len(others) == 1 else replace(search, items=others)
                if isinstance(item, AllOf | AnyOf):
                    for text, inner in searches_without(item):
                        yield text, replace(search, items=(*items[:index], inner, *items[index + 1 :]))
        case Empty():
            return
        case _:
            yield render_search(search), Empty()
