"""docs/options.md, as the table of options has it."""

from __future__ import annotations

import json
from collections.abc import Collection

from dd_sync.model.options import (
    EVENT_TYPES,
    FOREIGN_TYPES,
    METRIC_TYPES,
    OPTIONS,
    THRESHOLDS,
    TYPES,
    Option,
    applies,
    threshold_names,
)

_KINDS = {
    "flag": "true or false",
    "whole": "whole number",
    "text": "text",
    "choice": "text",
    "set": "list of texts",
    "list": "list",
    "object": "mapping",
}


def page() -> str:
    parts = [_HEAD, _types(), _OPTIONS, _options(), _THRESHOLDS, _thresholds(), _TAIL]
    return "\n".join(parts)


def _types() -> str:
    rows = [f"| `{name}` | {about} |" for name, about in TYPES.items()]
    rows += [f"| `{name}` | cannot be declared: {why} |" for name, why in FOREIGN_TYPES.items()]
    return "\n".join(["| type | about |", "|---|---|", *rows, ""])


def _options() -> str:
    head = ["| option | value | the same as absent | of the types | |", "|---|---|---|---|---|"]
    return "\n".join([*head, *map(_row, OPTIONS.values()), ""])


def _row(option: Option) -> str:
    name = f"`{option.name}`" + (" (deprecated)" if option.deprecated else "")
    cells = (name, _value(option), _absent(option), _scope(option), option.note)
    return f"| {' | '.join(cells)} |"


def _value(option: Option) -> str:
    if option.choices:
        listed = ", ".join(f"`{choice}`" for choice in option.choices)
        return f"list of {listed}" if option.kind == "set" else listed
    bounds = ""
    if option.least is not None:
        bounds = (
            f", {option.least} to {option.most}" if option.most is not None else f", {option.least} or more"
        )
    return f"{_KINDS[option.kind]}{f' of {option.unit}' if option.unit else ''}{bounds}"


def _absent(option: Option) -> str:
    if option.read_only:
        return "read-only"
    if option.default is None:
        return ""
    return f"`{json.dumps(option.default)}`" + (", which Datadog fills in" if option.filled else "")


def _scope(option: Option) -> str:
    used = [name for name in (*TYPES, *FOREIGN_TYPES) if applies(option.name, name)]
    left = [name for name in (*TYPES, *FOREIGN_TYPES) if name not in used]
    if not left:
        return "every one"
    if len(left) < 4:
        return f"all but {_listed(left)}" + ("; Datadog refuses it there" if option.refused else "")
    words = []
    for group, name in ((METRIC_TYPES, "metrics"), (EVENT_TYPES, "events")):
        if group <= set(used):
            words.append(name)
            used = [one for one in used if one not in group]
    return ", ".join([*words, *([_listed(used)] if used else [])])


def _thresholds() -> str:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in TYPES:
        groups.setdefault(threshold_names(name), []).append(name)
    rows = [
        f"| {'every other' if len(types) > 5 else _listed(types)} | {_listed(kept) or 'none'} |"
        for kept, types in groups.items()
    ]
    meaning = [f"- `{name}`: {THRESHOLDS[name]}" for name in THRESHOLDS]
    return "\n".join(["| type | thresholds |", "|---|---|", *rows, "", *meaning, ""])


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


_HEAD = """\
# Monitor types and options

Made from `dd_sync/model/options.py`, the one table that the comparison with Datadog, the validation of raw
monitors and this page read. `CASES=write pytest tests/model` writes it anew.

## Types
"""

_OPTIONS = """\
## Options

`options:` of a raw monitor takes these, exactly as Datadog's API does. *Metrics* are `metric alert` and
`query alert`; *events* are the types over logs, spans, events and the like. On other types Datadog is not
known to do anything with an option, unless the table says that it refuses it. A value that says the same
as leaving the option out is no change in a plan. Null clears an option, and is no change where the option
is absent, except where Datadog then fills in a value that does something: `include_tags`, `new_host_delay`.
"""

_THRESHOLDS = """\
## Thresholds

`thresholds` holds numbers, by what they lead to. `2` and `2.0` are one number; null and an empty mapping
are none.
"""

_TAIL = """\
## What else is no change

- `metric alert` and `query alert` are one type: Datadog may answer one for the other.
- White space around the name, the query and the message, and after the escalation message.
- The spelling of a query that means the same. Messages are compared letter by letter.
- The order of tags, roles, `notify_by`, `renotify_statuses` and `variables`; duplicates in all but the last.
- A live option that this table does not know; `dd-sync plan -v` names it. Declared, it is compared.
- A live `restricted_roles` that nobody declared: a restriction policy writes it too.
- Live `assets` that nobody declared, and any where Datadog was not asked for them.
- The `start` of a recurrence that was sent without one, and `on_missing_data: default` that Datadog left out
  of its answer next to a custom schedule.
"""
