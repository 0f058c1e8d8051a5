"""One monitor while it is read: what of it is sound, and what is told about the rest."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from dd_sync.catalog.complaints import MOST_IN_A_FORM, Complaint, Path, complaints, unfit
from dd_sync.catalog.entry import Entry
from dd_sync.catalog.interpolation import Interpolation, fill_all
from dd_sync.catalog.problems import RULE, Found
from dd_sync.catalog.references import REFERENCE
from dd_sync.errors import Severity, Unfit
from dd_sync.guards.values import AllUnfit
from dd_sync.text import nearest

F = TypeVar("F", bound=BaseModel)


@dataclass(slots=True)
class Reading:
    """Paths begin at the monitor, by the keys that were meant. wrong: whether an error was told.

    names_monitors: keys under which `${monitor:key}` may stand.
    """

    entry: Entry
    interpolation: Interpolation
    found: Found
    wrong: bool = False
    names_monitors: Set[str] = frozenset({"query"})
    _unknown: set[Path] = field(default_factory=set)
    _spelt: dict[Path, str] = field(default_factory=dict)

    def complain(self, complaint: Complaint, rule: str = RULE, severity: Severity = Severity.ERROR) -> None:
        """Tells a mistake, unless it is about a value that could not be filled in, which is told already."""
        self.wrong = self.wrong or severity is Severity.ERROR
        if self.is_unknown(complaint.path):
            return
        path = self._as_written(complaint.path)
        offset = complaint.offset
        if offset is not None:
            text = self.entry.text_at(path)
            if text is not None and "${" in text:
                offset = self.interpolation.offset_before(text, offset)
        self.found.add(
            self.entry.source,
            self.entry.origin(path),
            complaint.problem,
            complaint.hint,
            rule=rule,
            key=complaint.key,
            offset=offset,
            length=complaint.length,
            severity=severity,
        )

    def tell(self, error: Unfit, rule: str = RULE, path: Path = ()) -> None:
        self.complain(unfit(error, path), rule)

    def spare(self, path: Path) -> None:
        """Nothing more is told about what is at `path`."""
        self._unknown.add(path)

    @property
    def has_unknown(self) -> bool:
        """Whether anything could not be filled in, or is not to be judged further."""
        return bool(self._unknown)

    def is_unknown(self, path: Path) -> bool:
        """Whether the value at `path`, or what it is in, could not be filled in."""
        return bool(self._unknown) and any(path[:end] in self._unknown for end in range(1, len(path) + 1))

    def filled(self) -> dict[str, Any]:
        """The monitor with its defaults and tunables. A text that cannot be filled in stays as it is."""
        merged = self.entry.merged()
        merged.pop("key", None)
        if not self.entry.source.has_marks:
            return merged
        filled: dict[str, Any] = fill_all(merged, self._fill, ())
        return filled

    def _fill(self, text: str, path: Path) -> Any:
        mistakes = () if path[0] in self.names_monitors else tuple(map(_stray, REFERENCE.finditer(text)))
        value: Any = text
        try:
            value = self.interpolation.fill(text)
        except AllUnfit as error:
            mistakes = (*mistakes, *error.each)
            self._unknown.add(path)
        if mistakes:
            self._unknown.add(path)
        self.wrong = self.wrong or path in self._unknown
        for mistake in mistakes:
            # The offset is one in the text as written, so it must not be mapped again.
            self.found.complain(self.entry.source, self.entry.origin(path), unfit(mistake), rule="tunable")
        return value

    def respelt(
        self, value: dict[str, Any], known: Set[str], rule: str = RULE, base: Path = ()
    ) -> dict[str, Any]:
        """The mapping under the keys that were meant, so that what stands under them is judged as well.

        A key that is near no other, or near one that is there too, stays and is for the form to refuse.
        """
        if value.keys() <= known or self.found.is_full(self.entry.source):
            return value
        left = dict(value)
        for name in [name for name in value if name not in known][:MOST_IN_A_FORM]:
            meant = nearest(name, known)
            if meant is None or meant in left:
                continue
            hint = f"did you mean '{meant}'?"
            self.complain(Complaint((*base, name), f"unknown key '{name}'", hint, key=True), rule)
            left[meant] = left.pop(name)
            self._spelt[(*base, meant)] = name
        return left

    def form(
        self, form: type[F], value: object, rule: str = RULE, base: Path = ()
    ) -> tuple[F | None, Mapping[str, Any]]:
        """The value as that form, None if something in it is wrong; and its fields that are sound."""
        try:
            model = form.model_validate(value)
        except ValidationError as error:
            if self.found.is_full(self.entry.source):
                self.wrong = True
                self.found.more(self.entry.source, error.error_count())
                return None, {}
            for complaint in complaints(error, form):
                self.complain(replace(complaint, path=(*base, *complaint.path)), rule)
            from dd_sync.catalog.partial import sound  # only mistakes pay for the import

            return None, sound(form, value)
        return model, model.__dict__

    def _as_written(self, path: Path) -> Path:
        if not self._spelt:
            return path
        return tuple(self._spelt.get(path[: depth + 1], step) for depth, step in enumerate(path))


def _stray(match: Any) -> Unfit:
    return Unfit(
        "a reference outside a query",
        hint="Datadog knows a monitor only by its id; name it in a composite's query or a widget",
        offset=match.start(),
        length=len(match[0]),
    )
