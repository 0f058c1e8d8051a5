"""What a snooze would silence now, and what stays loud: read before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from dd_sync.errors import DatadogError, RequestError
from dd_sync.model.group import TRIGGERED, Found, LiveGroup, LiveMonitor
from dd_sync.model.ownership import CATALOG, MANAGED, SNOOZABLE, key_of
from dd_sync.ports import Search
from dd_sync.text import within_line

# How many groups are read to know the names of the tenants there are.
_MANY = 1000
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Question:
    """scope: `tenant:acme`; monitors: only these ids, None for all that may be snoozed.

    any_tenant: whether a tenant that no live group knows is accepted whatever others are called;
    loud: whether to ask what stays loud.
    """

    catalog: str
    scope: str
    monitors: Collection[int] | None = None
    any_tenant: bool = False
    loud: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """groups: those of the tenant that it silences now; None if Datadog would not say.

    loud: the catalog's monitors that no snooze covers; None if not asked. warnings: for people.
    """

    catalog: str
    groups: Found[LiveGroup] | None
    loud: Found[LiveMonitor] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def triggered(self) -> int:
        """How many of the groups are in alert, warning or without data now."""
        return sum(self.groups.statuses.get(name, 0) for name in TRIGGERED) if self.groups else 0

    def key(self, monitor: LiveGroup | LiveMonitor) -> str:
        """The monitor's key, or its name where Datadog does not tell its tags."""
        if isinstance(monitor, LiveGroup):
            return key_of(monitor.monitor_tags, self.catalog) or monitor.monitor
        return key_of(monitor.tags, self.catalog) or monitor.name


def look(search: Search, question: Question) -> Preview:
    """At most two requests. Raises RequestError for a tenant that is probably another's name mistyped.

    A search that Datadog refuses is a warning, since it must not keep anybody from silencing a tenant; one
    that does not reach Datadog raises DatadogError.
    """
    tags = (MANAGED, CATALOG + question.catalog)
    try:
        groups = _groups(search, (*tags, SNOOZABLE), question)
        preview = Preview(question.catalog, groups)
        plain = question.scope.isascii()
        if not groups.items or not plain:
            warnings = _judge(search, (*tags, SNOOZABLE), question, known=bool(groups.items))
            preview = replace(preview, warnings=warnings)
        elif question.loud:
            preview = replace(preview, loud=search.monitors(tags, without=SNOOZABLE))
        return preview
    except DatadogError as error:
        if error.status is None or not (question.scope.isascii() or question.any_tenant):
            raise
        warning = f"what it silences now, and whether there is such a tenant, cannot be told: {error.problem}"
        return Preview(question.catalog, None, warnings=(warning,))


def _groups(search: Search, tags: tuple[str, ...], question: Question) -> Found[LiveGroup]:
    if question.monitors is None:
        return search.groups(tags, group=question.scope)
    found = search.groups(tags, group=question.scope, most=_MANY)
    chosen = tuple(one for one in found.items if one.monitor_id in question.monitors)
    statuses = {name: sum(one.status == name for one in chosen) for name in found.statuses}
    return Found(chosen, len(chosen), statuses)


def _judge(search: Search, tags: tuple[str, ...], question: Question, *, known: bool) -> tuple[str, ...]:
    """The warnings about a tenant that no live group knows, or whose letters are of another script."""
    from dd_sync.snooze.near import alike

    tag, _, tenant = question.scope.partition(":")
    live = search.groups(tags, most=_MANY)
    twins = alike(tenant, tenants_of(live.items, tag))
    if not question.any_tenant:
        _refuse_mistyped(question.scope, twins, known)
    if known:
        return (f"{question.scope} could be taken for {_named(twins)}",) if twins else ()
    seen = "" if live.is_whole else f" among the {len(live.items)} of {live.total} groups looked at"
    return (
        f"no live group is {question.scope}{seen}: nothing of it is silenced now, only what begins later",
    )


def _refuse_mistyped(scope: str, twins: tuple[str, ...], known: bool) -> None:
    if twins:
        problem = "could be taken for another" if known else "is not among the live tenants"
        raise RequestError(
            f"'{scope}' {problem}; there is {_named(twins)}{_of_another_script(scope)}",
            hint="check the name; if it is meant as it stands, add --unknown-tenant",
        )
    if not known and not scope.isascii():
        raise RequestError(
            f"'{scope}' is not among the live tenants, and its letters could pass for others",
            hint="copy the name from the title of its alert; if it is right, add --unknown-tenant",
        )


def _of_another_script(scope: str) -> str:
    """Which letter it is, where two names look the same."""
    other = next((letter for letter in scope if not letter.isascii()), "")
    return f", and '{other}' here is U+{ord(other):04X}" if other else ""


def _named(tenants: tuple[str, ...]) -> str:
    more = ", …" if len(tenants) > _MOST_NAMED else ""
    return within_line(", ".join(tenants[:_MOST_NAMED])) + more


def tenants_of(groups: Iterable[LiveGroup], tag: str) -> frozenset[str]:
    """The names of the tenants that these groups are of."""
    prefix = f"{tag}:"
    return frozenset(
        text.removeprefix(prefix) for one in groups for text in one.tags if text.startswith(prefix)
    )
