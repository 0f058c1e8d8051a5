"""`anomalies()`, `outliers()` and `forecast()`: Datadog publishes what they are for, not how they count.

What is worked out here is an approximation by the same idea; docs/semantics.md says which. Every result of
theirs carries the note APPROXIMATION.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.evaluate import functions
from dd_sync.evaluate.aggregate import default_step
from dd_sync.evaluate.bands import MOST_SEASONS, SPREADS
from dd_sync.evaluate.calls import calls_in, constant, default_of, is_shift, word
from dd_sync.evaluate.support import ALGORITHMS, reading_of
from dd_sync.evaluate.unsupported import Unsupported, unsupported
from dd_sync.query.nodes import Call, Expression, MetricAlert, Node
from dd_sync.query.tools import metrics_in
from dd_sync.timeframe import parse_duration

APPROXIMATION = (
    "approximation: Datadog does not publish how {name}() counts; docs/semantics.md says what stands in"
)
_SEASONS = {"hourly": 3600, "daily": 86400, "weekly": 604800}
_METHODS = {
    "anomalies": ("basic", "agile", "robust"),
    "outliers": ("dbscan", "scaleddbscan", "mad", "scaledmad"),
    "forecast": ("linear", "seasonal"),
}
_KEYWORDS = {
    "anomalies": ("direction", "alert_window", "interval", "count_default_zero", "seasonality", "timezone"),
    "outliers": (),
    "forecast": ("interval", "history", "model", "seasonality", "timezone"),
}
_WEEK = 604800
# Buckets that one evaluation of one group may look back; more would take minutes.
_MOST_BUCKETS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """One of them, and how it is asked for. All times are in seconds.

    bound: deviations, or the tolerance. share: percent of outlying points that make an outlier. step: the
    length of a bucket. trigger, recovery: how much of the past is judged. season: how long one is, 0 for
    none. recent: how much of the past shows a new level. history: how far back it looks; ahead: how far
    forward, and upper: at the band's upper edge. zero: a missing count is 0.
    """

    call: Call
    name: str
    method: str
    bound: float
    step: int
    trigger: int
    recovery: int
    history: int
    share: float = 20.0
    direction: str = "both"
    season: int = 0
    recent: int = 0
    ahead: int = 0
    model: str = "default"
    zero: bool = False
    upper: bool = True

    @property
    def inner(self) -> Expression:
        return self.call.arguments[0]

    @property
    def lookback(self) -> int:
        return self.history + max(self.trigger, self.recovery) + 2 * self.step


def algorithm_of(text: str, alert: MetricAlert, options: Mapping[str, Any]) -> Algorithm | None:
    """The algorithm that is the whole of a query's expression, None if it is none.

    Raises Unsupported at what is not evaluated here.
    """
    call = alert.expression
    if not isinstance(call, Call) or call.name not in ALGORITHMS:
        if options.get("threshold_windows"):
            path = ("options", "threshold_windows")
            raise Unsupported("threshold_windows go with anomalies() only", hint="leave them out", path=path)
        return None
    return _Reader(text, alert, call, options).read()


class _Reader:
    def __init__(self, text: str, alert: MetricAlert, call: Call, options: Mapping[str, Any]) -> None:
        self._text, self._alert, self._call, self._options = text, alert, call, options
        self._keywords = {keyword.name: keyword.value for keyword in call.keywords}

    def read(self) -> Algorithm:
        name = self._call.name
        method = word(self._argument(1)).lower()
        if method not in _METHODS[name]:
            raise self._error(self._call, f"{name}() by '{method}'", f"use {', '.join(_METHODS[name])}")
        if unknown := sorted(self._keywords.keys() - set(_KEYWORDS[name])):
            raise self._error(self._call, f"{name}() with '{unknown[0]}'")
        if self._call.modifiers or self._alert.aggregation.change is not None:
            raise self._error(self._call, f"{name}() within a change or with a modifier")
        self._refuse_inner()
        read = {"anomalies": self._anomalies, "outliers": self._outliers, "forecast": self._forecast}[name]
        found = read(method)
        if found.lookback > _MOST_BUCKETS * found.step:
            raise self._error(
                self._call, f"{name}() over more than {_MOST_BUCKETS:,} buckets", "use a longer interval"
            )
        return found

    def _error(
        self, node: Node, problem: str, hint: str = "docs/semantics.md lists what is evaluated"
    ) -> Unsupported:
        return unsupported(self._text, node, f"{problem} is not evaluated here", hint)

    def _argument(self, index: int) -> Expression:
        if len(self._call.arguments) <= index:
            raise self._error(self._call, f"{self._call.name}() with so few arguments")
        return self._call.arguments[index]

    def _bound(self) -> float:
        bound = constant(self._argument(2))
        if bound is None or not 0 < bound <= 1e6:
            raise self._error(self._argument(2), "this bound", "write a number above 0")
        return bound

    def _refuse_inner(self) -> None:
        """Inside are buckets that stand alone: no function of it looks at the ones before."""
        for call in calls_in(self._argument(0)):
            alone = call.name in functions.POINTWISE or call.name in functions.PAIRWISE or is_shift(call)
            if not alone and call.name != "throughput" and default_of(call) is None:
                raise self._error(call, f"{call.name}() inside {self._call.name}()")
        for metric in metrics_in(self._argument(0)):
            try:
                fill = reading_of(metric).fill
            except ValueError:
                continue  # said at its place when the metric itself is looked at
            if fill is not None and fill[0] in ("linear", "last"):
                raise self._error(metric, f".fill({fill[0]}) inside {self._call.name}()")

    # --- windows and words ----------------------------------------------------------------------

    def _seconds(self, name: str, otherwise: int) -> int:
        """`interval=60`, `interval='60m'`, `history='1w'` or `alert_window='last_15m'`."""
        value = self._keywords.get(name)
        if value is None:
            return otherwise
        number = constant(value)
        if number is not None and number >= 1 and number == int(number):
            return int(number)
        return self._duration(name, word(value), value)

    def _duration(self, name: str, text: str, node: Node) -> int:
        try:
            return int(parse_duration(re.sub(r"^last_", "", text)).total_seconds())
        except ValueError:
            raise self._error(
                node, f"this {name}", "write it as in last_15m, 60m or a number of seconds"
            ) from None

    def _word(self, name: str, known: tuple[str, ...], otherwise: str) -> str:
        value = self._keywords.get(name)
        if value is None:
            return otherwise
        if word(value) not in known:
            raise self._error(value, f"this {name}", f"use {', '.join(known)}")
        return word(value)

    def _step(self, otherwise: int) -> int:
        """The rollup of the metrics inside, which are all the same, else the interval."""
        for metric in metrics_in(self._argument(0)):
            try:
                if own := reading_of(metric).step:
                    return own
            except ValueError:
                continue
        return self._seconds("interval", otherwise)

    def _window(self) -> int:
        return int(self._alert.aggregation.window.length.total_seconds())

    # --- the three ------------------------------------------------------------------------------

    def _anomalies(self, method: str) -> Algorithm:
        if self._alert.aggregation.window.kind != "last" or self._alert.aggregation.method != "avg":
            raise self._error(
                self._alert.aggregation, "anomalies() under this aggregation", "write avg(last_4h):"
            )
        step = self._step(60)
        given = self._options.get("threshold_windows")
        windows = given if isinstance(given, Mapping) else {}
        trigger = self._option(windows, "trigger_window", self._seconds("alert_window", self._window()))
        season = _SEASONS[self._word("seasonality", tuple(_SEASONS), "weekly")] if method != "basic" else 0
        return Algorithm(
            call=self._call,
            name="anomalies",
            method=method,
            bound=self._bound(),
            step=step,
            trigger=max(trigger, step),
            recovery=max(self._option(windows, "recovery_window", trigger), step),
            history=_history(method, season, self._window()),
            direction=self._word("direction", ("above", "below", "both"), "both"),
            season=season // step * step,
            recent=max(self._window(), step),
            zero=self._word("count_default_zero", ("true", "false"), "false") == "true",
        )

    def _option(self, windows: Mapping[str, Any], name: str, otherwise: int) -> int:
        value = windows.get(name)
        return otherwise if value is None else self._duration(name, str(value), self._call)

    def _outliers(self, method: str) -> Algorithm:
        if self._alert.aggregation.window.kind != "last":
            raise self._error(
                self._alert.aggregation.window, "outliers() over this window", "use last_30m or the like"
            )
        share = constant(self._call.arguments[3]) if len(self._call.arguments) > 3 else 20.0
        if share is None or not 0 <= share <= 100:
            raise self._error(self._call, "this share of outlying points", "write 0 to 100")
        window = self._window()
        return Algorithm(
            call=self._call,
            name="outliers",
            method=method,
            bound=self._bound(),
            share=share,
            step=self._step(default_step(window)),
            trigger=window,
            recovery=window,
            history=0,
        )

    def _forecast(self, method: str) -> Algorithm:
        if self._alert.aggregation.window.kind != "next" or self._alert.aggregation.method not in (
            "max",
            "min",
        ):
            hint = "write max(next_1w): or min(next_1w):"
            raise self._error(self._alert.aggregation, "forecast() under this aggregation", hint)
        step = self._step(3600)
        season = _SEASONS[self._word("seasonality", tuple(_SEASONS), "weekly")] // step * step
        return Algorithm(
            call=self._call,
            name="forecast",
            method=method,
            bound=self._bound(),
            step=step,
            trigger=0,
            recovery=0,
            history=MOST_SEASONS * season if method == "seasonal" else self._seconds("history", _WEEK),
            season=season if method == "seasonal" else 0,
            ahead=self._window(),
            upper=self._alert.aggregation.method == "max",
            model=self._word("model", ("default", "simple", "reactive"), "default"),
        )


def _history(method: str, season: int, recent: int) -> int:
    """Seconds: what a band is made of, for each bucket of the season whose spread it takes."""
    if method == "basic":
        return recent
    back = 2 * season + recent if method == "agile" else (1 + MOST_SEASONS) * season
    return back + season // SPREADS
