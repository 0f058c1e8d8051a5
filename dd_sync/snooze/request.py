"""A snooze as a downtime, and a downtime read back as a snooze. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dd_sync.errors import RequestError
from dd_sync.model.downtime import Downtime
from dd_sync.model.ownership import CATALOG, MANAGED, SNOOZABLE
from dd_sync.snooze.tenants import SHOWN, check_tenant
from dd_sync.text import first_unseen, within_line
from dd_sync.timeframe import format_duration

# The first line of the message; who can read Datadog can tell a snooze from other downtimes by it.
_MARK = "dd-sync snooze · catalog "
_LONGEST = {"reason": 500, "owner": 80, "ticket": 80}
_EMAIL = re.compile(r"\S+@\S+\.\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """A snooze as Datadog has it. start, end: UTC; monitor_id: None where it covers all it may."""

    id: str
    catalog: str
    tenant_tag: str
    tenant: str
    owner: str
    reason: str
    ticket: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    monitor_id: int | None = None
    status: str = ""

    def left(self, now: datetime) -> timedelta:
        """How long it still lasts; zero if it is over."""
        return max(self.end - now, timedelta()) if self.end else timedelta()


def request_snooze(
    tenant: str,
    *,
    duration: timedelta,
    now: datetime,
    reason: str,
    owner: str,
    longest: timedelta,
    catalog: str,
    tenant_tag: str,
    ticket: str | None = None,
    monitor_id: int | None = None,
) -> Downtime:
    """The downtime that silences one tenant from now on, until the duration ends.

    longest: the policy's bound. monitor_id: only this monitor, else all that may be snoozed: those that
    carry the catalog's tags and the one that protected monitors lack. Raises RequestError.
    """
    scope = check_tenant(tenant, tenant_tag)
    _check_duration(duration, longest)
    lines = [f"{_MARK}{catalog}", f"owner: {_said('owner', owner)}", f"reason: {_said('reason', reason)}"]
    if ticket is not None:
        lines.append(f"ticket: {_said('ticket', ticket)}")
    end = (now.astimezone(UTC) + duration).replace(microsecond=0)
    return Downtime(
        scope=scope,
        monitor_id=monitor_id,
        monitor_tags=() if monitor_id is not None else (MANAGED, CATALOG + catalog, SNOOZABLE),
        start=None,
        end=end,
        message="\n".join(lines),
        # Who still burns when it ends is told again, however it ends.
        notify_end_types=("canceled", "expired"),
    )


def _check_duration(duration: timedelta, longest: timedelta) -> None:
    if duration < timedelta(minutes=1):
        raise RequestError(
            f"a snooze of {format_duration(duration)} is too short", hint="at least 1m; e.g. --for 2h"
        )
    if duration > longest:
        bound = format_duration(longest)
        raise RequestError(
            f"a snooze of {format_duration(duration)} is longer than the policy allows ({bound})",
            hint=f"at most --for {bound}; the bound is policy.snooze.longest in catalog.yaml",
        )


def _said(what: str, text: str) -> str:
    """The text as it may stand in a downtime's message. Raises RequestError if it may not."""
    text = text.strip()
    if not text:
        raise RequestError(f"the {what} is empty", hint=f"every snooze has a {what}")
    if _EMAIL.search(text):
        raise RequestError(f"the {what} holds an e-mail address", hint="a name or handle is enough")
    if "@" in text:
        raise RequestError(
            f"the {what} holds an @: '{within_line(text, SHOWN)}'",
            hint="Datadog would notify whoever it names; write the name without it",
        )
    if first_unseen(text) is not None:
        raise RequestError(
            f"the {what} holds a line break or an invisible character", hint="write it as one plain line"
        )
    if len(text) > _LONGEST[what]:
        raise RequestError(
            f"the {what} has {len(text)} characters", hint=f"at most {_LONGEST[what]}; link to the rest"
        )
    return text


def read_snooze(downtime: Downtime) -> Snooze | None:
    """The snooze that a downtime is; None for anybody else's downtime, recurring ones included."""
    first, _, rest = downtime.message.partition("\n")
    tenant_tag, colon, tenant = downtime.scope.partition(":")
    if not first.startswith(_MARK) or downtime.recurring or not colon:
        return None
    said = {
        name: value for name, found, value in (line.partition(": ") for line in rest.splitlines()) if found
    }
    return Snooze(
        id=downtime.id,
        catalog=first.removeprefix(_MARK).strip(),
        tenant_tag=tenant_tag,
        tenant=tenant,
        owner=said.get("owner", ""),
        reason=said.get("reason", ""),
        ticket=said.get("ticket"),
        start=downtime.start,
        end=downtime.end,
        monitor_id=downtime.monitor_id,
        status=downtime.status,
    )
