"""A monitor without a tag that the catalog's policy requires."""

from __future__ import annotations

from collections.abc import Iterator

from dd_sync.checks.finding import Finding, Subject


def check(subject: Subject) -> Iterator[Finding]:
    required = subject.catalog.policy.required_tags
    if not required:
        return
    present = {tag.partition(":")[0] for tag in subject.own_tags if not tag.endswith(":")}
    for key in required:
        if key not in present:
            problem = f"'{subject.declared.key}' has no tag '{key}'"
            yield Finding(
                ("tags",), problem, f"add {key}:… to its tags, or to the file's `defaults:`", key=True
            )
