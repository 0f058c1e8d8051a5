"""The rules about queries, thresholds and options that a person wrote."""

from __future__ import annotations

from types import ModuleType

from dd_sync.checks import (
    as_count_aggregation,
    composite_parts,
    count_ratio,
    division_by_zero,
    evaluation_delay,
    missing_data_conflict,
    no_data_timeframe,
    recovery_overlap,
    recovery_side,
    renotify,
    service_check_last,
    threshold_mismatch,
    unreachable_threshold,
    warning_side,
    window_for_type,
)

RULES: tuple[ModuleType, ...] = (
    as_count_aggregation,
    composite_parts,
    count_ratio,
    division_by_zero,
    evaluation_delay,
    missing_data_conflict,
    no_data_timeframe,
    recovery_overlap,
    recovery_side,
    renotify,
    service_check_last,
    threshold_mismatch,
    unreachable_threshold,
    warning_side,
    window_for_type,
)
