"""Dashboards over Datadog's API v1, as plain JSON both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dd_sync.datadog.wire import Wire, shape_error
from dd_sync.ports import Json

# As many as Datadog gives without being asked for a number.
PAGE = 100
_PATH = "/api/v1/dashboard"
_MOST_ATTEMPTS = 3
_List = list[Json]


@dataclass(frozen=True, slots=True)
class DatadogDashboards:
    """The port `Dashboards`. api: a DashboardsApi that neither checks types nor reads bodies."""

    wire: Wire
    api: Any

    def list(self) -> _List:
        """Pages overlap by one: where the next does not begin as the last one ended, others were made or
        deleted meanwhile, one may have been skipped, and all are read again."""
        for _ in range(_MOST_ATTEMPTS):
            found = self._attempt()
            if found is not None:
                return found
        raise shape_error(f"GET {_PATH}", self.wire.target, "a list that changes while it is read")

    def _attempt(self) -> _List | None:
        found = self._page(0)
        full = len(found) >= PAGE
        while full:
            page = self._page(len(found) - 1)
            if not page or page[0]["id"] != found[-1]["id"]:
                return None
            found += page[1:]
            full = len(page) >= PAGE
        return found

    def _page(self, start: int) -> _List:
        answer = self.wire.call("GET", _PATH, lambda: self.api.list_dashboards(count=PAGE, start=start))
        page = answer.get("dashboards") if isinstance(answer, dict) else None
        if not isinstance(page, list) or not all(map(_is_summary, page)):
            raise shape_error(f"GET {_PATH}", self.wire.target, "something that is not a list of dashboards")
        return page

    def get(self, dashboard_id: str) -> Json:
        path = f"{_PATH}/{dashboard_id}"
        return self._whole("GET", path, lambda: self.api.get_dashboard(dashboard_id))

    def create(self, body: Mapping[str, Any]) -> Json:
        return self._whole("POST", _PATH, lambda: self.api.create_dashboard(dict(body)))

    def update(self, dashboard_id: str, body: Mapping[str, Any]) -> Json:
        path = f"{_PATH}/{dashboard_id}"
        return self._whole("PUT", path, lambda: self.api.update_dashboard(dashboard_id, dict(body)))

    def delete(self, dashboard_id: str) -> None:
        self.wire.call("DELETE", f"{_PATH}/{dashboard_id}", lambda: self.api.delete_dashboard(dashboard_id))

    def _whole(self, method: str, path: str, send: Callable[[], Any]) -> Json:
        answer = self.wire.call(method, path, send)
        if not _is_summary(answer) or not isinstance(answer.get("widgets"), list) or not _has_lists(answer):
            raise shape_error(f"{method} {path}", self.wire.target, "something that is not a dashboard")
        return dict(answer)


def _has_lists(answer: Any) -> bool:
    names = ("tags", "notify_list", "template_variables", "template_variable_presets")
    return all(isinstance(answer.get(name), list | None) for name in names)


def _is_summary(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("id"), str)
        and bool(item["id"])
        and isinstance(item.get("title"), str | None)
        and isinstance(item.get("description"), str | None)
    )
