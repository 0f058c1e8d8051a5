"""A monitor that wakes somebody up and does not say what to do: the policy asks for a link."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject
from dd_sync.errors import Severity

_LINK = re.compile(r"https?://[^\s/]")


def check(subject: Subject) -> Iterator[Finding]:
    level = subject.declared.level
    if level is None or level not in subject.catalog.policy.runbook_levels:
        return
    if not _LINK.search(subject.catalog.own_message(subject.declared)):
        problem = f"a monitor of level {level} without a link to a runbook"
        hint = "put the https:// address of what to do into the message; policy.runbook_levels asks for it"
        yield Finding(("message",), problem, hint, Severity.WARNING, key=True)
