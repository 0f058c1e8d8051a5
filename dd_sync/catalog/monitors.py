"""From one monitor as written to the monitor Datadog gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from dd_sync.catalog.complaints import MOST_IN_A_FORM, Complaint, did_you_mean
from dd_sync.catalog.entry import Entry
from dd_sync.catalog.exemptions import in_force, sound_ones
from dd_sync.catalog.interpolation import Interpolation
from dd_sync.catalog.levels import suffix
from dd_sync.catalog.problems import Found
from dd_sync.catalog.reading import Reading
from dd_sync.catalog.references import references_in
from dd_sync.catalog.schema import GUARD_ONLY, RAW_ONLY, Common, GuardForm, RawForm, minutes
from dd_sync.catalog.settings import Settings
from dd_sync.errors import QueryError, Unfit
from dd_sync.guards.fields import seconds_of, window_node
from dd_sync.guards.guard import Compiled, Guard, GuardContext, Spec
from dd_sync.guards.registry import BUILT_IN, find
from dd_sync.model.monitor import Declared, Monitor
from dd_sync.model.options import FOREIGN_TYPES, METRIC_TYPES, OPTIONS, TYPES
from dd_sync.model.ownership import HOLD, SNOOZABLE, ownership_tags
from dd_sync.query.canonical import render
from dd_sync.query.parser import parse
from dd_sync.query.plain import plain_group_keys
from dd_sync.query.tools import is_metric_query, query_keys
from dd_sync.text import nearest

if TYPE_CHECKING:
    from dd_sync.query.alerts import Query


@dataclass(frozen=True, slots=True)
class Read:
    """A declared monitor, and its query: as nodes, or as a text known to be sound.

    whole: whether it is right; if not, it is there for the rules about texts, and for nothing else.
    """

    declared: Declared
    query: Query | str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads monitors. name: the catalog's, with its environment; today: a date in UTC."""

    settings: Settings
    name: str
    interpolation: Interpolation
    today: date
    found: Found
    allow_unknown_options: bool = False

    def read(self, entry: Entry, key: str | None) -> Read | None:
        """The monitor, or None if there is too much wrong with it; what is wrong is in `found`, all of it.

        key: the monitor's own, None where it has no usable one and is only judged.
        """
        reading = Reading(entry, self.interpolation, self.found)
        filled = reading.respelt(reading.filled(), KNOWN)
        filled["key"] = key or _NO_KEY
        read = self._guard(reading, filled) if _is_guard(reading, filled) else self._raw(reading, filled)
        return None if key is None else read

    # --- the short form --------------------------------------------------------------------------

    def _guard(self, reading: Reading, filled: dict[str, Any]) -> Read | None:
        sustained = _sustained(reading, filled.pop("for")) if "for" in filled else None
        form, fields = reading.form(GuardForm, filled)
        self._check_level(reading, fields)
        guards: Mapping[str, Any] = fields.get("guard", {})
        if "guard" in fields and len(guards) != 1:
            names = " and ".join(guards) or "none"
            problem = f"one guard a monitor, here {names}"
            reading.complain(Complaint(("guard",), problem, "give each its own monitor"))
        if form is not None:
            exemptions = dict(enumerate(form.exempt))
        else:
            exemptions = dict(sound_ones(filled.get("exempt"), reading))
        compiled, by, name = None, None, ""
        for name in list(guards)[:_MOST_GUARDS]:
            guard = _found(reading, name)
            if guard is not None:
                spec, by = _spec(reading, guard, name, guards[name])
                tags = in_force(exemptions, by, reading, self.today)
                _check_for(reading, guard)
                context = GuardContext(tags, filled["key"], self.name, sustained if guard.lasts else None)
                compiled = _compiled(reading, guard, spec, name, context) if spec else None
        if form is None or compiled is None or reading.wrong:
            return None
        options: dict[str, Any] = {"thresholds": dict(compiled.thresholds), **compiled.options}
        if form.renotify is not None:
            options["renotify_interval"] = seconds_of(form.renotify) // 60
        if form.evaluation_delay is not None:
            options["evaluation_delay"] = seconds_of(form.evaluation_delay)
        monitor = self._monitor(form, compiled.type, render(compiled.query), options, by or ())
        declared = self._declared(
            *(reading.entry, form, monitor),
            guard=name,
            notes=compiled.notes,
            derivation=compiled.derivation,
        )
        return Read(declared, compiled.query)

    # --- the raw form ----------------------------------------------------------------------------

    def _raw(self, reading: Reading, filled: dict[str, Any]) -> Read | None:
        for key in (*GUARD_ONLY, "for"):
            if key in filled:
                hint = _INSTEAD.get(key, "leave it out")
                reading.complain(Complaint((key,), f"'{key}' belongs to a guard", hint))
                del filled[key]
        form, fields = reading.form(RawForm, filled)
        self._check_level(reading, fields)
        kind = _type(reading, fields.get("type"))
        self._check_options(reading, kind or "", fields.get("options", {}))
        query = fields.get("query", "").strip()
        references = references_in(query)
        by = plain_group_keys(query) if kind in METRIC_TYPES else None
        parsed: Query | str | None = query
        if by is None:
            parsed, by = None, ()
            if "query" in fields and kind is not None and not reading.is_unknown(("query",)):
                parsed = _parsed(reading, kind, query, references)
            if parsed is not None and not isinstance(parsed, str):
                by = query_keys(parsed)
        if parsed is None or (reading.wrong and reading.has_unknown):
            return None
        if form is None:
            form = RawForm.model_construct(**{"name": "", "type": kind, "query": query, **fields})
        monitor = self._monitor(form, form.type, query, form.options, by)
        declared = self._declared(reading.entry, form, monitor, references=references)
        return Read(declared, parsed, whole=not reading.wrong)

    def _check_options(self, reading: Reading, type: str, options: Mapping[str, Any]) -> None:
        if not options:
            return
        from dd_sync.model.option_values import check_value, problems  # guards have no options to judge

        for each in islice(problems(type, options, allow_unknown=self.allow_unknown_options), MOST_IN_A_FORM):
            name = str(each.path[0])
            if name in _RULED and check_value(OPTIONS[name], options[name]) is None:
                continue
            complaint = Complaint(("options", *each.path), each.problem, each.hint, key=name not in OPTIONS)
            reading.complain(complaint, severity=each.severity)

    # --- both ------------------------------------------------------------------------------------

    def _check_level(self, reading: Reading, fields: Mapping[str, Any]) -> None:
        level = fields.get("level")
        if level is not None and level not in self.settings.levels:
            known = ", ".join(map(str, sorted(self.settings.levels)))
            hint = f"catalog.yaml declares {known}" if known else "declare `levels:` in catalog.yaml"
            reading.complain(Complaint(("level",), f"there is no level {level}", hint))

    def _monitor(
        self, form: Common, type: str, query: str, options: Mapping[str, Any], by: tuple[str, ...]
    ) -> Monitor:
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
            adopt=form.adopt,
            take_over=form.take_over,
            level=form.level,
            hold=form.hold is not None,
            protected=form.key in self.settings.policy.snooze.protected,
            **more,
        )


_INSTEAD = {
    "for": "write min(last_15m) for a bound above, max(last_15m) for one below",
    "exempt": "write it into the query's scope, as in {env:prod,!tenant:load-test}",
    "renotify": "write options: {renotify_interval: 30}, in minutes",
    "evaluation_delay": "write options: {evaluation_delay: 60}, in seconds",
}


# What a monitor may be written with; `for` is a word of Python, and so no field of a form.
KNOWN = frozenset({*GuardForm.model_fields, *RawForm.model_fields, "for"})
# Whether these suit the monitor is for rules of their own, which know what else there is.
_RULED = frozenset({"on_missing_data", "no_data_timeframe"})
_NO_KEY = "no-key"
_MOST_GUARDS = 20


def _is_guard(reading: Reading, filled: dict[str, Any]) -> bool:
    """Which form the monitor has. Neither, or both, is told, and then it is judged by the likelier one."""
    mixed = [key for key in RAW_ONLY if key in filled]
    if "guard" in filled:
        if mixed:
            problem = f"'guard' and '{mixed[0]}' in one monitor"
            hint = "a guard is compiled to type, query and options; write one or the other"
            reading.complain(Complaint((mixed[0],), problem, hint, key=True))
        for key in mixed:
            del filled[key]
        return True
    if "type" in filled or "query" in filled:
        return False
    hint = "add `guard:` with a guard, or Datadog's own `type:` and `query:`"
    reading.complain(Complaint((), "neither a guard nor a query", hint))
    if mixed:
        filled.update(type="", query="")
    else:
        filled["guard"] = {}
        reading.spare(("guard",))
    return not mixed


def _found(reading: Reading, name: str) -> Guard[Any] | None:
    """The guard of that name; where there is none, the one that was probably meant."""
    try:
        return find(name)
    except Unfit as error:
        reading.complain(Complaint(("guard", name), error.problem, error.hint, key=True), "guard")
    meant = nearest(name, BUILT_IN)
    return find(meant) if meant and meant != name else None


def _spec(
    reading: Reading, guard: Guard[Any], name: str, written: object
) -> tuple[Spec | None, tuple[str, ...] | None]:
    """The guard's parameters, None if something is wrong with them; and its groups, as far as known."""
    base = ("guard", name)
    if isinstance(written, dict) and guard.spec.model_config.get("extra") == "forbid":
        written = reading.respelt(written, guard.spec.model_fields.keys(), "guard", base)
    spec, fields = reading.form(guard.spec, written, "guard", base)
    if spec is None and isinstance(written, dict):
        for error in guard.spec.together(fields, written):
            reading.tell(error, "guard", base)
    return spec, fields.get("by", None if "by" in guard.spec.model_fields else ())


def _sustained(reading: Reading, value: object) -> timedelta | None:
    try:
        span = minutes(value)
        window_node(span)
    except Unfit as error:
        reading.tell(error, path=("for",))
        return None
    return span


def _check_for(reading: Reading, guard: Guard[Any]) -> None:
    if "for" in reading.entry.own and not guard.lasts:
        hint = "counts are judged over their window; leave 'for' out"
        reading.complain(Complaint(("for",), "'for' is for guards over gauges only", hint, key=True))


def _compiled(
    reading: Reading, guard: Guard[Any], spec: Spec, name: str, context: GuardContext
) -> Compiled | None:
    try:
        return guard.compile(spec, context)
    except Unfit as error:
        reading.tell(error, "guard", ("guard", name))
        return None


def _type(reading: Reading, type: str | None) -> str | None:
    """One of Datadog's types; where it is none, the one that was probably meant."""
    if not type or type in TYPES:
        return type or None
    if type in FOREIGN_TYPES:
        problem = f"monitors of the type '{type}' cannot be declared"
        reading.complain(Complaint(("type",), problem, FOREIGN_TYPES[type]))
        return None
    hint = did_you_mean(type, TYPES, f"Datadog has {', '.join(TYPES)}")
    reading.complain(Complaint(("type",), f"there is no monitor type '{type}'", hint))
    return nearest(type, TYPES)


def _parsed(reading: Reading, type: str, query: str, references: tuple[str, ...]) -> Query | None:
    """The query as nodes, None if something is wrong with it."""
    path = ("query",)
    if not query:
        reading.complain(Complaint(path, "the query is empty", "write it as Datadog takes it"))
        return None
    if references and type != "composite":
        problem = f"a {type} cannot refer to other monitors"
        complaint = Complaint(path, problem, "use the type composite", offset=query.index("${"))
        reading.complain(complaint)
        return None
    try:
        if is_metric_query(type, query):
            return parse(query)
        from dd_sync.query.queries import parse_query  # only monitors that are not metric ones pay for it

        return parse_query(type, query)
    except QueryError as error:
        text = reading.entry.text_at(path) or ""
        leading = len(text) - len(text.lstrip())
        offset = error.place.offset_in(query) + leading
        complaint = Complaint(path, error.problem, error.hint, offset=offset, length=error.place.length)
        reading.complain(complaint, error.rule)
        return None
