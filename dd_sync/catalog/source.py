"""A catalog's files: found, decoded, read, and asked again where something stands in them."""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from dd_sync.catalog.events import Broken, Builder, Marks
from dd_sync.catalog.scalars import Written, offset_in_file
from dd_sync.errors import CatalogError, Place, Problem, in_order
from dd_sync.text import first_unseen, nearest, within_line

RULE = "yaml"
CATALOG_FILE = "catalog.yaml"
LARGEST_FILE = 20_000_000
LONGEST_LINE = 65_536
MOST_FILES = 20_000
MOST_FAULTS = 100
_LONE_CR = re.compile(rb"\r(?!\n)")

Path_ = Sequence[str | int]


@dataclass(frozen=True)
class Source:
    """One file. value: its mapping, empty where the file has none or cannot be read.

    file: as shown to people and stored in places. text: decoded, without a byte order mark.
    """

    file: str
    text: str
    value: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    readable: bool = True

    @cached_property
    def has_marks(self) -> bool:
        """Whether anything in the file may have to be filled in."""
        return "${" in self.text

    def locate(
        self, path: Path_, *, key: bool = False, offset: int | None = None, length: int = 1
    ) -> tuple[Place, str]:
        """The place of the value at `path`, or of its key, and the source line there.

        offset, length: characters of the decoded text of a scalar, to point inside it. What cannot be found
        is placed at the nearest thing above it that can.
        """
        written, value = self._find(path, key)
        if offset is not None and isinstance(value, str) and not key:
            start = offset_in_file(self.text, written, value, min(offset, len(value)))
            end = offset_in_file(self.text, written, value, min(offset + max(length, 1) - 1, len(value))) + 1
            return self.place(start, max(end, start + 1))
        return self.place(written.start, written.end)

    def place(self, start: int, end: int) -> tuple[Place, str]:
        """A range of offsets as a place; what is longer than its line ends with the line."""
        start = min(max(start, 0), len(self.text))
        row = bisect_right(self._line_starts, start) - 1
        first = self._line_starts[row]
        line = self._line(row)
        column = start - first
        length = max(1, min(end, first + len(line)) - start)
        return Place(self.file, row + 1, column + 1, length), line

    def _find(self, path: Path_, key: bool) -> tuple[Written, Any]:
        """How the value at `path` was written: a scalar itself, a container in a mapping by its key."""
        marks, value = self._places
        found: tuple[Written, Any] = Written(0, 0, "{"), None
        for depth, step in enumerate(path):
            here = marks.get(id(value))
            if here is None or step not in here.values:
                break
            value = value[step]
            by_key = here.keys.get(str(step)) if isinstance(step, str) else None
            last = depth == len(path) - 1
            if by_key and (isinstance(value, dict | list) or (key and last)):
                found = by_key, None
            else:
                found = here.values[step], value
        return found

    @cached_property
    def _places(self) -> tuple[dict[int, Marks], Any]:
        builder = Builder(self.text, lambda *_: None, places=True)
        try:
            value = builder.build()
        except Broken:
            value = None
        return builder.marks or {}, value

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))][:-1]

    def _line(self, row: int) -> str:
        start = self._line_starts[row]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")


@dataclass(frozen=True)
class Files:
    """The files of one catalog folder, by what they are. settings: catalog.yaml."""

    folder: Path
    settings: Source
    monitors: tuple[Source, ...] = ()
    scenarios: tuple[Source, ...] = ()
    environments: tuple[Source, ...] = ()
    problems: tuple[Problem, ...] = ()
    _by_name: dict[str, Source] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._by_name.update({source.file: source for source in self.all()})

    def all(self) -> tuple[Source, ...]:
        return (self.settings, *self.monitors, *self.scenarios, *self.environments)

    def source(self, file: str) -> Source:
        """A file by its name as shown."""
        return self._by_name[file]

    def having(self, source: Source) -> Files:
        """The same files with this one among those of monitors, in place of the one of its name."""
        others = [one for one in self.monitors if one.file != source.file]
        return replace(self, monitors=(*others, source), _by_name={})

    def every_problem(self) -> tuple[Problem, ...]:
        """What is wrong with the files themselves."""
        return in_order([*self.problems, *(p for source in self.all() for p in source.problems)])

    def locate(
        self, file: str, path: Path_, *, key: bool = False, offset: int | None = None, length: int = 1
    ) -> tuple[Place, str]:
        """As Source.locate, by the file's name as shown."""
        return self.source(file).locate(path, key=key, offset=offset, length=length)


def read_files(folder: Path) -> Files:
    """Every YAML file of a catalog. Raises CatalogError only when there is no catalog in `folder`."""
    require_catalog(folder)
    found, problems = _walk(folder)
    kinds: dict[str, list[Source]] = {"settings": [], "monitors": [], "scenarios": [], "environments": []}
    for relative in found:
        kinds[_kind(relative)].append(read_file(folder, relative))
    return Files(
        folder=folder,
        settings=kinds["settings"][0],
        monitors=tuple(kinds["monitors"]),
        scenarios=tuple(kinds["scenarios"]),
        environments=tuple(kinds["environments"]),
        problems=tuple(problems),
    )


def _kind(relative: Path) -> str:
    if relative.parts == (CATALOG_FILE,):
        return "settings"
    if "scenarios" in relative.parts[:-1]:
        return "scenarios"
    return "environments" if relative.parts[0] == "environments" and len(relative.parts) > 1 else "monitors"


_NO_FOLDER = "name it with --catalog, or run `dd-sync init`"


def require_catalog(folder: Path) -> None:
    """Raises CatalogError, with one clear problem, unless `folder` holds a catalog.yaml."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        here = Path(CATALOG_FILE).is_file()
        hint = "this folder is a catalog: add `--catalog .`" if here else _NO_FOLDER
        raise _no_catalog(folder, f"there is no folder '{folder}'", hint) from None
    except NotADirectoryError:
        hint = "name the folder that catalog.yaml is in"
        raise _no_catalog(folder, f"'{folder}' is a file, not a folder", hint) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        problem = f"the folder '{within_line(str(folder), 80)}' cannot be read: {why}"
        raise _no_catalog(folder, problem, "check its name and permissions") from None
    if CATALOG_FILE in names:
        return
    if not names:
        raise _no_catalog(folder, f"the folder '{folder}' is empty", "start a catalog with `dd-sync init`")
    hint = "rename it to catalog.yaml" if "catalog.yml" in names else "start one with `dd-sync init`"
    there = "catalog.yml, but no catalog.yaml" if "catalog.yml" in names else "no catalog.yaml"
    raise _no_catalog(folder, f"the folder '{folder}' has {there}", hint)


def no_environment(folder: Path, env: str, names: Iterable[str]) -> CatalogError:
    """That none of the environments there are, by name, is the one asked for: a typo must not pass."""
    near = nearest(env, names)
    hint = f"did you mean '{near}'?" if near else "create it; it may be empty"
    return _no_catalog(folder, f"there is no {folder.as_posix()}/environments/{env}.yaml", hint)


def _no_catalog(folder: Path, problem: str, hint: str) -> CatalogError:
    return CatalogError([Problem("catalog", problem, hint)])


def _walk(folder: Path) -> tuple[list[Path], list[Problem]]:
    """YAML files under the folder, sorted; hidden ones are left out, links out of it are problems."""
    found: list[Path] = []
    problems: list[Problem] = []
    inside = folder.resolve()
    waiting = [Path()]
    while waiting:
        relative = waiting.pop()
        try:
            entries = sorted(os.scandir(folder / relative), key=lambda entry: entry.name)
        except OSError as error:
            problems.append(_unread(folder / relative, error.strerror or "unknown error"))
            continue
        for entry in entries:
            path = relative / entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif entry.is_symlink() and not _stays_inside(folder / path, inside):
                problems.append(_linked(folder / path))
            elif entry.name.endswith((".yaml", ".yml")) and len(found) < MOST_FILES:
                found.append(path)
    return sorted(found), problems


def _stays_inside(path: Path, folder: Path) -> bool:
    """A link to a file of the same folder, as a mounted configuration has them; a link to a folder is not."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return False
    return target.is_relative_to(folder) and target.is_file()


def _linked(path: Path) -> Problem:
    return Problem(
        RULE,
        "this link does not lead to a file of the catalog",
        "put the file itself into the folder",
        Place(shown(path), 1, 1),
    )


def _unread(path: Path, why: str) -> Problem:
    return Problem(RULE, f"cannot be read: {why}", "check its permissions", Place(shown(path), 1, 1))


def shown(path: Path) -> str:
    """A path as text that can be printed, with forward slashes."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def read_file(folder: Path, relative: Path) -> Source:
    """One file; whatever is wrong with it is in its `problems`."""
    path = folder / relative
    name = shown(path)
    try:
        data = _bytes(path)
    except OSError as error:
        return _unreadable(
            name, f"cannot be read: {error.strerror or error}", "check that it is a readable file"
        )
    if len(data) > LARGEST_FILE:
        return _unreadable(
            name, f"larger than {LARGEST_FILE // 1_000_000} MB", "split it into files by service or team"
        )
    if b"\r" in data:
        # To YAML a lone CR ends a line. As an LF it does so for all that looks for places; offsets stay.
        data = _LONE_CR.sub(b"\n", data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _undecoded(name, data, error)
    return parse(name, text)


def _bytes(path: Path) -> bytes:
    """The content, one byte more than allowed at most. A pipe or device would block, so neither is opened."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "not a plain file")
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _unreadable(name: str, problem: str, hint: str) -> Source:
    return Source(name, "", {}, (Problem(RULE, problem, hint, Place(name, 1, 1)),), readable=False)


def _undecoded(name: str, data: bytes, error: UnicodeDecodeError) -> Source:
    hint = "save it as UTF-8"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _unreadable(name, "this is UTF-16, not UTF-8", hint)
    before = data[: error.start].decode("utf-8-sig")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    problem = f"byte 0x{data[error.start]:02x} here is not UTF-8"
    start = data.rfind(b"\n", 0, error.start) + 1
    shown_line = data[start : start + LONGEST_LINE].split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    where = Place(name, line, column)
    return Source(name, "", {}, (Problem(RULE, problem, hint, where, source=shown_line),), readable=False)


# Plain text that needs no closer look.
_SEEN_BYTES = bytes([9, 10, 13, *range(0x20, 0x7F)])


def parse(name: str, text: str) -> Source:
    """A source from its text, with every problem of the YAML itself."""
    bare = Source(name, text, {})
    unfit = next(_unfit(bare), None)
    if unfit is not None:
        return Source(name, text, {}, (unfit,), readable=False)
    problems: list[Problem] = []

    def fault(start: int, end: int, problem: str, hint: str) -> None:
        if len(problems) >= MOST_FAULTS:
            raise Broken(
                start, end, f"more than {MOST_FAULTS} mistakes in one file", "mend those above first"
            )
        where, line = bare.place(start, end)
        problems.append(Problem(RULE, problem, hint, where, source=line))

    try:
        value = Builder(text, fault).build()
    except Broken as broken:
        where, line = bare.place(broken.start, broken.end)
        problems.append(Problem(RULE, broken.problem, broken.hint, where, source=line))
        return Source(name, text, {}, tuple(problems), readable=False)
    if value is not None and not isinstance(value, dict):
        fault(0, 1, "a file of the catalog is a mapping at its top", "begin with a key such as `monitors:`")
        return Source(name, text, {}, tuple(problems), readable=False)
    return Source(name, text, value or {}, tuple(problems))


def _unfit(source: Source) -> Iterator[Problem]:
    """What is wrong with the text before it is even YAML."""
    text = source.text
    if not text.isascii() or text.encode("ascii").translate(None, _SEEN_BYTES):
        hidden = first_unseen(text, keep="\t\n\r")
        if hidden is not None:
            where, line = source.place(hidden, hidden + 1)
            problem = f"an invisible character, U+{ord(text[hidden]):04X}"
            yield Problem(RULE, problem, 'remove it, or write it as an escape in "…"', where, source=line)
    if len(text) > LONGEST_LINE:
        for row, line in enumerate(text.split("\n"), 1):
            if len(line) > LONGEST_LINE:
                where = Place(source.file, row, LONGEST_LINE + 1)
                shown_part = line[: LONGEST_LINE + 200]
                problem = f"a line of {len(line):,} characters"
                yield Problem(RULE, problem, "break the line", where, source=shown_part)
