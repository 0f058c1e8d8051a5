"""From one monitor as written to the monitor Datadog gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from dd_sync.catalog.complaints import Complaint, Path, complaints, did_you_mean, unfit
from dd_sync.catalog.entry import Entry
from dd_sync.catalog.exemptions import in_force
from dd_sync.catalog.interpolation import Interpolation, Unusable, fill_all
from dd_sync.catalog.levels import suffix
from dd_sync.catalog.problems import RULE, Found
from dd_sync.catalog.references import REFERENCE, references_in
from dd_sync.catalog.schema import (
    GUARD_ONLY,
    RAW_ONLY,
    REFUSED,
    THRESHOLDS,
    TYPES,
    Common,
    GuardForm,
    RawForm,
)
from dd_sync.catalog.settings import Settings
from dd_sync.errors import QueryError, Unfit
from dd_sync.guards.fields import seconds_of
from dd_sync.guards.guard import Compiled, GuardContext
from dd_sync.guards.registry import find
from dd_sync.guards.values import found as words_for
from dd_sync.guards.values import number
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.model.ownership import HOLD, SNOOZABLE, ownership_tags
from dd_sync.query.canonical import render
from dd_sync.query.nodes import MetricAlert
from dd_sync.query.parser import parse
from dd_sync.query.tools import group_keys, is_metric_query

if TYPE_CHECKING:
    from dd_sync.query.alerts import Query

F = TypeVar("F", bound=Common)


@dataclass(frozen=True, slots=True)
class Read:
    """A declared monitor, and its query as nodes."""

    declared: Declared
    query: Query


class _Told(Exception):
    """The monitor cannot be declared; why has been told."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads monitors. name: the catalog's, with its environment; today: a date in UTC."""

    settings: Settings
    name: str
    interpolation: Interpolation
    today: date
    found: Found

    def read(self, entry: Entry) -> Read | None:
        """The monitor, or None if there is something wrong with it, which is then in `found`."""
        try:
            filled = self._filled(entry)
            if "guard" in filled:
                return self._guard(entry, filled)
            return self._raw(entry, filled)
        except (_Told, Unusable):
            return None
        except Unfit as error:
            self._complain(entry, unfit(error))
            return None

    def _complain(self, entry: Entry, complaint: Complaint, rule: str = RULE) -> None:
        path = entry.origin(complaint.path)
        offset = complaint.offset
        text = entry.text_at(complaint.path)
        if offset is not None and text is not None and "${" in text:
            offset = self.interpolation.offset_before(text, offset)
        self.found.add(
            entry.source,
            path,
            complaint.problem,
            complaint.hint,
            rule=rule,
            key=complaint.key,
            offset=offset,
            length=complaint.length,
        )

    def _filled(self, entry: Entry) -> dict[str, Any]:
        """The monitor with its defaults and tunables; a form that is neither one nor the other is told."""
        merged = entry.merged()
        mixed = [key for key in RAW_ONLY if key in merged]
        if "guard" in merged and mixed:
            problem = f"'guard' and '{mixed[0]}' in one monitor"
            hint = "a guard is compiled to type, query and options; write one or the other"
            self._complain(entry, Complaint((mixed[0],), problem, hint, key=True))
            raise _Told
        if "guard" not in merged and "type" not in merged and "query" not in merged:
            hint = "add `guard:` with a guard, or Datadog's own `type:` and `query:`"
            self._complain(entry, Complaint((), "neither a guard nor a query", hint))
            raise _Told
        if "for" in merged:
            hint = "counts are judged over their window; leave 'for' out"
            self._complain(entry, Complaint(("for",), "'for' is for guards over gauges only", hint, key=True))
            raise _Told
        if not entry.source.has_marks:
            return merged
        told = False

        def fill(text: str, path: Path) -> Any:
            nonlocal told
            try:
                if path[0] != "query" and (match := REFERENCE.search(text)):
                    hint = "Datadog knows a monitor only by its id; name it in a composite's query"
                    raise Unfit(
                        "a reference outside a query", hint=hint, offset=match.start(), length=len(match[0])
                    )
                return self.interpolation.fill(text)
            except Unfit as error:
                # The offset is one in the text as written, so it must not be mapped again.
                origin = entry.origin(path)
                self.found.add(
                    entry.source,
                    origin,
                    error.problem,
                    error.hint,
                    rule="tunable",
                    offset=error.offset,
                    length=error.length,
                )
                told = True
                return text

        filled: dict[str, Any] = fill_all(merged, fill, ())
        if told:
            raise _Told
        return filled

    # --- the short form --------------------------------------------------------------------------

    def _guard(self, entry: Entry, filled: dict[str, Any]) -> Read:
        form = self._valid(entry, filled, GuardForm)
        if len(form.guard) != 1:
            names = " and ".join(form.guard) or "none"
            raise Unfit(
                f"one guard a monitor, here {names}", hint="give each its own monitor", path=("guard",)
            )
        (name,) = form.guard
        compiled, by = self._compiled(entry, form, name)
        options: dict[str, Any] = {"thresholds": dict(compiled.thresholds), **compiled.options}
        if form.renotify is not None:
            options["renotify_interval"] = seconds_of(form.renotify) // 60
        if form.evaluation_delay is not None:
            options["evaluation_delay"] = seconds_of(form.evaluation_delay)
        monitor = self._monitor(form, "query alert", render(compiled.query), options, by)
        return Read(self._declared(entry, form, monitor, guard=name, notes=compiled.notes), compiled.query)

    def _compiled(self, entry: Entry, form: GuardForm, name: str) -> tuple[Compiled, tuple[str, ...]]:
        try:
            guard = find(name)
        except Unfit as error:
            self._complain(entry, Complaint(("guard", name), error.problem, error.hint, key=True), "guard")
            raise _Told from None
        try:
            spec = guard.spec.model_validate(form.guard[name])
        except ValidationError as error:
            for complaint in complaints(error, guard.spec):
                self._complain(entry, replace(complaint, path=("guard", name, *complaint.path)), "guard")
            raise _Told from None
        by: tuple[str, ...] = getattr(spec, "by", ())
        context = GuardContext(in_force(form.exempt, by, entry, self.found, self.today))
        try:
            return guard.compile(spec, context), by
        except Unfit as error:
            self._complain(entry, unfit(error, ("guard", name)), "guard")
            raise _Told from None

    # --- the raw form ----------------------------------------------------------------------------

    def _raw(self, entry: Entry, filled: dict[str, Any]) -> Read:
        for key in GUARD_ONLY:
            if key in filled:
                raise Unfit(
                    f"'{key}' belongs to a guard", hint=_INSTEAD.get(key, "leave it out"), path=(key,)
                )
        form = self._valid(entry, filled, RawForm)
        _check_type(form.type)
        _check_thresholds(form.options)
        query = form.query.strip()
        references = references_in(query)
        parsed = self._parsed(entry, form.type, query, references)
        by = group_keys(parsed) if isinstance(parsed, MetricAlert) else ()
        monitor = self._monitor(form, form.type, query, form.options, by)
        return Read(self._declared(entry, form, monitor, references=references), parsed)

    def _parsed(self, entry: Entry, type: str, query: str, references: tuple[str, ...]) -> Query:
        if not query:
            raise Unfit("the query is empty", hint="write it as Datadog takes it", path=("query",))
        if references and type != "composite":
            raise Unfit(
                f"a {type} cannot refer to other monitors",
                hint="use the type composite",
                path=("query",),
                offset=query.index("${"),
            )
        try:
            if is_metric_query(type, query):
                return parse(query)
            from dd_sync.query.queries import parse_query  # only monitors that are not metric ones pay for it

            return parse_query(type, query)
        except QueryError as error:
            text = entry.text_at(("query",)) or ""
            leading = len(text) - len(text.lstrip())
            offset = error.place.offset_in(query) + leading
            complaint = Complaint(
                ("query",), error.problem, error.hint, offset=offset, length=error.place.length
            )
            self._complain(entry, complaint, error.rule)
            raise _Told from None

    # --- both ------------------------------------------------------------------------------------

    def _valid(self, entry: Entry, filled: dict[str, Any], form: type[F]) -> F:
        try:
            return form.model_validate(filled)
        except ValidationError as error:
            for complaint in complaints(error, form):
                self._complain(entry, complaint)
            raise _Told from None

    def _monitor(
        self, form: Common, type: str, query: str, options: Mapping[str, Any], by: tuple[str, ...]
    ) -> Monitor:
        if form.level is not None and form.level not in self.settings.levels:
            known = ", ".join(map(str, sorted(self.settings.levels)))
            hint = f"catalog.yaml declares {known}" if known else "declare `levels:` in catalog.yaml"
            raise Unfit(f"there is no level {form.level}", hint=hint, path=("level",))
        message = form.message.rstrip() + suffix(self.settings.levels, form.level)
        return Monitor(
            type=type,
            query=query,
            name=form.name,
            message=message.lstrip("\n") if not form.message.strip() else message,
            tags=(*form.tags, *self._own_tags(form, by)),
            priority=form.priority,
            options=options,
            restricted_roles=form.restricted_roles,
            draft_status=form.draft_status,
        )

    def _own_tags(self, form: Common, by: tuple[str, ...]) -> tuple[str, ...]:
        tags = ownership_tags(self.name, form.key)
        if self.settings.tenant_tag in by and form.key not in self.settings.policy.snooze.protected:
            tags = (*tags, SNOOZABLE)
        return (*tags, HOLD + form.hold) if form.hold else tags

    def _declared(self, entry: Entry, form: Common, monitor: Monitor, **more: Any) -> Declared:
        return Declared(
            key=form.key,
            monitor=monitor,
            file=entry.source.file,
            path=entry.path,
            was=form.was,
            level=form.level,
            hold=form.hold is not None,
            protected=form.key in self.settings.policy.snooze.protected,
            **more,
        )


_INSTEAD = {
    "exempt": "write it into the query's scope, as in {env:prod,!tenant:load-test}",
    "renotify": "write options: {renotify_interval: 30}, in minutes",
    "evaluation_delay": "write options: {evaluation_delay: 60}, in seconds",
}


def _check_type(type: str) -> None:
    if type in REFUSED:
        raise Unfit(f"monitors of the type '{type}' cannot be declared", hint=REFUSED[type], path=("type",))
    if type not in TYPES:
        hint = did_you_mean(type, TYPES, f"Datadog has {', '.join(TYPES)}")
        raise Unfit(f"there is no monitor type '{type}'", hint=hint, path=("type",))


def _check_thresholds(options: Mapping[str, Any]) -> None:
    thresholds = options.get("thresholds")
    if thresholds is None:
        return
    if not isinstance(thresholds, dict):
        problem = f"expected a mapping, found {words_for(thresholds)}"
        raise Unfit(problem, hint="as in {critical: 20, warning: 10}", path=("options", "thresholds"))
    for name, value in thresholds.items():
        path = ("options", "thresholds", name)
        if name not in THRESHOLDS:
            hint = did_you_mean(name, THRESHOLDS, f"there are {', '.join(THRESHOLDS)}")
            raise Unfit(f"there is no threshold '{name}'", hint=hint, path=path)
        try:
            number(value)
        except Unfit as error:
            raise Unfit(error.problem, hint=error.hint, path=path) from None
