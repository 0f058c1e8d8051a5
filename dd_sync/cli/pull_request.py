"""`dd-sync pull-request`: what CI says about a pull request, in one comment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dd_sync.cli.app import App, common
from dd_sync.errors import DdSyncError, Exit, Problem, RequestError, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dd_sync.catalog.load import Catalog
    from dd_sync.report.pull_request import Planned, Section

EXAMPLES = """\b
Examples:
  dd-sync pull-request report --out report.md
  dd-sync pull-request comment report.md        in a job with GITHUB_TOKEN
"""
_LONGEST_FILE = 1_000_000


@click.group("pull-request", epilog=EXAMPLES)
def pull_request() -> None:
    """Write what CI says about a pull request, and post it there."""


@pull_request.command(epilog=EXAMPLES)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write it to FILE.")
@common(monitors=True)
def report(app: App, out: Path | None) -> int:
    """Check, test and plan, as one Markdown text that fits a comment.

    Without Datadog keys, as in a pull request from a fork, nothing is planned. Exits with 1 if the check
    or a test failed, with the plan's own code if that failed.
    """
    from dd_sync.report.pull_request import as_comment

    name, catalog, checked = _check(app)
    tested = _test(app) if checked.passed else None
    planned, code = _plan(app, catalog)
    text = as_comment(name, [checked, *([tested] if tested else [])], planned)
    if out is None:
        app.show(text.rstrip("\n"))
    else:
        _write(out, text)
    passed = checked.passed and (tested is None or tested.passed)
    return code if passed else Exit.WRONG


@pull_request.command(epilog=EXAMPLES)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--number", metavar="N", type=click.IntRange(min=1), help="Of the pull request.")
@click.option("--author", metavar="LOGIN", help="Whose comment is edited; any bot's without it.")
@common(catalog=None)
def comment(app: App, file: Path, number: int | None, author: str | None) -> None:
    """Post FILE as a comment, or edit the one posted before.

    The first line of FILE is the mark the comment is found by. Reads GITHUB_TOKEN, GITHUB_REPOSITORY and
    GITHUB_EVENT_PATH, as GitHub sets them in a job.
    """
    import requests

    from dd_sync.github import pull_request as this_one
    from dd_sync.github import upsert

    about = this_one(app.environ, number)
    with requests.Session() as session:
        url = upsert(session, about, _read(file), author=author)
    app.show(url or f"commented on {about}")


def _check(app: App) -> tuple[str, Catalog | None, Section]:
    from dd_sync.cli.check import lint, read_all
    from dd_sync.report.problems import as_text, summary
    from dd_sync.report.pull_request import Section

    loading = read_all(app)
    problems = in_order([*loading.problems, *lint(loading)])
    monitors = len(loading.catalog.monitors) if loading.catalog else 0
    failed = any(problem.is_error for problem in problems)
    section = Section(
        title="check",
        verdict=summary(problems, monitors),
        passed=not failed,
        details=[click.unstyle(as_text([problem])) for problem in _errors_first(problems)],
        more="`dd-sync check` shows them all",
    )
    name = loading.catalog.name if loading.catalog else app.folder.name
    return name, None if failed else loading.catalog, section


def _errors_first(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: not problem.is_error)


def _test(app: App) -> Section:
    from dd_sync.cli.test import run_scenarios
    from dd_sync.report.pull_request import Section
    from dd_sync.scenarios.show import show
    from dd_sync.text import printable

    outcomes = list(run_scenarios(app))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    return Section(
        title="test",
        verdict=f"{len(outcomes) - len(failed)} passed, {len(failed)} failed",
        passed=not failed,
        details=[printable(show(outcome)) for outcome in failed],
        more="`dd-sync test` shows them all",
    )


def _plan(app: App, catalog: Catalog | None) -> tuple[Planned, int]:
    """The plan, or why there is none, and the exit code that this means."""
    from dd_sync.report.pull_request import Planned

    if not app.environ.get("DD_API_KEY"):
        why = "This run has no Datadog keys; a pull request from a fork never has."
        return Planned(None, why), Exit.DONE
    if catalog is None:
        return Planned(None, "Once the check passes, there is a plan."), Exit.DONE
    from dd_sync.cli.planning import make_plan, with_refusal
    from dd_sync.plan.markdown import as_markdown
    from dd_sync.text import printable

    try:
        made = with_refusal(make_plan(app, catalog, app.datadog()), catalog)
    except DdSyncError as error:
        hint = f"\n= {error.hint}" if error.hint else ""
        return Planned(None, printable(f"{error.problem}{hint}"), failed=True), error.exit
    return Planned(lambda limit: as_markdown(made, limit=limit)), Exit.DONE


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, "utf-8", errors="replace")
    except OSError as error:
        raise RequestError(
            f"the report cannot be written to {out}: {error.strerror}",
            hint="name a file in a folder of yours",
        ) from None


def _read(file: Path) -> str:
    try:
        if file == Path("-"):
            return sys.stdin.read(_LONGEST_FILE)
        with file.open(encoding="utf-8") as text:
            return text.read(_LONGEST_FILE)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise RequestError(
            f"{file} cannot be read: {why}", hint="make it with `dd-sync pull-request report --out FILE`"
        ) from None
