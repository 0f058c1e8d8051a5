"""A plan and a report for people: text for a terminal, Markdown for a pull request, JSON for programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from dd_sync.plan.changes import Change, Create, Delete, Plan, Replace, Update
from dd_sync.plan.report import Outcome, Report
from dd_sync.plan.words import field_lines, safe

# style(text, kind) colours text; kinds: create, update, replace, delete, label, old, new, dim.
Style = Callable[[str, str], str]
MARKS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
COMMENT_LIMIT = 65_536
_LABEL_COLUMN = 62
_LINE_STYLES = {"-": "old", "+": "new", "@": "dim", "field": ""}


def plain(text: str, kind: str) -> str:
    """No colour."""
    return text


def as_text(plan: Plan, *, style: Style = plain, saved_as: str | None = None) -> str:
    """The plan as a diff reads; no trailing white space. saved_as: the file it was written to."""
    lines = [heading(plan)]
    for change in plan.changes:
        lines += _block(change, style)
    lines += [style(f"note: {safe(note)}", "label") for note in plan.notes]
    if plan.changes:
        how = f"dd-sync apply --plan {safe(saved_as)}" if saved_as else "dd-sync apply"
        lines.append(f"To apply: {how}   (fingerprint {plan.fingerprint})")
    else:
        lines.append("Nothing to do: Datadog is as declared.")
    return "\n".join(lines)


def heading(plan: Plan) -> str:
    replaced = f"{plan.count('replace')} replace, " if plan.count("replace") else ""
    return (
        f"Plan for {safe(plan.catalog)} on {safe(plan.target)}: {plan.count('create')} create, "
        f"{plan.count('update')} update, {replaced}{plan.count('delete')} delete, {plan.unchanged} unchanged"
    )


def _block(change: Change, style: Style) -> Iterator[str]:
    title = f"{MARKS[change.action]} {safe(change.key)}"
    if not isinstance(change, Create):
        title += f" (monitor {change.monitor_id})"
    if change.labels:
        pad = " " * max(_LABEL_COLUMN - len(title), 2)
        yield style(title, change.action) + pad + style(safe(", ".join(change.labels)), "label")
    else:
        yield style(title, change.action)
    for mark, text in _details(change):
        indent = "    " if mark == "field" else "      "
        yield indent + (style(text, _LINE_STYLES[mark]) if _LINE_STYLES[mark] else text)


def _details(change: Change) -> Iterator[tuple[str, str]]:
    if isinstance(change, (Update, Replace)):
        for field in change.fields:
            yield from field_lines(field)


def as_markdown(plan: Plan, *, limit: int = COMMENT_LIMIT) -> str:
    """The plan as a pull-request comment of at most `limit` characters.

    Everything that comes from a monitor stands in code blocks, where no handle calls anybody. What does
    not fit is summarised: first the fields go, then the single changes.
    """
    full = [f"### {heading(plan)}", ""]
    full += [f"> **{_escaped(note)}**\n" for note in plan.notes]
    closing = [f"<sub>fingerprint `{plan.fingerprint}`</sub>", ""]
    for body in (_markdown_full(plan), _markdown_short(plan), _markdown_counts(plan)):
        text = "\n".join([*full, *body, *closing])
        if len(text) <= limit:
            break
    return text


def _markdown_full(plan: Plan) -> list[str]:
    lines: list[str] = []
    for change in plan.changes:
        title = f"{MARKS[change.action]} {_code(change.key)}"
        title += "" if isinstance(change, Create) else f" (monitor {change.monitor_id})"
        title += f" · **{_escaped(', '.join(change.labels))}**" if change.labels else ""
        details = [text if mark == "field" else f"{text}" for mark, text in _details(change)]
        if details:
            fence = _fence("\n".join(details))
            lines += [f"<details><summary>{_html(title)}</summary>", "", f"{fence}diff", *details, fence]
            lines += ["", "</details>", ""]
        else:
            lines += [f"- {title}", ""]
    return lines


def _markdown_short(plan: Plan) -> list[str]:
    lines = ["The fields are too many for one comment; `dd-sync plan` shows them.", ""]
    for change in plan.changes:
        labels = f" · {_escaped(', '.join(change.labels))}" if change.labels else ""
        lines.append(f"- {MARKS[change.action]} {_code(change.key)}{labels}")
    return [*lines, ""]


def _markdown_counts(plan: Plan) -> list[str]:
    risky: dict[str, int] = {}
    for change in plan.changes:
        for label in change.labels:
            # Handles would make each label another one.
            name = label.split(" @")[0]
            risky[name] = risky.get(name, 0) + 1
    lines = ["The changes are too many for one comment; `dd-sync plan` shows them.", ""]
    return [*lines, *(f"- {number} × {_escaped(label)}" for label, number in sorted(risky.items())), ""]


def _code(text: str) -> str:
    return "`" + safe(text).replace("`", "'") + "`"


def _html(title: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", title).replace("**", "")


def _escaped(text: str) -> str:
    """Plain text in Markdown; a handle becomes code, so that it mentions nobody."""
    text = re.sub(r"([\\*_\[\]<>|#`~])", r"\\\1", safe(text))
    return re.sub(r"(@\S+)", lambda found: "`" + found[1].replace("\\", "") + "`", text)


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan for programs: stable keys, the full request bodies included.

    `{"catalog", "target", "fingerprint", "counts": {"create", "update", "replace", "delete", "unchanged"},
    "changes": [{"action", "key", "name", "id", "labels", "fields": [{"path", "before", "after"}], "body"}],
    "notes"}`; id is null for a create, body null for a delete.
    """
    return {
        "catalog": plan.catalog,
        "target": plan.target,
        "fingerprint": plan.fingerprint,
        "counts": {**{action: plan.count(action) for action in MARKS}, "unchanged": plan.unchanged},
        "changes": [_change_json(change) for change in plan.changes],
        "notes": list(plan.notes),
    }


def _change_json(change: Change) -> dict[str, Any]:
    fields = change.fields if isinstance(change, (Update, Replace)) else ()
    return {
        "action": change.action,
        "key": change.key,
        "name": change.name,
        "id": None if isinstance(change, Create) else change.monitor_id,
        "labels": list(change.labels),
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in fields],
        "body": None if isinstance(change, Delete) else change.body,
    }


_DID_STYLES = {"created": "create", "adopted": "create", "updated": "update", "replaced": "replace"}


def outcome_line(outcome: Outcome, *, style: Style = plain) -> str:
    """One line of a report, fit for a running display: `created stream-rate (monitor 1042)`."""
    kind = _DID_STYLES.get(outcome.did, "delete" if outcome.did in ("deleted", "failed") else "dim")
    number = f" (monitor {outcome.monitor_id})" if outcome.monitor_id is not None else ""
    why = f": {safe(outcome.why)}" if outcome.why else ""
    return style(f"{outcome.did:9}", kind) + f" {safe(outcome.key)}{number}{why}"


def report_text(report: Report, *, style: Style = plain) -> str:
    """What apply did, failures last with what to do about them."""
    lines = [outcome_line(o, style=style) for o in report.outcomes if o.is_done]
    for outcome in (*report.skipped, *report.failed):
        lines.append(outcome_line(outcome, style=style))
        if outcome.hint:
            lines.append(f"          = {safe(outcome.hint)}")
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
        return f"{text}; read again, these are not as planned: {', '.join(map(safe, report.differing))}"
    if report.unread:
        return f"{text}; could not be read again: {safe(report.unread)}"
    return f"{text}; read again, Datadog is as planned" if report.is_complete else text


def report_json(report: Report) -> dict[str, Any]:
    """`{"outcomes": [{"key", "did", "id", "why", "hint"}], "differing": [key], "unread", "complete"}`."""
    return {
        "outcomes": [
            {"key": o.key, "did": o.did, "id": o.monitor_id, "why": o.why, "hint": o.hint}
            for o in report.outcomes
        ],
        "differing": list(report.differing),
        "unread": report.unread,
        "complete": report.is_complete,
    }
