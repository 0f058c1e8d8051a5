"""Importing: what is written plans as adopt, changes nothing but tags, and is stable once applied."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dd_sync.adopt import importing
from dd_sync.errors import RequestError
from dd_sync.model.ownership import ownership_tags
from tests.adopt.test_yaml_text import HOSTILE
from tests.adopt.world import NAME, applied, catalog_of, files, imported, plan_of
from tests.kinds.bodies import CLASSES, FIELDS, QUERIES, answer, put
from tests.plan.memory import MemoryMonitors

Json = dict[str, Any]
DECLARABLE = [query for query in QUERIES if query[0] != "synthetics alert"]
RATE = "sum(last_1h):sum:streams.created{env:prod} by {tenant}.as_count() > 500"


def live(number: int = 1, **fields: Any) -> Json:
    body: Json = {"type": "query alert", "query": "avg(last_5m):avg:x{*} > 40", "name": f"n {number}"}
    body |= {"message": "m", "tags": [], "options": {"thresholds": {"critical": 40}}, **fields}
    answered = {**answer(body, random.Random(number)), "id": number}
    answered["options"].pop("an_injected_option", None)
    return answered


def adopted(*bodies: Json, text: str | None = None) -> MemoryMonitors:
    """Datadog after the import of these was applied. Everything on the way there is as promised."""
    datadog = MemoryMonitors()
    datadog.live = {body["id"]: body for body in bodies}
    catalog = catalog_of(files(imported(bodies).text if text is None else text))
    plan = plan_of(catalog, datadog)
    assert {change.action for change in plan.changes} == {"adopt"}
    assert [[field.path for field in getattr(change, "fields", ())] for change in plan.changes] == [
        ["tags"] for _ in bodies
    ]
    assert applied(catalog, datadog).is_complete
    assert datadog.live.keys() == {body["id"] for body in bodies}
    assert [write for write, _ in datadog.writes] == ["update"] * len(bodies)
    assert plan_of(catalog, datadog).changes == ()
    return datadog


@st.composite
def bodies(draw: st.DrawFn) -> Json:
    """A monitor of any type, with any options, as Datadog answers it."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    kind, query, _ = draw(st.sampled_from(DECLARABLE))
    sent: Json = {"type": kind, "query": query, "name": "a name", "options": {}}
    if kind != "composite":
        sent["options"]["thresholds"] = {"critical": 40}
    recoveries = [name for name in CLASSES if not (kind == "event-v2 alert" and name.endswith("recovery"))]
    for path in chance.sample(recoveries, chance.randint(0, 6)):
        put(sent, path, chance.choice(chance.choice(CLASSES[path])))
    for path in chance.sample(list(FIELDS), chance.randint(0, 4)):
        put(sent, path, chance.choice(chance.choice(FIELDS[path])))
    return {**answer(sent, chance), "id": draw(st.integers(1, 10**9))}


@settings(max_examples=50)
@given(bodies())
def test_any_monitor_is_imported_adopted_and_in_sync(body: Json) -> None:
    found = imported([body])
    assert found.skipped == ()
    adopted(body, text=found.text)


hostile = st.sampled_from([text for text in HOSTILE if "\x00" not in text]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=20
)


@settings(max_examples=30)
@given(hostile, hostile, st.lists(st.sampled_from(HOSTILE), max_size=4))
def test_hostile_texts_survive(name: str, message: str, tags: list[str]) -> None:
    body = live(name=name or "x", message=message, tags=[tag for tag in tags if tag.strip() == tag and tag])
    found = imported([body])
    if name.strip():
        assert found.skipped == ()
        adopted(body, text=found.text)
    else:
        assert not found.entries or not name


def test_a_monitor_reads_as_a_person_would_write_it() -> None:
    body = live(7, name="Checkout is slow", message="Slow.\n@slack-x\n", tags=["team:shop"], priority=2)
    assert imported([body]).text == (
        "monitors:\n"
        "  - key: checkout-is-slow\n"
        "    name: Checkout is slow\n"
        "    adopt: 7\n"
        "    type: query alert\n"
        "    query: avg(last_5m):avg:x{*} > 40\n"
        "    options:\n"
        "      thresholds: {critical: 40}\n"
        "    tags: [team:shop]\n"
        "    priority: 2\n"
        "    message: |\n"
        "      Slow.\n"
        "      @slack-x\n"
    ).replace("query alert", body["type"])


def test_tags_that_all_have_become_defaults() -> None:
    text = imported([live(1, tags=["a:1", "b:2"]), live(2, tags=["b:2"])]).text
    assert text.startswith("defaults:\n  tags: [b:2]\n\nmonitors:\n")
    assert text.count("b:2") == 1
    adopted(live(1, tags=["a:1", "b:2"]), live(2, tags=["b:2"]), text=text)


def test_a_rate_is_written_short() -> None:
    options = {"thresholds": {"critical": 500}, "on_missing_data": "default", "new_group_delay": 0}
    body = live(query=RATE, options=options)
    (entry,) = imported([body]).entries
    assert entry["guard"] == {
        "rate": {
            "metric": "streams.created",
            "scope": "env:prod",
            "by": ["tenant"],
            "window": "1h",
            "above": 500,
        }
    }
    adopted(body)


def test_composites_name_imported_and_owned_parts_by_key_and_others_by_id() -> None:
    part, other = live(11, name="part"), live(12, name="owned")
    other["tags"] = [*ownership_tags(NAME, "owned")]
    both = live(13, type="composite", query="11 && (12 || !99) && 1111", options={}, name="both")
    given = files(
        "monitors:\n  - {key: owned, name: o, type: query alert, query: 'avg(last_5m):avg:y{*} > 4'}\n"
    )
    found = imported([part, other, both], around=given)
    assert found.entries[1]["query"] == "${monitor:part} && (${monitor:owned} || !99) && 1111"
    assert found.notes == ("both: names 99, 1111 by id, since this catalog does not have them",)
    assert [one.why for one in found.skipped] == ["it is this catalog's already: owned"]


def test_equal_names_get_keys_of_their_own() -> None:
    found = imported([live(5, name="Same"), live(3, name="Same"), live(9, name="Same!")])
    assert [(one["key"], one["adopt"]) for one in found.entries] == [
        ("same", 3),
        ("same-5", 5),
        ("same-9", 9),
    ]


def test_a_key_of_the_catalog_is_not_taken_again() -> None:
    given = files(
        "monitors:\n  - {key: same, name: o, type: query alert, query: 'avg(last_5m):avg:y{*} > 4'}\n"
    )
    assert imported([live(5, name="Same")], around=given).entries[0]["key"] == "same-5"


def test_what_is_to_be_adopted_already_is_not_imported_again() -> None:
    given = files(imported([live(5, name="Same")]).text)
    assert [one.why for one in imported([live(5)], around=given).skipped] == [
        "it is this catalog's already: same"
    ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"type": "synthetics alert", "query": "no_query"}, "synthetic test"),
        ({"type": "event alert"}, "Datadog has retired it"),
        ({"type": "moon alert"}, "does not know monitors of the type 'moon alert'"),
        ({"name": ""}, "it has no name"),
        ({"name": "a\ud800"}, "not Unicode"),
        ({"query": "nothing anybody can read"}, "expected"),
        ({"tags": ["t" * 201]}, "not a tag"),
        ({"tags": [f"t:{n}" for n in range(71)]}, "more than 70"),
    ],
)
def test_what_cannot_be_managed_is_skipped_and_says_why(fields: Json, why: str) -> None:
    (skipped,) = imported([live(1, **fields), live(2)]).skipped
    assert (skipped.monitor_id, skipped.refused) == (1, False)
    assert why in skipped.why


@pytest.mark.parametrize(
    ("fields", "mark"),
    [
        ({"tags": ["managed_by:terraform"]}, "Terraform, as the tag managed_by:terraform says"),
        ({"tags": ["terraform:true"]}, "Terraform, as the tag terraform:true says"),
        ({"tags": ["dd_sync_catalog:other"]}, "the catalog other, as the tag dd_sync_catalog:other says"),
        ({"message": "m\n-- Managed by kennel a:b in c.rb, do not modify manually"}, "kennel, as the line"),
    ],
)
def test_what_is_somebody_elses_is_taken_over_only_on_request(fields: Json, mark: str) -> None:
    (skipped,) = imported([live(1, **fields)]).skipped
    assert skipped.refused
    assert mark in skipped.why
    found = imported([live(1, **fields)], take_over=True)
    assert found.skipped == ()
    assert found.entries[0]["take_over"] is True
    assert found.entries[0]["message"] == "m"
    assert "tags" not in found.entries[0]


def test_kennel_lets_go_of_what_is_taken_over() -> None:
    marked = live(1, message="m\n-- Managed by kennel a:b in c.rb, do not modify manually")
    found = imported([marked], take_over=True)
    assert found.notes == ("n-1: kennel's line is left out of the message, so that kennel lets go of it",)
    datadog = MemoryMonitors()
    datadog.live = {1: marked}
    assert applied(catalog_of(files(found.text)), datadog).is_complete
    assert datadog.live[1]["message"] == "m"


def test_options_nobody_knows_are_told_and_declared_on_request() -> None:
    body = live(1)
    body["options"]["an_option_of_tomorrow"] = 3
    found = imported([body])
    assert "an_option_of_tomorrow" in found.notes[0]
    assert "--allow-unknown-options" in found.notes[0]
    datadog = adopted(body, text=found.text)
    assert datadog.live[1]["options"]["an_option_of_tomorrow"] == 3
    assert imported([body], unknown=True).entries[0]["options"]["an_option_of_tomorrow"] == 3


def test_an_entry_that_would_change_its_monitor_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    from dd_sync.adopt.entries import entry as real

    def wrong(*arguments: Any, **options: Any) -> Json:
        return {**real(*arguments, **options), "message": "another"}

    monkeypatch.setattr(importing, "entry", wrong)
    found = imported([live(1)])
    assert found.entries == ()
    assert found.skipped[0].why == "it cannot be declared as it is: message would change"


def test_a_guard_that_the_catalog_would_not_take_is_written_raw() -> None:
    options = {"thresholds": {"critical": 500}, "on_missing_data": "default", "new_group_delay": 0}
    body = live(query=RATE, options={**options, "evaluation_delay": 86400})
    assert "guard" in imported([body]).entries[0]
    odd = live(query=RATE, options={**options, "renotify_interval": 20_000})
    assert imported([odd]).entries[0]["query"] == RATE


def test_more_than_a_file_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LARGEST_FILE", 100)
    with pytest.raises(RequestError, match="more than one file can hold"):
        imported([live(1)])


def test_many_monitors_keep_their_ids() -> None:
    many = [live(number, name=f"n {number % 40}", tags=["team:x"]) for number in range(1, 61)]
    adopted(*many)
