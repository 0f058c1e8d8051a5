"""Datadog's own client against the local Datadog: what it sends is understood, what it gets it can read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from tests.local.client import RATE, Client

datadog_api_client: Any = pytest.importorskip("datadog_api_client")


@pytest.fixture
def api(datadog: Client) -> Iterator[Any]:
    configuration = datadog_api_client.Configuration(host=datadog.url)
    configuration.api_key = {"apiKeyAuth": "a", "appKeyAuth": "b"}
    with datadog_api_client.ApiClient(configuration) as client:
        yield client


def calls(api: Any, module: str, name: str) -> Any:
    return getattr(import_module(f"datadog_api_client.{module}"), name)(api)


def test_monitors_through_the_official_client(api: Any) -> None:
    from datadog_api_client.exceptions import ApiException
    from datadog_api_client.v1.model.monitor import Monitor
    from datadog_api_client.v1.model.monitor_options import MonitorOptions
    from datadog_api_client.v1.model.monitor_thresholds import MonitorThresholds
    from datadog_api_client.v1.model.monitor_type import MonitorType
    from datadog_api_client.v1.model.monitor_update_request import MonitorUpdateRequest

    monitors = calls(api, "v1.api.monitors_api", "MonitorsApi")
    options = MonitorOptions(thresholds=MonitorThresholds(critical=500.0))
    wanted = Monitor(
        name="rate", type=MonitorType.QUERY_ALERT, query=RATE, message="m", tags=["a:b"], options=options
    )
    assert monitors.validate_monitor(wanted) == {}
    made = monitors.create_monitor(wanted)
    assert (made.multi, made.options.thresholds.critical, str(made.overall_state)) == (True, 500.0, "No Data")
    changed = monitors.update_monitor(made.id, MonitorUpdateRequest(priority=2))
    assert (changed.priority, changed.name, changed.created) == (2, "rate", made.created)
    listed = monitors.list_monitors(monitor_tags="a:b", page=0, page_size=10)
    assert [one.id for one in listed] == [made.id]
    assert monitors.check_can_delete_monitor([made.id]).data.ok == [made.id]
    assert monitors.search_monitors(query="tag:a:b").metadata.total_count == 1
    with pytest.raises(ApiException) as refused:
        monitors.create_monitor(Monitor(type=MonitorType.QUERY_ALERT, query="query"))
    assert refused.value.status == 400
    assert monitors.delete_monitor(made.id).deleted_monitor_id == made.id


def test_downtimes_through_the_official_client(api: Any) -> None:
    from datadog_api_client.v2.model.downtime_create_request import DowntimeCreateRequest
    from datadog_api_client.v2.model.downtime_create_request_attributes import (
        DowntimeCreateRequestAttributes,
    )
    from datadog_api_client.v2.model.downtime_create_request_data import DowntimeCreateRequestData
    from datadog_api_client.v2.model.downtime_monitor_identifier_tags import DowntimeMonitorIdentifierTags
    from datadog_api_client.v2.model.downtime_resource_type import DowntimeResourceType
    from datadog_api_client.v2.model.downtime_schedule_one_time_create_update_request import (
        DowntimeScheduleOneTimeCreateUpdateRequest,
    )

    downtimes = calls(api, "v2.api.downtimes_api", "DowntimesApi")
    attributes = DowntimeCreateRequestAttributes(
        scope="tenant:acme",
        monitor_identifier=DowntimeMonitorIdentifierTags(monitor_tags=["a:b"]),
        schedule=DowntimeScheduleOneTimeCreateUpdateRequest(end=datetime(2026, 3, 2, 2, tzinfo=UTC)),
    )
    data = DowntimeCreateRequestData(attributes=attributes, type=DowntimeResourceType.DOWNTIME)
    made = downtimes.create_downtime(DowntimeCreateRequest(data=data)).data
    assert str(made.attributes.status) == "active"
    assert downtimes.get_downtime(made.id).data.id == made.id
    assert [one.id for one in downtimes.list_downtimes(current_only=True).data] == [made.id]
    downtimes.cancel_downtime(made.id)
    assert downtimes.list_downtimes(current_only=True).data == []


def test_metrics_and_keys_through_the_official_client(api: Any, datadog: Client) -> None:
    from datadog_api_client.v2.model.metric_content_encoding import MetricContentEncoding
    from datadog_api_client.v2.model.metric_intake_type import MetricIntakeType
    from datadog_api_client.v2.model.metric_payload import MetricPayload
    from datadog_api_client.v2.model.metric_point import MetricPoint
    from datadog_api_client.v2.model.metric_series import MetricSeries

    assert calls(api, "v1.api.authentication_api", "AuthenticationApi").validate().valid is True
    series = MetricSeries(
        metric="streams.created",
        type=MetricIntakeType.COUNT,
        interval=60,
        points=[MetricPoint(timestamp=int(datadog.now().timestamp()), value=1.0)],
        tags=["env:prod"],
    )
    metrics = calls(api, "v2.api.metrics_api", "MetricsApi")
    metrics.submit_metrics(MetricPayload(series=[series]))
    metrics.submit_metrics(MetricPayload(series=[series]), content_encoding=MetricContentEncoding.GZIP)
    assert datadog.done("GET", "/local/status")["points"] == 1
