"""Scopes to label matchers: `env:prod,!tenant:a` to `{env="prod",tenant!="a"}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dd_sync.query.canonical import render_scope
from dd_sync.query.nodes import And, Everything, In, Not, Or, Scope, Tag


class NotMatchable(Exception):
    """A scope that label matchers cannot say; its text is the reason."""


def label_name(key: str) -> str:
    """A tag key as a label: `service.name` is `service_name`."""
    name = re.sub(r"[^a-zA-Z0-9_]", "_", key)
    return f"_{name}" if name[:1].isdigit() else name


def matchers(scope: Scope, by: Sequence[str]) -> str:
    """The matchers in braces, empty for none. Series without a key of `by` are left out, as in Datadog."""
    items = scope.items if isinstance(scope, And) else (scope,)
    written = [text for item in items for text in _matcher(item)]
    named = {text.split("=")[0] for text in written if "!" not in text}
    written += [f'{label_name(key)}!=""' for key in by if label_name(key) not in named]
    return "{" + ",".join(dict.fromkeys(written)) + "}" if written else ""


def _matcher(item: Scope) -> Iterator[str]:
    if isinstance(item, Everything):
        return
    negated = isinstance(item, Not)
    inner = item.item if isinstance(item, Not) else item
    key, values = _one_key(inner)
    label = label_name(key)
    if values == ["*"]:
        yield f'{label}{"=" if negated else "!="}""'
    elif len(values) == 1 and "*" not in values[0]:
        yield f"{label}{'!=' if negated else '='}{_quoted(values[0])}"
    else:
        pattern = "|".join(".*".join(map(_literal, value.split("*"))) for value in values)
        yield f"{label}{'!~' if negated else '=~'}{_quoted(pattern)}"


def _one_key(item: Scope) -> tuple[str, list[str]]:
    """The key and values of a test of one key: a tag, a list of values, or an OR of those."""
    match item:
        case Tag(key=key, value=str(value)):
            return key, [value.lower()]
        case In(key=key, values=values):
            return key, [value.lower() for value in values]
        case Or(items=items):
            tests = [_one_key(one) for one in items]
            if len({key for key, _ in tests}) == 1:
                return tests[0][0], [value for _, values in tests for value in values]
    raise NotMatchable(f"the scope {render_scope(item)} cannot be said by label matchers")


def _literal(text: str) -> str:
    return re.sub(r"([.+?^$|(){}\[\]\\])", r"\\\1", text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
