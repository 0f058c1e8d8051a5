"""What a composite takes from its parts: the groups it alerts by, and whether it may be snoozed."""

from __future__ import annotations

import pytest

from dd_sync.catalog.load import Catalog
from dd_sync.model.ownership import SNOOZABLE
from tests.catalog.conftest import SETTINGS, Read

METRIC = "  - {{key: {}, name: {}, type: query alert, query: 'avg(last_5m):avg:m{{*}} by {{{}}} > 1'}}\n"
CHECK = """\
  - key: {0}
    name: {0}
    type: service check
    query: '"http.up".over("*").by("{1}").last(3).count_by_status()'
"""
PARTS = (
    METRIC.format("one", "one", "tenant")
    + METRIC.format("two", "two", "tenant,region")
    + METRIC.format("safe", "safe", "tenant")
    + METRIC.format("host", "host", "host")
    + METRIC.format("simple", "simple", "").replace(" by {}", "")
    + CHECK.format("check", "tenant")
    + CHECK.format("any", "*")
)


def catalog_with(read: Read, query: str, protected: str = "safe") -> Catalog:
    both = f"  - {{key: both, name: both, type: composite, query: '{query}'}}\n"
    settings = f"{SETTINGS}policy: {{snooze: {{protected: [{protected}]}}}}\n"
    loading = read(f"monitors:\n{PARTS}{both}", settings=settings)
    assert loading.problems == ()
    assert loading.catalog is not None
    return loading.catalog


def of(*keys: str, joined: str = " && ") -> str:
    return joined.join(f"${{monitor:{key}}}" for key in keys)


@pytest.mark.parametrize(
    ("query", "may"),
    [
        (of("one", "two"), True),
        (of("one", "check"), True),
        (f"!({of('one', 'two', joined=' || ')})", True),
        (of("one", "safe"), False),
        (of("one", "host"), False),
        (of("one", "simple"), False),
        (f"{of('one')} && 123", False),
    ],
)
def test_a_composite_may_be_snoozed_where_each_of_its_parts_may(read: Read, query: str, may: bool) -> None:
    tags = catalog_with(read, query).monitors[1].monitor.tags
    assert (SNOOZABLE in tags) is may


def test_a_protected_composite_may_not_be_snoozed_whatever_its_parts(read: Read) -> None:
    both = catalog_with(read, of("one", "two"), protected="both").declared("both")
    assert both is not None
    assert SNOOZABLE not in both.monitor.tags


@pytest.mark.parametrize(("key", "may"), [("check", True), ("any", False), ("host", False)])
def test_a_monitor_of_any_type_may_be_snoozed_where_it_is_grouped_by_the_tenant(
    read: Read, key: str, may: bool
) -> None:
    declared = catalog_with(read, of("one", "two")).declared(key)
    assert declared is not None
    assert (SNOOZABLE in declared.monitor.tags) is may


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        (of("one", "two"), ("tenant", "region")),
        (of("simple", "one"), ("tenant",)),
        (f"!{of('host')} || 7", ("host",)),
        (of("simple", "any"), ()),
    ],
)
def test_a_composite_alerts_by_what_the_part_with_the_most_groups_does(
    read: Read, query: str, keys: tuple[str, ...]
) -> None:
    assert catalog_with(read, query).group_keys("both") == keys
