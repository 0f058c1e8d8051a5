"""Catalog files: what is read, what is refused, and where things stand."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.catalog.source import LARGEST_FILE, Source, parse, read_files
from dd_sync.errors import CatalogError


def value(text: str) -> object:
    source = parse("f.yaml", text)
    assert source.problems == ()
    return source.value


def complaint(text: str) -> str:
    """The one problem of a text, as `line:column problem`."""
    (problem,) = parse("f.yaml", text).problems
    assert problem.where is not None
    assert problem.hint
    return f"{problem.where.line}:{problem.where.column} {problem.problem}"


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", 1),
        ("a: -1_000", -1000),
        ("a: 1.5", 1.5),
        ("a: 1.0e+3", 1000.0),
        ("a: .5", 0.5),
        ("a: yes", True),
        ("a: Off", False),
        ("a: ~", None),
        ("a:", None),
        ("a: Null", None),
        ("a: 2027-01-31", "2027-01-31"),
        ("a: 12:30", "12:30"),
        ("a: '1'", "1"),
        ('a: "yes"', "yes"),
        ("a: 1h", "1h"),
        ("a: nobody", "nobody"),
        ("a: =", "="),
        ("a: !!str 1", "1"),
        ("a: ! 1", "1"),
        ("a: !!int '3'", 3),
        ("a: !!float 3", 3.0),
        ("a: !!bool on", True),
        ("a: !!null ''", None),
        ("a: !!seq [1]", [1]),
        ("a: !!map {b: 1}", {"b": 1}),
        ("a: >\n  b\n  c\n", "b c\n"),
    ],
)
def test_plain_values_are_read_as_yaml_1_1_with_dates_and_times_as_text(text: str, expected: object) -> None:
    read = value(text)
    assert isinstance(read, dict)
    assert read["a"] == expected
    assert type(read["a"]) is type(expected)


def test_a_whole_number_may_be_a_key_and_stays_text() -> None:
    assert value("levels: {1: a, '2': b}") == {"levels": {"1": "a", "2": "b"}}


def test_an_anchor_is_repeated_and_merged_under_what_a_mapping_says_itself() -> None:
    text = "base: &b {x: 1, y: 2}\none: {y: 3, <<: *b}\ntwo: {<<: [*b, {z: 4}], x: 5}\nthree: *b\n"
    assert value(text) == {
        "base": {"x": 1, "y": 2},
        "one": {"y": 3, "x": 1},
        "two": {"x": 5, "y": 2, "z": 4},
        "three": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_declares_nothing(text: str) -> None:
    source = parse("f.yaml", text)
    assert (source.value, source.readable) == ({}, True)


SAFE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF).filter(str.isprintable), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6) | SAFE,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(SAFE, inside, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.dictionaries(SAFE, VALUES, max_size=4), st.sampled_from([None, '"', "'"]), st.booleans())
def test_what_a_dumper_writes_is_read_back(data: dict[str, object], style: str, flow: bool) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, default_style=style, default_flow_style=flow)
    assert parse("f.yaml", text).value == data


@settings(max_examples=40)
@given(st.dictionaries(SAFE, VALUES, min_size=1, max_size=4))
def test_every_value_is_found_where_it_stands(data: dict[str, object]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=10_000)
    source = parse("f.yaml", text)
    lines = text.split("\n")
    for key in data:
        where, line = source.locate((key,), key=True)
        assert line == lines[where.line - 1]
        shown = line[where.column - 1 : where.column - 1 + where.length]
        assert yaml.safe_load(shown.removeprefix("? ")) == key


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &x [1, 'b', {c: >\n  d\n}]\n" if False else "a: &x [1, 'b', {c: d}]\ne: *x\n"
    fast = value(text)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert value(text) == fast
    assert complaint("a: [1").startswith("1:6")


# --- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\nb: 2", "2:2 a list that is not closed"),
        ("a: {b: ${x}}", "1:9 a mapping in braces that is not closed"),
        ("a: 'x", "1:6 the file ends inside a quoted text"),
        ("a:\n\tb: 1", "2:1 a character that nothing can begin with"),
        ("a:\n- b: x\n\tc: 1", "3:1 a tab where only spaces can stand"),
        ("a: *", "1:5 an alias or anchor without a name"),
        ("a: > 5", "1:6 text right behind > or |"),
        ('a: "\\d+"', "1:5 an escape that YAML does not know"),
        ("a: - b", "1:4 a '-' where none can stand"),
        ("a: @x", "1:4 a character that nothing can begin with"),
        ("a: b: c", "1:5 a ':' where none can stand"),
        ("a: b\nc\n", "3:1 a key without ':'"),
        ("%YAML 3.0\n---\na: 1", "1:1 not YAML: found incompatible YAML document"),
        ("a: 1\na: 2", "2:1 the key 'a' is there twice"),
        ("a: {<<: {b: 1}, <<: {c: 1}}", "1:17 the key '<<' is there twice"),
        ("a: {<<: 1}", "1:9 '<<' merges mappings and nothing else"),
        ("on: 1", "1:1 this key is not text"),
        ("? [a]\n: 1", "1:5 this key is not text"),
        ("~: 1", "1:1 this key is not text"),
        ("x: *b", "1:4 the alias *b has no anchor &b before it"),
        ("x: &a [*a]", "1:8 the alias *a is inside its own anchor"),
        ("x: !!python/object:os.system 1", "1:4 the tag !!python/object:os.system is not known here"),
        ("x: !Ref y", "1:4 the tag !Ref is not known here"),
        ("x: !!set {a}", "1:4 the tag !!set is not known here"),
        ("x: !!int y", "1:4 the tag !!int does not fit this value"),
        ("x: !!float 010", "1:4 the tag !!float does not fit this value"),
        ("a: 1\n---\nb: 2", "2:1 a second document in one file"),
        ("- 1", "1:1 a file of the catalog is a mapping at its top"),
        ("just text", "1:1 a file of the catalog is a mapping at its top"),
        ("a: 010", "1:4 010 is octal to one version of YAML and decimal to another"),
        ("values: 0x59", "1:9 0x59 is the number 89 to YAML"),
        ("a: -0b1_01", "1:4 -0b1_01 is the number -5 to YAML"),
        ("a: .inf", "1:4 .inf is not a number anything can be compared with"),
        ("a: " + "9" * 6000, "1:4 a number of 6000 digits"),
        ("a: \x00", "1:4 an invisible character, U+0000"),
        ("a: 1\nb: \u202eprod", "2:4 an invisible character, U+202E"),
        ("a: " + "x" * 70_000, "1:65537 a line of 70,003 characters"),
        ("[" * 40_000, "1:51 nested more than 50 levels deep"),
        ("- " * 30_000, "1:101 nested more than 50 levels deep"),
        ("\n".join(" " * n + "a:" for n in range(300)), "51:51 nested more than 50 levels deep"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_place(text: str, expected: str) -> None:
    assert complaint(text) == expected


def test_all_duplicate_keys_of_a_file_are_told_and_the_first_counts() -> None:
    source = parse("f.yaml", "a: 1\na: 2\nb: 1\nb: 2\n")
    assert source.value == {"a": 1, "b": 1}
    assert [p.where.line for p in source.problems if p.where] == [2, 4]


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert complaint("\n".join(lines)).endswith("aliases expand to more than 100,000 values")


def test_a_file_of_too_many_values_or_anchors_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dd_sync.catalog.events.MOST_VALUES", 300_000)
    assert complaint("a:\n" + "- x\n" * 400_000).endswith("more than 300,000 values in one file")
    assert complaint("".join(f"k{n}: &a{n} x\n" for n in range(10_001))).endswith(
        "more than 10,000 anchors in one file"
    )


def test_after_a_hundred_mistakes_the_rest_of_a_file_is_not_read() -> None:
    source = parse("f.yaml", "a: 1\n" * 5000)
    assert len(source.problems) == 101
    assert source.problems[-1].problem == "more than 100 mistakes in one file"


def test_aliases_cannot_nest_deeper_than_brackets_may() -> None:
    lines = ["a0: &a0 " + "[" * 20 + "]" * 20]
    lines += [f"a{n}: &a{n} {'[' * 20}*a{n - 1}{']' * 20}" for n in range(1, 4)]
    assert complaint("\n".join(lines)).endswith("nested more than 50 levels deep")


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "b" * 1_000_000,
        "a: [" + "1, " * 300_000 + "]",
        "".join(f"k{n}: &a{n} x\n" for n in range(30_000)),
        "a: " + "{b: " * 200_000,
        "? " * 20_000,
        "a: |\n" + "  x\n" * 100_000,
        'a: "' + "\\u0041" * 10_000 + '"',
    ],
    ids=["long line", "long list", "anchors", "braces", "complex keys", "block", "escapes"],
)
def test_hostile_files_end_soon(text: str) -> None:
    start = time.process_time()
    parse("f.yaml", text)
    assert time.process_time() - start < 5


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"#%@`?, \n\t01.~<\\"), max_size=60))
def test_no_text_makes_reading_fail(text: str) -> None:
    source = parse("f.yaml", text)
    lines = text.split("\n")
    for problem in source.problems:
        assert problem.where is not None
        assert 1 <= problem.where.line <= len(lines)
        assert problem.source == lines[problem.where.line - 1].rstrip("\r")
    for path in ((), ("a",), ("a", 0), (0,)):
        source.locate(path, offset=1)


# --- places ------------------------------------------------------------------------------------

MESSAGES = """\
literal: |
  first {{x}}
    indented {{y}}

  last {{z}}
plain: some {{x}} text
folded: >-
  first {{x}}
  second   {{y}}

  third {{z}}
double: "tab\\t \\u00e9 {{x}} \\
   on {{y}}"
single: 'it''s {{x}}
  next {{y}}'
indicated: |2
    two spaces stay {{x}}
multi: plain {{x}}
  goes on {{y}}
"""


@pytest.mark.parametrize("key", ["literal", "plain", "folded", "double", "single", "indicated", "multi"])
@pytest.mark.parametrize("word", ["{{x}}", "{{y}}", "{{z}}"])
def test_an_offset_in_a_text_points_at_the_same_characters_in_the_file(key: str, word: str) -> None:
    source = parse("f.yaml", MESSAGES)
    text = source.value[key]
    if word not in text:
        return
    where, line = source.locate((key,), offset=text.index(word), length=len(word))
    assert line[where.column - 1 : where.column - 1 + where.length] == word


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from(["{{x}}", " ", "\n", "word", "it's", '"q"', "\\", "é", "\n  "]), max_size=12),
    st.sampled_from(["|", ">", '"', "'"]),
)
def test_an_offset_is_found_in_every_style_a_dumper_writes(parts: list[str], style: str) -> None:
    text = "start" + "".join(parts) + "{{here}} end"
    written = yaml.dump({"a": {"b": text}}, default_style=style, allow_unicode=True, width=30)
    source = parse("f.yaml", written)
    text = source.value["a"]["b"]
    assert text == yaml.safe_load(written)["a"]["b"]
    where, line = source.locate(("a", "b"), offset=text.index("{{here}}"), length=8)
    assert line[where.column - 1 : where.column + 7] == "{{here}}"


def test_a_container_is_placed_at_its_key_and_a_missing_path_at_what_is_above_it() -> None:
    source = parse("f.yaml", "monitors:\n  - key: a\n    guard:\n      rate: {by: [x]}\n")
    guard = ("monitors", 0, "guard")
    assert _at(source, *guard) == (3, 5, 5)
    assert _at(source, *guard, "rate", "metric") == (4, 7, 4)
    assert _at(source, *guard, "rate", "by", 0) == (4, 19, 1)
    assert _at(source, *guard, "rate", "by", 7, "x") == (4, 14, 2)
    assert _at(source, "monitors", 0) == (2, 5, 6)
    assert _at(source) == (1, 1, 1)


def test_what_an_alias_stands_for_is_placed_where_it_was_written() -> None:
    source = parse("f.yaml", "base: &b {x: {y: 1}}\none: *b\ntwo: {<<: *b}\nthree: {k: &s abc}\nfour: *s\n")
    assert _at(source, "one", "x", "y") == (1, 18, 1)
    assert _at(source, "two", "x", "y") == (1, 18, 1)
    assert _at(source, "four") == (5, 7, 2)
    where, _ = source.locate(("four",), offset=2)
    assert (where.line, where.column) == (5, 7)


def test_windows_lines_and_a_byte_order_mark_do_not_move_places(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_bytes(b"\xef\xbb\xbfcatalog: a\r\ncatalog: b\r\n")
    (problem,) = read_files(tmp_path).settings.problems
    assert problem.where is not None
    assert (problem.where.line, problem.where.column, problem.source) == (2, 1, "catalog: b")


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((b"catalog: a", b"monitors:", b"  x: [", b""), 4),
        ((b"catalog: a", b"# c", b"catalog: b"), 3),
        ((b"catalog: |", b"  some", b"  text", b"b: caf\xe9"), 4),
        ((b"a: 'x", b"  y'", b"b: 1", b"b: 2"), 4),
    ],
)
def test_whatever_ends_a_line_places_are_counted_as_yaml_does(
    tmp_path: Path, end: bytes, lines: tuple[bytes, ...], expected: int
) -> None:
    (tmp_path / "catalog.yaml").write_bytes(end.join(lines))
    (problem,) = read_files(tmp_path).settings.problems
    assert problem.where is not None
    assert problem.where.line == expected


def _at(source: Source, *path: str | int) -> tuple[int, int, int]:
    where, _ = source.locate(path)
    return where.line, where.column, where.length


# --- folders -----------------------------------------------------------------------------------


def files_in(folder: Path) -> dict[str, list[str]]:
    files = read_files(folder)
    kinds = {"monitors": files.monitors, "scenarios": files.scenarios, "environments": files.environments}
    return {kind: [os.path.relpath(source.file, folder) for source in found] for kind, found in kinds.items()}


def test_files_are_sorted_and_told_apart_by_their_folders(tmp_path: Path) -> None:
    for name in (
        "catalog.yaml", "z.yml", "a/b.yaml", "scenarios/s.yaml", "a/scenarios/t.yaml",
        "environments/staging.yaml", ".hidden.yaml", ".git/x.yaml", "README.md", "a/environments/x.yaml",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert files_in(tmp_path) == {
        "monitors": ["a/b.yaml", "a/environments/x.yaml", "z.yml"],
        "scenarios": ["a/scenarios/t.yaml", "scenarios/s.yaml"],
        "environments": ["environments/staging.yaml"],
    }
    assert read_files(tmp_path).source(f"{tmp_path}/z.yml").file == f"{tmp_path}/z.yml"


def test_links_inside_the_folder_are_read_and_links_out_of_it_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "monitors"
    (folder / "..data").mkdir(parents=True)
    (folder / "..data" / "real.yaml").write_text("monitors: []\n")
    (folder / "catalog.yaml").write_text("catalog: a\n")
    (folder / "linked.yaml").symlink_to(folder / "..data" / "real.yaml")
    (tmp_path / "outside.yaml").write_text("secret: 1\n")
    (folder / "out.yaml").symlink_to(tmp_path / "outside.yaml")
    (folder / "gone.yaml").symlink_to(folder / "nowhere.yaml")
    (folder / "dir").symlink_to(tmp_path, target_is_directory=True)
    (folder / "loop.yaml").symlink_to(folder / "loop.yaml")
    assert files_in(folder)["monitors"] == ["linked.yaml"]
    told = [Path(p.where.file).name for p in read_files(folder).problems if p.where]
    assert told == ["dir", "gone.yaml", "loop.yaml", "out.yaml"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfea\x00", "1:1 this is UTF-16, not UTF-8"),
        (b"a: 1\nb: caf\xe9\n", "2:7 byte 0xe9 here is not UTF-8"),
        (b"#" * (LARGEST_FILE + 10), "1:1 larger than 20 MB"),
    ],
    ids=["utf-16", "latin-1", "huge"],
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "catalog.yaml").write_bytes(content)
    source = read_files(tmp_path).settings
    (problem,) = source.problems
    assert problem.where is not None
    assert f"{problem.where.line}:{problem.where.column} {problem.problem}" == expected
    assert not source.readable


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "catalog.yaml").write_text("catalog: a\n")
    os.mkfifo(tmp_path / "pipe.yaml")
    (problem,) = read_files(tmp_path).every_problem()
    assert "not a plain file" in problem.problem


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "catalog.yaml").write_text("catalog: a\n")
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (problem,) = read_files(tmp_path).every_problem()
    assert "Permission denied" in problem.problem
    assert problem.where is not None
    assert problem.where.file.endswith("closed")


@pytest.mark.parametrize(
    ("files", "folder", "expected", "hint"),
    [
        ([], "nowhere", "there is no folder", "dd-sync init"),
        (["file"], "file", "is a file, not a folder", "catalog.yaml is in"),
        ([], "", "is empty", "dd-sync init"),
        (["m.yaml"], "", "has no catalog.yaml", "dd-sync init"),
        (["catalog.yml"], "", "has catalog.yml, but no catalog.yaml", "rename"),
    ],
)
def test_without_a_catalog_there_is_one_clear_message(
    tmp_path: Path, files: list[str], folder: str, expected: str, hint: str
) -> None:
    for name in files:
        (tmp_path / name).write_text("")
    with pytest.raises(CatalogError) as caught:
        read_files(tmp_path / folder)
    (problem,) = caught.value.problems()
    assert expected in problem.problem
    assert hint in problem.hint


def test_a_folder_that_may_not_be_listed_is_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listdir(_: object) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", listdir)
    with pytest.raises(CatalogError) as caught:
        read_files(tmp_path)
    assert "cannot be read: Permission denied" in caught.value.problems()[0].problem
