"""Single endpoints of the official client, without its models.

On-call waits for a snooze, and importing the models of a part of the API takes longer than all its requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from datadog_api_client import ApiClient
from datadog_api_client.api_client import Endpoint

Send = Callable[..., Any]
_JSON = ["application/json"]


def endpoint(
    client: ApiClient, method: str, path: str, *, query: Mapping[str, str] | None = None, body: bool = False
) -> Send:
    """What sends one request: `send(page=0, body={…})`.

    path: with its parameters in braces, `/api/v2/downtime/{id}`; query: the names of arguments and what the
    API calls them. Called with named arguments only, those of the path among them.
    """
    parameters = {name: _parameter(name, called, "query") for name, called in (query or {}).items()}
    parameters |= {
        part[1:-1]: _parameter(part[1:-1], part[1:-1], "path") for part in path.split("/") if part[:1] == "{"
    }
    if body:
        parameters["body"] = _parameter("body", "body", "body")
    generated: Any = Endpoint
    made = generated(
        settings={
            "response_type": None,
            "auth": ["apiKeyAuth", "appKeyAuth"],
            "endpoint_path": path,
            "operation_id": f"{method} {path}",
            "http_method": method,
            "version": path.split("/")[2],
        },
        params_map=parameters,
        headers_map={"accept": ["*/*"] if method == "DELETE" else _JSON}
        | ({"content_type": _JSON} if body else {}),
        api_client=client,
    )
    send: Send = made.call_with_http_info
    return send


def _parameter(name: str, called: str, location: str) -> dict[str, Any]:
    # The client checks no types (check_input_type), and asks for their names all the same.
    return {"openapi_types": (object,), "attribute": called, "location": location}
