"""What is remembered of a group between two evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dd_sync.model.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """One group of one monitor. Times are epoch seconds; None where it has not happened.

    since: the last change of state. evaluated_at: the last evaluation. first_seen: when data was first seen,
    anew after the group was forgotten. missing_since: the first evaluation without data of the present gap.
    value: what was compared last. first_triggered_at: when it left OK; last_triggered_at: the last change
    into any other state than OK; both stay after a recovery until the group leaves OK again.
    told: whether anybody was notified since it left OK. last_notified_at, renotified: the last notification
    of this trouble and how many renotifications the present state has had; renotify_at: when the next is due.
    together: the state of all the groups that are told of in one, the same in each; None where each is told
    of by itself.
    """

    state: State
    since: int
    evaluated_at: int
    first_seen: int
    missing_since: int | None = None
    value: float | None = None
    first_triggered_at: int | None = None
    last_triggered_at: int | None = None
    told: bool = False
    last_notified_at: int | None = None
    renotified: int = 0
    renotify_at: int | None = None
    together: GroupState | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "state": self.state.value,
            "together": None if self.together is None else self.together.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GroupState:
        """The opposite of to_json. Raises ValueError or TypeError for anything else."""
        together = data.get("together")
        return cls(
            **{
                **data,
                "state": State(data["state"]),
                "together": None if together is None else cls.from_json(together),
            }
        )
