"""A plan as a pull-request comment. Nothing that comes from a monitor is read as Markdown there, and no
handle in it mentions anybody."""

from __future__ import annotations

import re

from dd_sync.plan.changes import Change, Create, Plan, ResourceChange
from dd_sync.plan.words import details, heading
from dd_sync.text import code_fence, within_line

COMMENT_LIMIT = 65_536
_HANDLE = re.compile(r"@\S+")
_SPECIAL = re.compile(r"[\\*_\[\]|#`~<>&\"']")
_TOO_LONG = "The changes are too many for one comment; `dd-sync plan` shows them all."


def as_markdown(plan: Plan, *, limit: int = COMMENT_LIMIT) -> str:
    """The plan in at most `limit` characters, 1,000 or more.

    What does not fit is summarised, never cut: first the fields go, then the single changes.
    """
    for body in (_full, _titles):
        text = _comment(plan, body(plan))
        if len(text) <= limit:
            return text
    return _comment(plan, _counts(plan))


def _comment(plan: Plan, body: list[str]) -> str:
    closing = f"<sub>fingerprint `{plan.fingerprint}`</sub>\n"
    return "\n".join([f"### {plain_text(heading(plan))}", "", *body, closing])


def _full(plan: Plan) -> list[str]:
    lines = [f"> {plain_text(note)}\n" for note in plan.notes]
    for change in (*plan.changes, *plan.resources):
        shown = [text for _, text in details(change)]
        if not shown:
            lines += [f"- {_title(change)}", ""]
            continue
        fence = code_fence("\n".join(shown))
        lines += [f"<details><summary>{_title(change)}</summary>", "", f"{fence}diff", *shown, fence]
        lines += ["", "</details>", ""]
    return lines


def _titles(plan: Plan) -> list[str]:
    return [_TOO_LONG, "", *(f"- {_title(change)}" for change in (*plan.changes, *plan.resources)), ""]


def _counts(plan: Plan) -> list[str]:
    numbers: dict[str, int] = {}
    for change in (*plan.changes, *plan.resources):
        for label in change.labels:
            # Handles would make each of these labels another one.
            name = _HANDLE.sub("…", label)[:80]
            numbers[name] = numbers.get(name, 0) + 1
    most = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))[:10]
    return [_TOO_LONG, "", *(f"- {number} × {plain_text(label)}" for label, number in most), ""]


def _title(change: Change | ResourceChange) -> str:
    """In HTML, which is read the same inside <summary> and in a list."""
    before = f"{change.kind} " if isinstance(change, ResourceChange) else ""
    title = f"{change.action} {before}<code>{_escaped(within_line(change.key))}</code>"
    if isinstance(change, ResourceChange):
        title += f" (<code>{_escaped(within_line(change.id, 80))}</code>)" if change.id is not None else ""
    else:
        title += "" if isinstance(change, Create) else f" (monitor {change.monitor_id})"
    return title + (f" · <b>{plain_text(', '.join(change.labels))}</b>" if change.labels else "")


def plain_text(text: str) -> str:
    """Text that neither Markdown nor HTML reads as more; what looks like a handle becomes code."""
    text = _escaped(within_line(text))
    return _HANDLE.sub(lambda found: f"<code>{found[0]}</code>", text)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text)
