"""Which names a tenant may have, so that a snooze can never cover more than that one."""

from __future__ import annotations

import re
import unicodedata

from dd_sync.errors import RequestError
from dd_sync.text import first_unseen, within_line

_PLAIN = re.compile(r"[a-z0-9_.:/-]+")
_TAG_KEY = re.compile(r"[a-z][a-z0-9_./-]*")
# Words of the downtime scope's own grammar.
_OPERATORS = frozenset({"and", "or", "not", "in"})
_LONGEST_TAG = 200
# How much of a name an error repeats.
SHOWN = 60


def check_tenant(tenant: str, tenant_tag: str) -> str:
    """The scope `<tenant_tag>:<tenant>` that covers this tenant and no other.

    A tenant may be named with its tag, `tenant:acme`, as the titles of notifications have it.
    The rules are those of Datadog's tag values: lower-case letters of any script, digits and `_ - : . /`,
    the whole tag at most 200 characters. Raises RequestError with what to write instead.
    """
    if not _TAG_KEY.fullmatch(tenant_tag):
        raise RequestError(
            f"'{within_line(tenant_tag, SHOWN)}' cannot be the tag of tenants",
            hint="set tenant_tag in catalog.yaml to a tag key such as tenant",
        )
    tenant = tenant.removeprefix(f"{tenant_tag}:")
    problem, hint = _fault(tenant)
    if problem:
        raise RequestError(f"'{within_line(tenant, SHOWN)}' is not one tenant: {problem}", hint=hint)
    scope = f"{tenant_tag}:{tenant}"
    if len(scope) > _LONGEST_TAG:
        raise RequestError(
            f"'{within_line(tenant, SHOWN)}' is not a tenant: the tag has {len(scope)} characters",
            hint=f"Datadog's tags end after {_LONGEST_TAG} characters",
        )
    return scope


def _fault(tenant: str) -> tuple[str, str]:
    if not tenant.strip():
        return "the name is empty", "name the tenant as its tag has it, e.g. acme"
    if "*" in tenant or "?" in tenant:
        return "it is a pattern", "a snooze covers exactly one tenant; name it in full"
    hidden = first_unseen(tenant)
    if hidden is not None:
        return (
            f"it holds an invisible character (U+{ord(tenant[hidden]):04X})",
            "type the name instead of pasting it",
        )
    if tenant.lower() in _OPERATORS:
        return "it is a word of Datadog's scope language", "a tenant of that name cannot be snoozed from here"
    odd = next((c for c in tenant if not _may_stand_in_a_tag(c)), None)
    if odd is not None:
        return (
            f"tag values hold no '{odd}'",
            "copy the name from the title of its alert; one tenant at a time",
        )
    if tenant != tenant.lower():
        known = f"Datadog knows it as {tenant.lower()}" if tenant.isascii() else "write it in lower case"
        return "tag values have no capitals", known
    if not unicodedata.is_normalized("NFKC", tenant):
        return "it holds characters that stand for others", "type the name instead of pasting it"
    if tenant[0] == "-" or tenant[-1] == ":":
        return "it begins with - or ends with :", "name the tenant as its tag has it, e.g. acme"
    return "", ""


def _may_stand_in_a_tag(character: str) -> bool:
    if character.isascii():
        return _PLAIN.fullmatch(character.lower()) is not None
    # Letters of every script, the marks that belong to them, and their decimal digits.
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd"
