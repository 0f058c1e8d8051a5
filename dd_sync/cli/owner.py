"""Who does it: whoever set off the pipeline, else git's user, else who is logged in."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping
from pathlib import Path

from dd_sync.errors import RequestError

_VARIABLES = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")
_LARGEST = 1 << 20


def owner_of(environ: Mapping[str, str], folder: Path) -> str:
    """A name without an e-mail address. Raises RequestError if there is none to be found."""
    for name in _names(environ, folder):
        if name and "@" not in name:
            return name
    raise RequestError(
        "nobody is logged in here, and somebody has to stand for this", hint="say who: --by NAME"
    )


def _names(environ: Mapping[str, str], folder: Path) -> Iterator[str]:
    yield from (environ.get(variable, "") for variable in _VARIABLES)
    yield environ.get("GIT_AUTHOR_NAME", "")
    yield from (_git_user(file) for file in _git_files(environ, folder))
    try:
        yield getpass.getuser()
    except (OSError, KeyError):
        return


def _git_files(environ: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """Git's settings as text, nearest first: asking git itself would start a process."""
    inside = next((path for path in (folder, *folder.parents) if (path / ".git").is_dir()), None)
    if inside is not None:
        yield inside / ".git/config"
    if "GIT_CONFIG_GLOBAL" in environ:
        yield Path(environ["GIT_CONFIG_GLOBAL"])
        return
    home = environ.get("HOME")
    if home:
        yield Path(home) / ".gitconfig"
        yield Path(environ.get("XDG_CONFIG_HOME") or f"{home}/.config") / "git/config"


def _git_user(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            lines = opened.read(_LARGEST).splitlines()
    except OSError:
        return ""
    section = name = ""
    for line in lines:
        text = line.strip()
        if text.startswith("["):
            section = text[1:].partition("]")[0].strip().lower()
        elif section == "user":
            key, found, value = text.partition("=")
            if found and key.strip().lower() == "name":
                name = value.partition("#")[0].partition(";")[0].strip().strip('"')
    return name
