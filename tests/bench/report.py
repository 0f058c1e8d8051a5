"""Results of a run as a table for people, and against another run's as a table for a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

# Two runs of the same code differ by this much on a shared machine; less is not called a change.
NOISE = 0.15


@dataclass(frozen=True, slots=True)
class Result:
    """One bar of one run. seconds: median, or MB of memory; None, like the ratio, if nothing was measured."""

    name: str
    against: str
    at_most: float
    ratio: float | None = None
    seconds: float | None = None
    baseline_seconds: float | None = None
    failure: str = ""
    unit: str = "s"

    @property
    def holds(self) -> bool:
        return self.ratio is not None and self.ratio <= self.at_most

    @property
    def verdict(self) -> str:
        if self.ratio is None:
            return f"not measured: {self.failure}"
        return "holds" if self.holds else "MISSED"

    def json(self) -> dict[str, Any]:
        return asdict(self)


def line(result: Result) -> str:
    """One line of the table that `make bench` prints while it goes."""
    measured = "-" if result.ratio is None else _number(result.ratio)
    cost = "" if result.seconds is None else f"{result.seconds:7.3f} {result.unit}"
    share = f"{measured:>6} x {result.against}"
    return f"{result.name:<36}{cost:>10}  {share:<32} bar {_number(result.at_most):>6}  {result.verdict}"


def comparison(before: Sequence[Result], after: Sequence[Result]) -> str:
    """Markdown: the ratios of two runs side by side. It informs; it judges nothing."""
    earlier = {result.name: result for result in before}
    rows = [
        "| bench | main | here | bar | |",
        "|---|---:|---:|---:|---|",
        *(_row(earlier.get(result.name), result) for result in after),
    ]
    return "\n".join(rows) + "\n"


def _row(before: Result | None, after: Result) -> str:
    was = before.ratio if before else None
    note = after.verdict if not after.holds else _change(was, after.ratio)
    return f"| {after.name} | {_times(was)} | {_times(after.ratio)} | {_number(after.at_most)} x | {note} |"


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{_number(ratio)} x"


def _number(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 1 else f"{ratio:.3f}"


def _change(was: float | None, now: float | None) -> str:
    if was is None or now is None or abs(now / was - 1) <= NOISE:
        return ""
    return f"{now / was - 1:+.0%}"
