"""The report on snoozes as text, as Markdown for a weekly issue, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dd_sync.snooze import words
from dd_sync.snooze.report import Report
from dd_sync.snooze.request import Snooze
from dd_sync.text import within_line

_MOST_ROWS = 20
_SPECIAL = re.compile(r"[\\*_\[\]|#`~<>&\"':]")
_HANDLE = re.compile(r"@\S+")


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def more(self) -> int:
        return max(0, len(self.rows) - _MOST_ROWS)


def as_text(report: Report) -> str:
    lines = [_heading(report), ""]
    for section in _sections(report):
        lines.append(f"{section.title}: {'none' if not section.rows else len(section.rows)}")
        if section.rows:
            table = words.table([section.head, *section.rows[:_MOST_ROWS]])
            lines += [f"  {line}" for line in table.splitlines()]
        lines += [f"  … and {section.more} more"] if section.more else []
        lines.append("")
    lines += [f"not known: {within_line(why)}" for why in report.unknown]
    return "\n".join(lines).rstrip()


def as_markdown(report: Report) -> str:
    """Nothing that stands in a snooze is read as Markdown, and no name in it mentions anybody."""
    lines = [f"### {_plain(_heading(report))}", ""]
    lines += [f"> Not known: {_plain(why)}\n" for why in report.unknown]
    for section in _sections(report):
        lines += [f"#### {_plain(section.title)}", ""]
        if not section.rows:
            lines += ["None.", ""]
            continue
        lines += [_row(section.head, str), f"|{' --- |' * len(section.head)}"]
        lines += [_row(row, _plain) for row in section.rows[:_MOST_ROWS]]
        lines += ["", f"… and {section.more} more.", ""] if section.more else [""]
    return "\n".join(lines).rstrip() + "\n"


def _row(cells: Sequence[str], shown: Callable[[str], str]) -> str:
    return f"| {' | '.join(shown(cell) or ' ' for cell in cells)} |"


def _plain(text: str) -> str:
    """Text that neither Markdown nor HTML reads as more; what looks like a handle becomes code."""
    text = _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", within_line(text, 300))
    return _HANDLE.sub(lambda found: f"<code>{found[0]}</code>", text)


def _heading(report: Report) -> str:
    return f"Snoozes of {report.catalog}, {words.moment(report.at)}"


def _sections(report: Report) -> list[_Section]:
    who = ("tenant", "left", "ends (UTC)", "by", "reason")
    return [
        _Section("Ending within a day", who, tuple(_snooze(one, report) for one in report.expiring)),
        _Section(
            "Longest",
            ("tenant", "length", "ends (UTC)", "by", "reason"),
            tuple(_long(one) for one in report.longest),
        ),
        _Section(
            "Silenced and triggered all the same",
            ("status", "monitor", "group", "by", "reason"),
            tuple(
                (one.status, one.monitor, one.group, one.snooze.owner, words.why(one.snooze))
                for one in report.firing
            ),
        ),
        _Section(
            "Silencing nothing: their groups no longer exist",
            who,
            tuple(_snooze(one, report) for one in report.gone),
        ),
        _often(f"Most snoozed tenants, last {report.days} days", "tenant", report.tenants),
        _often(f"Most snoozed monitors, last {report.days} days", "monitor", report.monitors),
        _Section("Exemptions ended or about to end", ("what",), tuple((text,) for text in report.exemptions)),
    ]


def _often(title: str, name: str, found: Sequence[Any]) -> _Section:
    rows = tuple((one.name, str(one.times), words.rough(one.silent)) for one in found)
    return _Section(title, (name, "snoozes", "silent for"), rows)


def _snooze(one: Snooze, report: Report) -> tuple[str, ...]:
    return words.what(one), words.left(one, report.at), _ends(one), one.owner, words.why(one)


def _long(one: Snooze) -> tuple[str, ...]:
    length = "no end" if one.length is None else words.rough(one.length)
    return words.what(one), length, _ends(one), one.owner, words.why(one)


def _ends(one: Snooze) -> str:
    return f"{one.end:%Y-%m-%d %H:%M}" if one.end else "never"


def as_json(report: Report, snooze: Callable[[Snooze], dict[str, Any]]) -> dict[str, Any]:
    """snooze: how one is shown, as `snooze list` does. Spans are seconds."""
    return {
        "catalog": report.catalog,
        "at": report.at.isoformat(),
        "days": report.days,
        "expiring": [snooze(one) for one in report.expiring],
        "longest": [snooze(one) for one in report.longest],
        "tenants": [_often_json(one) for one in report.tenants],
        "monitors": [_often_json(one) for one in report.monitors],
        "gone": [snooze(one) for one in report.gone],
        "firing": [
            {
                "monitor": one.monitor,
                "group": one.group,
                "status": one.status,
                "snooze": snooze(one.snooze),
            }
            for one in report.firing
        ],
        "exemptions": list(report.exemptions),
        "unknown": list(report.unknown),
    }


def _often_json(one: Any) -> dict[str, Any]:
    return {"name": one.name, "times": one.times, "silent": int(one.silent.total_seconds())}
