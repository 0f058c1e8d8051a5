"""Rules over a catalog that has been read: one file each, whose name is the rule's id."""

from __future__ import annotations

from dd_sync.checks.run import run

__all__ = ["run"]
