"""Carrying out the part of a plan that is about downtimes, dashboards and webhooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dd_sync.errors import DatadogError, UnsafePlan
from dd_sync.kinds.kind import Calls, LiveResource
from dd_sync.model.resource import Kind, references_of, resolved
from dd_sync.plan.changes import Plan, ResourceChange
from dd_sync.plan.create import SETTLE_STEPS
from dd_sync.plan.report import Outcome
from dd_sync.plan.resources import by_key
from dd_sync.ports import Json
from dd_sync.text import within_line

_Id = tuple[Kind, str]


@dataclass
class ResourceRun:
    """One after the other: there are few of them. ids: of monitors, by key, as soon as they are known.

    cut_off: why nothing more is tried, empty as long as there is use in it.
    """

    plan: Plan
    calls: Mapping[Kind, Calls]
    sleep: Callable[[float], None]
    progress: Callable[[Outcome], None]
    ids: Mapping[str, int] = field(default_factory=dict)
    cut_off: str = ""
    live: dict[_Id, LiveResource] = field(default_factory=dict)
    outcomes: dict[_Id, Outcome] = field(default_factory=dict)
    wrote: bool = False

    def refuse_if_moved(self) -> None:
        """Reads what is live. Raises UnsafePlan where that is neither as planned from nor as it is to be."""
        self.live = {
            (kind, key): live
            for kind, found in self._read().items()
            for key, live in by_key(kind, found).items()
        }
        moved = [text for change in self.plan.resources if (text := self._moved(change))]
        if moved:
            raise UnsafePlan(
                f"Datadog has changed since this plan was made: {'; '.join(moved[:5])}"
                + (f"; and {len(moved) - 5} more" if len(moved) > 5 else ""),
                hint="plan again and look at what it says now",
            )

    def _read(self) -> dict[Kind, list[LiveResource]]:
        kinds: dict[Kind, set[str]] = {}
        for change in self.plan.resources:
            kinds.setdefault(change.kind, set()).add(change.key)
        for kind in kinds.keys() - self.calls.keys():
            raise UnsafePlan(
                f"this plan changes {kind}s, and the catalog has no section for them any more",
                hint=f"plan again; leave an empty `{kind}s: []` until the last of them is deleted",
            )
        return {kind: self.calls[kind].read(keys) for kind, keys in kinds.items()}

    def _moved(self, change: ResourceChange) -> str:
        now = self.live.get((change.kind, change.key))
        name = f"the {change.kind} {within_line(change.key)}"
        if self._is_done(change, now):
            return ""
        if change.action == "create":
            return f"{name} is there now ({within_line(now.id, 80)})" if now else ""
        if now is None:
            return f"{name} is gone"
        if now.id != change.id:
            return f"{name} is {within_line(now.id, 80)} now, not {within_line(str(change.id), 80)}"
        return f"{name} was edited" if now.fingerprint != change.live else ""

    def _is_done(self, change: ResourceChange, now: LiveResource | None) -> bool:
        if change.action == "delete" or now is None:
            return change.action == "delete" and now is None
        ours, theirs = self.calls[change.kind].compared(self._body(change), now)
        return ours == theirs

    def _body(self, change: ResourceChange) -> Json:
        body: Json = resolved(change.body or {}, self.ids)
        return body

    def write(self, *kinds: Kind) -> None:
        """Creates and updates of these kinds."""
        for change in self.plan.resources:
            if change.kind in kinds and change.action != "delete":
                self._try(change, self._write)

    def delete(self) -> None:
        for change in self.plan.resources:
            if change.action == "delete":
                self._try(change, self._delete)

    def _try(self, change: ResourceChange, act: Callable[[ResourceChange], Outcome]) -> None:
        outcome = self._outcome(change, act)
        self.outcomes[change.kind, change.key] = outcome
        self.progress(outcome)

    def _outcome(self, change: ResourceChange, act: Callable[[ResourceChange], Outcome]) -> Outcome:
        blank = Outcome(kind=change.kind, key=change.key, did="skipped", id=change.id)
        now = self.live.get((change.kind, change.key))
        if self.cut_off:
            return replace(blank, why=f"not tried: {self.cut_off}")
        if self._is_done(change, now):
            return replace(blank, did="unchanged", id=now.id if now else change.id)
        missing = references_of(self._body(change))
        if missing:
            return replace(
                blank,
                why=f"it shows {missing[0]}, which is not in Datadog",
                hint="run apply again once that is mended",
            )
        try:
            self.wrote = True
            return act(change)
        except DatadogError as error:
            if error.status == 401 or (error.status is None and not error.sent):
                self.cut_off = error.problem
            return replace(blank, did="failed", why=error.problem, hint=error.hint)

    def _write(self, change: ResourceChange) -> Outcome:
        now = self.live.get((change.kind, change.key))
        if now is None:
            return self._create(change)
        self.calls[change.kind].update(now, self._body(change))
        return Outcome(kind=change.kind, key=change.key, did="updated", id=now.id)

    def _create(self, change: ResourceChange) -> Outcome:
        """Sent once; after an unclear answer, or where Datadog says that it is there, it is looked for by its
        mark, and sent a second time only where it is not found."""
        calls, body = self.calls[change.kind], self._body(change)
        made = Outcome(kind=change.kind, key=change.key, did="created")
        try:
            return replace(made, id=calls.create(body))
        except DatadogError as error:
            duplicate = _says_duplicate(error)
            if not (error.is_unclear or duplicate):
                raise
            found = self._find(change, body)
            if found is not None:
                why = "it was in Datadog already; no second one was made"
                return replace(made, did="adopted", id=found.id, why=why)
            if duplicate:
                raise
        try:
            return replace(made, id=calls.create(body))
        except DatadogError as again:
            found = self._find(change, body) if again.is_unclear or _says_duplicate(again) else None
            if found is None:
                raise
            return replace(made, did="adopted", id=found.id)

    def _find(self, change: ResourceChange, body: Json) -> LiveResource | None:
        """One that carries the key, made what it is to be; Datadog's list may lag behind a write."""
        calls = self.calls[change.kind]
        for wait in SETTLE_STEPS:
            if wait:
                self.sleep(wait)
            found = [one for one in calls.read({change.key}) if one.key == change.key]
            if found:
                oldest = min(found, key=_age)
                ours, theirs = calls.compared(body, oldest)
                if ours != theirs:
                    calls.update(oldest, body)
                return oldest
        return None

    def _delete(self, change: ResourceChange) -> Outcome:
        deleted = Outcome(kind=change.kind, key=change.key, did="deleted", id=change.id)
        try:
            self.calls[change.kind].delete(self.live[change.kind, change.key])
        except DatadogError as error:
            if error.status != 404:
                raise
            return replace(deleted, why="it was gone already")
        return deleted

    def settle(self) -> tuple[tuple[Outcome, ...], tuple[str, ...], str]:
        """The outcomes in the plan's order, what is not as planned when read again, and why it was not read.

        Two runs at once may each have made one: the oldest stays, and each run deletes only its own.
        """
        differing: tuple[str, ...] = ()
        unread = ""
        try:
            for wait in SETTLE_STEPS if self.wrote else ():
                if wait:
                    self.sleep(wait)
                found = self._read()
                self._take_back(found)
                differing = tuple(self._differing(found))
                if not differing:
                    break
        except DatadogError as error:
            unread = error.problem
        outcomes = tuple(self.outcomes[one.kind, one.key] for one in self.plan.resources)
        return outcomes, differing, unread

    def _take_back(self, found: Mapping[Kind, list[LiveResource]]) -> None:
        for (kind, key), outcome in self.outcomes.items():
            same = sorted((one for one in found[kind] if one.key == key), key=_age)
            extra = next((one for one in same[1:] if one.id == outcome.id), None)
            if outcome.did != "created" or extra is None:
                continue
            self.calls[kind].delete(extra)
            found[kind].remove(extra)
            why = f"another apply had created it; the {kind} of this run is deleted again"
            self.outcomes[kind, key] = replace(outcome, did="adopted", id=same[0].id, why=why)

    def _differing(self, found: Mapping[Kind, Sequence[LiveResource]]) -> list[str]:
        names = []
        for change in self.plan.resources:
            same = [one for one in found[change.kind] if one.key == change.key]
            as_planned = len(same) <= 1 and self._is_done(change, same[0] if same else None)
            if self.outcomes[change.kind, change.key].is_done and not as_planned:
                names.append(f"{change.kind} {change.key}")
        return names


def _age(live: LiveResource) -> tuple[str, str]:
    return live.born, live.id


def _says_duplicate(error: DatadogError) -> bool:
    words = ("duplicate of one or more existing", "already exists")
    return error.status in (400, 409) and any(word in text for text in error.details for word in words)
