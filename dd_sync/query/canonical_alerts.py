"""The canonical text of every other query: methods in one order, arguments in double quotes."""

from __future__ import annotations

from collections.abc import Iterable

from dd_sync.query.alerts import (
    BurnRate,
    CompositeAlert,
    Condition,
    Conjunction,
    Disjunction,
    ErrorBudget,
    EventAlert,
    FormulaAlert,
    MonitorId,
    MonitorKey,
    Negation,
    NoQuery,
    OtherQuery,
    ProcessAlert,
    Rollup,
    ServiceCheck,
)
from dd_sync.query.canonical import (
    render_comparison,
    render_expression,
    render_number,
    render_scope,
)
from dd_sync.query.nodes import Call, Expression, Number, Text, Window
from dd_sync.query.quoting import quoted
from dd_sync.query.search_nodes import (
    AllOf,
    AnyOf,
    Cidr,
    Compared,
    Empty,
    Facet,
    Phrase,
    Range,
    Search,
    Without,
    Word,
)


def render_alert(query: OtherQuery) -> str:
    match query:
        case EventAlert():
            return _events(query)
        case FormulaAlert():
            return _formula(query)
        case ServiceCheck():
            return _service_check(query)
        case ProcessAlert():
            return _processes(query)
        case CompositeAlert():
            return render_condition(query.condition)
        case ErrorBudget() | BurnRate():
            return _slo(query)
        case NoQuery():
            return "no_query"


def _events(alert: EventAlert) -> str:
    return "".join(
        (
            f"{alert.source}({quoted(render_search(alert.search))})",
            _method("source", (alert.issue_source,)) if alert.issue_source is not None else "",
            f".{alert.issues}()" if alert.issues else "",
            _method("index", alert.indexes),
            _rollup(alert.rollup),
            _keys(alert.by),
            _window(alert.window),
            render_comparison(alert.comparator, alert.threshold),
        )
    )


def _formula(alert: FormulaAlert) -> str:
    return "".join(
        (
            f"formula({quoted(render_expression(alert.formula))})",
            _rollup(alert.rollup),
            _keys(alert.by),
            _window(alert.window),
            _algorithm(alert.algorithm) if alert.algorithm else "",
            render_comparison(alert.comparator, alert.threshold),
        )
    )


def _service_check(check: ServiceCheck) -> str:
    return "".join(
        (
            quoted(check.check),
            _method("over", map(render_scope, check.over)),
            _method("exclude", map(render_scope, check.exclude)),
            _method("by", check.by),
            f".last({check.last})" if check.last is not None else "",
            f".{check.method}()",
        )
    )


def _processes(alert: ProcessAlert) -> str:
    return "".join(
        (
            f"processes({quoted(render_search(alert.search))})",
            _method("over", map(render_scope, alert.over)),
            _method("by", alert.by),
            _rollup(alert.rollup),
            _window(alert.window),
            render_comparison(alert.comparator, alert.threshold),
        )
    )


def _slo(alert: ErrorBudget | BurnRate) -> str:
    form = "error_budget" if isinstance(alert, ErrorBudget) else "burn_rate"
    windows = ""
    if isinstance(alert, BurnRate):
        windows = f'.long_window("{_span(alert.long_window)}").short_window("{_span(alert.short_window)}")'
    comparison = render_comparison(alert.comparator, alert.threshold)
    return f'{form}({quoted(alert.slo)}).over("{_span(alert.over)}"){windows}{comparison}'


# --- methods ---------------------------------------------------------------------------------


def _method(name: str, arguments: Iterable[str]) -> str:
    """`.name("a","b")`, nothing without arguments."""
    written = ",".join(map(quoted, arguments))
    return f".{name}({written})" if written else ""


def _keys(keys: tuple[str, ...]) -> str:
    return f".by({quoted(','.join(keys))})" if keys else ""


def _rollup(rollup: Rollup | None) -> str:
    if rollup is None:
        return ""
    measure = "" if rollup.measure is None else f", {quoted(rollup.measure)}"
    return f".rollup({quoted(rollup.method)}{measure})"


def _window(window: Window) -> str:
    return f'.{window.kind}("{_span(window)}")'


def _span(window: Window) -> str:
    return f"{window.count}{window.unit}"


def _algorithm(call: Call) -> str:
    named = (f"{keyword.name}={_argument(keyword.value)}" for keyword in call.keywords)
    return f".{call.name}({', '.join((*map(_argument, call.arguments), *named))})"


def _argument(value: Expression) -> str:
    if isinstance(value, Text):
        return quoted(value.value)
    return render_number(value.value) if isinstance(value, Number) else render_expression(value)


# --- composite -------------------------------------------------------------------------------


def render_condition(condition: Condition) -> str:
    """The canonical text of a composite query: `123 && (456 || !789)`."""
    match condition:
        case MonitorId():
            return str(condition.id)
        case MonitorKey():
            return f"${{monitor:{condition.key}}}"
        case Negation():
            return "!" + _enclosed(condition.item, Conjunction, Disjunction)
        case Conjunction():
            return " && ".join(_enclosed(item, Disjunction) for item in condition.items)
        case Disjunction():
            return " || ".join(map(render_condition, condition.items))


def _enclosed(condition: Condition, *kinds: type[Conjunction] | type[Disjunction]) -> str:
    text = render_condition(condition)
    return f"({text})" if isinstance(condition, kinds) else text


# --- search ----------------------------------------------------------------------------------


def render_search(search: Search) -> str:
    """The canonical text of a search: a space for AND, `-` for NOT, parentheses where they are needed."""
    match search:
        case Word():
            return search.text
        case Phrase():
            return f'"{search.text}"'
        case Facet():
            value = render_search(search.value)
            alone = isinstance(search.value, Word | Phrase | Range | Compared)
            return f"{search.key}:{value if alone else f'({value})'}"
        case Range():
            return _range(search)
        case Compared():
            return f"{search.operator}{search.value}"
        case AllOf():
            return " ".join(
                f"({render_search(item)})" if isinstance(item, AnyOf) else render_search(item)
                for item in search.items
            )
        case AnyOf():
            return " OR ".join(map(render_search, search.items))
        case Without():
            return _without(search)
        case Cidr():
            return f"CIDR({','.join((search.attribute, *search.blocks))})"
        case Empty():
            return ""


def _without(search: Without) -> str:
    text = render_search(search.item)
    # A sign before a sign would be a word.
    enclosed = isinstance(search.item, AllOf | AnyOf) or text[:1] in {"-", "!"}
    return f"-({text})" if enclosed else f"-{text}"


def _range(search: Range) -> str:
    opening, closing = "[" if search.includes_low else "{", "]" if search.includes_high else "}"
    return f"{opening}{search.low} TO {search.high}{closing}"
