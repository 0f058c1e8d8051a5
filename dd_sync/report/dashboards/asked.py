"""What a widget asks for: the metric queries of its requests, as far as they are metric queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dd_sync.evaluate.graph import queries_in

Json = Mapping[str, Any]
_NAME = re.compile(r"(?<![\w.$:{])([A-Za-z_]\w*)(?![\w.(:])")
# A variable that stands for everything says nothing beside other tags of a scope.
_ALL_BEFORE = re.compile(r"([{,]\s*)\*\s*,")
_ALL_AFTER = re.compile(r",\s*\*\s*(?=[,}])")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
_MOST_BOUNDS = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """One query. name: what the widget calls it, "" if it does not; style: as in Datadog's display_type.

    aggregator: what makes one value of it, "" if the request does not say. compare_to: of a change.
    """

    text: str
    name: str = ""
    style: str = "line"
    aggregator: str = ""
    compare_to: str = ""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A query over something else than metrics. source: as Datadog names it; text: what is known of it."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Variables:
    """The template variables of a dashboard, with the values they begin with: tag key and value by name."""

    values: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, body: Json) -> Variables:
        found = {}
        for one in mappings(body.get("template_variables")):
            name, prefix = text_of(one.get("name")), text_of(one.get("prefix"))
            defaults = one.get("defaults")
            first = defaults[0] if isinstance(defaults, list) and defaults else one.get("default")
            if name:
                found[name] = (prefix, text_of(first) or "*")
        return cls(found)

    def fill(self, text: str) -> str:
        """The query with each variable's value."""
        if "$" not in text or not self.values:
            return text
        names = "|".join(re.escape(name) for name in sorted(self.values, key=len, reverse=True))
        filled = re.sub(rf"\$({names})(\.value)?(?!\w)", self._value, text)
        return _ALL_AFTER.sub("", _ALL_BEFORE.sub(r"\1", filled))

    def _value(self, found: re.Match[str]) -> str:
        prefix, value = self.values[found[1]]
        return value if found[2] or value == "*" or not prefix else f"{prefix}:{value}"


def asked(definition: Json, variables: Variables) -> Iterator[Asked | NotAsked]:
    """Every query of a widget's requests, in order."""
    requests = definition.get("requests")
    if isinstance(requests, Mapping):
        requests = [requests] if "queries" in requests else list(requests.values())
    for request in mappings(requests):
        style, aggregator = text_of(request.get("display_type")) or "line", text_of(request.get("aggregator"))
        compare_to = text_of(request.get("compare_to"))
        if isinstance(request.get("q"), str):
            named = {
                text_of(one.get("expression")): text_of(one.get("alias_name"))
                for one in mappings(request.get("metadata"))
            }
            for text in queries_in(request["q"]):
                yield Asked(variables.fill(text), named.get(text, ""), style, aggregator, compare_to)
        elif mappings(request.get("queries")):
            for one in _of_formulas(request, variables):
                if isinstance(one, NotAsked):
                    yield one
                else:
                    yield Asked(one.text, one.name, style, one.aggregator or aggregator, compare_to)
        else:
            yield _other(request)


def _of_formulas(request: Json, variables: Variables) -> Iterator[Asked | NotAsked]:
    """Formulas over named queries, written out; without any, the queries themselves."""
    queries = mappings(request["queries"])
    for one in queries:
        if one.get("data_source") != "metrics" or not isinstance(one.get("query"), str):
            yield NotAsked(text_of(one.get("data_source")) or "something unnamed", _search(one))
            return
    texts = {text_of(one.get("name")): variables.fill(one["query"]) for one in queries}
    aggregator = next((text_of(one.get("aggregator")) for one in queries), "")
    formulas = mappings(request.get("formulas")) or [{"formula": name} for name in texts]
    for formula in formulas:
        text = text_of(formula.get("formula")).strip()
        written = texts.get(text) or _NAME.sub(
            lambda found: f"({texts[found[1]]})" if found[1] in texts else found[0], text
        )
        yield Asked(written, text_of(formula.get("alias")), aggregator=aggregator)


def _other(request: Json) -> NotAsked:
    """A request of a data source that has a field of its own, such as log_query."""
    name = next((name for name in request if name.endswith("query")), "")
    value = request.get(name)
    source = text_of(value.get("data_source")) if isinstance(value, Mapping) else ""
    said = name.removesuffix("_query") if name not in ("", "query") else "something unnamed"
    return NotAsked(source or said, _search(value) if isinstance(value, Mapping) else text_of(value))


def _search(query: Json) -> str:
    given = (query.get("search"), query.get("query"), query.get("query_string"))
    texts = (one.get("query") if isinstance(one, Mapping) else one for one in given)
    return next((text for text in texts if isinstance(text, str)), "")


def bounds(definition: Json) -> list[tuple[str, float, str]]:
    """The markers of a widget as lines: name, value and style."""
    found: list[tuple[str, float, str]] = []
    for one in mappings(definition.get("markers")):
        kind = text_of(one.get("display_type"))
        style = "alert-line" if "error" in kind else "warn-line" if "warn" in kind else "recovery-line"
        values = [float(number) for number in _NUMBER.findall(text_of(one.get("value")))]
        found.extend(
            (text_of(one.get("label")).strip(), value, style) for value in values if abs(value) < 1e300
        )
    return sorted(found[:_MOST_BOUNDS], key=lambda one: -one[1])


def mappings(value: Any) -> Sequence[Json]:
    """Those items of a list that are objects."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""
