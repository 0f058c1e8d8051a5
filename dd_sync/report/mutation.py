"""What mutation testing found, as people read it, and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dd_sync.report.coverage import percent_text
from dd_sync.report.tables import aligned
from dd_sync.scenarios.mutate import Fate, Mutation, Verdict

_HEADS = {
    Fate.KILLED: "noticed",
    Fate.SURVIVED: "survived",
    Fate.EQUIVALENT: "equivalent",
    Fate.UNJUDGED: "not judged",
}


def as_text(mutation: Mutation) -> str:
    """A table of the monitors, the survivors, scenarios that would notice them, and what was not judged."""
    return "\n".join(_lines(mutation))


def _lines(mutation: Mutation) -> Iterator[str]:
    keys = list(dict.fromkeys(one.suspect.key for one in mutation.verdicts))
    head = ("monitor", "mutants", *_HEADS.values())
    rows = [_row(mutation, key) for key in keys]
    yield from aligned([head, *rows, _row(mutation, None)], right=frozenset(range(1, len(head))))
    yield from _listed("Survived, so that no scenario would notice the mistake:", mutation.of(Fate.SURVIVED))
    yield from _listed("Equivalent to the monitor, so that nothing can notice:", mutation.of(Fate.EQUIVALENT))
    yield from _listed("Not judged:", mutation.of(Fate.UNJUDGED))
    if mutation.without:
        yield ""
        yield f"Without any scenario: {', '.join(mutation.without)}"
    if mutation.unsupported:
        yield ""
        yield "Not evaluated here, and not counted:"
        yield from (f"  {key}: {why}" for key, why in mutation.unsupported.items())
    yield from _remedies(mutation)
    if mutation.remedies:
        yield from _listed("No scenario was found that would notice:", mutation.without_remedy)
    elif mutation.without_remedy:
        yield ""
        yield "No scenario was found that would notice any of them."
    yield ""
    killed, survived = len(mutation.of(Fate.KILLED)), len(mutation.of(Fate.SURVIVED))
    yield f"{killed} of {killed + survived} mutants noticed, {percent_text(mutation.percent)}"


def _row(mutation: Mutation, key: str | None) -> tuple[str, ...]:
    counts = [len(mutation.of(fate, key)) for fate in _HEADS]
    return (key or "together", str(sum(counts)), *map(str, counts))


def _listed(title: str, verdicts: tuple[Verdict, ...]) -> Iterator[str]:
    if verdicts:
        yield ""
        yield title
    for one in verdicts:
        why = f": {one.why}" if one.why else ""
        yield f"  {one.suspect.where}: {one.suspect.key}: {one.suspect.mutant.words}{why}"


def _remedies(mutation: Mutation) -> Iterator[str]:
    if not mutation.remedies:
        return
    yield ""
    yield "Scenarios that would notice; each passes today. Add them to a file under scenarios/:"
    for remedy in mutation.remedies:
        yield ""
        yield from (f"  # {one.mutant.words}" for one in remedy.notices)
        yield remedy.text.rstrip("\n")


def as_data(mutation: Mutation) -> dict[str, Any]:
    """`--format json`: by, why and scenario are null where there is none."""
    remedies = {
        (suspect.key, suspect.mutant.id): remedy.text
        for remedy in mutation.remedies
        for suspect in remedy.notices
    }
    return {
        "percent": round(mutation.percent, 2),
        "killed": len(mutation.of(Fate.KILLED)),
        "survived": len(mutation.of(Fate.SURVIVED)),
        "without_scenarios": list(mutation.without),
        "unsupported": dict(mutation.unsupported),
        "mutants": [
            _mutant(one, remedies.get((one.suspect.key, one.suspect.mutant.id))) for one in mutation.verdicts
        ],
    }


def _mutant(one: Verdict, remedy: str | None) -> dict[str, Any]:
    where = one.suspect.where
    return {
        "monitor": one.suspect.key,
        "id": one.suspect.mutant.id,
        "change": one.suspect.mutant.words,
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "fate": str(one.fate),
        "by": one.by or None,
        "why": one.why or None,
        "scenario": remedy,
    }
