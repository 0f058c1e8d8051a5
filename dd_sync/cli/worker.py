"""`dd-sync worker`: the gauges that `zscore` and `ewma` guards watch."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from dd_sync.cli.app import App, common, duration
from dd_sync.errors import DatadogError, Exit
from dd_sync.text import within_line
from dd_sync.timeframe import format_duration

if TYPE_CHECKING:
    from dd_sync.datadog.client import Datadog
    from dd_sync.model.monitor import Declared
    from dd_sync.worker.run import Round, Worker
    from dd_sync.worker.sources import Source

EXAMPLES = """\b
Examples:
  dd-sync worker
  dd-sync worker --once --dry-run
  dd-sync worker --source prometheus http://prometheus:9090
"""
_JITTER = random.SystemRandom()
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def _between(least: timedelta, most: timedelta) -> Callable[[str], timedelta]:
    def read(text: str) -> timedelta:
        value = duration(text)
        if not least <= value <= most:
            low, high = (int(each.total_seconds() // 60) for each in (least, most))
            raise click.BadParameter(f"'{text}' is not {low}m to {high}m")
        return value

    return read


@click.command(epilog=EXAMPLES)
@click.argument("url", metavar="[URL]", required=False)
@click.option("--once", is_flag=True, help="One round, for a scheduler that starts it each minute.")
@click.option(
    "--interval",
    metavar="DURATION",
    type=_between(timedelta(minutes=1), timedelta(minutes=10)),
    default="1m",
    show_default=True,
    help="From one round to the next.",
)
@click.option(
    "--delay",
    metavar="DURATION",
    type=_between(timedelta(minutes=1), timedelta(minutes=30)),
    default="1m",
    show_default=True,
    help="How long after its end a bucket is judged, for data that comes late.",
)
@click.option(
    "--source",
    type=click.Choice(["datadog", "prometheus"]),
    default="datadog",
    show_default=True,
    help="Where the metrics are read; prometheus needs its URL.",
)
@click.option("--dry-run", is_flag=True, help="One round that shows the points, and sends none.")
@common(monitors=True)
def worker(
    app: App,
    url: str | None,
    once: bool,
    interval: timedelta,
    delay: timedelta,
    source: str,
    dry_run: bool,
) -> int:
    """Compute the gauges of zscore and ewma guards, and send them.

    Runs until it is interrupted. It keeps nothing: how far it has come it asks Datadog, and what it sends
    again replaces what is there.
    """
    from dd_sync.worker.buckets import Plan
    from dd_sync.worker.run import Worker
    from dd_sync.worker.state import Positions

    if (source == "prometheus") != (url is not None):
        raise click.UsageError("write --source prometheus URL, or neither")
    catalog = app.catalog()
    plans = [Plan.of(one.derivation) for one in catalog.monitors if one.derivation is not None]
    if not plans:
        app.say("no guard of this catalog needs the worker: there is no zscore and no ewma without `native`")
        return Exit.DONE
    for monitor in catalog.monitors:
        _say_if_late(app, monitor, delay + interval)
    datadog = app.datadog()
    with _stopping() as stopping:
        found = Worker(
            plans=plans,
            catalog=plans[0].derivation.catalog,
            source=_source(app, datadog, url),
            metrics=datadog.metrics,
            positions=Positions(delay=int(delay.total_seconds())),
            clock=app.now,
            send=(lambda series: _show(app, series)) if dry_run else datadog.metrics.submit,
            stopping=stopping.is_set,
        )
        if once or dry_run:
            found.begin()
            return _told(app, found.round(), len(plans))
        _run(app, found, stopping, interval.total_seconds())
    return Exit.DONE


def _say_if_late(app: App, declared: Declared, late: timedelta) -> None:
    """late: how long after the end of a bucket its point can come."""
    from dd_sync.query.parser import parse

    if declared.derivation is None:
        return
    seconds = declared.monitor.options.get("evaluation_delay") or 0
    window = parse(declared.monitor.query).aggregation.window.length
    # The point's own minute, and one until the next evaluation.
    missing = late + timedelta(minutes=2) - window - timedelta(seconds=seconds)
    if missing > timedelta(0):
        needed = format_duration(missing + timedelta(seconds=seconds))
        app.say(
            f"{declared.key}: its monitor looks at the last {format_duration(window)}, and points come up to "
            f"{format_duration(late)} late: give it `evaluation_delay: {needed}`, or a shorter --delay"
        )


def _source(app: App, datadog: Datadog, url: str | None) -> Source:
    if url is None:
        from dd_sync.worker.sources import DatadogSource

        return DatadogSource(datadog.metrics)
    import requests

    from dd_sync.worker.prometheus import PrometheusSource, checked_url

    token = app.environ.get("PROMETHEUS_TOKEN") or None
    return PrometheusSource(checked_url(url, token=token is not None), requests.Session(), token)


def _run(app: App, found: Worker, stopping: threading.Event, interval: float) -> None:
    """Rounds until it is stopped. What Datadog refuses or the network loses ends none of them."""
    from dd_sync.worker.run import pause

    app.say(f"{_many(len(found.plans), 'gauge')} every {interval:.0f} s; Ctrl-C or SIGTERM ends it")
    begun, failed = False, 0
    while not stopping.is_set():
        started = time.monotonic()
        done = None
        try:
            if not begun:
                found.begin()
                begun = True
            done = found.round()
            _told(app, done, len(found.plans))
        except DatadogError as error:
            app.say(f"{_time(app.now())}: {within_line(error.problem)}; tried again")
        failed = failed + 1 if done is None or done.overloaded else 0
        left = pause(done, interval, failed, _JITTER.random(), found.source.wait())
        if left > interval and not stopping.is_set():
            app.say(f"the next round begins in {left:.0f} s")
        stopping.wait(max(0.0, started + left - time.monotonic()))
    app.say("ended; the next start goes on from here")


def _told(app: App, done: Round, gauges: int) -> int:
    """One line for the round, and one for what is wrong with it."""
    at = _time(datetime.fromtimestamp(done.at, UTC))
    failed = f", {len(done.failures)} failed" if done.failures else ""
    app.say(
        f"{at}: {_many(done.points, 'point')} of {_many(gauges, 'gauge')} from "
        f"{_many(done.buckets, 'bucket')}, {_many(done.queries, 'request')}{failed}"
    )
    for key in done.empty:
        app.screen.detail(f"{key}: its metric has no data of this time")
    for lost in done.lost:
        since, until = (_time(datetime.fromtimestamp(each, UTC)) for each in (lost.start, lost.end))
        app.say(f"{lost.key}: nothing from {since} to {until}, and too late to send it")
    for key, error in done.failures.items():
        app.say(f"{key}: {within_line(error.problem)}" + (f"; {error.hint}" if error.hint else ""))
    return next((error.exit for error in done.failures.values()), Exit.DONE)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _show(app: App, series: Sequence[dict[str, Any]]) -> None:
    for one in series:
        for point in one["points"]:
            at = datetime.fromtimestamp(point["timestamp"], UTC)
            tags = ",".join(one["tags"])
            app.show(f"{_time(at)}  {one['metric']}  {within_line(tags)}  {json.dumps(point['value'])}")


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Set by SIGINT and SIGTERM: the request under way is finished, and nothing is begun after it."""
    event = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
