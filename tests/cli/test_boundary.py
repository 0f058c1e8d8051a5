"""The edge of the program: what every command shares, and how each kind of failure ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dd_sync.cli import run
from dd_sync.cli.demo import demo
from dd_sync.cli.root import COMMANDS
from dd_sync.cli.root import dd_sync as root
from dd_sync.cli.screen import Screen, Unwritable
from tests.cli.support import LocalDatadog, Run, rate, write_catalog


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_help_line_of_a_command_is_the_first_of_its_own(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0] == COMMANDS[name][1]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_with_an_example(name: str, dd_sync: Run) -> None:
    shown = dd_sync(name, "--help")
    assert shown.code == 0
    assert f"dd-sync {name}" in shown.out.split("Examples:")[1]


def test_help_imports_no_more_than_click(tmp_path: Path) -> None:
    code = "import sys; from dd_sync.cli import run; run(['--help']); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(printed.stdout.splitlines()[-1].split())
    assert not loaded & {"yaml", "pydantic", "datadog_api_client", "numpy", "rich", "deepdiff", "starlette"}


def test_a_snooze_imports_nothing_slow(live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "quick", rate("a"))
    code = (
        "import sys; from dd_sync.cli import run\n"
        "run(['snooze', 'tenant', 'acme', '--for', '24h', '--reason', 'x'])\n"
        "print(*sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.startswith("silenced: tenant:acme")
    loaded = set(printed.stdout.splitlines()[-1].split())
    assert not loaded & {
        "numpy",
        "polars",
        "pydantic",
        "requests",
        "rich",
        "deepdiff",
        "starlette",
        "dd_sync.query.parser",
        "dd_sync.guards.registry",
    }
    assert not loaded & {"datadog_api_client.v1.api.monitors_api", "dd_sync.catalog.load"}


def test_a_defect_is_told_as_one_and_its_traceback_comes_only_on_request(
    dd_sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dd_sync.catalog.json_schema.json_schema", broken)
    told = dd_sync("schema")
    assert told.code == 70
    assert "defect in dd-sync: ZeroDivisionError" in told.err
    with pytest.raises(ZeroDivisionError):
        dd_sync("schema", env={"DD_SYNC_TRACEBACK": "1"})


@pytest.mark.parametrize("name", list(COMMANDS))
def test_no_line_of_help_is_cut_off(name: str, dd_sync: Run) -> None:
    lines = dd_sync(name, "--help").out.splitlines()
    assert [line for line in lines[1:] if line.endswith("...")] == []


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, (*path, name))


@pytest.mark.parametrize("path", list(leaves(root)), ids=" ".join)
def test_the_common_options_are_accepted_after_every_leaf_command(
    path: tuple[str, ...], dd_sync: Run
) -> None:
    common = ["--catalog", "c", "--env", "e", "--host", "http://127.0.0.1:1", "--color", "never", "-v"]
    assert dd_sync(*path, *common, "--help").code == 0


@pytest.mark.parametrize(
    ("redirected", "code"), [(">&-", 1), (">/dev/full", 1), ("2>&-", 0), ("2>/dev/full", 0)]
)
def test_output_that_cannot_be_written_is_no_defect(redirected: str, code: int, tmp_path: Path) -> None:
    write_catalog(tmp_path, "unheard", rate("a"))
    command = f"{sys.executable} -m dd_sync render {redirected}"
    ended = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == code
    assert "defect" not in ended.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("plan >&-", 1),
        ("query parse --jsonl >&-", 1),
        ("normalise --jsonl <&-", 0),
        ("snooze tenant acme --for 2h --reason x --unknown-tenant <&-", 0),
        ("apply --yes <&- 2>&-", 0),
    ],
)
def test_a_stream_that_is_closed_is_no_defect(line: str, code: int, live: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "deaf", rate("a"))
    command = ["bash", "-c", f"{sys.executable} -m dd_sync {line}"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, "defect" in ended.stderr) == (code, False)


def test_a_closed_stdin_reads_as_empty_and_a_closed_stderr_hears_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", None)
    code = run(["normalise", "--jsonl"])
    opened = (sys.stdin, sys.stderr)
    for stream in opened:
        stream.close()
    assert (code, capsys.readouterr().out) == (0, "")


def test_a_closed_stdout_takes_no_result_and_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert Screen().colours(sys.stdout) is False
    with pytest.raises(Unwritable, match="stdout is closed"):
        Screen().show("x")


def test_a_reader_that_has_gone_is_no_error_and_a_full_disk_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        Screen().show("x")
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(Unwritable, match="No space left"):
            Screen().show("x")


@pytest.mark.parametrize("command", ["query parse --jsonl", "normalise --jsonl"])
def test_answers_that_cannot_be_written_are_no_defect(command: str) -> None:
    line = f"{sys.executable} -m dd_sync {command} > /dev/full"
    ended = subprocess.run(["bash", "-c", line], input="{}\n", capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (
        1,
        "dd-sync: the output cannot be written: No space left on device\n",
    )


def test_whoever_stands_in_the_catalog_is_told_how_to_name_it(
    dd_sync: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_catalog(tmp_path, "inside", rate("a"))
    monkeypatch.chdir(tmp_path / "monitors")
    assert "  = this folder is a catalog: add `--catalog .`" in dd_sync("check").out
    assert dd_sync("check", "--catalog", ".").code == 0


def test_where_the_local_datadog_listens_is_not_for_host_to_say(dd_sync: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = dd_sync("local", "serve", "--host", "0.0.0.0", "--data", str(tmp_path / "file"))
    assert "--host has no effect here; --bind ADDRESS says where to listen" in told.err
    assert told.code == 1


def test_a_mistyped_word_does_not_steer_the_terminal(dd_sync: Run) -> None:
    for typed in (["\x1b[31mx"], ["snooze", "\x1b[31mx"], ["check", "--format", "\x1b[31mx"]):
        told = dd_sync(*typed)
        assert (told.code, "\x1b" in told.err) == (64, False)


def test_verbose_says_what_is_read_and_whom_it_talks_to(
    live: Run, datadog: LocalDatadog, tmp_path: Path
) -> None:
    write_catalog(tmp_path, "chatty", rate("a"))
    assert live("plan").err == ""
    said = live("plan", "-v").err
    assert "1 monitors and 0 scenario files in monitors" in said
    assert f"talking to {datadog.url.removeprefix('http://')}" in said


SHELL = {"STREAMS_PER_HOUR": "100000", "http_proxy": "http://127.0.0.1:9"}


def test_scenarios_do_not_depend_on_what_the_shell_exports(dd_sync: Run) -> None:
    dd_sync("init")
    assert dd_sync("test", env=SHELL).code == 0


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    write_catalog(tmp_path, "piped", "".join(rate(f"m{number}") for number in range(400)))
    command = f"{sys.executable} -m dd_sync render | head -1"
    ended = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("[\n", "")


def test_colour_is_for_terminals_unless_it_is_asked_for(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "coloured", "  - {key: a}\n")
    assert "\x1b[" not in dd_sync("check").out
    assert "\x1b[31m" in dd_sync("check", "--color", "always").out
    assert "\x1b[" in dd_sync("plan", "--color=always").err
    assert "\x1b[" not in dd_sync("plan", "--color", "never").err


def test_no_arguments_show_the_help_and_are_a_usage_error(dd_sync: Run) -> None:
    shown = dd_sync()
    assert shown.code == 64
    assert "Commands:" in shown.out + shown.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(shell: str, dd_sync: Run) -> None:
    assert "_DD_SYNC_COMPLETE" in dd_sync("completion", shell).out


def test_the_schema_accepts_the_catalog_that_init_writes(dd_sync: Run, tmp_path: Path) -> None:
    schema = json.loads(dd_sync("schema").out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"rate", "spike"} <= set(json.dumps(schema).split('"'))


def test_the_demo_tells_the_whole_story_whatever_the_shell_exports_and_leaves_nothing(
    dd_sync: Run, tmp_path: Path
) -> None:
    told = dd_sync("demo", env=SHELL)
    assert told.code == 0, told.err
    steps = [
        "dd-sync check",
        "dd-sync test -k stream-rate:",
        "dd-sync plan",
        "dd-sync apply --yes",
        "dd-sync snooze tenant acme",
    ]
    places = [told.out.index(f"$ {step}") for step in steps]
    assert places == sorted(places)
    assert "[Triggered on {tenant:acme}] Stream creation rate is high" in told.out
    assert "options.thresholds.critical: 800 -> 500" in told.out
    assert "nothing is snoozed" in told.out
    assert list(tmp_path.iterdir()) == []


def test_the_demo_needs_the_monitor_it_is_about(dd_sync: Run, tmp_path: Path) -> None:
    write_catalog(tmp_path, "other", rate("a"))
    assert demo.name == "demo"
    ended = dd_sync("demo", "--catalog", "monitors")
    assert ended.code == 1
    assert "stream-rate" in ended.err
