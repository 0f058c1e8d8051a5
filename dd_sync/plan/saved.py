"""A plan in a file: all that apply needs, readable by its owner only."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dd_sync.errors import Place, RequestError, UnsafePlan
from dd_sync.kinds import monitor as kind
from dd_sync.model.digest import digest
from dd_sync.model.monitor import Declared
from dd_sync.model.resource import Resource
from dd_sync.plan.build import catalog_hash
from dd_sync.plan.changes import Adopt, Change, Delete, Plan, Replace, Update
from dd_sync.plan.resources import resources_hash

VERSION = 1


def save(plan: Plan, path: Path) -> None:
    """Writes the plan, whole or not at all, with mode 0600. Raises RequestError if it cannot.

    A link is followed, and only a plain file is ever replaced: never a device such as /dev/null.
    """
    body = as_data(plan)
    document = {"dd_sync_plan": VERSION, "seal": digest(body), "plan": body}
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    temporary: str | None = None
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            raise RequestError(
                f"the plan cannot be written to {path}: it is not a file", hint="name a file of its own"
            )
        # mkstemp makes the file readable by its owner only, before a word is in it.
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        raise RequestError(
            f"the plan cannot be written to {path}: {error.strerror}", hint="name a file in a folder of yours"
        ) from None


def as_data(plan: Plan) -> Any:
    """The plan as plain JSON data."""
    from pydantic import TypeAdapter

    return TypeAdapter(Plan).dump_python(plan, mode="json")


def load(path: Path) -> Plan:
    """A plan that `save` wrote. Raises RequestError for anything else, a file edited since included."""
    try:
        text = path.read_text(encoding="utf-8", errors="strict")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise RequestError(f"the plan {path} cannot be read: {why}", hint=_AGAIN) from None
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        place = Place(str(path), error.lineno, error.colno)
        raise RequestError(f"{path} is not a plan: {error.msg}", hint=_AGAIN, where=place) from None
    except (ValueError, RecursionError):
        raise RequestError(f"{path} is not a plan", hint=_AGAIN) from None
    return _plan(document, path)


_AGAIN = "make it with `dd-sync plan --out FILE`, and do not edit it"


def _plan(document: Any, path: Path) -> Plan:
    from pydantic import TypeAdapter, ValidationError

    if not isinstance(document, dict) or "dd_sync_plan" not in document:
        raise RequestError(f"{path} is not a plan", hint=_AGAIN)
    if document["dd_sync_plan"] != VERSION:
        raise RequestError(f"{path} was written by another version of dd-sync", hint=_AGAIN)
    if document.get("seal") != digest(document.get("plan")):
        raise RequestError(f"{path} was edited since it was written", hint=_AGAIN)
    try:
        # From JSON text, where a tuple may come as a list although all else is strict.
        return TypeAdapter(Plan).validate_json(json.dumps(document["plan"]))
    except (ValidationError, ValueError) as error:
        first = error.errors()[0]["loc"] if isinstance(error, ValidationError) else ()
        at = ".".join(str(step) for step in first) or "its top"
        raise RequestError(f"{path} is not a plan of this version: look at {at}", hint=_AGAIN) from None


def refuse_if_moved(
    plan: Plan,
    *,
    declared: Sequence[Declared],
    catalog: str,
    target: str,
    resources: Sequence[Resource] = (),
) -> None:
    """Raises UnsafePlan if the plan was made for another Datadog, or the catalog is no longer the same."""
    if plan.target != target:
        raise UnsafePlan(
            f"this plan is for {plan.target}, not for {target}",
            hint="check DD_SITE and DD_HOST, or plan again",
        )
    if plan.catalog != catalog:
        raise UnsafePlan(
            f"this plan is for the catalog {plan.catalog}, not for {catalog}",
            hint="check --catalog and --env, or plan again",
        )
    if plan.catalog_hash != resources_hash(catalog_hash(declared), resources):
        raise UnsafePlan("the catalog has changed since this plan was made", hint="plan again")
    _refuse_foreign_bodies(plan, {one.key: one for one in declared})
    _refuse_foreign_resources(plan, resources)


def _refuse_foreign_bodies(plan: Plan, declared: Mapping[str, Declared]) -> None:
    """A plan is a file that somebody else may have written: it may say what to do, never with what."""
    seen: set[str] = set()
    for change in plan.changes:
        if change.key in seen or not _is_as_declared(change, declared.get(change.key)):
            raise _foreign(change.key)
        seen.add(change.key)


def _refuse_foreign_resources(plan: Plan, resources: Sequence[Resource]) -> None:
    declared = {(one.kind, one.key): one for one in resources}
    seen: set[tuple[str, str]] = set()
    for change in plan.resources:
        name = change.kind, change.key
        one = declared.get(name)
        # A webhook is never deleted, whatever a file says.
        may = one is not None if change.action != "delete" else one is None and change.kind != "webhook"
        if not may or name in seen or change.body != (None if one is None else dict(one.body)):
            raise _foreign(f"{change.kind} {change.key}")
        seen.add(name)


def _foreign(what: str) -> UnsafePlan:
    return UnsafePlan(
        f"this plan holds another {what} than the catalog declares",
        hint="it was not written by `dd-sync plan`, or was edited since; plan again",
    )


def _is_as_declared(change: Change, one: Declared | None) -> bool:
    if one is None or isinstance(change, Delete):
        return one is None and isinstance(change, Delete)
    if isinstance(change, Adopt) and (change.monitor_id, change.take_over) != (one.adopt, one.take_over):
        return False
    if isinstance(change, Update | Replace) and change.was not in (None, one.was):
        return False
    make = kind.update_body if isinstance(change, Update | Adopt) else kind.create_body
    return change.body == make(one.monitor)
