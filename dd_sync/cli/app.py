"""What every command has: the options common to all, and the outside world they name."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.screen import Screen
from dd_sync.errors import CatalogError, RequestError
from dd_sync.text import json_text

if TYPE_CHECKING:
    from dd_sync.catalog.load import Catalog, Loading
    from dd_sync.datadog.client import Datadog


@dataclass(frozen=True, slots=True)
class App:
    """One invocation. The clock and the environment enter the program here and nowhere else."""

    screen: Screen
    folder: Path
    env: str | None
    host: str | None
    format: str
    environ: Mapping[str, str]
    allow_unknown_options: bool = False

    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def interactive(self) -> bool:
        return sys.stdin.isatty() and sys.stderr.isatty()

    def show(self, text: str) -> None:
        self.screen.show(text)

    def show_json(self, value: object) -> None:
        self.screen.show(json_text(value))

    def say(self, text: str) -> None:
        self.screen.say(text)

    def write(self, file: Path, text: str) -> None:
        """A file the user named. Raises RequestError where it cannot be written."""
        try:
            file.write_text(text, "utf-8", errors="replace")
        except OSError as error:
            raise RequestError(
                f"{file} cannot be written: {error.strerror}", hint="name a file in a folder of yours"
            ) from None

    def read(self) -> Loading:
        """The catalog with all its problems, whatever they are."""
        from dd_sync.catalog.load import load

        now = self.now()
        loading = load(
            self.folder,
            environ=self.environ,
            env=self.env,
            today=now.date(),
            now=now,
            allow_unknown_options=self.allow_unknown_options,
        )
        self.screen.detail(
            f"{len(loading.keys)} monitors and {len(loading.scenarios)} scenario files in {self.folder}"
        )
        return loading

    def catalog(self) -> Catalog:
        """The catalog, for a command that needs it whole. Warnings are told, errors end the command."""
        return self.catalog_and_files()[0]

    def catalog_and_files(self) -> tuple[Catalog, Loading]:
        """The same, with the scenarios beside it."""
        loading = self.read()
        errors = [problem for problem in loading.problems if problem.is_error]
        if errors or loading.catalog is None:
            raise CatalogError(loading.problems)
        if loading.problems:
            self.screen.problems(loading.problems)
        return loading.catalog, loading

    def datadog(self) -> Datadog:
        from dd_sync.datadog.client import connect

        datadog = connect(self.environ, host=self.host)
        self.screen.detail(f"talking to {datadog.target}")
        return datadog


# What `--catalog` is where it was not given and the command has no folder of its own in mind.
NO_FOLDER = Path(os.devnull)


def common(
    *formats: str, catalog: str | None = "monitors", monitors: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The common options, and the App built from them as the command's first argument.

    formats: of the result, the first being the default; without any the command has one form only.
    catalog: the folder meant where none is given. monitors: whether the command reads the monitors.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def call(**given: Any) -> Any:
            app = App(
                screen=Screen(given.pop("color"), given.pop("verbose")),
                folder=Path(given.pop("catalog")),
                env=given.pop("env"),
                host=given.pop("host"),
                format=given.pop("format", "text"),
                environ=dict(os.environ),
                allow_unknown_options=given.pop("allow_unknown_options", False),
            )
            return command(app, **given)

        options = [
            click.option(
                "--catalog",
                metavar="DIR",
                default=catalog or str(NO_FOLDER),
                show_default=catalog is not None,
                type=click.Path(),
                help="Folder of the catalog.",
            ),
            click.option("--env", metavar="NAME", help="Use the values of environments/NAME.yaml."),
            click.option("--host", metavar="URL", help="Another API base; also DD_HOST."),
            click.option(
                "--color",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                help="Colour the output; auto is on a terminal only.",
            ),
            click.option("-v", "--verbose", count=True, help="Say more."),
        ]
        if monitors:
            options.append(
                click.option(
                    "--allow-unknown-options",
                    is_flag=True,
                    help="Pass on options of raw monitors that this version does not know.",
                )
            )
        if formats:
            options.insert(
                3,
                click.option(
                    "--format",
                    type=click.Choice(formats),
                    default=formats[0],
                    show_default=True,
                    help="Form of the result.",
                ),
            )
        for option in reversed(options):
            call = option(call)
        return call

    return decorate


def duration(text: str) -> timedelta:
    """An option's value such as `90m`, `2h30m` or `1d`."""
    from dd_sync.timeframe import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
