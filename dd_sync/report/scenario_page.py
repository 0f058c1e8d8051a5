"""Scenarios and their outcomes as one page of HTML: no scripts, nothing from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from importlib.resources import files

from dd_sync.evaluate.replay import Kind, Notification, Replay, Suppressed
from dd_sync.evaluate.select import TOTAL, group_of
from dd_sync.evaluate.series import Bytes, Ints
from dd_sync.evaluate.silence import silences_of
from dd_sync.report.picture import Expected, Picture, draw
from dd_sync.report.plot import relative_to
from dd_sync.report.result import Result
from dd_sync.scenarios.run import Failure, Outcome
from dd_sync.scenarios.show import pointed
from dd_sync.text import printable, within_line

# A passing scenario is looked at less closely than a failing one.
_GROUPS_PASSED, _GROUPS_FAILED = 4, 12
_MOST_TOLD = 20
_HATCH = (
    '<svg class="defs" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" y2="6"/></pattern></defs></svg>'
)


def page(results: Sequence[Result]) -> str:
    """The whole page. Each result needs its picture."""
    failed = [result for result in results if not result.passed]
    ordered = [*failed, *(result for result in results if result.passed)]
    style = (files("dd_sync.report") / "scenario_page.css").read_text("utf-8")
    title = f"{len(results) - len(failed)} passed, {len(failed)} failed"
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>dd-sync test: {title}</title><style>{style}</style></head><body>{_HATCH}",
        f'<header><h1>Scenarios</h1><p class="{"bad" if failed else "good"}">{title}</p></header><main>',
        *(_result(one, opened=not one.passed or len(results) == 1) for one in ordered),
        "</main></body></html>\n",
    ]
    return "".join(parts)


def _result(result: Result, *, opened: bool) -> str:
    verdict, style = ("ok", "good") if result.passed else ("FAILED", "bad")
    return (
        f'<details class="{style}"{" open" if opened else ""}><summary><b>{verdict}</b> '
        f"<code>{_safe(result.monitor)}</code> {_safe(result.name)} "
        f"<small>{_safe(result.file)}:{result.line}</small></summary>{result.picture}</details>\n"
    )


def section(outcome: Outcome) -> str:
    """What a page says of one scenario: what was not met, and a picture of each group it is about."""
    parts = [_failures(outcome.failures), *_notes(outcome)]
    if outcome.replay is not None:
        parts.extend(_groups(outcome, outcome.replay))
    return "".join(parts)


def _failures(failures: Sequence[Failure]) -> str:
    items = "".join(
        f"<li>{_safe(one.problem)} <small>{_safe(str(one.where))}</small>{_source(one)}"
        f"{f'<div><i>{_safe(one.hint)}</i></div>' if one.hint else ''}</li>"
        for one in failures
    )
    return f'<ul class="failures">{items}</ul>' if items else ""


def _source(failure: Failure) -> str:
    lines = "\n".join(html.escape(line) for line in pointed(failure))
    return f"<pre>{lines}</pre>" if lines else ""


def _notes(outcome: Outcome) -> Iterator[str]:
    yield from (f'<p class="note">{_safe(note)}</p>' for note in outcome.notes)


def _groups(outcome: Outcome, done: Replay) -> Iterator[str]:
    if not done.groups or not done.times.size:
        yield '<p class="note">no group had any data</p>'
        return
    expected = {expect.group for expect in outcome.scenario.form.expect}
    blamed = {failure.group for failure in outcome.failures}
    order = sorted(done.groups, key=lambda group: (group not in blamed, group not in expected))
    most = _GROUPS_PASSED if outcome.passed else _GROUPS_FAILED
    for group in order[:most]:
        yield _group(outcome, done, group)
    if len(order) > most:
        yield f'<p class="note">and {len(order) - most} more groups</p>'


def _group(outcome: Outcome, done: Replay, group: str) -> str:
    start = int(outcome.scenario.form.start.timestamp())
    own = [one for one in done.notifications if one.group == group]
    again = [one for one in own if one.kind is Kind.RENOTIFY]
    told = [one for one in own if one.kind is not Kind.RENOTIFY]
    held = [one for one in done.suppressed if one.group == group]
    keys = done.rule.keys
    silences = silences_of(keys, group_of(keys, group), outcome.silences)
    expected = _expected(outcome, group)
    picture = Picture(done, group, start, silences, expected, told[:_MOST_TOLD], _parts(outcome, group))
    name = "" if group == TOTAL else f"<figcaption>{_safe(group)}</figcaption>"
    words = "".join([*_told(told, again, start), *_held(held, start)])
    return f"<figure>{name}{draw(picture)}{words}</figure>"


def _parts(outcome: Outcome, group: str) -> list[tuple[str, Ints, Bytes]]:
    """The states of a composite's parts in that group, or of those that have but one."""
    found = ((str(key), part, _same_group(part, group)) for key, part in outcome.parts.items())
    return [(key, part.times, part.states[row]) for key, part, row in found if row is not None]


def _same_group(part: Replay, group: str) -> int | None:
    name = group if group in part.groups else TOTAL
    return part.groups.index(name) if name in part.groups else None


def _expected(outcome: Outcome, group: str) -> list[Expected]:
    """The times at which something is expected of a group, and whether it was met."""
    failed: dict[int, list[str]] = {}
    for failure in outcome.failures:
        for at, wanted in failure.missed(group):
            failed.setdefault(at, []).append(wanted)
    times = {
        at
        for expect in outcome.scenario.form.expect
        if expect.group in (None, group)
        for at, _ in expect.times()
    }
    return [
        Expected(at, at not in failed, " and ".join(dict.fromkeys(failed.get(at, ()))))
        for at in sorted({*times, *failed})
    ]


def _told(told: Sequence[Notification], again: Sequence[Notification], start: int) -> Iterator[str]:
    if told:
        items = "".join(
            f"<li><b>{relative_to(start, one.at)} {_safe(one.kind)}</b> "
            f"{_safe(', '.join(one.handles)) or 'nobody'}: {_safe(one.title)}"
            f"<blockquote>{_body(one.body)}</blockquote></li>"
            for one in told[:_MOST_TOLD]
        )
        yield f"<ol>{items}</ol>{_more(told)}"
    if again:
        times = ", ".join(relative_to(start, one.at) for one in again[:_MOST_TOLD])
        yield f'<p class="held">told again at {times}</p>{_more(again)}'


def _held(held: Sequence[Suppressed], start: int) -> Iterator[str]:
    if held:
        items = "".join(
            f"<li>{relative_to(start, one.at)} {_safe(one.kind)}: {_safe(one.reason)}</li>"
            for one in held[:_MOST_TOLD]
        )
        yield f'<p class="held">not told</p><ul class="held">{items}</ul>{_more(held)}'


def _more(listed: Sequence[object]) -> str:
    left = len(listed) - _MOST_TOLD
    return f'<p class="note">and {left} more</p>' if left > 0 else ""


def _body(text: str) -> str:
    """A message with its lines, but none that is empty."""
    lines = [line for line in printable(text).splitlines() if line.strip()]
    return html.escape("\n".join(within_line(line, 300) for line in lines[:12]))


def _safe(text: str, longest: int | None = None) -> str:
    return html.escape(within_line(printable(text), longest))
