"""HTTP that comes to an end: each exchange has a deadline, and each answer a largest size.

urllib3's time limits are of one silence each, so that a server which sends a byte a second could hold a
request for hours; and a small compressed answer may unpack to more than there is memory.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from time import monotonic
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

# A page of 1,000 monitors has 2 to 10 MB.
LARGEST = 100_000_000
_AT_ONCE = 1 << 18

_until: ContextVar[float] = ContextVar("until")


class TooLargeError(Exception):
    """The answer has more than LARGEST bytes, unpacked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that has been read to its end."""

    status: int
    reason: str | None
    headers: Mapping[str, str]
    data: bytes


class Transport:
    """In the place of urllib3's pools in the official client. whole: seconds from sending to the last byte.

    Raises urllib3's errors, and TooLargeError.
    """

    def __init__(self, pools: urllib3.PoolManager, whole: float) -> None:
        pools.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        self._pools = pools
        self._whole = whole

    def request(self, method: str, url: str, **more: Any) -> Answer:
        _until.set(monotonic() + self._whole)
        response = self._pools.request(method, url, **{**more, "preload_content": False})
        try:
            data = _whole_body(response)
        except TooLargeError:
            response.close()
            raise
        return Answer(response.status, response.reason, response.headers, data)

    def clear(self) -> None:
        self._pools.clear()


def _whole_body(response: urllib3.BaseHTTPResponse) -> bytes:
    if int(response.length_remaining or 0) > LARGEST:
        raise TooLargeError
    parts = []
    size = 0
    while part := response.read(_AT_ONCE):
        size += len(part)
        if size > LARGEST:
            raise TooLargeError
        parts.append(part)
    return b"".join(parts)


class _Timed(io.RawIOBase):
    """Reads from a socket until a point of time, and as long as no silence is longer than its own limit."""

    def __init__(self, raw: Any, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._silence = sock.gettimeout()
        self._until = _until.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long as a whole")
        self._sock.settimeout(left if self._silence is None else min(left, self._silence))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        self.fp: Any = io.BufferedReader(_Timed(self.fp.detach(), sock))


class _Plain(HTTPConnection):
    response_class = _Response


class _Secure(HTTPSConnection):
    response_class = _Response


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure
