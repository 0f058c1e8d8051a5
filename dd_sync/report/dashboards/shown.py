"""What the widgets of a dashboard show, worked out from the scenarios; pages and texts are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dd_sync.evaluate.series import Floats, Ints
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import SNOOZABLE
from dd_sync.report.dashboards.asked import Json
from dd_sync.report.dashboards.scenes import Scene, Stage
from dd_sync.report.plot import Bound


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """times: int64 [T], where buckets begin; values: float64 [T], NaN without data. style: as display_type.

    interval: the length of the buckets, in seconds. query: which of the widget's it is of.
    """

    name: str
    group: str
    query: int
    times: Ints
    values: Floats
    style: str
    interval: int


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """first, last: of the time axis, epoch seconds. more: lines there are beside these.

    left_out: queries of the widget that are not among the lines, and why.
    """

    lines: tuple[Line, ...]
    bounds: Sequence[Bound]
    scene: Scene
    first: int
    last: int
    more: int = 0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """One value of a chart's first line. how: what made one value of it."""

    value: float
    how: str
    chart: Chart


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Names and values, the first on top."""

    rows: tuple[tuple[str, float], ...]
    how: str
    scene: Scene
    more: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Names, values and what they were `earlier`, as in "a day before"; None without data then."""

    rows: tuple[tuple[str, float, float | None], ...]
    earlier: str
    how: str
    scene: Scene
    more: int = 0


@dataclass(frozen=True, eq=False)
class Watched:
    """A monitor of this catalog. Its scenarios are played when somebody asks for them."""

    declared: Declared
    stage: Stage

    @cached_property
    def scene(self) -> Scene | None:
        """The one in which it is at its worst, None where no scenario could be played."""
        return self.stage.of_monitor(self.declared.key)

    @property
    def snoozed(self) -> bool:
        """Whether one of its scenarios snoozes a tenant, and it may be snoozed."""
        return SNOOZABLE in self.declared.monitor.tags and self.stage.snoozes(self.declared.key)

    @property
    def state(self) -> str:
        """The worst that its scenarios bring about."""
        peak = None if self.scene is None else self.scene.peak
        return "no scenario" if self.scene is None else "no group" if peak is None else peak.state.value


@dataclass(frozen=True, slots=True)
class AlertGraph:
    watched: Watched


@dataclass(frozen=True, slots=True)
class AlertValue:
    watched: Watched


@dataclass(frozen=True, slots=True)
class Listing:
    """Monitors that a search finds. ignored: terms that only Datadog could judge."""

    query: str
    monitors: tuple[Watched, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """Nothing is drawn. missing: because there is no data, not because the widget is of another kind."""

    why: str
    said: tuple[str, ...] = ()
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    widgets: tuple[Widget, ...]


# As far as a layout may reach, in its own units.
_FARTHEST = 2000.0

Shown = Chart | Number | Ranking | Changes | AlertGraph | AlertValue | Listing | Note | Box | Group


@dataclass(frozen=True, slots=True)
class Widget:
    """title: "" where a person gave none. kind: as Datadog names it. layout: x, y, width, height, if any."""

    title: str
    kind: str
    shown: Shown
    layout: tuple[float, float, float, float] | None = None

    def each(self) -> list[Widget]:
        """Itself, or for a group what is in it, at any depth."""
        if isinstance(self.shown, Group):
            return [inner for one in self.shown.widgets for inner in one.each()]
        return [self]


@dataclass(frozen=True, slots=True)
class Board:
    """free: whether widgets stand where their layout says. variables: names and the values they begin with.

    monitors: those its widgets are about.
    """

    key: str
    title: str
    description: str
    free: bool
    variables: Sequence[tuple[str, str]]
    widgets: tuple[Widget, ...]
    monitors: tuple[Watched, ...]

    def each(self) -> list[Widget]:
        return [one for widget in self.widgets for one in widget.each()]


def layout_of(widget: Json) -> tuple[float, float, float, float] | None:
    """Within what a page can show; None if it is not there or not numbers."""
    layout = widget.get("layout")
    if not isinstance(layout, dict):
        return None
    given = [layout.get(name) for name in ("x", "y", "width", "height")]
    numbers = [float(one) for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) < len(given):
        return None
    x, y, width, height = (min(max(one, 0.0), _FARTHEST) for one in numbers)
    return x, y, max(width, 1.0), max(height, 1.0)
