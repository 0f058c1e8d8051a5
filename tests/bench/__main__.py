"""`python -m tests.bench`: every bar measured in one run. Never part of the test suite."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from tests.bench.bars import BARS, Bar
from tests.bench.measure import Failed, ratio
from tests.bench.report import Result, comparison, line
from tests.bench.stage import Stage, stage


@click.command()
@click.option("--only", default="", help="Measure the bars whose name holds this text.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Write the results to this file too.")
@click.option("--strict", is_flag=True, help="Exit 1 if a bar is missed or could not be measured.")
@click.option(
    "--compare",
    type=(click.Path(exists=True, path_type=Path), click.Path(exists=True, path_type=Path)),
    help="Measure nothing: print main's results and this tree's side by side, as Markdown.",
)
def bench(only: str, out: Path | None, strict: bool, compare: tuple[Path, Path] | None) -> None:
    """Speed as ratios: what a whole process costs, against a baseline that ran in turns with it."""
    if compare:
        click.echo(comparison(*(_read(path) for path in compare)), nl=False)
        return
    results = []
    with stage() as here:
        for bar in BARS:
            if only in bar.name:
                results.append(_measure(bar, here))
                click.echo(line(results[-1]))
    if out:
        out.write_text(json.dumps([result.json() for result in results], indent=1) + "\n")
    if strict and not all(result.holds for result in results):
        raise SystemExit(1)


def _measure(bar: Bar, here: Stage) -> Result:
    unmeasured = Result(bar.name, bar.against_name, bar.at_most, unit="MB" if bar.of == "peak" else "s")
    try:
        found = ratio(
            bar.command(here), bar.baseline(here), rounds=bar.rounds, environ=here.environ, of=bar.of
        )
    except Failed as failure:
        return replace(unmeasured, failure=str(failure))
    return replace(
        unmeasured, ratio=found.value, seconds=found.seconds, baseline_seconds=found.baseline_seconds
    )


def _read(path: Path) -> list[Result]:
    return [Result(**row) for row in json.loads(path.read_text())]


bench()
