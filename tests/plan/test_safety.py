from __future__ import annotations

from dataclasses import replace

import pytest

from dd_sync.errors import UnsafePlan
from dd_sync.plan.build import build_plan
from dd_sync.plan.changes import Plan
from dd_sync.plan.safety import Limits, check_limits
from tests.plan.memory import CATALOG, declare, live_of


def deleting(number: int, owned: int) -> Plan:
    keys = [f"k{n}" for n in range(owned)]
    return build_plan([declare(key) for key in keys[number:]], live_of(*map(declare, keys)), CATALOG)


def updating(number: int, owned: int) -> Plan:
    live = live_of(*(declare(f"k{n}") for n in range(owned)))
    declared = [declare(f"k{n}", limit=800 if n < number else 500) for n in range(owned)]
    return build_plan(declared, live, CATALOG)


def test_deleting_every_monitor_is_refused() -> None:
    with pytest.raises(UnsafePlan, match="12 of 12 monitors deleted, limit 4") as caught:
        check_limits(deleting(12, 12), Limits(deletes=4))
    assert "(100 %, limit 30 %)" in caught.value.problem
    assert "--allow-deletes 12" in caught.value.hint


def test_a_small_catalog_is_not_exempt() -> None:
    with pytest.raises(UnsafePlan, match=r"1 of 2 monitors deleted, limit 5 \(50 %, limit 30 %\)"):
        check_limits(deleting(1, 2), Limits())


def test_up_to_both_limits_deletes_pass() -> None:
    check_limits(deleting(5, 20), Limits())
    check_limits(deleting(3, 10), Limits())
    check_limits(deleting(0, 0), Limits(deletes=0, deletes_percent=0, updates_percent=0))
    with pytest.raises(UnsafePlan, match="6 of 100"):
        check_limits(deleting(6, 100), Limits())
    with pytest.raises(UnsafePlan, match="4 of 10"):
        check_limits(deleting(4, 10), Limits())


def test_what_is_asked_for_by_number_passes_and_not_one_more() -> None:
    check_limits(deleting(12, 12), Limits(), allow_deletes=12)
    with pytest.raises(UnsafePlan, match="12 of 12 monitors deleted, limit 11 as allowed"):
        check_limits(deleting(12, 12), Limits(), allow_deletes=11)
    with pytest.raises(UnsafePlan, match="1 of 100 monitors deleted, limit 0 as allowed"):
        check_limits(deleting(1, 100), Limits(), allow_deletes=0)


def test_updates_have_a_share_of_their_own() -> None:
    check_limits(updating(5, 10), Limits())
    with pytest.raises(UnsafePlan, match=r"6 of 10 monitors updated \(60 %\), limit 50 %$") as caught:
        check_limits(updating(6, 10), Limits())
    assert "--allow-updates 6" in caught.value.hint
    check_limits(updating(6, 10), Limits(), allow_updates=6)
    with pytest.raises(UnsafePlan, match=r"6 of 10 monitors updated \(60 %\), limit 5 as allowed"):
        check_limits(updating(6, 10), Limits(), allow_updates=5)


def test_a_share_just_past_a_limit_does_not_read_like_the_limit() -> None:
    with pytest.raises(UnsafePlan, match=r"252 of 500 monitors updated \(50\.4 %\), limit 50 %$"):
        check_limits(updating(252, 500), Limits())


def test_a_replacement_counts_as_a_delete() -> None:
    declared = [declare("a", type="log alert")]
    with pytest.raises(UnsafePlan, match="1 of 1 monitors deleted"):
        check_limits(build_plan(declared, live_of(declare("a")), CATALOG), Limits())


def test_creates_have_no_limit() -> None:
    plan = build_plan([declare(f"k{n}") for n in range(500)], [], CATALOG)
    check_limits(plan, Limits(deletes=0, deletes_percent=0, updates_percent=0))


@pytest.mark.parametrize("owned", [0, -5, 3])
def test_a_plan_that_says_it_owns_less_than_it_changes_is_past_every_share(owned: int) -> None:
    with pytest.raises(UnsafePlan, match=r"4 of -?\d monitors updated \(100 %\)"):
        check_limits(replace(updating(4, 10), owned=owned), Limits())
    with pytest.raises(UnsafePlan, match="100 %, limit 30 %"):
        check_limits(replace(deleting(4, 20), owned=owned), Limits())
