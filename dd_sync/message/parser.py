"""A notification message, text to parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dd_sync.errors import TemplateError
from dd_sync.message import words
from dd_sync.message.formula import FormulaError, parse_formula, path_of
from dd_sync.message.lexer import Token, error_at, tokens
from dd_sync.message.nodes import (
    Block,
    Condition,
    Evaluation,
    Literal,
    LocalTime,
    OverriddenPriority,
    Part,
    Template,
    UrlEncoded,
    Variable,
)

DEEPEST = 64
_ARGUMENT = re.compile(
    r"""
      (?P<quoted>"[^"]*"|'[^']*')
    | (?P<word>(?:[^\s"'()\[\]]|\[[^\[\]]*\])+)
    | [()]
    | (?P<other>\S)
    """,
    re.VERBOSE,
)
_PATH = re.compile(r"(?:\[[^\[\]]+\]|[^.\[\]]+)(?:\.?(?:\[[^\[\]]+\]|[^.\[\]]+))*")
_PRIORITY = re.compile(r"[Pp]?([1-5])")
_TYPOGRAPHIC = "“”‘’„"


def parse(text: str) -> Template:
    """The parts of a message, such as `{{#is_alert}}{{tenant.name}}: {{value}} @slack-risk{{/is_alert}}`.

    Raises TemplateError and nothing else; its place is relative to `text`.
    Source: Datadog's documentation of notification variables.
    """
    return _Parser(text).template()


@dataclass(slots=True)
class _Open:
    """A block whose end is not reached yet."""

    token: Token
    name: str
    condition: Condition
    negated: bool
    then: list[Part] = field(default_factory=list)
    otherwise: list[Part] | None = None

    @property
    def parts(self) -> list[Part]:
        return self.then if self.otherwise is None else self.otherwise


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument of a tag; kind: `quoted`, `word`, a parenthesis, or `other`."""

    kind: str
    text: str
    start: int

    @property
    def value(self) -> str:
        return self.text[1:-1] if self.kind == "quoted" else self.text

    @property
    def inside(self) -> int:
        return self.start + (self.kind == "quoted")


class _Parser:
    """Open blocks are a list, not recursion, so that no message can overflow the stack."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.top: list[Part] = []
        self.open: list[_Open] = []

    def template(self) -> Template:
        stream = tokens(self.source)
        for token in stream:
            match token.kind:
                case "text":
                    self.add(Literal(token.text, span=(token.start, token.end)))
                case "raw":
                    self.raw(token, next(stream))
                case "open" | "inverse":
                    self.begin(token)
                case "else":
                    self.otherwise(token)
                case "close":
                    self.end(token)
                case _:
                    self.add(self.shown(token))
        if self.open:
            unclosed = self.open[-1]
            hint = f"close it with {{{{/{unclosed.name}}}}}"
            raise self.error(unclosed.token, f"{self.written(unclosed.token)} is not closed", hint)
        return Template(self.source, tuple(self.top))

    def add(self, part: Part) -> None:
        (self.open[-1].parts if self.open else self.top).append(part)

    def written(self, token: Token) -> str:
        text = self.source[token.start : token.end]
        return text if len(text) <= 60 else text[:59] + "…"

    def error(self, token: Token, problem: str, hint: str) -> TemplateError:
        return error_at(self.source, problem, hint, token.start, token.end)

    # --- blocks ------------------------------------------------------------------------------

    def begin(self, token: Token) -> None:
        if len(self.open) >= DEEPEST:
            raise self.error(token, f"blocks nested more than {DEEPEST} levels deep", "nest less")
        condition = self.condition(token)
        negated = (token.kind == "inverse") != (condition.name == "unless")
        self.open.append(_Open(token, condition.name, condition, negated))

    def otherwise(self, token: Token) -> None:
        if not self.open:
            raise self.error(token, "{{else}} outside of a block", "put it between {{#…}} and {{/…}}")
        if self.open[-1].otherwise is not None:
            hint = f"close {self.written(self.open[-1].token)} before it, or remove it"
            raise self.error(token, "a second {{else}} in one block", hint)
        self.open[-1].otherwise = []

    def end(self, token: Token) -> None:
        name = token.text
        if not self.open:
            hint = f"open it with {{{{#{name[:60]}}}}}, or remove it"
            raise self.error(token, f"{self.written(token)} closes nothing", hint)
        innermost = self.open[-1]
        if name != innermost.name:
            closing = f"{{{{/{innermost.name}}}}}"
            hint = f"{self.written(innermost.token)} is still open: close it first with {closing}"
            raise self.error(token, f"{self.written(token)} does not close the innermost block", hint)
        self.open.pop()
        span = (innermost.token.start, token.end)
        otherwise = tuple(innermost.otherwise or ())
        self.add(Block(innermost.condition, innermost.negated, tuple(innermost.then), otherwise, span=span))

    def raw(self, opening: Token, verbatim: Token) -> None:
        text = Literal(verbatim.text, span=(verbatim.start, verbatim.end))
        if opening.text == "raw":
            return self.add(text)
        if opening.text[:1] in {"#", "^", "/"}:
            hint = "write it without #, ^ and /: {{{{is_match …}}}} … {{{{/is_match}}}}"
            raise self.error(opening, f"{self.written(opening)} has a sign inside four braces", hint)
        condition = self.condition(opening)
        span = (opening.start, verbatim.end)
        return self.add(Block(condition, condition.name == "unless", (text,), span=span))

    def condition(self, token: Token) -> Condition:
        arguments = self.arguments(token)
        name = arguments[0].text if arguments else ""
        if name not in words.CONDITIONS:
            raise self.error(
                token, f"unknown condition '{name[:60]}'", words.suggestion(name, words.CONDITIONS)
            )
        span = (token.start, token.end)
        text = " ".join(token.text.split())
        given = arguments[1:]
        if name in words.TRANSITIONS:
            if given:
                raise self.error(token, f"{name} takes no argument", f"write {{{{#{name}}}}}")
            return Condition(name, text, span=span)
        if name == "is_priority":
            return Condition(name, text, values=(self.priority(token, given),), span=span)
        subject, rest = self.subject(token, name, given)
        if name in words.HANDLEBARS:
            return Condition(name, text, subject, span=span)
        if not rest:
            hint = f'write {{{{#{name} "tenant.name" "acme"}}}}'
            raise self.error(token, f"{name} has nothing to compare with", hint)
        return Condition(name, text, subject, tuple(argument.value for argument in rest), span=span)

    def priority(self, token: Token, given: list[_Argument]) -> str:
        match = _PRIORITY.fullmatch(given[0].value) if len(given) == 1 else None
        if match is None:
            raise self.error(token, "a priority is one of P1 to P5", "write it quoted, as in 'P1'")
        return match[1]

    def subject(
        self, token: Token, name: str, given: list[_Argument]
    ) -> tuple[Variable | Evaluation, list[_Argument]]:
        """What a condition asks about, `"tenant.name"` or `(eval "…")`, and the arguments after it."""
        if not given:
            raise self.error(token, f"{name} asks about nothing", f'name a variable: {name} "tenant.name"')
        if given[0].kind != "(":
            return self.variable(given[0]), given[1:]
        if len(given) < 4 or given[1].text != "eval" or given[3].kind != ")":
            hint = f'write {name} (eval "value / 100") "5"'
            raise self.error(token, "only eval can stand in parentheses", hint)
        return self.evaluation(given[2], (given[0].start, given[3].start + 1)), given[4:]

    # --- what shows a value ------------------------------------------------------------------

    def shown(self, token: Token) -> Part:
        span = (token.start, token.end)
        arguments = self.arguments(token)
        if not arguments:
            raise self.error(token, "braces without a variable", "name one, as in {{value}}, or remove them")
        name, given = arguments[0].text, arguments[1:]
        if not given:
            return self.variable(arguments[0], span, escaped=token.kind == "variable")
        if name == "eval" and len(given) == 1:
            return self.evaluation(given[0], span)
        if name == "local_time" and len(given) == 2:
            return LocalTime(self.variable(given[0]), given[1].value, span=span)
        if name == "urlencode" and len(given) == 1:
            return UrlEncoded(self.variable(given[0]), span=span)
        if name == "override_priority":
            return OverriddenPriority(int(self.priority(token, given)), span=span)
        raise self.misused(token, name)

    def misused(self, token: Token, name: str) -> TemplateError:
        examples = {
            "eval": 'write {{eval "value * 100"}}, all of the formula in one pair of quotes',
            "local_time": "write {{local_time 'last_triggered_at' 'Asia/Tokyo'}}",
            "urlencode": 'write {{urlencode "tenant.name"}}',
        }
        if name in examples:
            return self.error(token, f"wrong arguments for {name}", examples[name])
        if name in words.CONDITIONS:
            return self.error(token, f"{name} is a condition", f"open it as a block: {{{{#{name} …}}}}")
        hint = words.suggestion(name, words.HELPERS) + "; a variable is one word"
        return self.error(token, f"unknown function '{name[:60]}'", hint)

    def evaluation(self, argument: _Argument, span: tuple[int, int]) -> Evaluation:
        try:
            return Evaluation(parse_formula(argument.value), span=span)
        except FormulaError as error:
            start, end = argument.inside + error.start, argument.inside + error.end
            raise error_at(self.source, error.problem, error.hint, start, end) from None

    def variable(
        self, argument: _Argument, span: tuple[int, int] | None = None, *, escaped: bool = True
    ) -> Variable:
        name = argument.value.strip()
        start, end = argument.inside, argument.inside + len(argument.value)
        if not _PATH.fullmatch(name):
            hint = "write it as {{tenant.name}}, with brackets where a key has a dot: {{[dot.key].name}}"
            raise error_at(self.source, f"'{name[:60]}' is not a variable", hint, start, end)
        return Variable(path_of(name), escaped, span=span or (start, end))

    def arguments(self, token: Token) -> list[_Argument]:
        found = []
        for match in _ARGUMENT.finditer(token.text):
            argument = _Argument(match.lastgroup or match[0], match[0], token.inside + match.start())
            at = (argument.start, argument.start + len(argument.text))
            if argument.kind == "word" and argument.text[0] in _TYPOGRAPHIC:
                raise error_at(self.source, "typographic quotes", 'use plain quotes: "…"', *at)
            if argument.kind == "other":
                hint = "close every quote and bracket"
                raise error_at(self.source, f"unexpected {argument.text} in a tag", hint, *at)
            found.append(argument)
        return found
