"""A plan and a report for people: text for a terminal, Markdown for a pull request, JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dd_sync.plan.changes import Change, Create, Delete, Plan, ResourceChange
from dd_sync.plan.markdown import as_markdown
from dd_sync.plan.report import Outcome, Report
from dd_sync.plan.words import MARKS, details, heading, title
from dd_sync.text import within_line

__all__ = [
    "Style",
    "as_json",
    "as_markdown",
    "as_text",
    "outcome_line",
    "plain",
    "report_json",
    "report_text",
    "summary",
]

# style(text, kind) colours text; kinds: create, update, adopt, replace, delete, label, old, new, dim.
Style = Callable[[str, str], str]
_LABEL_COLUMN = 62
_LINE_STYLES = {"-": "old", "+": "new", "@": "dim", "field": ""}


def plain(text: str, kind: str) -> str:
    """No colour."""
    return text


def as_text(
    plan: Plan, *, style: Style = plain, saved_as: str | None = None, being_applied: bool = False
) -> str:
    """The plan as a diff reads; no trailing white space.

    saved_as: the file it was written to. being_applied: how to apply it need not be told.
    """
    lines = [heading(plan)]
    for change in (*plan.changes, *plan.resources):
        lines += _block(change, style)
    lines += [style(f"note: {within_line(note)}".rstrip(), "label") for note in plan.notes]
    if plan.size and not being_applied:
        how = f"dd-sync apply --plan {within_line(saved_as)}" if saved_as else "dd-sync apply"
        lines.append(f"To apply: {how}   (fingerprint {plan.fingerprint})")
    elif not plan.size:
        lines.append("Nothing to do: Datadog is as declared.")
    return "\n".join(lines)


def _block(change: Change | ResourceChange, style: Style) -> Iterator[str]:
    head = f"{MARKS[change.action]} {title(change)}"
    if change.labels:
        pad = " " * max(_LABEL_COLUMN - len(head), 2)
        yield style(head, change.action) + pad + style(within_line(", ".join(change.labels)), "label")
    else:
        yield style(head, change.action)
    for mark, text in details(change):
        indent = "    " if mark == "field" else "      "
        styled = style(text, _LINE_STYLES[mark]) if _LINE_STYLES[mark] else text
        yield indent + styled if text else ""


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan for programs: stable keys, the full request bodies included.

    `{"catalog", "target", "fingerprint", "counts": {"create", "update", "adopt", "replace", "delete",
    "unchanged"}, "changes": [{"kind", "action", "key", "name", "id", "labels", "fields": [{"path",
    "before",
    "after"}], "body"}], "notes"}`; id is null for a create, body null for a delete.
    """
    return {
        "catalog": plan.catalog,
        "target": plan.target,
        "fingerprint": plan.fingerprint,
        "counts": {
            **{action: plan.count_all(action) for action in MARKS},
            "unchanged": plan.unchanged + plan.resources_unchanged,
        },
        "changes": [_change_json(change) for change in (*plan.changes, *plan.resources)],
        "notes": list(plan.notes),
    }


def _change_json(change: Change | ResourceChange) -> dict[str, Any]:
    fields = () if isinstance(change, (Create, Delete)) else change.fields
    return {
        "kind": change.kind if isinstance(change, ResourceChange) else "monitor",
        "action": change.action,
        "key": change.key,
        "name": change.name,
        "id": _id(change),
        "labels": list(change.labels),
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in fields],
        "body": None if isinstance(change, Delete) else change.body,
    }


def _id(change: Change | ResourceChange) -> int | str | None:
    if isinstance(change, ResourceChange):
        return change.id
    return None if isinstance(change, Create) else change.monitor_id


_DID_STYLES = {"created": "create", "adopted": "adopt", "updated": "update", "replaced": "replace"}


def outcome_line(outcome: Outcome, *, style: Style = plain) -> str:
    """One line of a report, fit for a running display: `created stream-rate (monitor 1042)`."""
    kind = _DID_STYLES.get(outcome.did, "delete" if outcome.did in ("deleted", "failed") else "dim")
    number = f" (monitor {outcome.monitor_id})" if outcome.monitor_id is not None else ""
    number = f" ({within_line(outcome.id, 80)})" if outcome.id is not None else number
    name = "" if outcome.kind == "monitor" else f"{outcome.kind} "
    why = f": {within_line(outcome.why)}" if outcome.why else ""
    return style(f"{outcome.did:9}", kind) + f" {name}{within_line(outcome.key)}{number}{why}"


def report_text(report: Report, *, style: Style = plain) -> str:
    """What apply did, failures last with what to do about them."""
    lines = [outcome_line(o, style=style) for o in report.outcomes if o.is_done]
    for outcome in (*report.skipped, *report.failed):
        lines.append(outcome_line(outcome, style=style))
        if outcome.hint:
            lines.append(f"          = {within_line(outcome.hint)}")
    return "\n".join([*lines, summary(report)])


def summary(report: Report) -> str:
    """One line: how many were done, failed and skipped, and whether Datadog is as planned now."""
    if all(outcome.did == "unchanged" for outcome in report.outcomes):
        return "Nothing to do: Datadog is as declared."
    counts = [f"{len(report.done)} done"]
    counts += [f"{len(report.failed)} failed"] if report.failed else []
    counts += [f"{len(report.skipped)} skipped"] if report.skipped else []
    text = ", ".join(counts)
    if report.differing:
        return (
            f"{text}; read again, these are not as planned: {', '.join(map(within_line, report.differing))}"
        )
    if report.unread:
        return f"{text}; could not be read again: {within_line(report.unread)}"
    return f"{text}; read again, Datadog is as planned" if report.is_complete else text


def report_json(report: Report) -> dict[str, Any]:
    """`{"outcomes": [{"kind", "key", "did", "id", "why", "hint"}], "differing", "unread", "complete"}`.

    differing: keys of monitors, and `dashboard streams` for what is none.
    """
    return {
        "outcomes": [
            {
                "kind": o.kind,
                "key": o.key,
                "did": o.did,
                "id": o.monitor_id if o.id is None else o.id,
                "why": o.why,
                "hint": o.hint,
            }
            for o in report.outcomes
        ],
        "differing": list(report.differing),
        "unread": report.unread,
        "complete": report.is_complete,
    }
