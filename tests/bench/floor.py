"""`python floor.py URL FOLDER`: the least a plan of raw monitors can do without this project.

Pages with urllib3 and json, files with libyaml, dicts compared. It knows nothing of dd_sync, and leaves out
what makes a plan safe: places, validation, ownership by catalog, the search count.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import urllib3
import yaml

PAGE = 1000
FIELDS = ("name", "type", "query", "message", "priority")
DEFAULTS = {"notify_audit": False, "include_tags": True, "new_host_delay": 300, "silenced": {}}


def live(url: str) -> dict[str, Any]:
    pool = urllib3.PoolManager()
    found: dict[str, Any] = {}
    number = 0
    while True:
        answer = pool.request("GET", f"{url}/api/v1/monitor?page={number}&page_size={PAGE}")
        page = json.loads(answer.data)
        for monitor in page:
            key = next(tag for tag in monitor["tags"] if tag.startswith("dd_sync_key:"))
            found[key.removeprefix("dd_sync_key:")] = monitor
        if len(page) < PAGE:
            return found
        number += 1


def declared(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file in sorted(folder.glob("**/*.yaml")):
        document = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
        for monitor in document.get("monitors") or ():
            found[monitor["key"]] = monitor
    return found


def differs(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    if any(str(ours.get(name) or "").rstrip() != str(theirs.get(name) or "") for name in FIELDS):
        return True
    if {**DEFAULTS, **ours["options"]} != {**DEFAULTS, **theirs["options"]}:
        return True
    return not set(ours["tags"]) <= set(theirs["tags"])


def main(url: str, folder: Path) -> None:
    there, here = live(url), declared(folder)
    changes = [key for key, monitor in here.items() if key not in there or differs(monitor, there[key])]
    print(f"{len(changes)} changes, {len(here) - len(changes)} unchanged, {len(there.keys() - here)} gone")
    if changes:
        raise SystemExit("the floor and the stage do not agree")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
