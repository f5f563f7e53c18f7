"""`/healthz`, `/readyz` and `/metrics` over HTTP, for programs that watch a bot or a worker.

    GET /healthz   200 while the event loop runs, or before it starts     503 when it hangs
    GET /readyz    200 when every check passes                            503 with the reasons
    GET /metrics   `vlm.ops.metrics` in the format of Prometheus

The server runs in threads of its own, so that it notices a hanging loop. It has no password and no limit of
connections: it is for the loopback, or for a network where everybody is trusted.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from typing import Any, Final, TypeVar

from prometheus_client import disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis.asyncio import Redis
from redis.exceptions import RedisError

from vlm.environment import host_and_port
from vlm.errors import BadSetting
from vlm.ops.metrics import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")
Check = Callable[[], Awaitable[str]]  # the reason why it fails; '': it passes

LOOP_TIMEOUT_S: Final = 5.0  # a loop that does not respond in this time hangs
REDIS_TIMEOUT_S: Final = 2.0
REQUEST_TIMEOUT_S: Final = 10.0
STARTING: Final = "starting"


class Probes:
    """The state of this process. Until `watch` is called it is alive and not ready."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.loop_timeout_s = LOOP_TIMEOUT_S
        self._loop: asyncio.AbstractEventLoop | None = None
        self._checks: Mapping[str, Check] = {}
        self._refresh: Callable[[], Coroutine[Any, Any, None]] | None = None

    def watch(self, checks: Mapping[str, Check], refresh: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Watch the running loop. `checks` decide on readiness; `refresh` updates the queue's metrics."""
        self._checks, self._refresh = checks, refresh
        self._loop = asyncio.get_running_loop()

    def stop_watching(self) -> None:
        """Stop watching: the loop is about to end."""
        self._loop = None

    def health(self) -> tuple[int, dict[str, str]]:
        """The status and the body of /healthz."""
        if self._loop is None:
            return 200, {"loop": STARTING}
        try:
            self._on_loop(self._loop, asyncio.sleep(0))
        except TimeoutError:
            return 503, {"loop": f"stands still for {self.loop_timeout_s:g} seconds"}
        return 200, {"loop": "turns"}

    def readiness(self) -> tuple[int, dict[str, str]]:
        """The status and the body of /readyz: the result of each check."""
        if self._loop is None:
            return 503, {"loop": STARTING}
        try:
            reasons = self._on_loop(self._loop, self._run_checks())
        except TimeoutError:
            return 503, {"loop": "stands still"}
        return 503 if any(reasons.values()) else 200, {
            name: reason or "ok" for name, reason in reasons.items()
        }

    def metrics(self) -> bytes:
        """The body of /metrics; without the queue's part while Redis is away."""
        if self._loop is not None and self._refresh is not None:
            try:
                self._on_loop(self._loop, self._refresh())
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("queue metrics unavailable, serving the others: %s", type(error).__name__)
        return generate_latest(self._metrics.registry)

    async def _run_checks(self) -> dict[str, str]:
        return {name: await check() for name, check in self._checks.items()}

    def _on_loop(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result(self.loop_timeout_s)
        except TimeoutError:
            future.cancel()
            raise


@contextmanager
def serving(listen: str, metrics: Metrics, *, setting: str) -> Iterator[Probes]:
    """Serve probes at `listen` while the block runs; '' serves nothing.

    Raises:  BadSetting, naming `setting`, for an address that cannot be used.
    """
    probes = Probes(metrics)
    if not listen:
        yield probes
        return
    disable_created_metrics()  # type: ignore[no-untyped-call] # the times when counters were created: unused
    server = _server(listen, probes, setting)
    thread = threading.Thread(target=server.serve_forever, args=[0.1], name="probes", daemon=True)
    thread.start()
    log.info("serving probes and metrics at http://%s:%d/", *server.server_address[:2])
    try:
        yield probes
    finally:
        probes.stop_watching()
        server.shutdown()
        server.server_close()


def redis_answers(redis: Redis) -> Check:
    """The check that Redis answers."""

    async def check() -> str:
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                await redis.ping()
        except (RedisError, OSError, TimeoutError) as error:
            return f"the Redis server does not answer ({type(error).__name__})"
        return ""

    return check


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    probes: Probes


class _Server6(_Server):
    address_family = AF_INET6


def _server(listen: str, probes: Probes, setting: str) -> _Server:
    host, port = host_and_port(listen)
    try:
        server = (_Server6 if ":" in host else _Server)((host, port), _Request)
    except (OSError, OverflowError) as error:
        raise BadSetting(f"{setting}: {host}:{port} cannot be used ({error}).") from error
    server.probes = probes
    return server


class _Request(BaseHTTPRequestHandler):
    server: _Server
    timeout = REQUEST_TIMEOUT_S

    def do_GET(self) -> None:
        probes = self.server.probes
        match self.path.partition("?")[0]:
            case "/healthz":
                self._send_json(*probes.health())
            case "/readyz":
                self._send_json(*probes.readiness())
            case "/metrics":
                self._send(200, CONTENT_TYPE_LATEST, probes.metrics())
            case _:
                self._send_json(404, {"paths": "/healthz /readyz /metrics"})

    def _send_json(self, status: int, body: Mapping[str, str]) -> None:
        self._send(status, "application/json", json.dumps(body).encode() + b"\n")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "afterimage"

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: probes come every few seconds."""
