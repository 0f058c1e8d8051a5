"""A variable that the monitor gives no value: Datadog would send an empty space in its place."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.checks.variables import Known
from dd_sync.errors import Severity
from dd_sync.message.tools import VariableUse, variables_in
from dd_sync.text import nearest


def check(subject: Subject) -> Iterator[Finding]:
    templates = [(path, variables_in(template)) for path, template in subject.readable()]
    if not any(uses for _, uses in templates):
        return
    known = _known(subject)
    if known is None:
        return
    for path, uses in templates:
        for use in uses:
            hint = _missing(use, known)
            if hint is not None:
                start, end = use.span
                problem = f"'{use.name}' has no value in this monitor"
                yield Finding(path, problem, hint, Severity.WARNING, offset=start, length=end - start)


def _known(subject: Subject) -> Known | None:
    """None where the query does not say what there is."""
    if subject.query is not None:
        return Known(subject.tag_keys)
    from dd_sync.checks.variables_of_queries import known  # only monitors that are not metric ones pay for it

    return known(subject)


def _missing(use: VariableUse, known: Known) -> str | None:
    """What to write instead, None where the variable has a value."""
    keys = known.keys
    if use.name in known.given or use.path[0] in known.attributes:
        return None
    if use.name in keys:
        # Conditions may name the bare tag; shown, it is the tag's `.name` that has a value.
        return None if use.compared else f"write {{{{{_bracketed(use.name)}.name}}}}"
    tag = ".".join(use.path[:-1])
    if tag in keys and use.path[-1] == "name":
        return None
    if "host" in keys and use.path[0] == "host":
        return None  # a host brings its metadata and all its tags
    if tag in keys:
        return f"write {{{{{_bracketed(tag)}.name}}}}"
    near = _near(use, known)
    grouped = f"the monitor's tags are {', '.join(sorted(keys))}" if keys else "the monitor is not grouped"
    return f"did you mean {{{{{near}}}}}?" if near else grouped


def _near(use: VariableUse, known: Known) -> str | None:
    """The variable that was probably meant. That both end in `.name` makes no two tags alike."""
    if use.path[-1] != "name":
        return nearest(use.name, (*known.given, *(f"{key}.name" for key in known.keys)), likeness=0.7)
    tag = nearest(".".join(use.path[:-1]), known.keys)
    return tag and f"{tag}.name"


def _bracketed(key: str) -> str:
    return f"[{key}]" if "." in key else key
