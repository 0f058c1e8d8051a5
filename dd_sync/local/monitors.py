"""/api/v1/monitor: create, read, update, delete, validate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dd_sync.local.http import Answer, Call, Refused, bad_request, bounded, invalid
from dd_sync.local.limits import DUPLICATES
from dd_sync.local.monitor_rules import check_monitor, check_type_change, composite_parts
from dd_sync.local.monitors_table import StoredMonitor
from dd_sync.local.normal import ORG_ID, answer_of, definition_of, merged, read_answer_of, update_answer_of
from dd_sync.local.org import Org
from dd_sync.local.verdicts_table import Verdict, group_states

_GROUP_STATES = ("all", "alert", "warn", "no data", "ok")
_LARGEST_PAGE = 1000


def create(call: Call) -> Answer:
    body, org = call.mapping(), call.org
    with org.store.transaction():
        _check(org, body)
        definition = definition_of(body)
        _refuse_duplicate(org, definition, None)
        monitor = org.store.monitors.insert(definition, org.clock())
    return Answer(answer_of(monitor))


def read(call: Call) -> Answer:
    monitor = _wanted(call)
    answer = _live(call.org, monitor, call.org.store.verdicts.get(monitor.id), call.flag("with_assets"))
    _add_state(call, [(monitor, answer)])
    if call.flag("with_downtimes"):
        answer["matching_downtimes"] = []
    return Answer(answer)


def listing(call: Call) -> Answer:
    """Filters, then pages, then the live state. All of it in memory: this is for thousands, not millions."""
    monitors = [monitor for monitor in call.org.store.monitors.all() if _passes(call, monitor)]
    monitors = _page(call, monitors)
    verdicts = call.org.store.verdicts.all()
    answers = [(monitor, _live(call.org, monitor, verdicts.get(monitor.id))) for monitor in monitors]
    _add_state(call, answers)
    if call.flag("with_downtimes") or {"name", "tags", "monitor_tags", "page"} & set(call.query):
        # Only downtimes of the old API ever show here.
        for _, answer in answers:
            answer["matching_downtimes"] = []
    return Answer([answer for _, answer in answers])


def update(call: Call) -> Answer:
    body, org = call.mapping(), call.org
    with org.store.transaction():
        before = _wanted(call)
        whole = merged(before.definition, body)
        _check(org, whole)
        check_type_change(before.definition["type"], whole["type"])
        definition = definition_of(whole)
        _refuse_duplicate(org, definition, before.id)
        after = org.store.monitors.update(before, definition, org.clock())
        org.engine.changed(before, after)
    return Answer(update_answer_of(after))


def delete(call: Call) -> Answer:
    with call.org.store.transaction():
        monitor = _wanted(call)
        uses = _uses(call.org, [monitor]).get(monitor.id)
        if uses and not call.flag("force"):
            raise bad_request(uses[0])
        call.org.store.monitors.delete(monitor.id)
    return Answer({"deleted_monitor_id": monitor.id})


def validate(call: Call) -> Answer:
    _check(call.org, call.mapping())
    return Answer({})


def validate_existing(call: Call) -> Answer:
    before = _wanted(call)
    whole = merged(before.definition, call.mapping())
    _check(call.org, whole)
    check_type_change(before.definition["type"], whole["type"])
    return Answer({})


def can_delete(call: Call) -> Answer:
    numbers = [bounded(word, "monitor_ids", least=0, most=2**53) for word in call.words("monitor_ids")]
    if not numbers:
        raise invalid("monitor_ids", "it is required")
    monitors = [_known(call.org, number) for number in numbers]
    uses = _uses(call.org, monitors)
    free = [number for number in numbers if number not in uses]
    if not uses:
        return Answer({"data": {"ok": free}, "errors": None})
    errors = {str(number): list(texts) for number, texts in uses.items()}
    return Answer({"data": {"ok": free}, "errors": errors}, status=409)


def _known(org: Org, number: int) -> StoredMonitor:
    monitor = org.store.monitors.get(number)
    if monitor is None:
        raise Refused(404, "Monitor not found")
    return monitor


def _wanted(call: Call) -> StoredMonitor:
    text = call.path["id"]
    if not text.isdecimal() or len(text) > 18:
        raise Refused(404, "Monitor not found")
    return _known(call.org, int(text))


def _check(org: Org, body: dict[str, Any]) -> None:
    def type_of(number: int) -> str | None:
        monitor = org.store.monitors.get(number)
        return None if monitor is None else str(monitor.definition["type"])

    check_monitor(body, type_of)


def _refuse_duplicate(org: Org, definition: dict[str, Any], own: int | None) -> None:
    twin = org.store.monitors.like(definition)
    if twin is None or twin == own:
        return
    quota = org.limiter.take(f"duplicate_of_{twin}", DUPLICATES)
    if not quota.allowed:
        raise Refused(
            429, f"Can not create duplicate monitors: {DUPLICATES.message}", headers=quota.headers()
        )
    raise bad_request(f"Duplicate of an existing monitor_id:{twin} org_id:{ORG_ID}")


def _uses(org: Org, monitors: Sequence[StoredMonitor]) -> dict[int, list[str]]:
    """Per monitor that composites are made of, one text for each of them."""
    uses: dict[int, list[str]] = {}
    composites = [one for one in org.store.monitors.all() if one.definition["type"] == "composite"]
    for monitor in monitors:
        for composite in composites:
            if monitor.id in composite_parts(composite.definition["query"]):
                uses.setdefault(monitor.id, []).append(
                    f"monitor [{monitor.id},{monitor.name}] is referenced in composite monitors:"
                    f" [{composite.id},{composite.name}]"
                )
    return uses


def _live(
    org: Org, monitor: StoredMonitor, verdict: Verdict | None, with_assets: bool = False
) -> dict[str, Any]:
    if verdict is None:
        return read_answer_of(monitor, "No Data", None, with_assets=with_assets)
    since = datetime.fromtimestamp(verdict.since, UTC)
    return read_answer_of(monitor, verdict.overall, since, with_assets=with_assets)


def _add_state(call: Call, answers: Sequence[tuple[StoredMonitor, dict[str, Any]]]) -> None:
    wanted = call.words("group_states")
    if not set(wanted) <= set(_GROUP_STATES):
        raise bad_request("Invalid group_state filters.")
    if wanted:
        for monitor, answer in answers:
            answer["state"] = group_states(call.org.store.verdicts.groups(monitor.id), wanted)


def _passes(call: Call, monitor: StoredMonitor) -> bool:
    name = call.query.get("name", "").lower()
    query = monitor.definition["query"]
    return (
        name in monitor.name.lower()
        and set(call.words("monitor_tags")) <= set(monitor.tags)
        and all(_in_scope(tag, query) for tag in call.words("tags"))
    )


def _in_scope(tag: str, query: str) -> bool:
    """Whether the query's filter names the tag, and not only a longer one that holds it."""
    at = query.find(tag)
    while at >= 0:
        before, after = query[at - 1 : at], query[at + len(tag) : at + len(tag) + 1]
        if before in ("{", ",", " ", "(", '"') and after in ("}", ",", " ", ")", '"'):
            return True
        at = query.find(tag, at + 1)
    return False


def _page(call: Call, monitors: list[StoredMonitor]) -> list[StoredMonitor]:
    size = call.number("page_size", default=100, least=1, most=_LARGEST_PAGE)
    if "id_offset" in call.query:
        last = call.number("id_offset", default=0)
        return [monitor for monitor in monitors if monitor.id > last][:size]
    if "page" not in call.query:
        return monitors
    start = call.number("page", default=0) * size
    return monitors[start : start + size]
