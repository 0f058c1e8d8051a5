"""A composite that Datadog can put together."""

from __future__ import annotations

import pytest

from dd_sync.errors import Severity
from tests.checks.conftest import Lint, of, other

PARTS = """\
  - {key: tenant, name: T, type: query alert, query: 'avg(last_5m):avg:a{*} by {tenant} > 1'}
  - {key: tenant-region, name: TR, type: query alert, query: 'avg(last_5m):avg:a{*} by {tenant,region} > 1'}
  - {key: tenant-host, name: TH, type: query alert, query: 'avg(last_5m):avg:a{*} by {tenant,host} > 1'}
  - {key: simple, name: S, type: query alert, query: 'avg(last_5m):avg:a{*} > 1'}
  - {key: check, name: C, type: service check, query: '"a".over("*").by("host").last(2).count_by_status()'}
  - {key: every, name: E, type: service check, query: '"a".over("*").by("*").last(2).count_by_status()'}
  - {key: both, name: B, type: composite, query: '1 && 2'}
"""


def composite(query: str) -> str:
    return other("composite", query, more=PARTS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (" && ".join(map(str, range(1, 11))), []),
        ("1 && (1 || !2)", []),
        (" || ".join(map(str, range(1, 12))), ["11 parts, and a composite has at most 10 @ 1 || 2 || 3"]),
        ("${monitor:both} && 3", ["'both' is a composite itself @ ${monitor:both}"]),
        ("${monitor:tenant} && ${monitor:tenant-region} && ${monitor:simple}", []),
        ("${monitor:tenant-host} && ${monitor:check} && ${monitor:every}", []),
        (
            "${monitor:tenant-region} && !${monitor:tenant-host}",
            [
                "'tenant-region' is grouped by region, tenant and 'tenant-host' by host, tenant: "
                "they have no group in common @ ${monitor:tenant-host}"
            ],
        ),
        (
            "${monitor:check} || ${monitor:tenant}",
            [
                "'check' is grouped by host and 'tenant' by tenant: they have no group in common "
                "@ ${monitor:tenant}"
            ],
        ),
    ],
)
def test_parts_that_do_not_fit_together_are_told(lint: Lint, query: str, expected: list[str]) -> None:
    found = of("composite-parts", lint(composite(query)))
    assert [line[: len(wanted)] for line, wanted in zip(found, expected, strict=True)] == expected


def test_only_groups_that_differ_are_a_warning(lint: Lint) -> None:
    nested = lint(composite("${monitor:both} && 3"))
    apart = lint(composite("${monitor:check} || ${monitor:tenant}"))
    assert [p.severity for p in nested] == [Severity.ERROR]
    assert [p.severity for p in apart] == [Severity.WARNING]
