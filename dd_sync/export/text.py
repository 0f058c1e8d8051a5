"""Alert rules and their tests as the files that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from dd_sync.export.rules import Exported, Rule
from dd_sync.text import within_line

_HEAD = """\
# Alert rules of the catalog {name}, written by `dd-sync export prometheus`; what is changed here is lost.
# A count `streams.created` of Datadog is taken as the counter `streams_created_total`; every other metric
# keeps its name, with underscores for dots. docs/prometheus.md says what is the same and what is near.
"""


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def rules_text(exported: Exported, name: str) -> str:
    """The file of rules, with what is not in it and why as comments at its end."""
    lines = [_HEAD.format(name=within_line(name)).rstrip(), "groups:", f"  - name: {_plain(name)}"]
    lines += ["    interval: 1m", "    rules:" if exported.rules else "    rules: []"]
    for rule in exported.rules:
        lines += [f"      # {within_line(note)}" for note in rule.notes]
        lines += _indented(_rule(rule))
    if exported.left_out:
        lines.append("# Not here, since Prometheus cannot say the same:")
        lines += [
            f"#   {within_line(key)}: {within_line(reason)}" for key, reason in exported.left_out.items()
        ]
    return "\n".join(lines) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    made: dict[str, Any] = {"alert": rule.alert, "expr": rule.expr, "labels": dict(rule.labels)}
    return {**made, "annotations": dict(rule.annotations)} if rule.annotations else made


def _indented(value: Mapping[str, Any]) -> Iterator[str]:
    lines = dumped(value).splitlines()
    for number, line in enumerate(lines):
        yield f"      {'- ' if number == 0 else '  '}{line}".rstrip()


def dumped(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)


def _plain(text: str) -> str:
    return dumped(text).splitlines()[0]
