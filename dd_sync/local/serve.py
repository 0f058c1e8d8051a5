"""Runs the local Datadog: a socket, the minute that evaluates, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from starlette.concurrency import run_in_threadpool

from dd_sync.errors import RequestError
from dd_sync.local.app import Keys, create_app
from dd_sync.local.clock import SimulatedClock, machine_clock, until_next_minute
from dd_sync.local.engine import Engine
from dd_sync.local.limits import RateLimit
from dd_sync.local.org import Org
from dd_sync.local.store import Store
from dd_sync.ports import Clock

LOG = logging.getLogger("dd_sync.local")
LOOPBACK = "127.0.0.1"
_SECONDS_TO_START = 10
_SECONDS_TO_FINISH = 3
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def run(
    port: int,
    data: Path | None,
    host: str = LOOPBACK,
    clock: Clock | None = None,
    on_ready: Callable[[str], None] = lambda url: None,
    *,
    keys: Keys | None = None,
    limit: RateLimit | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished first.

    port: 0 for a free one; data: the folder of the state, None for one that vanishes; clock: the
    machine's, or a SimulatedClock. on_ready gets the base URL once requests are answered.
    Raises RequestError for a folder or an address that cannot be used.
    """
    with _prepared(port, data, host, clock=clock, keys=keys, limit=limit) as (server, listening):
        server.on_ready = lambda: on_ready(base_url(listening))
        server.run(sockets=[listening])


@contextmanager
def serving(
    data: Path | None = None,
    *,
    clock: Clock | None = None,
    keys: Keys | None = None,
    limit: RateLimit | None = None,
) -> Iterator[str]:
    """The local Datadog in a thread, on a free loopback port; gives its base URL. For tests and demos."""
    ready = threading.Event()
    with _prepared(0, data, LOOPBACK, clock=clock, keys=keys, limit=limit) as (server, listening):
        server.on_ready = ready.set
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            if not ready.wait(_SECONDS_TO_START):
                raise RequestError("the local Datadog did not start", hint="its log says why")
            yield base_url(listening)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _prepared(
    port: int,
    data: Path | None,
    host: str,
    *,
    clock: Clock | None,
    keys: Keys | None,
    limit: RateLimit | None,
) -> Iterator[tuple[_Server, socket.socket]]:
    listening = _listen(host, port)
    with contextlib.closing(listening), contextlib.closing(Store(data)) as store:
        simulated = isinstance(clock, SimulatedClock)
        app = create_app(
            store,
            Engine(store),
            clock or machine_clock,
            keys=keys,
            limit=limit,
            background=None if simulated else every_minute,
        )
        config = uvicorn.Config(
            app,
            # The same server whatever else is installed beside it.
            loop="asyncio",
            http="h11",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
            # What a request's first line and headers may take together.
            h11_max_incomplete_event_size=64 * 1024,
        )
        yield _Server(config), listening


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.on_ready: Callable[[], object] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stops at SIGINT and SIGTERM, and does not raise them again: stopping is no failure."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _STOPPING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    try:
        if not 0 <= port <= 65535:
            raise ValueError("ports go from 0 to 65535")
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        # Python adds the address, which is told already.
        reason = reason.partition(" (while")[0]
        raise RequestError(
            f"cannot listen on {host} port {port}: {reason}",
            hint="another program may use the port; --port 0 takes a free one",
        ) from None


def base_url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def every_minute(org: Org) -> AsyncIterator[None]:
    """Evaluates at every whole minute of the machine's clock, and once at the start to catch up."""

    stopping = asyncio.Event()

    async def work() -> None:
        while not stopping.is_set():
            try:
                await run_in_threadpool(org.engine.evaluate, org.clock())
            except Exception:
                LOG.exception("evaluation failed; it is tried again in a minute")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), until_next_minute(org.clock()))

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        stopping.set()
        org.engine.stop()
        await task
