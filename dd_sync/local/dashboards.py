"""/api/v1/dashboard: create, read, replace, delete, list; deletion and restoration of several at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from dd_sync.local.documents_table import Document
from dd_sync.local.http import Answer, Call, Refused, bad_request
from dd_sync.local.normal import moment

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_AUTHOR = {"author_handle": "local@example.com", "author_name": "Local Datadog"}
_OPTIONAL = (
    "description",
    "template_variables",
    "template_variable_presets",
    "notify_list",
    "restricted_roles",
    "tags",
    "reflow_type",
    "tabs",
)
# Answered whether they were sent or not.
_ALWAYS: Mapping[str, Any] = {
    "description": None,
    "template_variables": None,
    "notify_list": None,
    "restricted_roles": [],
}
_MOST_TAGS = 5
_LARGEST_PAGE = 1000
_SUMMARY = ("id", "title", "description", "layout_type", "url", "is_read_only", "created_at", "modified_at")


def create(call: Call) -> Answer:
    body, org = _checked(call.mapping()), call.org
    with org.store.transaction():
        document = org.store.dashboards.add(_new_id(), body, org.clock())
    return Answer(_whole(document))


def read(call: Call) -> Answer:
    return Answer(_whole(_wanted(call)))


def listing(call: Call) -> Answer:
    deleted = call.query.get("filter[deleted]", "").lower() == "true"
    start = call.number("start", default=0)
    count = call.number("count", default=100, least=1, most=_LARGEST_PAGE)
    # None is ever shared with anybody here.
    shared = call.query.get("filter[shared]", "").lower() == "true"
    found = [one for one in call.org.store.dashboards.all() if (one.deleted is not None) == deleted]
    return Answer({"dashboards": [_summary(one) for one in found[start : start + count] if not shared]})


def update(call: Call) -> Answer:
    """A full replacement."""
    body, org = _checked(call.mapping()), call.org
    with org.store.transaction():
        after = replace(_wanted(call), body=body, modified=org.clock())
        org.store.dashboards.put(after)
    return Answer(_whole(after))


def delete(call: Call) -> Answer:
    with call.org.store.transaction():
        before = _wanted(call)
        call.org.store.dashboards.put(replace(before, deleted=call.org.clock()))
    return Answer({"deleted_dashboard_id": before.name})


def delete_several(call: Call) -> Answer:
    return _mark(call, lambda now: now)


def restore_several(call: Call) -> Answer:
    return _mark(call, lambda now: None)


def _mark(call: Call, deleted: Callable[[datetime], datetime | None]) -> Answer:
    sent = call.mapping().get("data")
    if not isinstance(sent, list) or not sent or not all(isinstance(one, dict) for one in sent):
        raise bad_request("'data' is a required property")
    org = call.org
    with org.store.transaction():
        for one in sent:
            document = org.store.dashboards.get(str(one.get("id")))
            if document is None or one.get("type") != "dashboard":
                raise _missing(str(one.get("id")))
            org.store.dashboards.put(replace(document, deleted=deleted(org.clock())))
    return Answer(None, status=204)


def _wanted(call: Call) -> Document:
    name = call.path["id"]
    document = call.org.store.dashboards.get(name)
    if document is None or document.deleted is not None:
        raise _missing(name)
    return document


def _missing(name: str) -> Refused:
    return Refused(404, f"Dashboard with ID {name[:40]} not found")


def _new_id() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(3)) for _ in range(3))


def _summary(document: Document) -> dict[str, Any]:
    whole = _whole(document)
    deleted = None if document.deleted is None else moment(document.deleted)
    return {
        **{name: whole[name] for name in _SUMMARY},
        "author_handle": whole["author_handle"],
        "deleted_at": deleted,
    }


def _whole(document: Document) -> dict[str, Any]:
    title = "".join(c if c.isalnum() else "-" for c in document.body["title"].lower())
    return {
        "id": document.name,
        **_AUTHOR,
        "url": f"/dashboard/{document.name}/{title[:80]}",
        "is_read_only": False,
        "created_at": moment(document.created),
        "modified_at": moment(document.modified),
        **_ALWAYS,
        **document.body,
    }


# --- what is accepted, and what is made of it ------------------------------------------------------


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields to keep, every widget with an id. Raises Refused 400."""
    for name in ("title", "layout_type", "widgets"):
        if body.get(name) is None:
            raise bad_request(f"'{name}' is a required property")
    if not isinstance(body["title"], str) or not body["title"]:
        raise bad_request("'title' is invalid")
    if body["layout_type"] not in ("ordered", "free"):
        raise bad_request("'layout_type' is invalid")
    _check_tags(body.get("tags"))
    for name in ("template_variables", "template_variable_presets"):
        if not _is_named_list(body.get(name)):
            raise bad_request(f"'{name}' is invalid")
    if not isinstance(body.get("description"), str | None):
        raise bad_request("'description' is invalid")
    kept = {name: body[name] for name in _OPTIONAL if body.get(name) is not None}
    widgets = _widgets(body["widgets"], free=body["layout_type"] == "free")
    return {"title": body["title"], "layout_type": body["layout_type"], **kept, "widgets": widgets}


def _check_tags(tags: Any) -> None:
    if tags is None:
        return
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise bad_request("'tags' is invalid")
    if len(tags) > _MOST_TAGS:
        raise bad_request(f"A dashboard has at most {_MOST_TAGS} tags")
    if not all(tag.startswith("team:") and len(tag) > len("team:") for tag in tags):
        raise bad_request("Invalid tag format. Valid tag keys are: team.")


def _is_named_list(value: Any) -> bool:
    return value is None or (
        isinstance(value, list)
        and all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in value)
    )


def _widgets(widgets: Any, *, free: bool) -> list[dict[str, Any]]:
    if not isinstance(widgets, list):
        raise bad_request("'widgets' is invalid")
    return [_widget(widget, free=free) for widget in widgets]


def _widget(widget: Any, *, free: bool) -> dict[str, Any]:
    definition = widget.get("definition") if isinstance(widget, dict) else None
    if not isinstance(definition, dict) or not isinstance(definition.get("type"), str):
        raise bad_request("'widgets' is invalid: each has a definition with a type")
    if free and not isinstance(widget.get("layout"), dict):
        raise bad_request("'widgets' is invalid: 'layout' is a required property of a free layout")
    if definition["type"] in ("alert_graph", "alert_value") and not isinstance(
        definition.get("alert_id"), str
    ):
        raise bad_request("'alert_id' is not of type 'string'")
    if "widgets" in definition:
        definition = {**definition, "widgets": _widgets(definition["widgets"], free=False)}
    # A dashboard that is written back keeps the ids it has.
    own = widget.get("id")
    number = own if isinstance(own, int) else secrets.randbelow(9 * 10**15) + 10**15
    return {**widget, "id": number, "definition": definition}
