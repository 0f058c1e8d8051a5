"""The command line: one file per command, one boundary where every failure becomes a message."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from dd_sync.cli.root import dd_sync
from dd_sync.cli.screen import Screen, Unwritable
from dd_sync.errors import DdSyncError, Exit

DEFECT = 70


def run(arguments: Sequence[str]) -> int:
    """The exit code of one command. Known failures, interrupts and defects each look different."""
    screen = Screen.of(arguments)
    # pydantic would read the metadata of every installed package for plug-ins of its own: 40 ms each time.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    _open_what_is_closed()
    try:
        return _command(arguments)
    except click.ClickException as error:
        return _usage(error)
    except DdSyncError as error:
        screen.problems(error.problems())
        return int(error.exit)
    except (KeyboardInterrupt, click.Abort) as error:
        # A question that was not answered with yes has no cause, and nothing is done before it.
        asked = isinstance(error, click.Abort) and error.__cause__ is None
        screen.say("nothing was done" if asked else "interrupted")
        return Exit.INTERRUPTED
    except Unwritable as error:
        screen.say(f"the output cannot be written: {error}")
        return Exit.WRONG
    except Exception as error:
        if os.environ.get("DD_SYNC_TRACEBACK"):
            raise
        screen.say(
            f"defect in dd-sync: {type(error).__name__}. Nothing you typed should do this: "
            "please report it with the output of the same command under DD_SYNC_TRACEBACK=1"
        )
        return DEFECT


def _open_what_is_closed() -> None:
    """Without stdin (`<&-`, as some schedulers have it) nothing is read, without stderr nobody hears.

    A closed stdout stays so: a result that goes nowhere is an error.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _command(arguments: Sequence[str]) -> int:
    try:
        answer = dd_sync.main(list(arguments), prog_name="dd-sync", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    return answer if isinstance(answer, int) else Exit.DONE


def _usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return Exit.USAGE
    from dd_sync.text import printable

    context = getattr(error, "ctx", None)
    path = context.command_path if context else "dd-sync"
    said = printable(error.format_message(), keep="\n\t")
    click.echo(f"{path}: {said}", err=True)
    if isinstance(error, click.NoSuchOption) and path == "dd-sync":
        click.echo("Options stand after the command, as in dd-sync plan --env staging.", err=True)
    click.echo(f"Try '{path} --help'.", err=True)
    return Exit.USAGE
