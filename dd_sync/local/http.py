"""Requests in, answers out: bodies within bounds, JSON that means what it says, Datadog's error form."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dd_sync.local.org import Org

JSON = "application/json"
# The series intake answers as text/json in recorded API traffic.
TEXT_JSON = "text/json"


class Refused(Exception):
    """A request that is answered with an error of Datadog's form: `{"errors": [...]}`."""

    def __init__(self, status: int, *errors: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(*errors)
        self.status = status
        self.errors = errors
        self.headers = dict(headers or {})


def bad_request(text: str) -> Refused:
    return Refused(400, text)


def invalid(parameter: str, why: str = "") -> Refused:
    """Datadog's wording for a parameter it does not accept, followed by the reason where we know one."""
    return bad_request(
        f"The value provided for parameter '{parameter}' is invalid" + (f": {why}" if why else "")
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """body: anything JSON can hold, None for an empty answer."""

    body: Any
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the handlers see it: keys checked, body read. `body` is None where none was sent."""

    org: Org
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("true", "1")

    def words(self, name: str) -> tuple[str, ...]:
        """The members of a comma-separated parameter."""
        return tuple(word.strip() for word in self.query.get(name, "").split(",") if word.strip())

    def number(self, name: str, *, default: int, least: int = 0, most: int = 2**53) -> int:
        text = self.query.get(name)
        if text is None:
            return default
        return bounded(text, name, least=least, most=most)

    def mapping(self) -> dict[str, Any]:
        """The body as a JSON object."""
        if not isinstance(self.body, dict):
            raise bad_request("The request body must be a JSON object")
        return self.body


Handler = Callable[[Call], Answer]


class Incoming(Protocol):
    """The chunks of a request's body, as they come."""

    def __aiter__(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """The most bytes taken in, as sent and after decompression."""

    sent: int
    unpacked: int


ORDINARY = BodyLimit(3_200_000, 3_200_000)
SERIES_V1 = BodyLimit(3_200_000, 62_000_000)
SERIES_V2 = BodyLimit(512_000, 5_242_880)
TOO_LARGE = "Payload too large"


def bounded(text: str, name: str, *, least: int, most: int) -> int:
    """A whole number from a URL. Raises Refused outside least..most."""
    if not text.isascii() or not text.isdecimal() or len(text) > 19 or not least <= int(text) <= most:
        raise invalid(name, f"a whole number from {least} to {most} is needed")
    return int(text)


async def read_body(chunks: Incoming, limit: BodyLimit) -> bytes:
    """All of a request's body; raises Refused 413 as soon as it is longer than the limit."""
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit.sent:
            raise Refused(413, TOO_LARGE, headers={"Connection": "close"})
        parts.append(chunk)
    return b"".join(parts)


def unpack(body: bytes, encoding: str, limit: BodyLimit) -> bytes:
    """The body without its Content-Encoding, at most `limit.unpacked` bytes of it ever in memory."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "deflate"):
        raise Refused(415, f"Content-Encoding '{encoding[:40]}' is not supported; send gzip, deflate or none")
    unpacker = zlib.decompressobj(wbits=47)  # 47: a zlib or a gzip header, whichever comes
    try:
        whole = unpacker.decompress(body, limit.unpacked + 1)
    except zlib.error:
        raise bad_request("Request body could not be decompressed") from None
    if len(whole) > limit.unpacked:
        raise Refused(413, TOO_LARGE)
    if not unpacker.eof:
        raise bad_request("Request body could not be decompressed")
    return whole


def read_json(body: bytes) -> Any:
    """The body's JSON, None if there is no body. Raises Refused 400 on anything else.

    NaN and infinities are refused wherever they stand, and so is text that is not Unicode.
    """
    if not body.strip():
        return None
    try:
        value = json.loads(body, parse_constant=_no_constant, parse_float=_finite)
        if b"\\ud" in body.lower():
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        # The parser's own words quote the input; the request may hold what no log should.
        raise bad_request("Invalid JSON structure") from None
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number beyond float64")
    return value
