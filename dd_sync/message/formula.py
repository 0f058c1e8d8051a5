"""The small language inside `{{eval "…"}}`: arithmetic and functions of template variables."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from dd_sync.message.words import suggestion

Value = float | str
Lookup = Callable[[tuple[str, ...]], Value | None]

LONGEST = 10_000
DEEPEST = 64
MOST_OPERATORS = 256


@dataclass(frozen=True, slots=True)
class Constant:
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A template variable; span: offsets within the formula's text."""

    path: tuple[str, ...]
    span: tuple[int, int] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """`+ - * / % ^`; a sign is an operation with 0 on its left."""

    operator: str
    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Applied:
    function: str
    arguments: tuple[Formula, ...]


Formula = Constant | Name | Operation | Applied


class FormulaError(Exception):
    """What is wrong with a formula; start and end: offsets within its text."""

    def __init__(self, problem: str, hint: str, start: int, end: int) -> None:
        super().__init__(problem)
        self.problem, self.hint, self.start, self.end = problem, hint, start, end


# --- reading ---------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
      (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>(?:@?[^\W\d]|\[[^\[\]]+\])(?:[\w.@]|\[[^\[\]]+\])*)
    | (?P<string>'[^']*'|"[^"]*")
    | [-+*/%^(),]
    | (?P<other>\S)
    """,
    re.VERBOSE,
)
_SEGMENT = re.compile(r"\[([^\[\]]+)\]|([^.\[\]]+)")


def path_of(name: str) -> tuple[str, ...]:
    """`[dot.key].name` as ("dot.key", "name")."""
    return tuple(bracketed or plain for bracketed, plain in _SEGMENT.findall(name))


def parse_formula(text: str) -> Formula:
    """The nodes of a formula; raises FormulaError."""
    if len(text) > LONGEST:
        raise FormulaError(f"a formula of {len(text):,} characters", "write a shorter one", 0, 1)
    parser = _Parser(text)
    found = parser.sum()
    if parser.kind != "end":
        raise parser.error(f"unexpected {parser.shown}", "operators are + - * / % ^")
    return found


class _Parser:
    """Precedence, loosest first: + - then * / % then a sign then ^, which groups to the right."""

    def __init__(self, text: str) -> None:
        found = list(_TOKEN.finditer(text))
        self.tokens = [(m.lastgroup or m[0], m[0], m.start()) for m in found]
        self.tokens.append(("end", "", len(text)))
        self.index = self.depth = self.operators = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.index][0]

    @property
    def shown(self) -> str:
        return "the end" if self.kind == "end" else f"'{self.tokens[self.index][1][:60]}'"

    def error(self, problem: str, hint: str) -> FormulaError:
        _, text, start = self.tokens[self.index]
        return FormulaError(problem, hint, start, start + max(1, len(text)))

    def take(self) -> str:
        text = self.tokens[self.index][1]
        self.index += 1
        return text

    def operator(self) -> str:
        self.operators += 1
        if self.operators > MOST_OPERATORS:
            raise self.error(f"more than {MOST_OPERATORS} operators", "write a shorter formula")
        return self.take()

    def sum(self) -> Formula:
        left = self.product()
        while self.kind in {"+", "-"}:
            left = Operation(self.operator(), left, self.product())
        return left

    def product(self) -> Formula:
        left = self.signed()
        while self.kind in {"*", "/", "%"}:
            left = Operation(self.operator(), left, self.signed())
        return left

    def signed(self) -> Formula:
        if self.kind != "-":
            return self.power()
        self.operator()
        self.descend()
        item = self.signed()
        self.depth -= 1
        return Operation("-", Constant(0.0), item)

    def power(self) -> Formula:
        base = self.item()
        if self.kind != "^":
            return base
        operator = self.operator()
        self.descend()
        exponent = self.signed()
        self.depth -= 1
        return Operation(operator, base, exponent)

    def descend(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"nested more than {DEEPEST} levels deep", "write a simpler formula")

    def item(self) -> Formula:
        kind, text, start = self.tokens[self.index]
        if kind == "number":
            return Constant(float(self.take()))
        if kind == "string":
            return Constant(self.take()[1:-1])
        if kind == "name":
            if self.tokens[self.index + 1][0] == "(":
                return self.applied()
            self.take()
            return Name(path_of(text), (start, start + len(text)))
        if kind == "(":
            return self.parenthesis()
        raise self.error(
            f"expected a variable or a number, not {self.shown}", 'write for example "value * 100"'
        )

    def parenthesis(self) -> Formula:
        self.descend()
        self.take()
        found = self.sum()
        self.close()
        return found

    def close(self) -> None:
        if self.kind != ")":
            raise self.error(f"expected ), not {self.shown}", "close every parenthesis")
        self.take()
        self.depth -= 1

    def applied(self) -> Formula:
        name = self.tokens[self.index][1]
        if name not in FUNCTIONS:
            raise self.error(f"unknown function '{name[:60]}' in eval", suggestion(name, FUNCTIONS))
        at = self.index
        self.take()
        self.take()
        self.descend()
        arguments = [self.sum()]
        while self.kind == ",":
            self.take()
            arguments.append(self.sum())
        self.close()
        least, most = FUNCTIONS[name].arguments
        if not least <= len(arguments) <= most:
            self.index = at
            count = str(least) if least == most else f"{least} to {most}"
            raise self.error(f"{name} takes {count} arguments, not {len(arguments)}", f"see eval's {name}")
        return Applied(name, tuple(arguments))


# --- evaluating ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Function:
    call: Callable[..., Value]
    arguments: tuple[int, int] = (1, 1)
    text: bool = False


def _humanized(units: tuple[str, ...]) -> Callable[[float], str]:
    def humanize(number: float) -> str:
        for unit in units[:-1]:
            if abs(number) < 1024:
                return f"{number:.4g}{unit}"
            number /= 1024
        return f"{number:.4g}{units[-1]}"

    return humanize


def _rounded(number: float, digits: float = 0) -> float:
    """Half away from zero, as people round; Python's own rounding is half to even."""
    scale = 10.0 ** int(digits)
    return math.copysign(math.floor(abs(number) * scale + 0.5) / scale, number)


def _substring(text: str, start: Value, end: Value | None = None) -> str:
    return text[int(start) : None if end is None else int(end)]


_BYTES = ("B", "KB", "MB", "GB", "TB", "PB", "EB")
_BITS = ("b", "Kb", "Mb", "Gb", "Tb", "Pb", "Eb")
_OF_ONE_NUMBER: dict[str, Callable[[float], Value]] = {
    "humanize_bytes": _humanized(_BYTES),
    "humanize_bits": _humanized(_BITS),
    "abs": abs,
    "int": math.trunc,
    "trunc": math.trunc,
    "float": float,
    "dec": lambda x: x - math.trunc(x),
    "ceil": math.ceil,
    "floor": math.floor,
    "sgn": lambda x: float((x > 0) - (x < 0)),
    "to_bool": lambda x: "true" if x else "false",
    "exp": math.exp,
    "log10": math.log10,
    "sin": math.sin,
    "sinh": math.sinh,
    "asin": math.asin,
    "asinh": math.asinh,
    "cos": math.cos,
    "cosh": math.cosh,
    "acos": math.acos,
    "acosh": math.acosh,
    "tan": math.tan,
    "tanh": math.tanh,
    "atan": math.atan,
    "atanh": math.atanh,
}
FUNCTIONS: dict[str, Function] = {name: Function(call) for name, call in _OF_ONE_NUMBER.items()} | {
    "round": Function(_rounded, (1, 2)),
    "atan2": Function(math.atan2, (2, 2)),
    "upper": Function(str.upper, text=True),
    "lower": Function(str.lower, text=True),
    "strip": Function(str.strip, (1, 2), text=True),
    "substring": Function(_substring, (2, 3), text=True),
}


def evaluate(formula: Formula, lookup: Lookup) -> Value | None:
    """A formula's value, None where it has none: an unknown variable, a division by 0, text in arithmetic."""
    try:
        value = _evaluate(formula, lookup)
    except (ArithmeticError, ValueError, TypeError):
        return None
    return value if isinstance(value, str) or math.isfinite(value) else None


def _evaluate(formula: Formula, lookup: Lookup) -> Value:
    match formula:
        case Constant():
            return formula.value
        case Name():
            value = lookup(formula.path)
            if value is None:
                raise ValueError(formula.path)
            return value
        case Operation():
            return _operated(formula, _number(formula.left, lookup), _number(formula.right, lookup))
        case Applied():
            return _applied(formula, lookup)


def _number(formula: Formula, lookup: Lookup) -> float:
    return float(_evaluate(formula, lookup))


def _operated(operation: Operation, left: float, right: float) -> float:
    match operation.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "%":
            return left % right
    return math.pow(left, right)


def _applied(formula: Applied, lookup: Lookup) -> Value:
    function = FUNCTIONS[formula.function]
    if not function.text:
        return function.call(*(_number(argument, lookup) for argument in formula.arguments))
    text, *others = (_evaluate(argument, lookup) for argument in formula.arguments)
    return function.call(str(text), *others)
