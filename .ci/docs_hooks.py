"""What MkDocs does not do by itself: stars in the nav, the pages of the root, and bars in code in tables.

Pages in docs/ link to the root's as they lie in the repository, `../SECURITY.md`; on the site those stand
below project/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT_PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
_UP = re.compile(rf"\]\((?:\.\./)+({'|'.join(map(re.escape, ROOT_PAGES))})([)#])")
_DOWN = re.compile(r"\]\(docs/")
_ROW = re.compile(r"^\|.*$", re.MULTILINE)
_CODE = re.compile(r"`[^`]*`")


def on_config(config: Any) -> Any:
    config["nav"] = expanded(config["nav"], Path(config["docs_dir"]))
    return config


def on_files(files: Any, config: Any) -> Any:
    from mkdocs.structure.files import File

    root = Path(config["config_file_path"]).parent
    for name in ROOT_PAGES:
        files.append(File.generated(config, f"project/{name}", content=(root / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    return barred(relinked(markdown, page.file.src_uri))


def expanded(nav: list[Any], docs: Path) -> list[Any]:
    """The nav with each star replaced by the pages it matches; an empty section goes."""
    return list(_expanded(nav, docs))


def relinked(markdown: str, page: str) -> str:
    """`markdown` of the page `page`, with links between docs/ and the root as the site has them."""
    if page.startswith("project/"):
        return _DOWN.sub("](../", markdown)
    up = "../" * page.count("/")
    return _UP.sub(rf"]({up}project/\1\2", markdown)


def barred(markdown: str) -> str:
    """`markdown` with bars in code in tables as they are: GitHub wants a backslash there, MkDocs shows it."""
    return _ROW.sub(lambda row: _CODE.sub(lambda code: code[0].replace(r"\|", "|"), row[0]), markdown)


def _expanded(nav: list[Any], docs: Path) -> Iterator[Any]:
    for entry in nav:
        if isinstance(entry, dict):
            ((title, below),) = entry.items()
            if isinstance(below, str):
                yield entry
            elif found := list(_expanded(below, docs)):
                yield {title: found}
        elif "*" in entry:
            yield from sorted(path.relative_to(docs).as_posix() for path in docs.glob(entry))
        else:
            yield entry
