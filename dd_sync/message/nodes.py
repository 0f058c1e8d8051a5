"""Parts of a notification message.

`span` is the half-open range of offsets in the message's text; it never takes part in a comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dd_sync.message.formula import Formula

Span = tuple[int, int]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """Text that is sent as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """`{{tenant.name}}`; `{{[dot.key].name}}` has the path ("dot.key", "name"). `{{{x}}}` is not escaped."""

    path: Path
    escaped: bool = True

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Evaluation(Node):
    """`{{eval "round(value, 2)"}}`"""

    formula: Formula


@dataclass(frozen=True, slots=True)
class LocalTime(Node):
    """`{{local_time 'last_triggered_at' 'Asia/Tokyo'}}`"""

    variable: Variable
    zone: str


@dataclass(frozen=True, slots=True)
class UrlEncoded(Node):
    """`{{urlencode "service.name"}}`"""

    variable: Variable


@dataclass(frozen=True, slots=True)
class OverriddenPriority(Node):
    """`{{override_priority 'P1'}}`: changes the notification's priority and shows nothing."""

    priority: int


@dataclass(frozen=True, slots=True)
class Condition(Node):
    """`is_alert`, `is_match "tenant.name" "acme"`, `if x`.

    subject: what is asked, None for a condition on the transition; values: what it is compared with;
    text: as written, with single spaces.
    """

    name: str
    text: str
    subject: Variable | Evaluation | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`{{#is_alert}}…{{else}}…{{/is_alert}}`, or negated with `{{^…}}`."""

    condition: Condition
    negated: bool
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...] = ()


Part = Literal | Variable | Evaluation | LocalTime | UrlEncoded | OverriddenPriority | Block


@dataclass(frozen=True, slots=True)
class Template:
    """A message. source: its text, in which spans are offsets."""

    source: str
    parts: tuple[Part, ...]
