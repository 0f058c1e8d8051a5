"""Scenario files to scenarios, or to problems with their places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from dd_sync.catalog.complaints import Complaint, complaints, did_you_mean
from dd_sync.catalog.problems import Found
from dd_sync.catalog.source import Source
from dd_sync.errors import Place, Problem, in_order
from dd_sync.scenarios.cases import Case, cases_of
from dd_sync.scenarios.schema import ScenarioForm
from dd_sync.text import within_line

RULE = "scenario"


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A scenario with the file it was read from. path: of its mapping in the file; case: its row, if any."""

    form: ScenarioForm
    source: Source
    path: tuple[str | int, ...]
    case: Case | None = None

    @property
    def name(self) -> str:
        return self.form.name

    @property
    def monitor(self) -> str:
        """The key of the monitor it tests."""
        return self.form.monitor

    def place(self, *path: str | int) -> Place:
        """Where a part of it stands."""
        return self.source.locate(self.origin(*path))[0]

    def origin(self, *path: str | int) -> tuple[str | int, ...]:
        """The path to that part in the file."""
        return (*self.path, *(path if self.case is None else self.case.origin(path)[0]))


@dataclass(frozen=True, slots=True)
class Loaded:
    """The scenarios that are in order, and what is wrong with the others."""

    scenarios: tuple[Scenario, ...]
    problems: tuple[Problem, ...]


def load_scenarios(
    sources: Iterable[Source],
    keys: Collection[str] | None = None,
    folder: Path | None = None,
    downtimes: Collection[str] | None = None,
) -> Loaded:
    """Read every scenario of the files; all problems at once, in order.

    keys: of the monitors there are, which every scenario has to name one of; None to leave that open.
    folder: the catalog's, which the files of samples may not leave; None to leave them unread.
    downtimes: the keys of those there are, likewise.
    """
    found = Found()
    scenarios: list[Scenario] = []
    for source in sources:
        found.problems.extend(source.problems)
        if source.readable:
            scenarios.extend(_in_file(source, found))
    known = [one for one in scenarios if _knows_monitor(one, keys, found)]
    if downtimes is not None:
        known = [one for one in known if _knows_downtimes(one, downtimes, found)]
    if folder is not None:
        known = [one for one in known if _has_files(one, folder, found)]
    _refuse_twins(known, found)
    return Loaded(tuple(known), in_order(found.problems))


def covered_keys(scenarios: Iterable[Scenario]) -> set[str]:
    """The keys of the monitors that have a scenario."""
    return {scenario.monitor for scenario in scenarios}


def _in_file(source: Source, found: Found) -> list[Scenario]:
    for key in source.value:
        if key != "scenarios":
            found.add(
                source,
                (key,),
                f"unknown key '{key}'",
                did_you_mean(key, ["scenarios"], "a scenario file holds `scenarios:` only"),
                rule=RULE,
                key=True,
            )
    listed = source.value.get("scenarios", [])
    if not isinstance(listed, list):
        found.add(
            source, ("scenarios",), "expected a list of scenarios", "begin each with `- name:`", rule=RULE
        )
        return []
    return [
        scenario
        for index, raw in enumerate(listed)
        for scenario in _scenarios(source, ("scenarios", index), raw, found)
    ]


def _scenarios(source: Source, path: tuple[str | int, ...], raw: object, found: Found) -> Iterator[Scenario]:
    """The one that is written there, or one for each of its cases."""
    if not isinstance(raw, dict) or "cases" not in raw:
        yield from _scenario(source, path, raw, found)
        return

    def complain(complaint: Complaint) -> None:
        found.complain(source, path, complaint, rule=RULE)

    for case in cases_of(raw, complain):
        yield from _scenario(source, path, case.filled, found, case)


def _scenario(
    source: Source, path: tuple[str | int, ...], raw: object, found: Found, case: Case | None = None
) -> Iterator[Scenario]:
    try:
        yield Scenario(ScenarioForm.model_validate(raw), source, path, case)
    except ValidationError as error:
        for complaint in complaints(error, ScenarioForm):
            found.complain(source, path, complaint if case is None else _in_case(complaint, case), rule=RULE)


def _in_case(complaint: Complaint, case: Case) -> Complaint:
    """A complaint about a filled scenario, at what is written in the file."""
    path, exact = case.origin(complaint.path)
    if path == complaint.path and exact:
        return complaint
    offset = complaint.offset if exact else None
    problem = complaint.problem if exact else f"{complaint.problem}, in the case {str(case)[:60]}"
    return replace(complaint, path=path, offset=offset, problem=problem)


def _knows_monitor(scenario: Scenario, keys: Collection[str] | None, found: Found) -> bool:
    if keys is None or scenario.monitor in keys:
        return True
    hint = did_you_mean(scenario.monitor, keys, "name the key of a monitor of this catalog")
    problem = f"there is no monitor '{scenario.monitor}'"
    found.add(scenario.source, scenario.origin("monitor"), problem, hint, rule=RULE)
    return False


def _knows_downtimes(scenario: Scenario, downtimes: Collection[str], found: Found) -> bool:
    named = () if scenario.form.downtimes is True else scenario.form.downtimes
    for index, key in enumerate(named):
        if key not in downtimes:
            otherwise = "name the key of a downtime of this catalog" if downtimes else "it declares none"
            hint = did_you_mean(key, downtimes, otherwise)
            problem = f"there is no downtime '{within_line(key, 60)}'"
            found.add(scenario.source, scenario.origin("downtimes", index), problem, hint, rule=RULE)
    return all(key in downtimes for key in named)


def _has_files(scenario: Scenario, folder: Path, found: Found) -> bool:
    """Whether the files of samples that it names are there, and within the catalog's folder."""
    wrong = False
    inside = folder.resolve()
    for index, one in enumerate(scenario.form.series):
        if one.file is None:
            continue
        path = Path(scenario.source.file).parent / one.file
        try:
            target = path.resolve()
            problem = "" if target.is_file() else f"there is no file {path.as_posix()}"
        except (OSError, RuntimeError):
            target, problem = inside, f"{path.as_posix()} cannot be read"
        if not target.is_relative_to(inside):
            problem = f"'{one.file}' leads out of the catalog's folder"
        if problem:
            hint = "name a file beside this one, as in data/streams.csv"
            found.add(scenario.source, scenario.origin("series", index, "file"), problem, hint, rule=RULE)
            wrong = True
    return not wrong


def _refuse_twins(scenarios: Sequence[Scenario], found: Found) -> None:
    seen: set[tuple[str, str]] = set()
    for scenario in scenarios:
        if (scenario.monitor, scenario.name) in seen:
            problem = f"'{scenario.monitor}' has another scenario of this name"
            found.add(
                scenario.source, scenario.origin("name"), problem, "give each a name of its own", rule=RULE
            )
        seen.add((scenario.monitor, scenario.name))
