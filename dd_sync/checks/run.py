"""Every rule over every monitor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from types import ModuleType

from dd_sync.catalog.catalog import Catalog
from dd_sync.catalog.collector import collector_paused
from dd_sync.catalog.ignores import may_ignore, read_ignores
from dd_sync.catalog.resources import SECTIONS
from dd_sync.catalog.source import Source
from dd_sync.checks import (
    duplicate_names,
    freeze_handle,
    group_missing,
    handles,
    hold_tags,
    message_syntax,
    message_variables,
    personal_data,
    required_tags,
    runbook_link,
    unknown_webhook,
    unreachable_block,
    untested,
)
from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.unknown_webhook import Exists
from dd_sync.errors import Problem, in_order
from dd_sync.guards.registry import BUILT_IN

# A rule module has `check`, over one monitor, `check_resource`, over one downtime, dashboard or webhook, or
# `check_catalog`, over all; or several of them.
RULES: tuple[ModuleType, ...] = (
    duplicate_names,
    freeze_handle,
    group_missing,
    handles,
    hold_tags,
    message_syntax,
    message_variables,
    personal_data,
    required_tags,
    runbook_link,
    unreachable_block,
)
# What these say holds whatever else is wrong with the monitor.
_OF_TEXTS: tuple[ModuleType, ...] = (handles, message_syntax, personal_data)


def run(
    catalog: Catalog, *, tested: Collection[str] | None = None, webhook_exists: Exists | None = None
) -> tuple[Problem, ...]:
    """Every finding of every rule, in order.

    tested: keys of the monitors that some scenario covers; None where nobody has looked.
    webhook_exists: asks Datadog for a webhook by name; None where Datadog is not to be asked.
    """
    with collector_paused():
        found = _run(catalog, tested, webhook_exists)
        sources = [s for s in (catalog.files.settings, *catalog.files.monitors) if may_ignore(s)]
        if not sources:
            return in_order(found)
        # An ignore at one monitor is of use as soon as untested ones are told one by one.
        each_told = tested is not None and not untested.is_told_once(catalog, tested)
        not_looked = (set() if each_told else {untested}) | (
            {unknown_webhook} if webhook_exists is None else set()
        )
        return in_order(_without_ignored(catalog, found, sources, not_looked))


def _without_ignored(
    catalog: Catalog, found: Iterable[Problem], sources: Iterable[Source], not_looked: set[ModuleType]
) -> Iterator[Problem]:
    ids = all_ids()
    judged = ids - {rule_id(module) for module in not_looked}
    read = Counter(declared.file for declared in catalog.monitors)
    read.update(file for file, _ in {(one.file, one.path) for one in catalog.resources})
    unread = {source.file for source in sources if _written(source) != read[source.file]}
    return read_ignores(sources, ids).apply(found, judged=judged, unread=unread)


def _written(source: Source) -> int:
    """How much the file declares; what has errors is not in the catalog, and no rule judged it."""
    sections = (source.value.get(section) for section in ("monitors", *SECTIONS))
    return sum(len(section) for section in sections if isinstance(section, list))


def _run(
    catalog: Catalog, tested: Collection[str] | None, webhook_exists: Exists | None
) -> Iterator[Problem]:
    each = [(rule_id(rule), rule.check) for rule in RULES if hasattr(rule, "check")]
    # Most catalogs are guards alone, and never pay for importing the rules about queries.
    guards_only = all(declared.guard in BUILT_IN for declared in catalog.monitors)
    more = [] if guards_only else [(rule_id(rule), rule.check) for rule in of_queries()]
    for declared in catalog.monitors:
        subject = Subject(declared, catalog)
        for rule, check in each if declared.guard in BUILT_IN else (*each, *more):
            yield from _problems(rule, check, subject)
    for declared in catalog.wrong:
        for module in _OF_TEXTS:
            yield from _problems(rule_id(module), module.check, Subject(declared, catalog))
    yield from _of_resources(catalog)
    for module in RULES:
        if hasattr(module, "check_catalog"):
            for subject, finding in module.check_catalog(catalog):
                yield _problem(rule_id(module), subject, finding, catalog)
    if tested is not None:
        for uncovered, finding in untested.check_catalog(catalog, tested):
            yield _problem(rule_id(untested), uncovered, finding, catalog)
    if webhook_exists is not None:
        for webhook_user, finding in unknown_webhook.check_catalog(catalog, webhook_exists):
            yield _problem(rule_id(unknown_webhook), webhook_user, finding, catalog)


def _of_resources(catalog: Catalog) -> Iterator[Problem]:
    # One entry of a file can be several downtimes, and is judged once.
    written = {(one.file, one.path): one for one in catalog.resources}
    for resource in written.values():
        for module in RULES:
            if hasattr(module, "check_resource"):
                for finding in module.check_resource(resource, catalog):
                    where, line = catalog.locate_in(
                        resource,
                        finding.path,
                        key=finding.key,
                        offset=finding.offset,
                        length=finding.length,
                    )
                    yield Problem(
                        rule_id(module), finding.problem, finding.hint, where, finding.severity, line
                    )


def _problems(
    rule: str, check: Callable[[Subject], Iterator[Finding]], subject: Subject
) -> Iterator[Problem]:
    for finding in check(subject):
        yield _problem(rule, subject, finding, subject.catalog)


def _problem(rule: str, subject: Subject | None, finding: Finding, catalog: Catalog) -> Problem:
    """The finding at its place: in the subject's file, or in catalog.yaml where there is no subject."""
    if subject is None:
        where, line = catalog.files.settings.locate(
            finding.path, key=finding.key, offset=finding.offset, length=finding.length
        )
    else:
        where, line = catalog.locate(
            subject.declared, finding.path, key=finding.key, offset=finding.offset, length=finding.length
        )
    return Problem(rule, finding.problem, finding.hint, where, finding.severity, line)


def of_queries() -> tuple[ModuleType, ...]:
    """The rules about what a built-in guard writes itself, and writes right by construction."""
    from dd_sync.checks.of_queries import RULES

    return RULES


def all_ids() -> frozenset[str]:
    """The id of every rule."""
    return frozenset(rule_id(module) for module in (*RULES, *of_queries(), untested, unknown_webhook))


def rule_id(module: ModuleType) -> str:
    """The rule's id: its file's name, with dashes."""
    return module.__name__.rsplit(".", 1)[-1].replace("_", "-")
