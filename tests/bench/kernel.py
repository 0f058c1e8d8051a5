"""`python -m tests.bench.kernel`: the kernel on 1,000 groups x 43,200 minutes, beside what memory allows.

Each line is a whole pass over the grid on one core, the best of some. `sum` reads every number once and adds
it up: no kernel can be faster. `running sum` is the textbook way, a cumulative sum and its difference: it is
no rival, it knows no gaps, states or transitions, and a point of 1e9 leaves its error behind for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click
import numpy as np

from dd_sync.evaluate.compiling import compile_rule
from dd_sync.evaluate.judge import judge
from dd_sync.evaluate.kernel import changes, rolling
from dd_sync.evaluate.rule import Rule, Thresholds
from dd_sync.evaluate.series import Floats, Ints
from dd_sync.model.monitor import Monitor

WIDTH = 60
QUERY = "sum(last_1h):sum:streams.created{*} by {tenant}.as_count() > 560"
START = 1_772_409_600


def grid(groups: int, minutes: int, gaps: float) -> Floats:
    """float64 [groups, minutes], about 8 a minute; `gaps` of all cells are empty."""
    random = np.random.default_rng(1)
    values = random.poisson(8.0, (groups, minutes)).astype(np.float64)
    if gaps:
        values[random.random(values.shape) < gaps] = np.nan
    return values


def rule() -> tuple[Rule, Thresholds]:
    options = {"thresholds": {"critical": 560, "critical_recovery": 520}, "new_group_delay": 0}
    made = compile_rule("bench", Monitor(type="query alert", query=QUERY, options=options))
    assert made.thresholds is not None
    return made, made.thresholds


def states(values: Floats, rows: int) -> int:
    """Rolling hour, hysteresis and transitions, as a replay goes through them; how many transitions."""
    made, bounds = rule()
    times: Ints = START + 60 * np.arange(WIDTH, values.shape[1] + 1, dtype=np.int64)
    found = 0
    for at in range(0, len(values), rows):
        part = values[at : at + rows]
        judged = judge(made, bounds, times, rolling(part, WIDTH, "sum"), None, [None] * len(part))
        found += changes(judged.states, np.zeros(len(part), dtype=np.int8))[0].size
    return found


def running(values: Floats) -> float:
    """The naive baseline: a cumulative sum and its difference, nothing else."""
    total = np.cumsum(values, axis=1)
    return float((total[:, WIDTH:] - total[:, :-WIDTH]).max())


def beside(values: Floats, rows: int) -> Callable[[], object] | None:
    """The rolling hour alone as pandas has it, in the same parts; None where it is not installed."""
    try:
        pandas: Any = import_module("pandas")
    except ImportError:
        return None
    parts = range(0, len(values), rows)
    return lambda: [pandas.DataFrame(values[at : at + rows].T).rolling(WIDTH).sum() for at in parts]


def speed(work: Callable[[], object], points: int, rounds: int) -> float:
    """Million points a second of CPU, the best of `rounds`."""
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return points / min(spent) / 1e6


def spike_error() -> float:
    """How far sums are off once a point of 1e9 has left the window."""
    values = np.random.default_rng(2).random((4, 500))
    spiked = values.copy()
    spiked[:, 100] = 1e9
    clean, after = (rolling(one, WIDTH, "sum")[:, 101:] for one in (values, spiked))
    return float(np.abs(clean - after).max())


@click.command()
@click.option("--groups", default=1000)
@click.option("--minutes", default=43_200)
@click.option("--rounds", default=3)
def main(groups: int, minutes: int, rounds: int) -> None:
    values, holed = grid(groups, minutes, 0.0), grid(groups, minutes, 0.01)
    rows = max(1, 200_000 // minutes)
    lines: list[tuple[str, Callable[[], object]]] = [
        ("sum: the limit of memory", values.sum),
        ("running sum, naive", lambda: running(values)),
        (
            "rolling hour",
            lambda: [rolling(values[at : at + rows], WIDTH, "sum") for at in range(0, groups, rows)],
        ),
        ("rolling hour, states, transitions", lambda: states(values, rows)),
        ("the same with 1 % of gaps", lambda: states(holed, rows)),
    ]
    pandas = beside(values, rows)
    if pandas:
        lines.append(("rolling hour, pandas", pandas))
    for name, work in lines:
        click.echo(f"{name:<36}{speed(work, values.size, rounds):8.0f} M points/s")
    click.echo(f"{'error after a spike of 1e9':<36}{spike_error():8.0e}")


if __name__ == "__main__":
    main()
