"""`formula("query1 / query2 * 100").last("15m") > 5`, text to nodes."""

from __future__ import annotations

from dd_sync.errors import QueryError
from dd_sync.query.alerts import FormulaAlert
from dd_sync.query.chain import Chain, Link
from dd_sync.query.expression import ExpressionReader
from dd_sync.query.lexer import EXPRESSION_TOKEN
from dd_sync.query.nodes import Call, Expression, Keyword, Text, Variable
from dd_sync.query.quoting import inner_tokens

ALGORITHMS = ("anomaly", "change", "forecast")
_METHODS = ("rollup", "by", "last", "current", *ALGORITHMS)


def read_formula(text: str) -> FormulaAlert:
    chain = Chain(text)
    tokens = chain.tokens
    start = tokens.starts[0]
    if tokens.texts[0] != "formula":
        hint = 'begin with the formula: formula("query1 / query2").last("15m") > 5'
        raise tokens.error(f"expected formula(…), not {tokens.shown()}", hint)
    tokens.index = 1
    formula = _expression(chain.text, chain.only_text("the formula"))
    links = chain.links(_METHODS)
    window = chain.window_of(links)
    comparator, threshold = chain.comparison()
    return FormulaAlert(
        formula,
        window,
        comparator,
        threshold,
        rollup=chain.rollup(links.get("rollup")),
        by=chain.keys(links.get("by")),
        algorithm=_algorithm(chain, links),
        span=(start, tokens.end),
    )


def _algorithm(chain: Chain, links: dict[str, Link]) -> Call | None:
    found = [links[name] for name in links if name in ALGORITHMS]
    if not found:
        return None
    if len(found) > 1:
        raise chain.error("two algorithms in one query", "use one of them", found[1])
    link = found[0]
    positional = tuple(a for a in link.arguments if not isinstance(a, Keyword))
    keywords = tuple(a for a in link.arguments if isinstance(a, Keyword))
    return Call(link.name, positional, keywords, span=link.span)


def _expression(text: str, quoted: Text) -> Expression:
    reader = _Formula(inner_tokens(text, *quoted.span, EXPRESSION_TOKEN))
    found = reader.sum()
    tokens = reader.tokens
    if tokens.kinds[tokens.index] != "end":
        raise tokens.error(
            f"unexpected {tokens.shown()} in the formula", "a formula joins names of queries by + - * /"
        )
    return found


class _Formula(ExpressionReader):
    """An expression whose leaves are names of queries, not metrics."""

    __slots__ = ()

    def argument(self) -> Expression:
        return super().argument() if self.tokens.kinds[self.tokens.index] == "string" else self.sum()

    def operand_error(self) -> QueryError:
        hint = "write the name of a query, a function of one, or a number: query1 / query2 * 100"
        return self.tokens.error(f"expected the name of a query, not {self.tokens.shown()}", hint)

    def leaf(self) -> Expression:
        tokens = self.tokens
        start, name = tokens.starts[tokens.index], tokens.texts[tokens.index]
        tokens.index += 1
        return Variable(name, span=(start, tokens.end))
