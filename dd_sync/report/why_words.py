"""A value against its thresholds, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dd_sync.evaluate.rule import Thresholds
from dd_sync.message.fill import format_number
from dd_sync.model.state import State

# Past a threshold, by comparator.
PAST = {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def by_value(bounds: Thresholds, value: float) -> State:
    """The state that the value alone asks for."""
    past = PAST[bounds.comparator]
    if past(value, bounds.critical):
        return State.ALERT
    return State.WARN if bounds.warning is not None and past(value, bounds.warning) else State.OK


def relation(bounds: Thresholds, state: State) -> str:
    sign, critical = bounds.comparator, format_number(bounds.critical)
    if state is State.ALERT:
        return f"{sign} {critical}, the critical threshold"
    if bounds.warning is None:
        return f"not {sign} {critical}, the critical threshold"
    warning = format_number(bounds.warning)
    if state is State.WARN:
        return f"{sign} {warning}, the warning threshold, and not {sign} {critical}, the critical one"
    return f"not {sign} {warning}, the warning threshold"


def listed(texts: Sequence[str]) -> str:
    return " and ".join((", ".join(texts[:-1]), texts[-1])) if len(texts) > 1 else "".join(texts)
