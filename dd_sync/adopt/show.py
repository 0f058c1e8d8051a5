"""Drift and write-back for people and programs: text, Markdown, JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dd_sync.adopt.drift import SIDES, Difference, Drift, Drifted, Side
from dd_sync.adopt.write_back import Done, Left, Written
from dd_sync.plan.changes import FieldChange
from dd_sync.plan.markdown import COMMENT_LIMIT, plain_text
from dd_sync.plan.show import Style, plain
from dd_sync.plan.words import field_lines
from dd_sync.text import code_fence, within_line

_WORDS: dict[Side, str] = {
    "datadog": "edited in Datadog",
    "both": "changed in git and edited in Datadog",
    "git": "changed in git, not applied yet",
    "unknown": "differs; nothing tells on which side that came about",
}
_TOO_LONG = "This is too much for one comment; `dd-sync drift` shows all of it."
_STYLES = {"-": "old", "+": "new", "@": "dim"}
_INDENTED = ("  ", "    ", "      ")
# A diff in Markdown is coloured by what its lines begin with.
_FLUSH = ("", "", "")


def as_text(drift: Drift, written: Written | None = None, *, style: Style = plain) -> str:
    """As a diff reads: an edit in Datadog from what is declared to what is live, all else the other way."""
    lines = [_heading(drift)]
    for one in drift.drifted:
        lines.append(style(_title(one), "update"))
        for side in SIDES:
            lines += _side(one, side, style, _INDENTED)
    lines += [style(f"+ {key}: declared, and not in Datadog", "create") for key in drift.missing]
    lines += [
        style(f"- {within_line(key)} (monitor {number}): in Datadog, and no longer declared", "delete")
        for key, number in drift.undeclared
    ]
    if drift.is_none:
        lines.append("No drift: Datadog is as declared.")
    lines += [] if written is None else ["", *written_lines(written)]
    return "\n".join(lines)


def _heading(drift: Drift) -> str:
    counts = [f"{drift.count('datadog')} edited in Datadog", f"{drift.count('git')} changed in git"]
    counts += [f"{drift.count('both')} on both sides"]
    counts += [f"{drift.count('unknown')} of unknown origin"] if drift.count("unknown") else []
    counts += [f"{len(drift.missing)} not in Datadog"] if drift.missing else []
    counts += [f"{len(drift.undeclared)} no longer declared"] if drift.undeclared else []
    where = f"{within_line(drift.catalog)} on {within_line(drift.target)}"
    return f"Drift of {where}: {', '.join(counts)}, {drift.same} as declared"


def _title(one: Drifted) -> str:
    when = f", last written {within_line(one.live.modified, 40)}" if one.live.modified else ""
    return f"~ {one.declared.key} (monitor {one.live.id}{when})"


def _side(one: Drifted, side: Side, style: Style, indents: tuple[str, str, str]) -> Iterator[str]:
    """What one side changed. indents: of its heading, its fields, and the lines of a text."""
    changes = one.of(side)
    if not changes:
        return
    of_side, of_field, of_line = indents
    yield style(f"{of_side}{_WORDS[side]}: {_direction(side)}", "label")
    for change in changes:
        for mark, text in field_lines(_turned(change, side)):
            indent = of_field if mark == "field" else of_line
            styled = style(text, _STYLES[mark]) if mark in _STYLES else text
            yield indent + styled if text else ""


def _direction(side: Side) -> str:
    return "declared -> live" if side == "datadog" else "live -> declared"


def _turned(change: FieldChange, side: Side) -> FieldChange:
    if side != "datadog":
        return change
    return FieldChange(path=change.path, before=change.after, after=change.before)


def written_lines(written: Written) -> Iterator[str]:
    """What write-back did, and what is left to people."""
    for done in written.done:
        yield f"wrote {done.key} {done.path} into {done.where}"
    left: dict[tuple[str, str, str], list[str]] = {}
    for one in written.left:
        left.setdefault((one.key, str(one.where), one.why), []).append(one.path)
    for (key, where, why), paths in left.items():
        yield f"left {key} {', '.join(paths)} at {where}: {within_line(why)}"
    if not written.done and not written.left:
        yield "Nothing to write back."


def as_markdown(drift: Drift, written: Written | None = None, *, limit: int = COMMENT_LIMIT) -> str:
    """For an issue or a comment: nothing that comes from a monitor is read as Markdown there.

    What does not fit into `limit` characters is left out as a whole: first the fields, then the monitors.
    """
    for one in (_full, _titles, _counted):
        text = "\n".join([f"### {plain_text(_heading(drift))}", "", *one(drift, written)])
        if len(text) <= limit:
            break
    return text


def _full(drift: Drift, written: Written | None) -> Iterator[str]:
    for one in drift.drifted:
        shown = [line for side in SIDES for line in _side(one, side, plain, _FLUSH)]
        fence = code_fence("\n".join(shown))
        yield from (f"<details><summary>{plain_text(_title(one))}</summary>", "")
        yield from (f"{fence}diff", *shown, fence, "", "</details>", "")
    yield from _others(drift)
    yield from ("", *(f"- {plain_text(line)}" for line in written_lines(written))) if written else ()


def _titles(drift: Drift, _: Written | None) -> Iterator[str]:
    yield from (_TOO_LONG, "", *(f"- {plain_text(_title(one))}" for one in drift.drifted))
    yield from _others(drift)


def _counted(_: Drift, __: Written | None) -> Iterator[str]:
    yield _TOO_LONG


def _others(drift: Drift) -> Iterator[str]:
    for key in drift.missing:
        yield f"- {plain_text(key)}: declared, and not in Datadog"
    for key, number in drift.undeclared:
        yield f"- {plain_text(key)} (monitor {number}): in Datadog, and no longer declared"
    if drift.is_none:
        yield "No drift: Datadog is as declared."


def as_json(drift: Drift, written: Written | None = None) -> dict[str, Any]:
    """Stable keys; docs/adopt.md documents them."""
    answer: dict[str, Any] = {
        "catalog": drift.catalog,
        "target": drift.target,
        "counts": {**{side: drift.count(side) for side in SIDES}, "same": drift.same},
        "drifted": [
            {
                "key": one.declared.key,
                "name": one.declared.monitor.name,
                "id": one.live.id,
                "modified": one.live.modified,
                "fields": [_field(difference) for difference in one.differences],
            }
            for one in drift.drifted
        ],
        "missing": list(drift.missing),
        "undeclared": [{"key": key, "id": number} for key, number in drift.undeclared],
    }
    if written is not None:
        answer["written"] = [_place(done) for done in written.done]
        answer["left"] = [{**_place(left), "why": left.why} for left in written.left]
    return answer


def _field(one: Difference) -> dict[str, Any]:
    return {
        "path": one.change.path,
        "side": one.side,
        "live": one.change.before,
        "declared": one.change.after,
    }


def _place(one: Done | Left) -> dict[str, Any]:
    return {"key": one.key, "path": one.path, "where": str(one.where)}
