"""`webhooks:`: whom Datadog posts to when a message names `@webhook-NAME`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from dd_sync.catalog.complaints import Complaint
from dd_sync.catalog.context import Context
from dd_sync.catalog.problems import LITERAL
from dd_sync.catalog.reading import Reading
from dd_sync.catalog.settings import Form
from dd_sync.errors import Unfit
from dd_sync.guards.values import found as words_for
from dd_sync.model.resource import Resource, texts_in
from dd_sync.model.secrets import may_be_written, secret_in_url

_HINT = "keep it in a custom variable of Datadog's Webhooks integration, and write $ITS_NAME here"
_LONGEST_URL = 2000
_LONGEST_HEADER = 2000


def _url(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(value)
        fit = parts.scheme == "https" and parts.hostname and not any(c.isspace() for c in value)
        fit = fit and (parts.port is None or parts.port > 0) and len(value) <= _LONGEST_URL
    except ValueError:
        fit = False
    if not fit:
        raise Unfit(
            "not the address of a webhook", hint="https:// and a host, as in https://hold.example.com/review"
        )
    return value


def _payload(value: Any) -> Any:
    if value is None or isinstance(value, str | dict):
        return value
    raise Unfit(
        f"expected a payload, found {words_for(value)}", hint="a mapping, or the text of a JSON object"
    )


def _header(value: Any) -> Any:
    if isinstance(value, str) and (len(value.splitlines()) > 1 or len(value) > _LONGEST_HEADER):
        raise Unfit("not the value of a header", hint=f"one line of at most {_LONGEST_HEADER:,} characters")
    return value


class WebhookForm(Form):
    """Datadog's own fields of a webhook."""

    key: str = Field(description="Its name in this catalog; in Datadog it is called CATALOG-KEY.")
    url: Annotated[str, BeforeValidator(_url)] = Field(description="https only; secrets as $NAME.")
    payload: Annotated[str | dict[str, Any] | None, BeforeValidator(_payload)] = Field(
        default=None, description="A mapping or a text with Datadog's $VARIABLES; Datadog's own if not given."
    )
    custom_headers: dict[str, Annotated[str, BeforeValidator(_header)]] | None = Field(
        default=None, description="Secrets as $NAME only."
    )
    encode_as: Literal["json", "form"] = Field(default="json", description="How the payload is sent.")


def read_webhook(reading: Reading, key: str, context: Context) -> Iterable[Resource]:
    """The webhook, or nothing if there is a secret in it, or something else wrong."""
    filled = reading.respelt(reading.filled(), WebhookForm.model_fields.keys())
    form, fields = reading.form(WebhookForm, {**filled, "key": key})
    _refuse_secrets(reading, fields)
    if form is None or reading.wrong:
        return ()
    payload = form.payload
    body = {
        "name": f"{context.name}-{key}",
        "url": form.url,
        "encode_as": form.encode_as,
        "custom_headers": _dumped(form.custom_headers) if form.custom_headers else None,
        "payload": _dumped(payload) if isinstance(payload, dict) else payload or None,
    }
    entry = reading.entry
    name = str(body["name"])
    return (Resource(kind="webhook", key=key, name=name, body=body, file=entry.source.file, path=entry.path),)


def _dumped(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _refuse_secrets(reading: Reading, fields: Any) -> None:
    """A literal secret: in the address, a header, or a field of the payload. It is not repeated."""
    url = fields.get("url")
    found = secret_in_url(url) if isinstance(url, str) else None
    if found is not None and isinstance(url, str):
        at = max(url.find(found), 0)
        problem = "the address holds what looks like a secret"
        complaint = Complaint(("url",), problem, _HINT, offset=at, length=len(found))
        reading.complain(complaint, LITERAL)
    for name, value in (fields.get("custom_headers") or {}).items():
        if not may_be_written(name, value):
            problem = f"the header {name[:60]} holds what looks like a secret"
            reading.complain(Complaint(("custom_headers", name), problem, _HINT), LITERAL)
    payload = fields.get("payload")
    for path, text in _payload_texts(payload):
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        if not may_be_written(name, text):
            at_path = ("payload", *path) if isinstance(payload, dict) else ("payload",)
            problem = "the payload holds what looks like a secret"
            reading.complain(Complaint(at_path, problem, _HINT), LITERAL)


def _payload_texts(payload: Any) -> Iterable[tuple[tuple[str | int, ...], str]]:
    if isinstance(payload, str):
        with suppress(ValueError, RecursionError):
            payload = json.loads(payload)
    return texts_in(payload)
