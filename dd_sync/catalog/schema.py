"""The forms of a file with monitors, before anything is compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from dd_sync.catalog.settings import Form, Strings
from dd_sync.errors import Unfit
from dd_sync.guards.values import duration
from dd_sync.guards.values import found as words_for
from dd_sync.model.option_numbers import with_numbers
from dd_sync.model.ownership import RESERVED

# Room is left for the tags that mark ownership: a monitor carries at most 80.
MOST_TAGS = 70

_KEY = re.compile(r"[a-z0-9-]{1,100}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TAG_VALUE = re.compile(r"[^\s,{}()\"'*!]{1,200}")


def key(value: Any) -> str:
    """A monitor's key. Raises Unfit."""
    if not isinstance(value, str):
        raise Unfit(
            f"expected a key, found {words_for(value)}",
            hint="a name such as stream-rate, in quotes if need be",
        )
    if not _KEY.fullmatch(value):
        raise Unfit(f"'{value[:100]}' is not a key", hint="1 to 100 lower-case letters, digits and '-'")
    return value


def _name(value: Any) -> Any:
    if isinstance(value, str):
        if not value.strip():
            raise Unfit("the name is empty", hint="say what is wrong when this monitor alerts")
        if value != value.strip():
            raise Unfit(
                "the name begins or ends with a space", hint="Datadog would change it; take the space away"
            )
    return value


def _tag(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value.strip() or value != value.strip() or len(value) > 200:
        raise Unfit("not a tag", hint="1 to 200 characters, without spaces around them, as in team:risk")
    if value.lower().startswith(RESERVED):
        raise Unfit(f"'{value}' is one of the tags that mark what this tool owns", hint="leave it out")
    return value


def _until(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Unfit(f"{words_for(value)} is not a date", hint="write it as 2027-01-31")


def minutes(value: Any) -> timedelta:
    span = duration(value)
    if span % timedelta(minutes=1) or span > timedelta(days=7):
        raise Unfit(f"{value} is not a whole number of minutes up to 7d", hint="write for example 30m or 2h")
    return span


def _delay(value: Any) -> timedelta:
    span = duration(value)
    if span > timedelta(days=1):
        raise Unfit(f"{value} is longer than Datadog's 1d", hint="write for example 60s or 15m")
    return span


def _reason(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise Unfit(
            "the reason is empty", hint="say why; whoever finds this line in a year will want to know"
        )
    return value


class Exemption(Form):
    """A tag a guard leaves out until a date begins in UTC, and why: `{tenant: x, until: …, reason: …}`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]

    until: Annotated[date, PlainValidator(_until, json_schema_input_type=str)]
    reason: Annotated[str, BeforeValidator(_reason)]

    @model_validator(mode="after")
    def _one_tag(self) -> Exemption:
        check_tag(self.__pydantic_extra__)
        return self

    @property
    def tag(self) -> tuple[str, str]:
        (pair,) = self.__pydantic_extra__.items()
        return pair


def check_tag(tags: Mapping[str, Any]) -> None:
    """Raises Unfit unless there is one tag that can be exempt, beside `until` and `reason`."""
    if len(tags) != 1:
        names = ", ".join(tags) or "none"
        raise Unfit(
            f"an exemption names one tag, here {names}",
            hint='as in {tenant: x, until: 2027-01-31, reason: "…"}',
        )
    (name, value), *_ = tags.items()
    if not isinstance(value, str) or not _TAG_VALUE.fullmatch(value) or value != value.lower():
        raise Unfit(
            f"{words_for(value)} is not a tag's value",
            hint="one value in lower case, as Datadog stores it; no pattern",
            path=(name,),
        )


FormerKey = Annotated[str, BeforeValidator(key)]
Options = Annotated[dict[str, Any], AfterValidator(with_numbers)]
Tag = Annotated[str, BeforeValidator(_tag)]
Tags = Annotated[tuple[Tag, ...], Field(strict=False, max_length=MOST_TAGS)]
Exemptions = Annotated[tuple[Exemption, ...], Field(strict=False)]
Minutes = Annotated[timedelta, PlainValidator(minutes, json_schema_input_type=str)]
Delay = Annotated[timedelta, PlainValidator(_delay, json_schema_input_type=str)]


class Defaults(Form):
    """What the monitors of a file share. Tags are added to a monitor's own, all else gives way to it."""

    tags: Tags = Field(default=(), description="Tags of every monitor in this file.")
    level: int | None = Field(default=None, ge=1, le=9, description="A level declared in catalog.yaml.")
    priority: int | None = Field(default=None, ge=1, le=5, description="1 is the highest.")
    hold: Literal["review"] | None = Field(default=None, description="`review`: an alert asks for a review.")
    restricted_roles: Strings | None = Field(default=None, description="Ids of the roles that may edit it.")
    draft_status: Literal["draft", "published"] | None = Field(
        default=None, description="A draft is evaluated, but tells nobody."
    )


class GuardDefaults(Defaults):
    """As Defaults, with what only guards take; monitors in the raw form pass it by."""

    exempt: Exemptions = Field(default=(), description="What the guard leaves out, until when, and why.")
    renotify: Minutes | None = Field(default=None, description="Tell again while it lasts, such as 30m.")
    evaluation_delay: Delay | None = Field(default=None, description="Judge this much later, such as 60s.")


class Common(Defaults):
    """What every monitor has."""

    key: str = Field(description="The monitor's name in this catalog; never change it.", pattern=_KEY.pattern)
    name: Annotated[str, BeforeValidator(_name)] = Field(description="The title of its notifications.")
    was: FormerKey | None = Field(
        default=None, description="The key it had before: a renamed monitor keeps its id and history."
    )
    adopt: int | None = Field(
        default=None,
        ge=1,
        le=10**18,
        description="The id of the monitor in Datadog that this is: adopted, not created.",
    )
    take_over: bool = Field(
        default=False, description="Adopt it although another tool's mark is on it, which lets go of it."
    )
    message: str = Field(default="", description="The notification, in Datadog's template language.")


class GuardForm(GuardDefaults, Common):
    """The short form."""

    guard: dict[str, Any] = Field(description="One guard and its parameters.")


class RawForm(Common):
    """Exactly Datadog's own fields."""

    type: str = Field(description="One of Datadog's monitor types.")
    query: str = Field(description="The query, as Datadog takes it.")
    options: Options = Field(default_factory=dict, description="Datadog's options.")


GUARD_ONLY = tuple(sorted(GuardForm.model_fields.keys() - RawForm.model_fields.keys()))
RAW_ONLY = tuple(sorted(RawForm.model_fields.keys() - GuardForm.model_fields.keys()))
