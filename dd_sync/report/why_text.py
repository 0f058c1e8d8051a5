"""The answer to `dd-sync why` as a person reads it at night."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from textwrap import wrap

from dd_sync.evaluate.event_rule import EventRule
from dd_sync.evaluate.event_steps import Searched
from dd_sync.evaluate.metric_rule import MetricRule
from dd_sync.evaluate.replay import Notification
from dd_sync.evaluate.searching import Value
from dd_sync.evaluate.steps import Step, Steps
from dd_sync.message.fill import format_number
from dd_sync.query.canonical import render_expression
from dd_sync.query.nodes import Variable
from dd_sync.report.tables import aligned
from dd_sync.report.why import anomalies_of
from dd_sync.report.why_answer import MOST_COUNTED, Downtime, Level, Why
from dd_sync.text import within_line
from dd_sync.timeframe import format_duration

# Colours a text: given the text and a state's name, `head`, `told` or `quiet`.
Paint = Callable[[str, str], str]

_WIDTH = 98
_MOST_ROWS = 30
_MOST_COLUMNS = 8
_MOST_BODY_LINES = 12
# A letter in parentheses of its own, which are not those of a function.
_ENCLOSED = re.compile(r"(?<![\w.])\(([a-z]|q[0-9]+)\)")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def plain(text: str, kind: str) -> str:
    return text


def as_text(why: Why, paint: Paint = plain) -> str:
    """Everything, in the order in which it is asked: what, why, from which numbers, who was told."""
    return "\n".join(_Text(why, paint).lines())


class _Text:
    def __init__(self, why: Why, paint: Paint) -> None:
        self.why, self.paint = why, paint
        self.day = _day(why.at)

    def lines(self) -> Iterator[str]:
        yield from self._title()
        yield from self._section("Why", self._reasons())
        if self.why.steps is not None:
            yield from self._section("Value", self._value(self.why.steps))
        yield from self._section("Events", self._searches())
        yield from self._section("Parts", self._parts())
        yield from self._section("Runs", self._runs())
        yield from self._section("Thresholds", self._levels())
        yield from self._section("Told", self._told())
        yield from self._section("Downtimes", self._downtimes())
        yield from self._section("Before and after", self._events())
        yield from self._section(
            "Good to know", (line for note in self.why.notes for line in _hanging("  ", note))
        )

    def _section(self, name: str, lines: Iterator[str]) -> Iterator[str]:
        found = list(lines)
        if found:
            yield ""
            yield self.paint(name, "head")
            yield from found

    def _title(self) -> Iterator[str]:
        why, case = self.why, self.why.case
        state = "does not exist" if why.state is None else str(why.state)
        on = "" if why.group == "*" else f" on {_line(why.group)}"
        yield f"{self.paint(case.key + on, 'head')}: {self.paint(state, state)}"
        after = _ago(why.at - case.start)
        place = f"{after} into '{case.name}'" if case.name else f"{after} after the first sample"
        yield from _hanging("  ", _line(f"evaluated at {_moment(why.at)} UTC, {place}"))

    def _reasons(self) -> Iterator[str]:
        why = self.why
        for reason in why.reasons:
            yield from _hanging("  ", reason)
        if why.state is None:
            return
        if why.before is None:
            yield "  The group is seen for the first time."
        elif why.before is not why.state:
            yield f"  It became {why.state} at this evaluation; before it was {why.before}."
        else:
            yield f"  It has been {why.state} since {self._clock(why.since)}."

    # --- numbers -------------------------------------------------------------------------------

    def _value(self, steps: Steps) -> Iterator[str]:
        window = f"{self._clock(steps.start)} to {self._clock(steps.end)}"
        length = format_duration(timedelta(seconds=steps.end - steps.start))
        value = "no value" if steps.value is None else format_number(steps.value)
        many = "1 series" if steps.series == 1 else f"{steps.series} series"
        yield f"  {self.paint(value, str(self.why.state))} over {window} ({length}), from {many}"
        names = Names.of(steps.steps)
        whole = {names.column(step): _number(step.values) for step in steps.steps if not step.buckets}
        yield ""
        if whole:
            yield f"  {self._over(steps)}"
        width = max((len(number) for number in whole.values()), default=0)
        for letter, text in names.definitions:
            number = f"{whole.get(letter, ''):>{width}}  " if whole else ""
            yield from _hanging(f"  {letter}  {number}", _line(text))
        bucketed = [step for step in steps.steps if step.buckets]
        if bucketed:
            yield ""
            yield from self._buckets(bucketed, names, steps)
        if not whole:
            yield ""
            yield f"  {self._over(steps)}: {value}"

    def _over(self, steps: Steps) -> str:
        """What is taken over the window: the buckets, or what a change makes of them."""
        rule = self.why.case.done.rule
        if (anomalies := anomalies_of(rule)) is not None:
            return f"share of anomalous buckets over {format_duration(timedelta(seconds=anomalies.trigger))}"
        change = rule.alert.aggregation.change if isinstance(rule, MetricRule) else None
        if change is None:
            return f"{steps.method} over the window"
        kind = "difference" if change.kind == "change" else "difference in percent"
        return (
            f"{steps.method} over the window of the {kind} to {format_duration(change.shift.length)} earlier"
        )

    def _buckets(self, steps: Sequence[Step], names: Names, of: Steps) -> Iterator[str]:
        """A row for each bucket, one for several in a row that are equal."""
        columns = list({names.column(step): step for step in steps}.items())[:_MOST_COLUMNS]
        starts = columns[0][1].buckets
        rows: list[tuple[str, ...]] = []
        times: list[tuple[int, int]] = []
        for index, start in enumerate(starts):
            if start >= of.end:
                # The window's end is not in it, so this bucket is always empty.
                break
            cells = tuple(
                _cell(step.values[index]) if index < len(step.values) else "-" for _, step in columns
            )
            if rows and rows[-1] == cells:
                times[-1] = (times[-1][0], start)
            else:
                rows.append(cells)
                times.append((start, start))
        length = format_duration(timedelta(seconds=of.bucket))
        table = [(f"{length} from", *(name for name, _ in columns))]
        for (first, last), cells in list(zip(times, rows, strict=True))[-_MOST_ROWS:]:
            clock = self._clock(first) if first == last else f"{self._clock(first)} to {self._clock(last)}"
            table.append((clock, *cells))
        yield from aligned(table, right=frozenset(range(1, len(columns) + 1)), indent="  ")
        if len(rows) > _MOST_ROWS:
            yield f"  … and {len(rows) - _MOST_ROWS} rows before these"

    def _levels(self) -> Iterator[str]:
        rows = [
            (level.name, f"{level.comparator} {format_number(level.threshold)}", _past(level))
            for level in self.why.levels
        ]
        yield from aligned(rows, indent="  ")

    def _parts(self) -> Iterator[str]:
        rows = [
            (
                _line(part.name),
                _line(part.group) or "-",
                "does not exist" if part.state is None else str(part.state),
                "" if part.value is None else format_number(part.value),
            )
            for part in self.why.parts
        ]
        yield from aligned(rows, right=frozenset((3,)), indent="  ")

    def _searches(self) -> Iterator[str]:
        """The formula if there is one, and what each of its queries found."""
        rule = self.why.case.done.rule
        formula = rule.formula if isinstance(rule, EventRule) else None
        named = not isinstance(formula, Variable)
        if named and formula is not None:
            value = "no value" if self.why.value is None else format_number(self.why.value)
            yield from _hanging("  ", _line(f"{render_expression(formula)}: {value}"))
        for one in self.why.searches:
            if named:
                yield ""
            yield from _hanging("  ", _line(self._searched(one, named=named)))
            rows = [
                (self._second(each.at), _line(_facets(one)), _line(_values(each.values)))
                for each in one.events[-MOST_COUNTED:]
            ]
            for line in aligned(rows, indent="    "):
                yield within_line(line, _WIDTH)
            if len(one.events) > MOST_COUNTED:
                yield f"    … and {len(one.events) - MOST_COUNTED} before these"

    def _searched(self, one: Searched, *, named: bool) -> str:
        name = f"{one.name}: " if named else ""
        value = "no value" if one.value is None else format_number(one.value)
        length = format_duration(timedelta(seconds=one.end - one.start))
        over = f"over {self._clock(one.start)} to {self._clock(one.end)} ({length})"
        of = "" if one.query.measure is None else f" of {one.query.measure}"
        many = "1 event" if len(one.events) == 1 else f"{len(one.events)} events"
        return f"{name}{value} {over}, the {one.query.method}{of}, from {many} of {one.query.source}"

    def _second(self, moment: int) -> str:
        return f"{self._clock(moment)}:{moment % 60:02}"

    def _runs(self) -> Iterator[str]:
        rows = [(self._clock(run.at), run.status.name, _line(run.message)) for run in self.why.runs]
        for line in aligned(rows, indent="  "):
            yield within_line(line, _WIDTH)

    # --- people --------------------------------------------------------------------------------

    def _told(self) -> Iterator[str]:
        why = self.why
        for sent in why.sent:
            whom = " ".join(map(_line, sent.handles)) or "nobody, for no handle of the message applies"
            yield f"  {sent.kind}: {self.paint(whom, 'told')}"
            yield from self._message(sent)
        for held in why.held:
            yield f"  {held.kind}: {self.paint('nobody', 'told')}, {_line(held.reason)}"
        if not why.sent and not why.held:
            yield from self._nothing()
        others = [one for one in why.recipients if not one.told] if why.sent else []
        yield from aligned([(_line(one.handle), "not told", _line(one.why)) for one in others], indent="  ")

    def _nothing(self) -> Iterator[str]:
        why = self.why
        stays = "while there is no group" if why.state is None else f"while it stays {why.state}"
        yield f"  nobody at this evaluation: nothing is sent {stays}"
        for one in why.downtimes:
            if one.silences:
                what = f"the downtime {_line(one.name)}" if one.name else f"a downtime on {_line(one.scope)}"
                yield f"  and {what} silences it"
        if why.last is not None:
            whom = " ".join(map(_line, why.last.handles)) or "nobody"
            yield f"  the last time at {self._clock(why.last.at)}: {why.last.kind}, to {whom}"
        if why.after is not None:
            whom = " ".join(map(_line, why.after.handles)) or "nobody"
            yield f"  the next time at {self._clock(why.after.at)}: {why.after.kind}, to {whom}"

    def _message(self, sent: Notification) -> Iterator[str]:
        lines = [sent.title, *sent.body.split("\n")]
        shown = [piece for line in lines for piece in wrap(_line(line), _WIDTH - 4) or [""]]
        for line in shown[:_MOST_BODY_LINES]:
            yield self.paint(f"  | {line}".rstrip(), "quiet")
        if len(shown) > _MOST_BODY_LINES:
            yield self.paint("  | …", "quiet")

    def _downtimes(self) -> Iterator[str]:
        named = any(one.name for one in self.why.downtimes)
        rows = [
            (
                *([_line(one.name) or "snooze"] if named else []),
                _line(one.scope),
                self._span(one),
                _line(one.effect),
            )
            for one in self.why.downtimes
        ]
        yield from aligned(rows, indent="  ")

    def _span(self, one: Downtime) -> str:
        return f"{self._clock(one.start)} to {'for ever' if one.end is None else self._clock(one.end)}"

    def _events(self) -> Iterator[str]:
        rows = [
            (
                ">" if one.at == self.why.at else "",
                self._clock(one.at),
                one.what,
                "" if one.value is None else format_number(one.value),
                _line(one.told or ""),
            )
            for one in self.why.events
        ]
        for line in aligned(rows, right=frozenset((3,)), indent="  "):
            yield within_line(line, _WIDTH)

    def _clock(self, moment: int) -> str:
        """The time of day; with the day where it is another than the evaluation's."""
        text = _moment(moment)
        return text[11:] if _day(moment) == self.day else text[5:]


# --- the parts of a query by letters -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Names:
    """Letters for the parts of a query, so that a long one is read once.

    definitions: a letter and its text, in which parts named before stand as their letters.
    """

    definitions: tuple[tuple[str, str], ...]
    letters: dict[str, str]

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Names:
        letters: dict[str, str] = {}
        definitions = []
        for step in steps:
            if step.text in letters:
                continue
            letter = _LETTERS[len(letters)] if len(letters) < len(_LETTERS) else f"q{len(letters)}"
            definitions.append((letter, _shortened(step.text, letters)))
            letters[step.text] = letter
        return cls(tuple(definitions), letters)

    def column(self, step: Step) -> str:
        letter = self.letters[step.text]
        return (
            f"{letter}, {format_duration(timedelta(seconds=step.earlier))} earlier"
            if step.earlier
            else letter
        )


def _shortened(text: str, letters: dict[str, str]) -> str:
    """Parts with a letter replaced by it, the longest first; a control character keeps them apart."""
    for known in sorted(letters, key=len, reverse=True):
        if known:
            text = text.replace(known, f"\0{letters[known]}\0")
    return _ENCLOSED.sub(r"\1", text.replace("\0", ""))


def _hanging(first: str, text: str) -> list[str]:
    """The text after `first`, in lines of which the others begin under it."""
    return wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


# --- words -------------------------------------------------------------------------------------


def _line(text: str) -> str:
    return within_line(text)


def _cell(value: float | None) -> str:
    return "-" if value is None else format_number(value)


def _number(values: Sequence[float | None]) -> str:
    return _cell(values[0]) if values else "-"


def _facets(one: Searched) -> str:
    return ",".join(f"{key}:{value}" for key, value in one.facets)


def _values(values: Sequence[Value]) -> str:
    return ", ".join(value if isinstance(value, str) else format_number(value) for value in values)


def _past(level: Level) -> str:
    return {True: "yes", False: "no", None: ""}[level.past]


def _moment(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}"


def _day(moment: int) -> str:
    return _moment(moment)[:10]


def _ago(seconds: int) -> str:
    return "0m" if seconds == 0 else format_duration(timedelta(seconds=abs(seconds)))
