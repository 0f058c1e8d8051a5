"""`dd-sync why`"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.app import App, common
from dd_sync.cli.render import unknown_key
from dd_sync.errors import CatalogError, Exit, Problem, RequestError

if TYPE_CHECKING:
    from dd_sync.report.why_answer import Case
    from dd_sync.scenarios.load import Scenario
    from dd_sync.scenarios.suite import Suite

EXAMPLES = """\b
Examples:
  dd-sync why stream-rate tenant:acme --at 75m --scenario "a flood"
  dd-sync why stream-rate tenant:acme --at 2026-03-02T01:15:00Z --series export.csv
"""
_MOST_LISTED = 8
_COLOURS: dict[str, dict[str, Any]] = {
    "Alert": {"fg": "red", "bold": True},
    "Warn": {"fg": "yellow", "bold": True},
    "OK": {"fg": "green", "bold": True},
    "No Data": {"fg": "magenta", "bold": True},
    "Unknown": {"fg": "magenta", "bold": True},
    "head": {"bold": True},
    "told": {"fg": "cyan"},
    "quiet": {"dim": True},
}


@click.command(epilog=EXAMPLES)
@click.argument("key", metavar="KEY")
@click.argument("group", metavar="[GROUP]", required=False)
@click.option("--at", metavar="TIME", required=True, help="2h30m from the start, or 2026-03-02T02:30:00Z.")
@click.option("--scenario", metavar="NAME", help="The scenario, or a part of its name.")
@click.option(
    "--series",
    "files",
    metavar="[METRIC=]FILE",
    multiple=True,
    help="Samples from a .csv, .ndjson or .parquet file instead; may be given again.",
)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["count", "rate", "gauge", "distribution"]),
    help="Of the files' metrics.",
)
@click.option(
    "--interval", metavar="DURATION", default="1m", show_default=True, help="Between their samples."
)
@common("text", "json", monitors=True)
def why(
    app: App,
    key: str,
    group: str | None,
    at: str,
    scenario: str | None,
    files: tuple[str, ...],
    kind: str | None,
    interval: str,
) -> int:
    """Say why a monitor did or did not alert then.

    The buckets or events in the window, each step's value, the thresholds, the state before and after,
    downtimes, who was told and why not the others: of a scenario, or of files of samples. GROUP is as in
    tenant:acme; a monitor that is not grouped needs none.
    """
    from dd_sync.report.why import why as asked
    from dd_sync.report.why_data import as_data
    from dd_sync.report.why_text import as_text, plain
    from dd_sync.scenarios.fields import time_asked
    from dd_sync.scenarios.suite import suite_of

    if scenario is not None and files:
        raise RequestError("both a scenario and files", hint="leave out --scenario or --series")
    loading = replace(app, environ={}).read()
    suite = suite_of(loading, app.env, allow_unknown_options=app.allow_unknown_options)
    if key not in loading.keys:
        raise unknown_key(key, sorted(loading.keys))
    if files:
        from dd_sync.cli.why_files import case_of_files

        case = case_of_files(suite, key, files, kind, interval, at)
    else:
        case = _of_scenario(suite, key, scenario)
    found = asked(case, _group(case, group), _within(case, time_asked(at, case.start)))
    if app.format == "json":
        app.show_json(as_data(found))
    else:
        app.show(as_text(found, _paint if app.screen.colours(sys.stdout) else plain))
    return Exit.DONE


def _of_scenario(suite: Suite, key: str, name: str | None) -> Case:
    from dd_sync.report.why_answer import Case
    from dd_sync.scenarios.run import run
    from dd_sync.scenarios.sources import sources_of

    scenario = _scenario([one for one in suite.scenarios if one.monitor == key], key, name)
    start = scenario.form.start
    monitors = suite.declare(scenario.form.tunables, start.date())
    outcome = run(scenario, monitors, suite.tenant_tag, monitors.catalog)
    if outcome.replay is None:
        rule = "scenario" if outcome.refused is None else "unsupported"
        raise CatalogError(
            Problem(rule, one.problem, one.hint, one.where, source=one.source)
            for one in ([outcome.refused] if outcome.refused else outcome.failures)
        )
    return Case(
        key=key,
        done=outcome.replay,
        sources=replace(sources_of(scenario, monitors), parts=outcome.parts),
        start=int(start.timestamp()),
        name=scenario.name,
        silences=outcome.silences,
        parts=outcome.parts,
    )


def _scenario(scenarios: Sequence[Scenario], key: str, name: str | None) -> Scenario:
    """The one that is meant: by its name, by a part of it, or because there is no other."""
    if not scenarios:
        hint = "write one under scenarios/, or name files of samples with --series"
        raise RequestError(f"no scenario is about '{key}'", hint=hint)
    listed = "; ".join(f"'{one.name}'" for one in scenarios[:_MOST_LISTED])
    if name is None:
        if len(scenarios) > 1:
            raise RequestError(
                f"'{key}' has {len(scenarios)} scenarios", hint=f"name one with --scenario: {listed}"
            )
        return scenarios[0]
    exact = [one for one in scenarios if one.name == name]
    found = exact or [one for one in scenarios if name.lower() in one.name.lower()]
    if not found:
        raise RequestError(f"'{key}' has no scenario '{name}'", hint=f"it has {listed}")
    if len(found) > 1:
        several = "; ".join(f"'{one.name}'" for one in found[:_MOST_LISTED])
        raise RequestError(f"'{name}' is in the names of {len(found)} scenarios", hint=several)
    return found[0]


def _group(case: Case, asked: str | None) -> str:
    """The group that is meant, whatever the order of its tags; the only one there is needs no name."""
    from difflib import get_close_matches

    groups = case.done.groups
    there = f"there was {', '.join(groups[:_MOST_LISTED])}" if groups else "nothing it looks at had data"
    if asked is None and len(groups) == 1:
        return groups[0]
    if asked is None:
        raise RequestError(f"'{case.key}' is judged by groups: say which one", hint=there)
    wanted = sorted(asked.lower().split(","))
    found = next((one for one in groups if one == asked or sorted(one.lower().split(",")) == wanted), None)
    if found is not None:
        return found
    near = get_close_matches(asked, groups, n=3, cutoff=0.75)
    hint = f"did you mean {' or '.join(near)}?" if near else there
    raise RequestError(f"'{case.key}' never had a group '{asked}' there{_looked_at(case)}", hint=hint)


def _looked_at(case: Case) -> str:
    """The scopes of its metrics, which may leave a group out."""
    from dd_sync.evaluate.metric_rule import MetricRule
    from dd_sync.query.canonical import render_scope
    from dd_sync.query.tools import metrics_in

    rule = case.done.rule
    metrics = metrics_in(rule.alert.expression) if isinstance(rule, MetricRule) else ()
    scopes = dict.fromkeys(f"{{{render_scope(metric.scope)}}}" for metric in metrics)
    return f"; it looks at {' and '.join(scopes)}" if scopes else ""


def _within(case: Case, at: int) -> int:
    """A time that was evaluated."""
    times = case.done.times
    if not times.size or not times[0] <= at <= times[-1] + case.done.rule.frequency:
        span = f"from {_clock(times[0])} to {_clock(times[-1])}" if times.size else "at no time"
        raise RequestError(f"{_clock(at)} is not within what was evaluated", hint=f"that was {span}")
    return at


def _clock(moment: int) -> str:
    return f"{datetime.fromtimestamp(int(moment), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _paint(text: str, kind: str) -> str:
    return click.style(text, **_COLOURS[kind]) if kind in _COLOURS else text
