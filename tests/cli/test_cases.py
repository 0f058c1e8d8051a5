"""Each file in cases/ is one test: files, then commands as a user types them, what they print and exit with.

A case is run in an empty folder. `-- NAME --` begins a file; `$ …` is a command, its input a file after `<`;
the lines after it are its whole output, stdout first; `[exit N]` ends it where N is not 0.
`CASES=write pytest tests/cli` writes what is printed today into the files: read the difference before you
commit it.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dd_sync.cli import run

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
_FILE = re.compile(r"^-- (\S+) --\n", re.M)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_commands_print_and_exit_as_written(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = case.read_text("utf-8")
    start = text.index("$ ", text.rindex(" --\n") if "-- " in text else 0)
    for name, content in _files(text[:start]):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    for variable in ("DD_API_KEY", "DD_APP_KEY", "DD_SITE", "DD_HOST", "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    printed = "".join(_transcript(text[start:], capsys))
    if os.environ.get("CASES") == "write":
        case.write_text(text[:start] + printed, "utf-8")
    assert printed == text[start:]


def _files(text: str) -> Iterator[tuple[str, str]]:
    _, *parts = _FILE.split(text)
    # The blank line before the first command belongs to the case, not to the last file.
    yield from zip(parts[::2], [part.removesuffix("\n") + "\n" for part in parts[1::2]], strict=True)


def _transcript(script: str, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    for line in script.splitlines():
        if not line.startswith("$ "):
            continue
        words = shlex.split(line[2:])
        values = [word.partition("=") for word in words[: words.index("dd-sync")]]
        with pytest.MonkeyPatch.context() as patch:
            for name, _, value in values:
                patch.setenv(name, value)
            arguments = words[words.index("dd-sync") + 1 :]
            if "<" in arguments:
                *arguments, _, name = arguments
                patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(name).read_bytes())))
            code = run(arguments)
        out, err = capsys.readouterr()
        yield f"{line}\n{out}{err}" + (f"[exit {code}]\n" if code else "") + "\n"
