"""`error_budget("…").over("7d") > 75` and burn rates, text to nodes."""

from __future__ import annotations

from dd_sync.query import words
from dd_sync.query.alerts import BurnRate, ErrorBudget
from dd_sync.query.chain import Chain

FORMS = ("error_budget", "burn_rate")


def read_slo(text: str) -> ErrorBudget | BurnRate:
    chain = Chain(text)
    tokens = chain.tokens
    start, form = tokens.starts[0], tokens.texts[0]
    if form not in FORMS:
        raise tokens.error(f"expected an SLO query, not {tokens.shown()}", words.suggestion(form, FORMS))
    tokens.index = 1
    slo = chain.only_text("the SLO's id").value
    if form == "error_budget":
        links = chain.links(("over",))
        if "over" not in links:
            raise chain.missing('.over("7d")')
        over = chain.window(links["over"])
        comparator, threshold = chain.comparison()
        return ErrorBudget(slo, over, comparator, threshold, span=(start, tokens.end))
    needed = {"over": "30d", "long_window": "1h", "short_window": "5m"}
    links = chain.links(needed)
    for name, example in needed.items():
        if name not in links:
            raise chain.missing(f'.{name}("{example}")')
    over, long_window, short_window = (chain.window(links[name]) for name in needed)
    comparator, threshold = chain.comparison()
    return BurnRate(slo, over, long_window, short_window, comparator, threshold, span=(start, tokens.end))
