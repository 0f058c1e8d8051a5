"""Datadog as the commands see it: monitors, downtimes and a check of the keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import urllib3
from datadog_api_client import ApiClient, Configuration

from dd_sync import __version__
from dd_sync.datadog.downtimes import DatadogDowntimes, DowntimeCalls
from dd_sync.datadog.pace import Pace
from dd_sync.datadog.retry import Patience
from dd_sync.datadog.target import Target, choose_target
from dd_sync.datadog.transport import Transport
from dd_sync.datadog.wire import Wire
from dd_sync.ports import Dashboards, Events, Metrics, Monitors, Search

if TYPE_CHECKING:
    from dd_sync.datadog.webhooks import DatadogWebhooks

# As many as apply writes at once.
_CONNECTIONS = 8
# The generated client has annotations in its models but none where it is put together.
_Configuration: Any = Configuration


class Datadog:
    """One Datadog. The parts of its API are imported when first used: a snooze needs only downtimes."""

    def __init__(self, target: Target, client: ApiClient, patience: Patience) -> None:
        self.target = target.name
        self._client: Any = client
        self._wire = Wire(target, patience, Pace(patience.sleep, patience.clock))

    @cached_property
    def monitors(self) -> Monitors:
        from datadog_api_client.v1.api.monitors_api import MonitorsApi

        from dd_sync.datadog.monitors import DatadogMonitors

        generated: Any = MonitorsApi
        return DatadogMonitors(self._wire, generated(self._client))

    @cached_property
    def downtimes(self) -> DatadogDowntimes:
        return DatadogDowntimes(self._wire, DowntimeCalls(self._client))

    @cached_property
    def search(self) -> Search:
        from dd_sync.datadog.groups import DatadogSearch

        return DatadogSearch(self._wire, self._client)

    @cached_property
    def events(self) -> Events:
        from dd_sync.datadog.events import DatadogEvents

        return DatadogEvents(self._wire, self._client)

    @cached_property
    def metrics(self) -> Metrics:
        from dd_sync.datadog.series import DatadogSeries

        return DatadogSeries(self._wire, self._client)

    @cached_property
    def dashboards(self) -> Dashboards:
        from datadog_api_client.v1.api.dashboards_api import DashboardsApi

        from dd_sync.datadog.dashboards import DatadogDashboards

        generated: Any = DashboardsApi
        return DatadogDashboards(self._wire, generated(self._client))

    @cached_property
    def webhooks(self) -> DatadogWebhooks:
        from datadog_api_client.v1.api.webhooks_integration_api import WebhooksIntegrationApi

        from dd_sync.datadog.webhooks import DatadogWebhooks

        generated: Any = WebhooksIntegrationApi
        return DatadogWebhooks(self._wire, generated(self._client))

    def webhook_exists(self, name: str) -> bool | None:
        """Whether the Webhooks integration has a webhook of this name; None where that cannot be told."""
        return self.webhooks.exists(name)

    def close(self) -> None:
        self._client.close()


def connect(
    environ: Mapping[str, str], *, host: str | None = None, patience: Patience | None = None
) -> Datadog:
    """The Datadog that `host`, DD_HOST or DD_SITE names. Sends nothing yet.

    Raises RequestError when a key is missing or the host cannot be right.
    """
    patience = patience or Patience()
    target = choose_target(environ, host, _sites())
    configuration = _Configuration(
        host=target.base,
        api_key={"apiKeyAuth": target.api_key, "appKeyAuth": target.app_key},
        preload_content=False,
        check_input_type=False,
        request_timeout=(patience.connect, patience.read),
        # No attempt beyond ours, and no redirect: it would carry the keys to another host.
        retry_policy=urllib3.Retry(False, redirect=False),
    )
    # The client reads a bearer token from the process's environment; ours comes in as an argument.
    configuration.access_token = None
    client = ApiClient(configuration)
    client.user_agent = f"dd-sync/{__version__} {client.user_agent}"
    pools = client.rest_client.pool_manager
    pools.connection_pool_kw["maxsize"] = _CONNECTIONS
    client.rest_client.pool_manager = Transport(pools, patience.whole)
    return Datadog(target, client, patience)


def _sites() -> list[str]:
    settings = _Configuration().get_host_settings()
    return list(dict.fromkeys(settings[0]["variables"]["site"]["enum_values"]))
