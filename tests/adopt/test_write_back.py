"""Write-back: an edit made in Datadog goes where the value was written, or it is said why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.adopt import write_back as module
from dd_sync.adopt.drift import find_drift
from dd_sync.adopt.files import replace_text
from dd_sync.adopt.show import as_json, as_markdown, as_text
from dd_sync.adopt.write_back import Written, write_back
from dd_sync.catalog.source import parse
from dd_sync.errors import RequestError
from dd_sync.model.ownership import CATALOG, MANAGED
from tests.adopt.world import NAME, applied, catalog_of, compiled, files, plan_of
from tests.plan.memory import MemoryMonitors

SETTINGS = 'levels:\n  2: {handles: ["@slack-x"]}\nlimits: {updates_percent: 100}\n'
TEXT = """\
tunables:
  limit: {env: LIMIT, default: 7, min: 1, max: 100, unit: things}
defaults: {tags: [team:risk], priority: 3}

monitors:
  - key: raw
    name: Raw   # its name
    type: query alert
    query: avg(last_5m):avg:x.raw{*} > 4
    options: {thresholds: {critical: 4}, renotify_interval: 30}
    tags: [own:a, own:b]
    message: |
      Old

  - key: levelled
    name: Levelled
    level: 2
    type: query alert
    query: avg(last_5m):avg:x.levelled{*} > ${limit}
    options: {thresholds: {critical: "${limit}"}}
    tags: ["limit:${limit}"]
    message: m

  - key: guarded
    name: g
    guard: {rate: {metric: a.b, by: [tenant], window: 1h, above: 500, warn_at: 80%}}
    exempt: [{tenant: x, until: 2027-01-01, reason: r}]
    message: m

  - {key: both, name: b, type: composite, query: "${monitor:raw} && ${monitor:guarded}", message: m}
"""
Edit = Callable[[dict[str, Any]], Any]


class Story:
    """The catalog was applied, then Datadog was edited."""

    def __init__(self, text: str = TEXT) -> None:
        self.files = files(text, SETTINGS)
        self.catalog = catalog_of(self.files)
        self.datadog = MemoryMonitors()
        assert applied(self.catalog, self.datadog).is_complete

    def edit(self, key: str, **fields: Any) -> None:
        options = fields.pop("options", {})
        live = self.datadog.by_key[key]
        live |= fields
        live["options"] = {**live["options"], **options}

    def tag(self, key: str, *, add: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> None:
        live = self.datadog.by_key[key]
        live["tags"] = [*(tag for tag in live["tags"] if tag not in drop), *add]

    def written(self) -> Written:
        live = self.datadog.list((MANAGED, CATALOG + NAME))
        self.drift = find_drift(self.catalog.monitors, live, NAME, target="x")
        return write_back(self.drift, self.catalog, compiled)

    def fields_planned(self, written: Written) -> dict[str, list[str]]:
        """What a plan shows once the files are written."""
        made = self.files
        for file, text in written.texts.items():
            made = made.having(parse(file, text))
        plan = plan_of(catalog_of(made), self.datadog)
        return {
            change.key: [field.path for field in getattr(change, "fields", ())] for change in plan.changes
        }


def left(written: Written) -> dict[str, str]:
    return {f"{one.key} {one.path}": one.why for one in written.left}


def test_raw_fields_are_written_and_no_longer_planned() -> None:
    story = Story()
    story.edit("raw", name="Raw: yes", message="New\n\ntext ${HOME}", draft_status="draft")
    story.edit("raw", query="avg(last_5m):avg:x.raw{*} > 5")
    story.edit("raw", options={"thresholds": {"critical": 5.0, "warning": 3.5}, "renotify_interval": None})
    story.edit("raw", options={"renotify_statuses": ["warn", "alert"], "include_tags": False})
    story.tag("raw", add=("new:one",), drop=("own:b",))
    written = story.written()
    assert written.left == ()
    assert {one.path for one in written.done} == {
        change.change.path for change in story.drift.drifted[0].differences
    }
    assert story.fields_planned(written) == {}
    text = written.texts["m/all.yaml"]
    assert '    name: "Raw: yes" # its name' in text.replace('yes"     #', 'yes" #').replace(
        'yes"  #', 'yes" #'
    )
    assert "      text $${HOME}\n" in text
    assert "    tags: [own:a, new:one]\n" in text
    assert text.split("  - key: levelled")[1] == TEXT.split("  - key: levelled")[1]


def test_a_composite_is_written_with_keys() -> None:
    story = Story()
    live = story.datadog.by_key["both"]
    live["query"] = live["query"].replace("&&", "||") + " || 4711"
    written = story.written()
    assert 'query: "${monitor:raw} || ${monitor:guarded} || 4711"' in written.texts["m/all.yaml"]
    assert story.fields_planned(written) == {}


def test_what_a_guard_gives_is_explained_with_what_to_write() -> None:
    story = Story()
    live = story.datadog.by_key["guarded"]
    story.edit(
        "guarded",
        query=live["query"].replace("500", "800"),
        options={"thresholds": {"critical": 800.0, "warning": 600.0}, "renotify_interval": 30},
    )
    written = story.written()
    assert (written.done, written.texts) == ((), {})
    assert set(left(written).values()) == {
        "it comes from the guard rate: there, write above: 800, warn_at: 600, renotify: 30m"
    }
    assert {str(one.where).rsplit(":", 1)[0] for one in written.left} == {"m/all.yaml:26"}


def test_a_tunable_that_fills_in_a_guard_s_parameter_is_named_once() -> None:
    story = Story(
        TEXT.replace("default: 7, min: 1, max: 100", "default: 500").replace(
            "above: 500", "above: '${limit}'"
        )
    )
    live = story.datadog.by_key["guarded"]
    query = live["query"].replace("500", "800")
    story.edit("guarded", query=query, options={"thresholds": {"critical": 800.0, "warning": 640.0}})
    written = story.written()
    (line,) = [line for line in as_text(story.drift, written).splitlines() if "left" in line]
    assert line == (
        "left guarded query, options.thresholds.critical, options.thresholds.warning at m/all.yaml:26:13: "
        "it comes from the guard rate: there, write above: 800, warn_at: 640; "
        "above is filled in from the tunable limit, so change that or write the value here"
    )


def test_what_no_parameter_of_the_guard_gives_is_said() -> None:
    story = Story()
    story.edit("guarded", options={"timeout_h": 2})
    (why,) = left(story.written()).values()
    assert "cannot say what is in Datadog" in why


def test_a_parameter_that_is_gone_is_said() -> None:
    story = Story()
    story.edit("guarded", options={"thresholds": {"critical": 500.0}})
    (why,) = left(story.written()).values()
    assert why == "it comes from the guard rate: there, leave warn_at out"


@pytest.mark.parametrize(
    ("key", "edit", "path", "why"),
    [
        ("levelled", {"query": "avg(last_5m):avg:x.levelled{*} > 9"}, "query", "from the tunable limit"),
        (
            "levelled",
            {"options": {"thresholds": {"critical": 9}}},
            "options.thresholds.critical",
            "tunable limit",
        ),
        ("levelled", {"message": "m"}, "message", "what level 2 adds at its end"),
        ("levelled", {"priority": 1}, "priority", "the file's `defaults:`"),
    ],
)
def test_what_comes_from_elsewhere_is_explained_there(key: str, edit: Any, path: str, why: str) -> None:
    story = Story()
    story.edit(key, **edit)
    written = story.written()
    assert written.texts == {}
    assert why in left(written)[f"{key} {path}"]


def test_the_place_of_a_default_is_told() -> None:
    story = Story()
    story.edit("levelled", priority=1)
    assert str(story.written().left[0].where) == "m/all.yaml:3:41"


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"drop": ("team:risk",)}, "team:risk is not written with this monitor"),
        ({"drop": ("limit:7",)}, "limit:7 is not written with this monitor"),
        ({"add": ("dd_sync_hold:review",)}, "this tool writes dd_sync_hold:review itself"),
    ],
)
def test_tags_from_elsewhere_are_explained(tags: dict[str, Any], why: str) -> None:
    story = Story()
    story.tag("levelled", **tags)
    assert why in left(story.written())["levelled tags"]


def test_a_level_keeps_what_it_adds_when_the_message_is_edited() -> None:
    story = Story()
    live = story.datadog.by_key["levelled"]
    story.edit("levelled", message="new\n" + live["message"].partition("\n")[2])
    written = story.written()
    assert "@slack-x" not in written.texts["m/all.yaml"]
    assert story.fields_planned(written) == {}


def test_a_field_that_is_empty_in_datadog_is_taken_out() -> None:
    story = Story()
    story.edit("raw", message="")
    story.tag("raw", drop=("own:a", "own:b"))
    written = story.written()
    assert story.fields_planned(written) == {}
    assert "Old" not in written.texts["m/all.yaml"]


def test_what_changed_on_both_sides_is_listed_and_not_written() -> None:
    story = Story()
    story.edit("raw", name="theirs")
    story.files = files(TEXT.replace("name: Raw ", "name: Ours "), SETTINGS)
    story.catalog = catalog_of(story.files)
    written = story.written()
    assert written.texts == {}
    assert "decide which it is to be" in left(written)["raw name"]
    assert str(written.left[0].where) == "m/all.yaml:6:5"


def test_what_changed_in_git_is_left_alone() -> None:
    story = Story()
    story.catalog = catalog_of(files(TEXT.replace("name: Raw ", "name: Ours "), SETTINGS))
    written = story.written()
    assert (written.done, written.left) == ((), ())
    assert "Nothing to write back." in as_text(story.drift, written)


def test_an_alias_is_not_edited_for_others_too() -> None:
    story = Story(
        "monitors:\n"
        "  - {key: a, name: a, type: query alert, query: 'avg(last_5m):avg:a{*} > 4', message: &m shared}\n"
        "  - {key: b, name: b, type: query alert, query: 'avg(last_5m):avg:b{*} > 4',"
        " options: &o {timeout_h: 2}, message: *m}\n"
        "  - {key: c, name: c, type: query alert, query: 'avg(last_5m):avg:c{*} > 4', options: *o}\n"
    )
    story.edit("b", options={"timeout_h": 3}, name="B")
    written = story.written()
    assert left(written) == {"b options.timeout_h": "it would change another monitor too: edit it by hand"}
    assert [one.path for one in written.done] == ["name"]
    assert story.fields_planned(written) == {"b": ["options.timeout_h"]}


def test_a_line_with_a_comment_is_not_taken_out() -> None:
    tags = "    tags:\n      - a:1   # why a\n      - b:1\n"
    story = Story(RAW.replace("    tags: [a:1]\n", tags))
    story.tag("one", drop=("a:1",))
    assert left(story.written()) == {"one tags": "a comment would be lost: edit it by hand"}


def test_what_would_no_longer_load_is_not_written() -> None:
    story = Story()
    story.edit("raw", query="nothing anybody can read")
    (why,) = left(story.written()).values()
    assert why.startswith("the file would no longer load (")


def test_what_does_not_come_out_right_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story()
    story.edit("raw", name="theirs")
    monkeypatch.setattr(module, "edited", lambda text, changes: text)
    assert left(story.written()) == {
        "raw name": "the file would not give what is in Datadog: edit it by hand"
    }


def test_what_was_written_and_what_was_left_is_shown() -> None:
    story = Story()
    story.edit("raw", name="theirs")
    story.edit("guarded", options={"timeout_h": 2})
    written = story.written()
    text = as_text(story.drift, written)
    assert "wrote raw name into m/all.yaml:7:11" in text
    assert "left guarded options.timeout_h at m/all.yaml:26:" in text
    assert "wrote raw name" in as_markdown(story.drift, written)
    shown = as_json(story.drift, written)
    assert shown["written"] == [{"key": "raw", "path": "name", "where": "m/all.yaml:7:11"}]
    assert shown["left"][0]["key"] == "guarded"


FIELDS: dict[str, list[Any]] = {
    "name": ["yes", "Raw: 2", "# no comment", "日本語"],
    "message": ["one", "# a\n# b", "tab\there\n\nand ${x}", "a: b"],
    "priority": [1, 5],
    "draft_status": ["draft"],
    "query": ["avg(last_5m):avg:x.other{*} by {host} > 4", "avg(last_5m):avg:x.raw{a:b,!c:d} > 4"],
    "options": [
        {"thresholds": {"critical": 4.0, "warning": 1e-7}},
        {"renotify_interval": None},
        {"escalation_message": "still: yes", "renotify_statuses": ["alert", "warn"]},
        {"include_tags": False, "timeout_h": 2, "notify_by": ["*"]},
    ],
}


@settings(max_examples=30)
@given(st.data())
def test_any_edits_of_raw_monitors_are_written_back_whole(data: st.DataObject) -> None:
    story = Story(RAW)
    for key in ("one", "two", "three"):
        for name in data.draw(st.lists(st.sampled_from(sorted(FIELDS)), unique=True, max_size=3)):
            story.edit(key, **{name: data.draw(st.sampled_from(FIELDS[name]))})
        if data.draw(st.booleans()):
            story.tag(key, add=("x:y", "@z"), drop=("a:1",))
    written = story.written()
    assert written.left == ()
    assert story.fields_planned(written) == {}
    for text in written.texts.values():
        assert "# of the first" in text
        assert "# why\n" in text


RAW = """\
monitors:
  # of the first
  - key: one
    name: One
    type: query alert
    query: avg(last_5m):avg:x.one{*} > 4
    options: {thresholds: {critical: 4}, renotify_interval: 30}   # why
    tags: [a:1]

  - {key: two, name: Two, type: query alert, query: "avg(last_5m):avg:x.two{*} > 4", tags: ["a:1", "b:2"]}

  - key: three
    name: Three
    type: query alert
    query: avg(last_5m):avg:x.three{*} > 4
    options:
      thresholds:
        critical: 4
    message: >-
      folded
      text
"""


# --- the file itself ---------------------------------------------------------------------------------


def test_a_file_is_replaced_whole_and_keeps_its_mode_and_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfold\n")
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    replace_text(link, "old\n", "new é\n")
    assert path.read_bytes() == b"\xef\xbb\xbfnew \xc3\xa9\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.yaml", "link.yaml"]


def test_a_file_that_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("newer\n")
    with pytest.raises(RequestError, match="has changed since it was read"):
        replace_text(path, "old\n", "new\n")
    assert path.read_text() == "newer\n"


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RequestError, match="cannot be written: No such file"):
        replace_text(tmp_path / "none.yaml", "old\n", "new\n")
    path = tmp_path / "a.yaml"
    path.write_text("old\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(RequestError, match="No space left"):
        replace_text(path, "old\n", "new\n")
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]
