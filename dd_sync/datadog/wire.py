"""One request: sent through the official client, answered with plain JSON or a DatadogError.

The client's exceptions carry headers and bodies; here, and nowhere else, they become errors for people.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from datadog_api_client.exceptions import ApiException, OpenApiException
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)

from dd_sync.datadog.pace import LONGEST_WAIT, Pace
from dd_sync.datadog.retry import Failure, Patience
from dd_sync.datadog.target import Target
from dd_sync.datadog.transport import LARGEST, Answer, TooLargeError
from dd_sync.errors import DatadogError

_LONGEST_DETAIL = 400
_MOST_DETAILS = 5
_A_DAY = 86_400
# Escapes that are, or may be, one half of a character: mostly both are there.
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class _Read:
    body: Any
    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wire:
    """Sends requests to one Datadog with one patience, and all writes at one pace."""

    target: Target
    patience: Patience
    pace: Pace

    def call(
        self,
        method: str,
        path: str,
        send: Callable[[], Answer],
        also: tuple[int, ...] = (),
    ) -> Any:
        """The JSON that `send` is answered with; None if the answer is empty.

        method, path: what `send` asks for, as errors name it.
        also: statuses that are answers rather than errors. Raises DatadogError.
        """
        started = self.patience.clock()
        attempts = 0
        paced = 0.0
        while True:
            waited, in_pace, outcome = self._in_pace(method, path, send, also)
            paced += waited
            if not isinstance(outcome, Failure):
                return outcome.body
            attempts += 1
            refused = in_pace and outcome.error.status == 429 and attempts <= self.patience.retries
            if refused and paced < LONGEST_WAIT:
                # It was refused, not carried out; the pace knows when there is room again.
                continue
            spent = self.patience.clock() - started - paced
            wait = self.patience.wait(method, outcome, attempts, spent)
            if wait is None:
                raise outcome.error
            self.patience.sleep(wait)

    def _in_pace(
        self,
        method: str,
        path: str,
        send: Callable[[], Answer],
        also: tuple[int, ...],
    ) -> tuple[float, bool, _Read | Failure]:
        """Seconds waited before the attempt, whether a next one would be paced too, and what came of it."""
        if method == "GET":
            return 0.0, False, self._attempt(f"{method} {path}", send, also)
        # The limit is the endpoint's, whichever monitor it is asked about.
        route = f"{method} {'/'.join(path.split('/')[:4])}"
        waited = self.pace.enter(route)
        sent = self.patience.clock()
        outcome: _Read | Failure | None = None
        try:
            outcome = self._attempt(f"{method} {path}", send, also)
        finally:
            status = None if outcome is None else outcome.status
            in_pace = self.pace.leave(route, sent, status, outcome.headers if outcome else {})
        return waited, in_pace, outcome

    def _attempt(self, request: str, send: Callable[[], Answer], also: tuple[int, ...]) -> _Read | Failure:
        status: int | None = None
        try:
            answer = send()
            status = answer.status
            return _Read(_json(answer.data), status, answer.headers)
        except ApiException as error:
            if error.status in also:
                return _Read(error.body, int(error.status), error.headers or {})
            return self._refused(request, error) if error.status else self._no_tls(request, error)
        except (HTTPError, OSError) as error:
            return self._unreachable(request, error)
        except TooLargeError:
            # Raised, not returned: the same request again would be answered with as much.
            raise DatadogError(
                f"{request}: {self.target.name} answered with more than {LARGEST // 1_000_000} MB",
                hint="no list of monitors is as large; is a proxy in between? check DD_SITE and DD_HOST",
                status=200,
            ) from None
        except (ValueError, RecursionError, OpenApiException):
            # UnicodeDecodeError is one: the client decodes the body of an error answer.
            return Failure(
                DatadogError(
                    f"{request}: {self.target.name} answered with something that is not JSON",
                    hint="is there a proxy in between? check DD_SITE and DD_HOST",
                    status=status,
                )
            )

    def _refused(self, request: str, error: ApiException) -> Failure:
        status = int(error.status)
        details = self._details(error.body)
        said = "; ".join(details) or self.clean(error.reason or "no reason given")
        reset = _seconds((error.headers or {}), "x-ratelimit-reset")
        return Failure(
            DatadogError(
                f"{request}: {self.target.name} answered {status}: {said}",
                hint=_hint(status, self.target.name, reset),
                status=status,
                details=details,
            ),
            reset if status == 429 else None,
            error.headers or {},
        )

    def _no_tls(self, request: str, error: ApiException) -> Failure:
        # The client reports a TLS failure as status 0. Only a refused certificate surely came before
        # the request was sent.
        refused = "CERTIFICATE_VERIFY_FAILED" in str(error.reason)
        return Failure(
            DatadogError(
                f"{request}: no secure connection to {self.target.name}: {self.clean(str(error.reason))}",
                hint="check the clock, the proxy and the certificates of this machine (SSL_CERT_FILE)",
                sent=not refused,
            )
        )

    def _unreachable(self, request: str, error: Exception) -> Failure:
        unsent = isinstance(error, (NewConnectionError, ConnectTimeoutError))
        # A refused connection is a kind of ConnectTimeoutError to urllib3, so it is asked for first.
        if isinstance(error, NewConnectionError):
            what = f"{self.target.name} cannot be reached"
        elif isinstance(error, (ReadTimeoutError, ConnectTimeoutError)):
            what = f"{self.target.name} did not answer in time"
        else:
            what = f"the connection to {self.target.name} was lost"
        return Failure(
            DatadogError(
                f"{request}: {what}",
                hint="check the network, and DD_SITE and DD_HOST (or --host)",
                sent=not unsent,
            )
        )

    def _details(self, body: Any) -> tuple[str, ...]:
        """Datadog's own texts from `{"errors": [text]}` or `{"errors": [{"title", "detail"}]}`."""
        errors = body.get("errors") if isinstance(body, dict) else None
        if isinstance(errors, str):
            errors = [errors]
        if not isinstance(errors, list):
            return ()
        return tuple(self.clean(_text(error)) for error in errors[:_MOST_DETAILS] if error)

    def clean(self, text: str) -> str:
        """One line that is safe on a terminal and holds no key, even if the server echoes one."""
        for key in (self.target.api_key, self.target.app_key):
            text = text.replace(key, "***")
        text = re.sub(r"\s+", " ", text).strip()
        text = "".join("?" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)
        return text if len(text) <= _LONGEST_DETAIL else text[: _LONGEST_DETAIL - 1] + "…"


def shape_error(request: str, target: Target, what: str) -> DatadogError:
    """The answer is JSON, but not what this request is answered with."""
    return DatadogError(
        f"{request}: {target.name} answered with {what}",
        hint="is this really Datadog's API? check DD_SITE and DD_HOST; nothing was planned from it",
        status=200,
    )


def _json(data: bytes) -> Any:
    if not data.strip():
        return None
    body = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
    return _mended(body) if _HALVES.search(data) else body


def _mended(value: Any) -> Any:
    """Without halves of characters, which JSON can hold and nothing can write: a name cut within an emoji."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(item) for name, item in value.items()}
    return value


def _no_number(name: str) -> None:
    """Python reads NaN and Infinity as numbers, and would write them into plans that nobody else can read."""
    raise ValueError(name)


def _text(error: Any) -> str:
    if isinstance(error, dict):
        return ": ".join(str(error[name]) for name in ("title", "detail") if error.get(name))
    return str(error)


def _seconds(headers: Mapping[str, str], wanted: str) -> float | None:
    """A number of seconds up to a day, None for anything else."""
    for name, value in headers.items():
        text = value.strip()
        if name.lower() == wanted and text.isascii() and text.isdecimal() and len(text) < 10:
            return float(text) if int(text) <= _A_DAY else None
    return None


_HINTS = {
    400: "mend what these words name, in the YAML if it is a monitor; `dd-sync check` finds most of it",
    404: "it does not exist on {name}; another DD_SITE or DD_HOST?",
    408: "the request took too long to arrive; run it again, nothing is done twice",
    409: "something in Datadog stands against it, or somebody changes the same; plan again",
    413: "the request is larger than {name} takes; shorten the message or the query",
    418: "this is not Datadog's API, but something in between that refuses; check DD_HOST and the proxy",
}


def _hint(status: int, name: str, reset: float | None) -> str:
    if status == 401:
        return f"DD_API_KEY or DD_APP_KEY is not valid on {name}; is DD_SITE right?"
    if status == 403:
        return (
            f"DD_API_KEY or DD_APP_KEY is not valid on {name}, or the application key lacks the permission "
            "(monitors_read, monitors_write, monitors_downtime; dashboards_read, dashboards_write and "
            "manage_integrations where those are declared)"
        )
    if status == 429:
        when = f"in {reset:.0f} s" if reset is not None else "later"
        return f"too many requests; run it again {when}"
    if status in _HINTS:
        return _HINTS[status].format(name=name)
    if 300 <= status < 400:
        return "redirects are not followed, since they would carry the keys elsewhere; check DD_HOST"
    if status >= 500:
        return "Datadog has a problem; run it again later, nothing is done twice"
    return "Datadog refuses it as it is; is there a proxy in between? check DD_SITE and DD_HOST"
