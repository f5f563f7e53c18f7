"""What watches a process learns what is so: alive, ready, and its numbers."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from vlm import keys
from vlm.environment import host_and_port
from vlm.errors import BadSetting
from vlm.ops import probes
from vlm.ops.backlog import JOBS, read_backlog
from vlm.ops.metrics import Metrics
from vlm.ops.probes import redis_answers, serving
from vlm.queue import server
from vlm.queue.connection import connect
from vlm.queue.server import Server
from vlm.queue.streams import Group


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Watcher:
    """Asks as an orchestrator or Prometheus would."""

    def __init__(self) -> None:
        self.port = free_port()

    def ask(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}/{path}", timeout=60)

    async def later(self, path: str) -> httpx.Response:
        """Without holding up the loop that is asked about."""
        return await asyncio.to_thread(self.ask, path)


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Server]:
    redis_server = server.start(tmp_path / "redis")
    yield redis_server
    redis_server.stop()


def served(watcher: Watcher, metrics: Metrics | None = None) -> Any:
    return serving(str(watcher.port), metrics or Metrics(), setting="VLM_METRICS")


def test_what_is_still_loading_is_alive_and_not_ready(watcher: Watcher) -> None:
    with served(watcher):
        assert watcher.ask("healthz").status_code == 200
        assert watcher.ask("readyz").status_code == 503
        assert "process_resident_memory_bytes" in watcher.ask("metrics").text
        assert watcher.ask("").status_code == 404


async def test_a_loop_that_stands_still_is_unwell(watcher: Watcher) -> None:
    async def look() -> None:
        """Nothing to see."""

    with served(watcher) as known:
        known.watch({}, look)
        assert (await watcher.later("healthz")).json() == {"loop": "turns"}
        known.loop_timeout_s = 0.2
        held = watcher.ask("healthz")  # asked by the loop itself: it cannot turn meanwhile
        assert held.status_code == 503 and "stands still" in held.text
        assert watcher.ask("readyz").status_code == 503
        known.loop_timeout_s = 60
        assert (await watcher.later("healthz")).status_code == 200, "it has come round again"


async def test_ready_is_what_reaches_its_server_and_has_all_it_needs(
    watcher: Watcher, running: Server
) -> None:
    missing = "not loaded"

    async def model() -> str:
        return missing

    metrics = Metrics()
    async with connect(running.url) as redis:
        with served(watcher, metrics) as known:
            known.watch(
                {"redis": redis_answers(redis), "model": model}, lambda: metrics.refresh_queue(redis, JOBS)
            )
            response = await watcher.later("readyz")
            assert (response.status_code, response.json()) == (503, {"redis": "ok", "model": "not loaded"})
            missing = ""
            assert (await watcher.later("readyz")).status_code == 200
            assert 'afterimage_entries_open{stream="bulk"} 0.0' in (await watcher.later("metrics")).text
            running.stop()
            response = await watcher.later("readyz")
            assert response.status_code == 503 and "does not answer" in response.json()["redis"]
            assert (await watcher.later("healthz")).status_code == 200, "alive: nothing here would mend it"
            numbers = (await watcher.later("metrics")).text
            assert "afterimage_entries_open{" not in numbers, "no old numbers pass for new ones"
            assert "afterimage_workers NaN" in numbers and "process_resident_memory_bytes" in numbers


async def test_a_backlog_is_counted_whoever_holds_it(running: Server) -> None:
    stream, group = keys.JOB_STREAMS["bulk"], "workers"
    async with connect(running.url) as redis:
        assert await read_backlog(redis, stream, group) == (0, 0, 0)
        long_ago_ms = int((await redis.time())[0] - 600) * 1000
        await redis.xadd(stream, {"job": b"x"}, id=f"{long_ago_ms}-0")
        await redis.xadd(stream, {"job": b"y"})
        found = await read_backlog(redis, stream, group)
        assert (found.open, found.held) == (2, 0) and 600 <= found.oldest_s < 700
        consumer = Group(redis, [stream], group=group, consumer="w")
        await consumer.ensure()
        await consumer.take(1)
        found = await read_backlog(redis, stream, group)
        assert (found.open, found.held) == (2, 1) and found.oldest_s >= 600


@pytest.mark.promise("security#probes-opt-in")
@pytest.mark.parametrize(
    ("listen", "means"),
    [
        ("9101", ("127.0.0.1", 9101)),
        (":9101", ("127.0.0.1", 9101)),
        ("10.1.2.3:80", ("10.1.2.3", 80)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_without_a_host_only_this_machine_is_served(listen: str, means: tuple[str, int]) -> None:
    assert host_and_port(listen) == means


@pytest.mark.promise("security#probes-opt-in")
def test_nothing_is_served_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "ThreadingHTTPServer", None)
    with serving("", Metrics(), setting="VLM_METRICS") as known:
        assert known.health()[0] == 200


def test_an_address_that_cannot_be_had_is_named(watcher: Watcher) -> None:
    with served(watcher), pytest.raises(BadSetting, match="VLM_METRICS: 127"), served(watcher):
        pass
    with pytest.raises(BadSetting, match="VLM_METRICS"), serving("99999", Metrics(), setting="VLM_METRICS"):
        pass
