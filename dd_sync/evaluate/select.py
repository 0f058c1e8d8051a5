"""Which series a query reads, and the groups it sorts them into."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import product

from dd_sync.query.nodes import And, Everything, In, Not, Or, Scope, Tag

Group = tuple[str, ...]
Matcher = Callable[[Collection[str]], bool]

# The one group of a monitor that is not grouped, as Datadog writes it.
TOTAL = "*"
# The key of a monitor with one group for each set of tags; the group's one value is all of them.
ANY_TAGS = "*"


def matcher(scope: Scope) -> Matcher:
    """A test of tags (lower case, `key:value` or bare) against a scope.

    `*` in a value stands for any text; `key:*` asks only that the key is there. Scopes are compared in
    lower case, since metric tags are stored so.
    """
    match scope:
        case Tag(key=key, value=None):
            return _one_of((key,))
        case Tag(key=key, value=str(value)):
            return _one_of((f"{key}:{value}",))
        case In(key=key, values=values):
            return _one_of(tuple(f"{key}:{value}" for value in values))
        case Not(item=item):
            inner = matcher(item)
            return lambda tags: not inner(tags)
        case And(items=items):
            parts = [matcher(item) for item in items]
            return lambda tags: all(part(tags) for part in parts)
        case Or(items=items):
            parts = [matcher(item) for item in items]
            return lambda tags: any(part(tags) for part in parts)
        case Everything():
            pass
    return lambda tags: True


def _one_of(wanted: Sequence[str]) -> Matcher:
    exact = {tag.lower() for tag in wanted if "*" not in tag}
    patterns = [_pattern(tag.lower()) for tag in wanted if "*" in tag]

    def match(tags: Collection[str]) -> bool:
        if not exact.isdisjoint(tags):
            return True
        return any(pattern.fullmatch(tag) for pattern in patterns for tag in tags)

    return match


def _pattern(tag: str) -> re.Pattern[str]:
    # Repeated stars mean one; left in, they would make matching slow.
    return re.compile(".*".join(re.escape(part) for part in re.sub(r"\*+", "*", tag).split("*")), re.DOTALL)


def groups_of(tags: Sequence[str], by: Sequence[str]) -> list[Group]:
    """The groups a series belongs to: one per combination of its values of the keys `by`.

    Empty when a key is missing: Datadog's monitors do not see such a series.
    """
    values = [[tag[len(key) + 1 :] for tag in tags if tag.startswith(key.lower() + ":")] for key in by]
    return list(product(*values))


def group_name(by: Sequence[str], group: Group) -> str:
    """`tenant:acme`, `a:1,b:2` in the order of `by`, or `*`."""
    if tuple(by) == (ANY_TAGS,):
        return group[0] or TOTAL
    return ",".join(f"{key}:{value}" for key, value in zip(by, group, strict=True)) or TOTAL


def group_of(by: Sequence[str], name: str) -> Group:
    """The opposite of group_name. A value may hold anything but `,key:` of the key that follows it."""
    if not by:
        return ()
    if tuple(by) == (ANY_TAGS,):
        return ("" if name == TOTAL else name,)
    pattern = ",".join(f"{re.escape(key)}:(.*)" for key in by)
    found = re.fullmatch(pattern, name, re.DOTALL)
    return ("",) * len(by) if found is None else found.groups()


def tags_of(by: Sequence[str], group: Group) -> frozenset[str]:
    """The tags a group is made of, in lower case."""
    if tuple(by) == (ANY_TAGS,):
        return group_tags(group_name(by, group))
    return frozenset(f"{key}:{value}".lower() for key, value in zip(by, group, strict=True))


def group_tags(name: str) -> frozenset[str]:
    """The tags a group's name is made of, in lower case, where no value holds a comma."""
    return frozenset() if name == TOTAL else frozenset(name.lower().split(","))
