"""What the calls of a query say: their numbers and words, and how far they look back."""

from __future__ import annotations

import re

from dd_sync.query.nodes import Binary, Call, Expression, Metric, Negative, Number, Text

# Seconds by which each looks back.
SHIFTS = {"hour_before": 3600, "day_before": 86400, "week_before": 604800, "month_before": 28 * 86400}
RANKINGS = ("mean", "max", "min", "sum", "last", "l2norm", "area")
_TOP = re.compile(r"(top|bottom)(5|10|15|20)(?:_(max|mean|min|last|area|l2norm|norm|sum))?")
# Longer ones reach past everything that is stored.
_FARTHEST = 10 * 366 * 86400


def constant(expression: Expression) -> float | None:
    """The number an argument is, a minus before it included; None if it is anything else."""
    match expression:
        case Number(value=value):
            return value
        case Negative(item=Number(value=value)):
            return -value
    return None


def word(expression: Expression) -> str:
    """The word an argument is, empty if it is anything else."""
    return expression.value if isinstance(expression, Text) else ""


def inner(expression: Expression) -> tuple[Expression, ...]:
    """The expressions right inside one."""
    match expression:
        case Binary(left=left, right=right):
            return (left, right)
        case Negative(item=item):
            return (item,)
        case Call(arguments=arguments):
            return arguments
    return ()


def calls_in(expression: Expression) -> list[Call]:
    """Every call, the outer before those inside it."""
    own = [expression] if isinstance(expression, Call) else []
    return own + [call for part in inner(expression) for call in calls_in(part)]


def has_arithmetic(expression: Expression) -> bool:
    return isinstance(expression, Binary) or any(has_arithmetic(part) for part in inner(expression))


def is_shift(call: Call) -> bool:
    return call.name == "timeshift" or call.name in SHIFTS


def shift_fits(seconds: float | None) -> bool:
    return seconds is not None and -_FARTHEST <= seconds <= 0 and seconds == int(seconds)


def default_of(call: Call) -> float | None:
    """What `default_zero(q)` and `default(q, 5)` put where nothing is; None for any other call."""
    match call:
        case Call(name="default_zero", arguments=(_,)):
            return 0.0
        case Call(name="default", arguments=(_, value)):
            return constant(value)
    return None


def look_back(call: Call) -> int:
    """Seconds by which a call reads its argument earlier."""
    if call.name == "timeshift":
        return -int(constant(call.arguments[1]) or 0)
    return SHIFTS.get(call.name, 0)


def numbered(name: str, known: dict[str, tuple[int, ...]]) -> tuple[str, int] | None:
    """`ewma_5` as ("ewma", 5), for the numbers that Datadog has of each."""
    base, _, digits = name.rpartition("_")
    fits = digits.isdecimal() and len(digits) < 4 and int(digits) in known.get(base, ())
    return (base, int(digits)) if fits else None


def ranking(call: Call) -> tuple[int, str, bool] | None:
    """How many groups `top(…)` or `top5_mean(…)` keeps, ranked by what, and whether the largest."""
    if call.name == "top":
        match call.arguments[1:]:
            case (Number(value=number), Text(value=by), Text(value=order)):
                fits = number in (5, 10, 25, 50, 100) and by in RANKINGS and order in ("asc", "desc")
                return (int(number), by, order == "desc") if fits else None
        return None
    found = _TOP.fullmatch(call.name)
    if found is None or len(call.arguments) != 1:
        return None
    by = {None: "mean", "norm": "l2norm"}.get(found[3], found[3])
    return int(found[2]), by, found[1] == "top"


def plain(expression: Expression) -> bool:
    """Whether it is one metric, shifted or not."""
    while isinstance(expression, Call) and is_shift(expression):
        expression = expression.arguments[0]
    return isinstance(expression, Metric)
