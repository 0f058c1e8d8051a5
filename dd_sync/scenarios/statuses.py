"""Statuses of a service check, one run after another: `ok*10 critical*3 _ ok`."""

from __future__ import annotations

import re

from dd_sync.catalog.complaints import did_you_mean
from dd_sync.errors import Unfit
from dd_sync.evaluate.sources import Status

MOST_RUNS = 100_000
_ITEM = re.compile(r"\S+")
_STATUS = re.compile(r"(?P<name>[A-Za-z_]+)(?:\*(?P<times>[0-9]{1,9}))?")
_NAMES: dict[str, Status | None] = {**{status.name.lower(): status for status in Status}, "_": None}


def read_statuses(text: str) -> tuple[Status | None, ...]:
    """The status of each run, None for a run that did not come.

    `ok*10` is ten of them. Raises Unfit with the offset of what is wrong.
    """
    found: list[Status | None] = []
    for item in _ITEM.finditer(text):
        status = _STATUS.fullmatch(item.group())
        at, shown = item.start(), item.group()[:40]
        if status is None or status["name"] not in _NAMES:
            name = re.split(r"\*|x[0-9]", shown)[0]
            raise Unfit(
                f"'{shown}' is no status",
                hint=did_you_mean(name, [each for each in _NAMES if each != name])
                or "write ok, warning, critical, unknown or _ for none, as in ok*10 critical*3",
                offset=at,
                length=len(item.group()),
            )
        times = int(status["times"] or 1)
        if len(found) + times > MOST_RUNS:
            problem = f"more than {MOST_RUNS:,} runs of one check"
            raise Unfit(problem, hint="use a longer interval", offset=at, length=len(item.group()))
        found.extend([_NAMES[status["name"]]] * times)
    return tuple(found)
