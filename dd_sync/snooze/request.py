"""A snooze as a downtime, and a downtime read back as a snooze. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dd_sync.errors import RequestError
from dd_sync.model.downtime import Downtime
from dd_sync.model.ownership import CATALOG, MANAGED, SNOOZABLE
from dd_sync.model.said import said
from dd_sync.snooze.tenants import check_tenant
from dd_sync.timeframe import format_duration

# No snooze lasts longer, whoever gives whatever reason.
LONGEST = timedelta(days=31)
# How far ahead one can be set to begin.
FURTHEST = timedelta(days=92)
# The first line of the message; who can read Datadog can tell a snooze from other downtimes by it.
_MARK = "dd-sync snooze · catalog "
_LONGER = "longer than policy"
_LENGTHS = {"reason": 500, "owner": 80, "ticket": 80, "reason to go past the policy": 500}


@dataclass(frozen=True, slots=True)
class Policy:
    """longest: how long a snooze may silence in all, extensions included. longer_because: why this one may
    go past it; None if it may not."""

    longest: timedelta
    longer_because: str | None = None

    def exceeds(self, length: timedelta) -> bool:
        """Whether a snooze of this length goes past the policy. Raises RequestError if it may not."""
        if length > LONGEST:
            raise RequestError(
                f"a snooze of {format_duration(length)} is longer than any may be "
                f"({format_duration(LONGEST)})",
                hint="what is silent for longer is an exemption in the catalog, with a date",
            )
        if length <= self.longest:
            return False
        if self.longer_because is None:
            bound = format_duration(self.longest)
            raise RequestError(
                f"a snooze of {format_duration(length)} is longer than the policy allows ({bound})",
                hint=f"at most --for {bound}, or say why with --longer-than-policy REASON; "
                "the bound is policy.snooze.longest in catalog.yaml",
            )
        return True

    def marked(self, message: str, length: timedelta) -> str:
        """The message of a snooze of this length, with the reason if it goes past the policy."""
        if not self.exceeds(length):
            return message
        kept = [line for line in message.split("\n") if not line.startswith(f"{_LONGER}: ")]
        said = _said("reason to go past the policy", self.longer_because or "")
        return "\n".join([*kept, f"{_LONGER}: {said}"])


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
    longer_because: str | None = None
    canceled: datetime | None = None

    @property
    def scope(self) -> str:
        return f"{self.tenant_tag}:{self.tenant}"

    @property
    def length(self) -> timedelta | None:
        """From its start to its end; None if it has no end, since somebody took it away in Datadog."""
        return self.end - self.start if self.start and self.end else None

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
    policy: Policy,
    catalog: str,
    tenant_tag: str,
    start: datetime | None = None,
    ticket: str | None = None,
    monitor_id: int | None = None,
) -> Downtime:
    """The downtime that silences one tenant from `start`, None for now on, until the duration ends.

    monitor_id: only this monitor, else all that may be snoozed: those that carry the catalog's tags and the
    one that protected monitors lack. Raises RequestError.
    """
    scope = check_tenant(tenant, tenant_tag)
    if duration < timedelta(minutes=1):
        raise RequestError(
            f"a snooze of {format_duration(duration)} is too short", hint="at least 1m; e.g. --for 2h"
        )
    if start is not None and start - now > FURTHEST:
        raise RequestError(
            f"a snooze that begins in {format_duration(start - now)} is planned too far ahead",
            hint=f"at most {format_duration(FURTHEST)} ahead; later ones are declared under downtimes:",
        )
    lines = [f"{_MARK}{catalog}", f"owner: {_said('owner', owner)}", f"reason: {_said('reason', reason)}"]
    if ticket is not None:
        lines.append(f"ticket: {_said('ticket', ticket)}")
    begin = (start or now).astimezone(UTC)
    return Downtime(
        scope=scope,
        monitor_id=monitor_id,
        monitor_tags=() if monitor_id is not None else (MANAGED, CATALOG + catalog, SNOOZABLE),
        start=begin.replace(microsecond=0) if start else None,
        end=(begin + duration).replace(microsecond=0),
        message=policy.marked("\n".join(lines), duration),
        # Who still burns when it ends is told again, however it ends.
        notify_end_types=("canceled", "expired"),
    )


def _said(what: str, text: str) -> str:
    return said(what, text, _LENGTHS[what])


def read_snooze(downtime: Downtime) -> Snooze | None:
    """The snooze that a downtime is; None for anybody else's downtime, recurring ones included."""
    first, _, rest = downtime.message.partition("\n")
    tenant_tag, colon, tenant = downtime.scope.partition(":")
    if not first.startswith(_MARK) or downtime.recurring or not colon:
        return None
    said = {
        name: value for name, found, value in (line.partition(": ") for line in rest.split("\n")) if found
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
        longer_because=said.get(_LONGER),
        canceled=downtime.canceled,
    )
