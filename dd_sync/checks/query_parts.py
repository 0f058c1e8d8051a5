"""Parts of a scope that several rules ask for."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.query.nodes import And, Everything, In, Not, Or, Scope, Tag


def tag_keys(scope: Scope) -> Iterator[str]:
    """The keys of the tags in a scope, in the order of the text; a bare tag has none."""
    match scope:
        case Tag(value=None) | Everything():
            return
        case Tag() | In():
            yield scope.key
        case Not():
            yield from tag_keys(scope.item)
        case And() | Or():
            for item in scope.items:
                yield from tag_keys(item)
