"""`dashboards:`: Datadog's own widgets, short ones, and monitors named by their keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dd_sync.catalog.complaints import Complaint, did_you_mean
from dd_sync.catalog.context import Context
from dd_sync.catalog.reading import Reading
from dd_sync.catalog.references import REFERENCE
from dd_sync.catalog.settings import Form, Strings
from dd_sync.catalog.widgets import read_widgets
from dd_sync.errors import Unfit
from dd_sync.model.resource import Resource, has_mark, mark, references_of, texts_in

_SHORT = ("alert_graph", "alert_value")
_KEY = re.compile(r"[a-z0-9-]{1,100}")
_TEAM = re.compile(r"team:[^\s,]{1,195}")
_LONGEST_TITLE = 200


def _title(value: Any) -> Any:
    if isinstance(value, str) and not (0 < len(value.strip()) == len(value) <= _LONGEST_TITLE):
        raise Unfit("not a title", hint=f"1 to {_LONGEST_TITLE} characters, without spaces around them")
    return value


def _description(value: Any) -> Any:
    if isinstance(value, str) and has_mark(value):
        raise Unfit(
            "a line of the description begins as the mark of this tool does",
            hint="take the line away or reword it",
        )
    return value


def _tag(value: Any) -> Any:
    if isinstance(value, str) and not _TEAM.fullmatch(value):
        raise Unfit(
            f"'{value[:60]}' is no tag of a dashboard", hint="Datadog takes only team: here, as in team:risk"
        )
    return value


Mappings = Annotated[tuple[dict[str, Any], ...], Field(strict=False)]


class DashboardForm(Form):
    """Datadog's own fields of a dashboard."""

    key: str = Field(description="The dashboard's name in this catalog; never change it.")
    title: Annotated[str, BeforeValidator(_title)] = Field(description="As people find it.")
    description: Annotated[str, BeforeValidator(_description)] = Field(
        default="", description="What it is for; a line that marks ownership is added."
    )
    layout_type: Literal["ordered", "free"] = Field(default="ordered", description="As in Datadog.")
    reflow_type: Literal["auto", "fixed"] | None = Field(default=None, description="As in Datadog.")
    tags: Annotated[tuple[Annotated[str, BeforeValidator(_tag)], ...], Field(strict=False, max_length=5)] = (
        Field(default=(), description="At most five, each team:….")
    )
    template_variables: Mappings = Field(default=(), description="As in Datadog.")
    template_variable_presets: Mappings = Field(default=(), description="As in Datadog.")
    notify_list: Strings = Field(default=(), description="Handles told when the dashboard is changed.")
    widgets: list[Any] = Field(description="Datadog's own widgets, or short ones.")


def read_dashboard(reading: Reading, key: str, context: Context) -> Iterable[Resource]:
    """The dashboard with its widgets in Datadog's form, `${monitor:key}` still in them."""
    filled = reading.respelt(reading.filled(), DashboardForm.model_fields.keys())
    form, fields = reading.form(DashboardForm, {**filled, "key": key})
    _check_named(reading, fields)
    if "widgets" not in fields or reading.is_unknown(("widgets",)):
        return ()
    free = fields.get("layout_type") == "free"
    widgets = _widgets(reading, fields["widgets"], free=free)
    _check_references(reading, fields["widgets"], widgets, context)
    if form is None or reading.wrong:
        return ()
    body: dict[str, Any] = {
        "title": form.title,
        "description": f"{form.description.rstrip()}\n\n{mark('dashboard', context.name, key)}".lstrip(),
        "layout_type": form.layout_type,
        "widgets": widgets,
    }
    if form.reflow_type is not None:
        body["reflow_type"] = form.reflow_type
    # Sent when empty too: a replacement that leaves them out might keep what is there.
    for name in ("tags", "template_variables", "notify_list"):
        body[name] = list(getattr(form, name))
    if form.template_variable_presets:
        body["template_variable_presets"] = list(form.template_variable_presets)
    return (
        Resource(
            kind="dashboard",
            key=key,
            name=form.title,
            body=body,
            file=reading.entry.source.file,
            path=reading.entry.path,
            references=references_of(widgets),
        ),
    )


def _widgets(reading: Reading, written: list[Any], *, free: bool) -> list[Any]:
    """The widgets in Datadog's form, as far as they are right; what is wrong is told."""
    widgets, faults = read_widgets(written, free=free)
    for fault in faults:
        reading.complain(replace(fault, path=("widgets", *fault.path)))
    return widgets


def _check_named(reading: Reading, fields: Any) -> None:
    for name in ("template_variables", "template_variable_presets"):
        for index, variable in enumerate(fields.get(name, ())):
            if not isinstance(variable.get("name"), str) or not variable["name"]:
                complaint = Complaint((name, index), "'name' is missing", "add `name: …`", key=True)
                reading.complain(complaint)


def _check_references(reading: Reading, written: list[Any], widgets: list[Any], context: Context) -> None:
    """Every `${monitor:key}`, and every key a short widget names, is one of this catalog's."""
    if not context.whole:
        return
    for path, text in texts_in(written):
        for match in REFERENCE.finditer(text) if "${" in text else ():
            if match[1] not in context.keys:
                _unknown(reading, path, match[1], context, offset=match.start(), length=len(match[0]))
        if path[-1] in _SHORT and _KEY.fullmatch(text) and text not in context.keys:
            _unknown(reading, path, text, context)


def _unknown(
    reading: Reading,
    path: tuple[str | int, ...],
    key: str,
    context: Context,
    *,
    offset: int | None = None,
    length: int = 1,
) -> None:
    hint = did_you_mean(key, context.keys, "name the key of a monitor in this catalog")
    problem = f"no monitor has the key '{key[:100]}'"
    complaint = Complaint(("widgets", *path), problem, hint, offset=offset, length=length)
    reading.complain(complaint, "reference")
