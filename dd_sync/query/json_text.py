"""Nodes as JSON text: one object per node, its class under "node", its fields under their names.

Written straight away rather than through dictionaries, which would take twice as long; `query parse`
prints nodes by the ten thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from json.encoder import encode_basestring_ascii
from typing import Any

from dd_sync.query.nodes import Node

_Write = Callable[[Any], str]


def json_text(node: Node) -> str:
    """`{"node":"Tag","key":"env","value":"prod"}`, in ASCII; tuples become arrays, spans are left out."""
    return _WRITERS[type(node)](node)


def _array(values: tuple[Any, ...]) -> str:
    return f"[{','.join([_WRITERS[type(value)](value) for value in values])}]" if values else "[]"


class _Writers(dict[type, _Write]):
    """How each class is written, found out once per class."""

    def __missing__(self, kind: type) -> _Write:
        names = [field.name for field in fields(kind) if field.name != "span"]
        head = f'{{"node":"{kind.__name__}"'
        labels = [(f',"{name}":', name) for name in names]

        def write(node: Any) -> str:
            text = head
            for label, name in labels:
                value = getattr(node, name)
                text += label + self[type(value)](value)
            return text + "}"

        self[kind] = write
        return write


_WRITERS = _Writers(
    {
        str: encode_basestring_ascii,
        int: str,
        float: repr,
        bool: {True: "true", False: "false"}.__getitem__,
        type(None): {None: "null"}.__getitem__,
        tuple: _array,
    }
)
