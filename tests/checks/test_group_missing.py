"""What is judged per tenant is grouped by tenant."""

from __future__ import annotations

import pytest

from tests.checks.conftest import RATE, RAW, Lint, of

NAMED = "'{}' is judged per tenant by the policy, and this monitor judges all together @ {}"
POLICY = "policy: {per_tenant: ['streams.*', a.b]}\n"
UNGROUPED = RATE.replace("by: [tenant], ", "")


@pytest.mark.parametrize(
    ("monitors", "expected"),
    [
        (
            UNGROUPED,
            [NAMED.format("streams.created", "rate")],
        ),
        (
            RATE.replace("[tenant]", "[region]"),
            [NAMED.format("streams.created", "by")],
        ),
        (
            RAW.replace(" by {tenant}", ""),
            [NAMED.format("a.b", "query")],
        ),
        (RATE, []),
        (RATE.replace("[tenant]", "[region, tenant]"), []),
        (UNGROUPED.replace("streams.created", "streams"), []),
        (UNGROUPED.replace("streams.created", "upstreams.created"), []),
    ],
)
def test_a_metric_the_policy_judges_per_tenant_is_grouped(
    lint: Lint, monitors: str, expected: list[str]
) -> None:
    assert of("group-missing", lint(monitors, policy=POLICY)) == expected


def test_a_hold_needs_somebody_to_hold(lint: Lint) -> None:
    assert of("group-missing", lint(UNGROUPED + "    hold: review\n")) == [
        "a hold is of one tenant, and this monitor judges all together @ hold"
    ]
    assert lint(RATE + "    hold: review\n") == ()
    assert lint(UNGROUPED) == ()


def test_the_tenant_tag_is_the_catalog_s(lint: Lint) -> None:
    text = RATE.replace("[tenant]", "[customer]") + "    hold: review\n"
    assert lint(text, policy="tenant_tag: customer\n") == ()
