"""What the tests of the command line share: answers, a client of the local Datadog, catalogs."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEYS = {"DD_API_KEY": "an-api-key", "DD_APP_KEY": "an-app-key"}
VARIABLES = ("DD_API_KEY", "DD_APP_KEY", "DD_SITE", "DD_HOST", "NO_COLOR", "GITHUB_ACTOR")


@dataclass(frozen=True)
class Answer:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class LocalDatadog:
    url: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "DD-API-KEY": "k",
                "DD-APPLICATION-KEY": "k",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def monitors(self, catalog: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call(
            "GET", f"/api/v1/monitor?monitor_tags=dd_sync_catalog:{catalog}"
        )
        return found


Run = Callable[..., Answer]


def write_catalog(folder: Path, name: str, monitors: str, more: str = "") -> None:
    """A catalog of the given monitors in folder/monitors."""
    (folder / "monitors").mkdir(exist_ok=True)
    (folder / "monitors/catalog.yaml").write_text(f"catalog: {name}\n{more}", "utf-8")
    (folder / "monitors/all.yaml").write_text(f"monitors:\n{monitors}" if monitors else "", "utf-8")


def rate(key: str, above: int = 500, **more: object) -> str:
    """One rate guard per tenant, as YAML lines of a list."""
    extra = "".join(f"    {name}: {json.dumps(value)}\n" for name, value in more.items())
    spec = f"{{metric: {key.replace('-', '.')}, by: [tenant], window: 1h, above: {above}}}"
    head = f"  - key: {key}\n    name: {key} is high\n    message: too many\n"
    return f"{head}{extra}    guard: {{rate: {spec}}}\n"
