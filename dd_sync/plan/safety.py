"""Limits on what one apply may delete or update; beyond them it must be asked for by number."""

from __future__ import annotations

from dataclasses import dataclass

from dd_sync.errors import UnsafePlan
from dd_sync.plan.changes import Plan


@dataclass(frozen=True, slots=True)
class Limits:
    """deletes: monitors, and downtimes and dashboards alike; deletes_percent, updates_percent: 0 to 100, of
    what the catalog owns in Datadog.

    Percentages are compared as they are, never rounded, and small catalogs are not exempt: with the
    default, deleting one of two monitors is 50 % and wants `--allow-deletes 1`.
    """

    deletes: int = 5
    deletes_percent: float = 30
    updates_percent: float = 50


def check_limits(
    plan: Plan, limits: Limits, *, allow_deletes: int | None = None, allow_updates: int | None = None
) -> None:
    """Raises UnsafePlan if the plan goes past a limit. A replacement counts as a delete.

    allow_deletes, allow_updates: that many are asked for, instead of the limit.
    """
    deletes = plan.count_all("delete") + plan.count("replace")
    updates = plan.count_all("update")
    owned = plan.owned + plan.resources_owned
    what = "monitors" if not plan.resources else "monitors, downtimes and dashboards"
    share = _percent(deletes, owned)
    past = deletes > limits.deletes or share > limits.deletes_percent
    if _refused(deletes, allow_deletes, past):
        raise UnsafePlan(
            f"{deletes} of {owned} {what} deleted, limit "
            + _limit(f"{limits.deletes} ({share:.4g} %, limit {limits.deletes_percent:g} %)", allow_deletes),
            hint=f"if that is meant, say so: --allow-deletes {deletes}",
        )
    share = _percent(updates, owned)
    if _refused(updates, allow_updates, share > limits.updates_percent):
        raise UnsafePlan(
            f"{updates} of {owned} {what} updated ({share:.4g} %), limit "
            + _limit(f"{limits.updates_percent:g} %", allow_updates),
            hint=f"if that is meant, say so: --allow-updates {updates}",
        )


def _refused(count: int, allowed: int | None, past: bool) -> bool:
    return past if allowed is None else count > allowed


def _percent(count: int, owned: int) -> float:
    # A plan is a file: one that changes monitors and says that there are none is not to be believed.
    return 100 * count / max(owned, count) if count else 0.0


def _limit(limit: str, allowed: int | None) -> str:
    return limit if allowed is None else f"{allowed} as allowed"
