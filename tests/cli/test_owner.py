"""Who a snooze is by, where nobody said so."""

from __future__ import annotations

from pathlib import Path

import pytest

from dd_sync.cli.owner import owner_of
from dd_sync.errors import RequestError


@pytest.fixture(autouse=True)
def _nobody_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError

    monkeypatch.setattr("getpass.getuser", nobody)


def git(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def test_whoever_set_off_the_pipeline_comes_first(tmp_path: Path) -> None:
    git(tmp_path, ".gitconfig", "[user]\nname = mo\n")
    home = {"HOME": str(tmp_path)}
    assert owner_of({**home, "GITHUB_ACTOR": "octo"}, tmp_path) == "octo"
    assert owner_of({**home, "GITLAB_USER_LOGIN": "lab"}, tmp_path) == "lab"
    assert owner_of({**home, "GIT_AUTHOR_NAME": "author"}, tmp_path) == "author"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[user]\n\tname = mo\n\temail = mo@example.com\n", "mo"),
        ('[ User ]\nName = "mo of ops" ; a comment\n', "mo of ops"),
        ("[user]\nname=first\n[core]\nname = none\n[user]\nname = last # c\n", "last"),
    ],
)
def test_gits_user_is_read_as_git_reads_it(tmp_path: Path, text: str, name: str) -> None:
    git(tmp_path, ".gitconfig", text)
    assert owner_of({"HOME": str(tmp_path)}, tmp_path) == name


def test_the_repositorys_own_setting_is_nearer(tmp_path: Path) -> None:
    git(tmp_path, "home/.config/git/config", "[user]\nname = far\n")
    git(tmp_path, "repo/.git/config", "[user]\nname = near\n")
    inside = tmp_path / "repo/a/b"
    inside.mkdir(parents=True)
    home = {"HOME": str(tmp_path / "home")}
    assert owner_of(home, inside) == "near"
    assert owner_of(home, tmp_path) == "far"
    other = git(tmp_path, "other", "[user]\nname = named\n")
    assert owner_of({**home, "GIT_CONFIG_GLOBAL": str(other)}, tmp_path) == "named"


@pytest.mark.parametrize("text", ["", "[user]\n", "[user]\nname = mo@example.com\n", "\x00\xff[user"])
def test_where_only_an_address_or_nothing_is_found_it_has_to_be_said(tmp_path: Path, text: str) -> None:
    git(tmp_path, ".gitconfig", text)
    with pytest.raises(RequestError, match="somebody has to stand for this") as caught:
        owner_of({"HOME": str(tmp_path)}, tmp_path)
    assert caught.value.hint == "say who: --by NAME"


def test_else_it_is_who_is_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "login")
    assert owner_of({}, tmp_path) == "login"
