"""Every rule over every monitor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from types import ModuleType

from dd_sync.catalog.catalog import Catalog
from dd_sync.catalog.collector import collector_paused
from dd_sync.checks import (
    duplicate_names,
    handles,
    message_syntax,
    message_variables,
    personal_data,
    required_tags,
    threshold_mismatch,
    untested,
    warning_side,
)
from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Problem, in_order

# A rule module has `check`, over one monitor, or `check_catalog`, over all; or both.
RULES: tuple[ModuleType, ...] = (
    duplicate_names,
    handles,
    message_syntax,
    message_variables,
    personal_data,
    required_tags,
    threshold_mismatch,
    warning_side,
)


def run(catalog: Catalog, *, tested: Collection[str] | None = None) -> tuple[Problem, ...]:
    """Every finding of every rule, in order.

    tested: keys of the monitors that some scenario covers; None where nobody has looked.
    """
    with collector_paused():
        return in_order(_run(catalog, tested))


def _run(catalog: Catalog, tested: Collection[str] | None) -> Iterator[Problem]:
    each = [(rule_id(rule), rule.check) for rule in RULES if hasattr(rule, "check")]
    for declared in catalog.monitors:
        subject = Subject(declared, catalog)
        for rule, check in each:
            yield from _problems(rule, check, subject)
    for module in RULES:
        if hasattr(module, "check_catalog"):
            for subject, finding in module.check_catalog(catalog):
                yield _problem(rule_id(module), subject, finding, catalog)
    if tested is not None:
        for subject, finding in untested.check_catalog(catalog, tested):
            yield _problem(rule_id(untested), subject, finding, catalog)


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


def rule_id(module: ModuleType) -> str:
    """The rule's id: its file's name, with dashes."""
    return module.__name__.rsplit(".", 1)[-1].replace("_", "-")
