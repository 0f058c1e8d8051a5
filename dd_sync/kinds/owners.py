"""Whose a live monitor is: other tools leave marks too, and two of them would undo each other's changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.model.ownership import CATALOG, RESERVED

# Kennel writes this as a line of the message, and finds its monitors by it.
_KENNEL = re.compile(r"\n?^[^\S\n]*-- Managed by kennel (\S+)[^\n]*$", re.MULTILINE)
_SAID = re.compile(r"\bmanaged (?:by|with|via|in|through) (terraform|opentofu|pulumi)\b", re.IGNORECASE)
_TOOLS = (
    "ansible",
    "cdktf",
    "cloudformation",
    "crossplane",
    "datadog-operator",
    "dogpush",
    "kennel",
    "opentofu",
    "pulumi",
    "terraform",
    "tofu",
)
_BY = re.compile(
    r"(?:managed|created|provisioned|deployed|generated|maintained|configured)[-_]?(?:by|with|via|from)"
    r"|manager|provisioner|source|origin|iac|tool|automation"
)
_YES = frozenset({"", "true", "yes", "1", "managed"})


@dataclass(frozen=True, slots=True)
class Owner:
    """name: `Terraform`, `kennel`, `the catalog payments`; mark: what on the monitor says so."""

    name: str
    mark: str


def owner(live: Mapping[str, Any], catalog: str) -> Owner | None:
    """Who else's marks a live monitor carries; None if nobody's but this catalog's."""
    for tag in live.get("tags") or ():
        if tag.startswith(CATALOG) and tag != CATALOG + catalog:
            return Owner(f"the catalog {tag.removeprefix(CATALOG)}", f"the tag {tag}")
        tool = _tool_of(tag)
        if tool is not None:
            return Owner(tool, f"the tag {tag}")
    message = str(live.get("message") or "")
    kennel = _KENNEL.search(message)
    if kennel is not None:
        return Owner("kennel", f"the line 'Managed by kennel {kennel[1]}' in its message")
    said = _SAID.search(message)
    return Owner(said[1].capitalize(), f"'{said[0]}' in its message") if said else None


def free_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags without this tool's and other tools' marks, each once."""
    return tuple(
        dict.fromkeys(
            tag for tag in tags if not tag.lower().startswith(RESERVED) and _tool_of(tag) is None and tag
        )
    )


def free_message(message: str) -> str:
    """The message without kennel's line: with it, kennel would go on writing and deleting the monitor."""
    return _KENNEL.sub("", message)


def _tool_of(tag: str) -> str | None:
    """The tool that a tag tells of: `managed_by:terraform`, `terraform:true`, `terraform-managed`."""
    key, _, value = tag.lower().partition(":")
    if value in _TOOLS and _BY.fullmatch(key):
        return _named(value)
    plain = key.replace("-", "").replace("_", "")
    for tool in _TOOLS:
        if plain in (tool, f"{tool}managed", f"managedby{tool}", f"by{tool}") and value in _YES:
            return _named(tool)
    return None


def _named(tool: str) -> str:
    return tool if tool in ("kennel", "dogpush", "datadog-operator") else tool.capitalize()
