"""What a pull request is told: check, test and plan in one comment that always fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dd_sync.text import code_fence, within_line

# GitHub's limit for a comment, in characters; counted in bytes here, to be on the safe side of both readings.
COMMENT_LIMIT = 65_536
# What check and test may take of it; the plan has the rest.
_SECTION_LIMIT = 12_000


@dataclass(frozen=True, slots=True)
class Section:
    """title: `check`; verdict: `passed, 2 warnings`; details: one text per finding, shown whole or not
    at all; more: what to run for those that find no room.
    """

    title: str
    verdict: str
    passed: bool
    details: Sequence[str] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """markdown: the plan in at most so many characters; None with `why` where there is none.

    failed: whether there should have been one; then `why` is an error's text, else words of ours.
    """

    markdown: Callable[[int], str] | None
    why: str = ""
    failed: bool = False


def as_comment(name: str, sections: Sequence[Section], planned: Planned) -> str:
    """The comment as Markdown, in at most 65,536 bytes, beginning with the mark it is found by.

    name: of the catalog; two catalogs of one repository have a comment each.
    """
    mark = re.sub(r"[^\w.]+", "-", name)
    lines = [f"<!-- dd-sync report {mark} -->", ""]
    for section in sections:
        lines += _section(section)
    text = "\n".join(lines)
    return f"{text}\n{_plan(planned, COMMENT_LIMIT - _size(text) - 1)}"


def _section(section: Section) -> list[str]:
    heading = f"**{section.title}**: {section.verdict}"
    if not section.details:
        return [heading, ""]
    shown = _fitting(section.details)
    left = len(section.details) - len(shown)
    if left:
        shown = [*shown, f"… and {left} more: {section.more}"]
    text = "\n".join(shown)
    fence = code_fence(text)
    body = [f"{fence}text", text, fence]
    if section.passed:
        body = ["<details><summary>what it found</summary>", "", *body, "", "</details>"]
    return [heading, "", *body, ""]


def _fitting(details: Sequence[str]) -> list[str]:
    """As many as there is room for, whole ones only; of one that alone is too long, its first line."""
    shown: list[str] = []
    room = _SECTION_LIMIT
    for detail in details:
        text = detail if _size(detail) <= _SECTION_LIMIT else within_line(detail.split("\n", 1)[0], 300)
        room -= _size(text) + 1
        if room < 0:
            break
        shown.append(text)
    return shown


def _plan(planned: Planned, room: int) -> str:
    if planned.markdown is None:
        if not planned.failed:
            return f"**plan**: not made. {planned.why}\n"
        fence = code_fence(planned.why)
        return f"**plan**: failed\n\n{fence}text\n{planned.why}\n{fence}\n"
    limit = room
    while _size(text := planned.markdown(limit)) > room:
        # Letters beyond ASCII take more bytes than characters.
        limit = limit // 2
    return text


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
