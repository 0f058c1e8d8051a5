"""JUnit XML, as CI servers read it: a suite for each file, a case for each scenario."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import PurePath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dd_sync.report.result import Result
from dd_sync.text import printable

# XML 1.0 has no place for these, not even escaped.
_NO_XML = {0xFFFE: "\N{REPLACEMENT CHARACTER}", 0xFFFF: "\N{REPLACEMENT CHARACTER}"}


def as_junit(results: Sequence[Result]) -> str:
    """The whole document, in the order of the scenarios."""
    root = Element("testsuites", {"name": "dd-sync", **_counts(results)})
    for file, group in groupby(results, key=lambda result: result.file):
        listed = list(group)
        suite = SubElement(root, "testsuite", {"name": _text(file), **_counts(listed)})
        for result in listed:
            _case(suite, result)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _counts(results: Iterable[Result]) -> dict[str, str]:
    listed = list(results)
    failed = sum(not result.passed for result in listed)
    seconds = sum(result.seconds for result in listed)
    return {
        "tests": str(len(listed)),
        "failures": str(failed),
        "errors": "0",
        "skipped": "0",
        "time": f"{seconds:.3f}",
    }


def _case(suite: Element, result: Result) -> None:
    case = SubElement(
        suite,
        "testcase",
        {
            "classname": _text(f"{PurePath(result.file).stem}.{result.monitor}"),
            "name": _text(result.name),
            "file": _text(result.file),
            "line": str(result.line),
            "time": f"{result.seconds:.3f}",
        },
    )
    if result.failures:
        first = result.failures[0]
        failure = SubElement(
            case, "failure", {"type": "expectation", "message": _text(f"{first.where}: {first.problem}")}
        )
        failure.text = _text(result.text)


def _text(text: str) -> str:
    return printable(text).translate(_NO_XML)
