"""docs/areas/, as monitors/ has it: a page for each file, and a picture for each monitor.

`CASES=write python -m pytest tests/catalog/test_area_pages.py` writes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from dd_sync.catalog.catalog import Catalog
from dd_sync.catalog.load import load
from dd_sync.evaluate.replay import Kind
from dd_sync.evaluate.select import TOTAL, group_of
from dd_sync.evaluate.silence import silences_of
from dd_sync.model.monitor import Declared
from dd_sync.model.ownership import SNOOZABLE
from dd_sync.report.explain import explain
from dd_sync.report.picture import Picture, draw
from dd_sync.scenarios.run import Outcome
from dd_sync.scenarios.suite import suite_of

# Scenarios are judged by their own date; what the pages say of exemptions is as of this one.
DAY = date(2026, 11, 21)
_COMMENT = re.compile(r"# (.*)\n")
_HATCH = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><line class="hatch" y2="6"/></pattern></defs>'
)


def pages(folder: Path) -> dict[str, str]:
    """File names below docs/areas/ with their content. folder: monitors/."""
    loading = load(folder, environ={}, env=None, today=DAY)
    catalog = loading.catalog
    assert catalog is not None
    assert [problem for problem in loading.problems if problem.is_error] == []
    outcomes: dict[str, list[Outcome]] = {}
    for outcome in suite_of(loading).outcomes():
        outcomes.setdefault(outcome.scenario.monitor, []).append(outcome)
    found = {}
    areas: dict[str, list[Declared]] = {}
    for declared in catalog.monitors:
        areas.setdefault(Path(declared.file).stem, []).append(declared)
        shown = _drawn(outcomes[declared.key])
        found[f"{declared.key}.svg"] = shown[1]
    for area, monitors in areas.items():
        monitors.sort(key=lambda one: one.path)
        found[f"{area}.md"] = "\n".join(_page(catalog, folder, area, monitors, outcomes)) + "\n"
    found["README.md"] = "\n".join(_index(folder, areas)) + "\n"
    return found


def _index(folder: Path, areas: Mapping[str, Sequence[Declared]]) -> Iterator[str]:
    yield "# The monitors of this repository\n"
    yield "Made from `monitors/`, one page for each file. `CASES=write pytest tests/catalog` writes all.\n"
    yield "| area | what it is about | monitors |\n|---|---|---|"
    for area, monitors in sorted(areas.items()):
        keys = ", ".join(f"[{one.key}]({area}.md#{one.key})" for one in monitors)
        yield f"| [{area}]({area}.md) | {_about(folder, area)} | {keys} |"
    yield "\nWhat to do when one of them alerts stands in the [runbooks](../runbooks/README.md)."
    yield "Values of several areas:\n"
    yield from _tunables(folder, "webhooks")


def _page(
    catalog: Catalog,
    folder: Path,
    area: str,
    monitors: Sequence[Declared],
    outcomes: Mapping[str, Sequence[Outcome]],
) -> Iterator[str]:
    yield f"# {area.capitalize()}\n\n{_about(folder, area)}\n"
    yield "| monitor | | level | told of an alert | hold |\n|---|---|---|---|---|"
    for one in monitors:
        told = explain(one, catalog.queries[one.key], ()).told["alert"]
        handles = " ".join(f"`{handle}`" for handle in told) or "nobody"
        hold = "yes" if one.hold else ""
        yield f"| [{one.key}](#{one.key}) | {one.monitor.name} | {one.level} | {handles} | {hold} |"
    for one in monitors:
        yield from _monitor(catalog, area, one, outcomes[one.key])
    yield "\n## How to tune\n"
    yield "Each value is set by its environment variable, or for one environment in `monitors/environments/`;"
    yield "`dd-sync plan` shows what that changes.\n"
    yield from _tunables(folder, area)
    yield "\n## How to silence\n"
    yield from _silencing(catalog, monitors)
    yield "\nWhat to do about a false alarm: [the play](../runbooks/README.md#a-false-alarm)."


def _monitor(catalog: Catalog, area: str, one: Declared, outcomes: Sequence[Outcome]) -> Iterator[str]:
    said = explain(one, catalog.queries[one.key], [each.scenario.name for each in outcomes])
    yield f"\n## {one.key}\n\n**{said.name}.** [What to do](../runbooks/{area}.md{_anchor(one)})\n"
    yield from (f"- {_text(sentence)}" for sentence in (*said.alerts, *said.notes))
    yield "\n| alert | warning | no data | recovery |\n|---|---|---|---|"
    told = (" ".join(f"`{handle}`" for handle in handles) or "nobody" for handles in said.told.values())
    yield f"| {' | '.join(told)} |"
    yield f"\nDatadog:\n\n```text\n{said.datadog}\n```"
    yield f"\nPrometheus:\n\n```text\n{said.promql or f'not expressible: {said.not_promql}'}\n```"
    name, _ = _drawn(outcomes)
    yield f"\n![{one.key}: {name}]({one.key}.svg)\n\nShown: {name}. All scenarios: {'; '.join(said.tests)}."


def _anchor(one: Declared) -> str:
    """The section that the message leads to."""
    found = re.search(r"/[a-z]+(#[a-z-]+)", one.monitor.message)
    return found[1] if found else ""


def _text(sentence: str) -> str:
    """Words of a query, which Markdown is not to read."""
    return re.sub(r"([*_<>\[\]])", r"\\\1", sentence)


def _silencing(catalog: Catalog, monitors: Sequence[Declared]) -> Iterator[str]:
    may = [one.key for one in monitors if SNOOZABLE in one.monitor.tags]
    never = [one.key for one in monitors if one.key in catalog.policy.snooze.protected]
    other = [one.key for one in monitors if one.key not in {*may, *never}]
    if may:
        yield f"One tenant of {_keys(may)}:\n"
        yield '```\ndd-sync snooze tenant acme --for 2h --reason "INC-123 load test"\n```\n'
    if other:
        yield f"No tenants are judged by {_keys(other)}, so that a snooze cannot reach them: declare a"
        yield "[downtime](../catalog.md#downtimes) with the group as its `scope`, by a pull request.\n"
    if never:
        yield f"Never {_keys(never)}: `policy.snooze.protected` names it; a downtime over it is an error.\n"


def _keys(keys: Sequence[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _tunables(folder: Path, area: str) -> Iterator[str]:
    yield "| variable | tunable | default | unit | bounds |\n|---|---|---|---|---|"
    for name, one in (_written(folder, area).get("tunables") or {}).items():
        bounds = f"{_value(one['min'])} to {_value(one['max'])}" if "min" in one else ""
        yield f"| `{one['env']}` | `{name}` | {_value(one['default'])} | {one.get('unit', '')} | {bounds} |"


def _value(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, int | float) else f"`{value}`"


def _written(folder: Path, area: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / f"{area}.yaml").read_text("utf-8"))
    return found


def _about(folder: Path, area: str) -> str:
    """The comment that the file begins with."""
    lines = (folder / f"{area}.yaml").read_text("utf-8").splitlines(keepends=True)
    comments = []
    for line in lines:
        match = _COMMENT.match(line)
        if match is None:
            break
        comments.append(match[1])
    return " ".join(comments)


# --- pictures ----------------------------------------------------------------------------------------


def _drawn(outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """The scenario and group that show the most states in the fewest changes: its name and its picture."""
    best: tuple[tuple[int, int], str, str, Outcome] | None = None
    for outcome in outcomes:
        done = outcome.replay
        assert done is not None
        assert outcome.failures == ()
        for group in done.groups:
            changes = [one for one in done.transitions if one.group == group]
            rank = (-len({one.after for one in changes}), len(changes))
            if best is None or rank < best[0]:
                best = (rank, outcome.scenario.name, group, outcome)
    assert best is not None
    return best[1], _svg(best[3], best[2])


def _svg(outcome: Outcome, group: str) -> str:
    done = outcome.replay
    assert done is not None
    keys = done.rule.keys
    told = [one for one in done.notifications if one.group == group and one.kind is not Kind.RENOTIFY]
    parts = [
        (str(key), part.times, part.states[part.groups.index(name)])
        for key, part in outcome.parts.items()
        if (name := group if group in part.groups else TOTAL) in part.groups
    ]
    picture = draw(
        Picture(
            replay=done,
            group=group,
            start=int(outcome.scenario.form.start.timestamp()),
            silences=silences_of(keys, group_of(keys, group), outcome.silences),
            expected=(),
            told=told[:20],
            parts=parts,
        )
    )
    head, rest = picture.split(">", 1)
    style = f"<style>{_style()}</style>"
    ground = '<rect class="ground" width="100%" height="100%"/>'
    return f'{head} xmlns="http://www.w3.org/2000/svg">{style}{_HATCH}{ground}{rest}\n'


def _style() -> str:
    """What the style sheet of the page of scenarios says about pictures, and the colours it says it with."""
    sheet = (files("dd_sync.report") / "scenario_page.css").read_text("utf-8")
    colours = sheet[: sheet.index("* {")]
    pictures = sheet[sheet.index("svg text {") : sheet.index("@media print")]
    return re.sub(r"\s*\n\s*", " ", colours + pictures).strip() + " .ground { fill: var(--card); }"
