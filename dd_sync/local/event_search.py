"""Which events a search finds: tags, source and status by name, anything else in the text."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from dd_sync.errors import QueryError
from dd_sync.local.http import Refused
from dd_sync.query.search import parse_search
from dd_sync.query.search_nodes import AllOf, AnyOf, Empty, Facet, Phrase, Search, Without, Word


@dataclass(frozen=True, slots=True)
class Searched:
    """What of an event can be searched. text: title and message."""

    text: str
    tags: tuple[str, ...]
    source: str
    status: str


def read_search(text: str) -> Search:
    """Raises Refused, in the words of a bad query."""
    try:
        search = parse_search(text)
        finds(search, Searched("", (), "", ""))
    except QueryError as error:
        raise Refused(400, f"Invalid query: {error.problem}") from None
    return search


def finds(search: Search, event: Searched) -> bool:
    match search:
        case Empty():
            return True
        case AllOf(items=items):
            # No short cut, so that every part of a search is known to be one.
            each = [finds(item, event) for item in items]
            return all(each)
        case AnyOf(items=items):
            each = [finds(item, event) for item in items]
            return any(each)
        case Without(item=item):
            return not finds(item, event)
        case Word(text=text) | Phrase(text=text):
            return text.strip("*").lower() in event.text.lower()
        case Facet(key=key, value=value):
            return _facet(key, value, event)
    raise Refused(400, "Invalid query: the local Datadog searches events by tags, source, status and words")


def _facet(key: str, value: Search, event: Searched) -> bool:
    match value:
        case AnyOf(items=items):
            each = [_facet(key, item, event) for item in items]
            return any(each)
        case Word(text=text) | Phrase(text=text):
            wanted = text.lower()
            if key == "source":
                return event.source == wanted
            if key == "status":
                return event.status == wanted
            return any(fnmatchcase(tag.lower(), f"{key.lower()}:{wanted}") for tag in event.tags)
    raise Refused(400, f"Invalid query: the local Datadog compares '{key}' with words only")
