"""The doctor finds what is wrong with a deployment, says what to do, and changes nothing."""

import json
from collections import namedtuple
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from redis.asyncio import Redis
from support.paths import ROOT
from support.vlm_process import Vlm

from vlm import keys
from vlm.commands.doctor import check_model
from vlm.ops.doctor import examine
from vlm.ops.findings import Finding, check_disk, is_healthy, report
from vlm.protocol import VERSION, ModelInfo
from vlm.queue import server
from vlm.queue.broker import Broker
from vlm.queue.connection import connect
from vlm.queue.server import Server
from vlm.settings import Settings

ACL = ROOT / "docker" / "users.acl"
ECHO = ModelInfo(name="echo", revision="echo-1")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = server.start(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture
async def redis(shared: Server) -> AsyncIterator[Redis]:
    """A healthy deployment: a server, and a worker's heart that beats."""
    async with connect(shared.url) as redis:
        await redis.flushall()
        await redis.config_set("maxmemory-policy", "noeviction")
        await redis.config_set("maxmemory", 0)
        broker = Broker(redis, name="w", lease_s=600)
        await broker.open()
        await broker.announce(ECHO)
        yield redis


async def found(shared: Server, url: str = "") -> dict[str, Finding]:
    return {finding.subject: finding for finding in await examine(url or shared.url)}


async def test_a_healthy_deployment_is_well_and_left_as_it_was(redis: Redis, shared: Server) -> None:
    before = sorted(await redis.keys("*"))
    findings = await examine(shared.url)
    assert is_healthy(findings) and not any(finding.advice for finding in findings), report(
        findings, as_json=False
    )
    assert sorted(await redis.keys("*")) == before
    subjects = {finding.subject for finding in findings}
    assert subjects == {
        *("redis", "persistence", "memory", "rights", "workers", "dead letters", "redis disk"),
        *("queue interactive", "queue busy", "queue bulk"),
    }


async def test_a_server_that_forgets_is_found_out(redis: Redis, shared: Server) -> None:
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    assert (await found(shared))["memory"].level == "warn", "nothing is thrown away without a limit"
    await redis.config_set("maxmemory", 1 << 30)
    assert (await found(shared))["memory"].level == "bad"
    await redis.config_set("appendfsync", "no")
    assert (await found(shared))["persistence"].level == "warn"
    await redis.config_set("appendfsync", "always")
    await redis.config_set("appendonly", "no")
    try:
        persistence = (await found(shared))["persistence"]
        assert persistence.level == "bad" and "CONFIG SET appendonly yes" in persistence.advice
    finally:
        await redis.config_set("appendonly", "yes")


async def test_a_server_that_is_away_is_all_there_is_to_say(tmp_path: Path) -> None:
    [finding] = await examine(f"unix://:a-Canary@{tmp_path}/none.sock")
    assert finding.level == "bad" and "vlm server" in finding.advice
    assert "Canary" not in str(finding)


async def test_workers_that_are_missing_or_of_another_version_are_told(redis: Redis, shared: Server) -> None:
    strange = msgspec.to_builtins(ECHO) | {"protocol": VERSION + 1}
    await redis.sadd(keys.WORKER_NAMES(), "old")
    await redis.set(keys.WORKER(name="old"), msgspec.msgpack.encode(strange))
    workers = (await found(shared))["workers"]
    assert workers.level == "bad" and "another version: old" in workers.message
    other = msgspec.to_builtins(ECHO) | {"revision": "echo-2"}
    await redis.set(keys.WORKER(name="old"), msgspec.msgpack.encode(other))
    assert (await found(shared))["workers"].level == "warn", "two models make two kinds of vectors"
    await redis.delete(keys.WORKER(name="old"), keys.WORKER(name="w"))
    workers = (await found(shared))["workers"]
    assert workers.level == "bad" and "vlm worker" in workers.advice


async def test_work_that_nobody_does_and_work_that_is_too_slow_are_told_apart(
    redis: Redis, shared: Server
) -> None:
    long_ago_ms = (int((await redis.time())[0]) - 3600) * 1000
    await redis.delete(keys.JOB_STREAMS["bulk"])
    await redis.xadd(keys.JOB_STREAMS["bulk"], {"job": b""}, id=f"{long_ago_ms}-1")
    queue = (await found(shared))["queue bulk"]
    assert queue.level == "bad" and "start a worker" in queue.advice
    await redis.xgroup_create(keys.JOB_STREAMS["bulk"], "workers", "0")
    await redis.xreadgroup("workers", "w", {keys.JOB_STREAMS["bulk"]: ">"})
    queue = (await found(shared))["queue bulk"]
    assert queue.level == "warn" and "more workers" in queue.advice


async def test_dead_letters_are_told_with_the_command_that_shows_them(redis: Redis, shared: Server) -> None:
    await redis.xadd(keys.DEAD_LETTERS(), {"job": b"", "code": "poisoned", "times": 4})
    letters = (await found(shared))["dead letters"]
    assert letters.level == "warn" and "vlm dead list" in letters.advice


async def test_rights_are_tried_and_those_of_the_shipped_users_suffice(redis: Redis, shared: Server) -> None:
    rules = {line.split()[1]: line.split()[2:] for line in ACL.read_text().splitlines()}
    for name in ("worker", "bot", "exporter"):
        await redis.execute_command("ACL", "SETUSER", name, *rules[name], ">pw")

    def as_user(name: str) -> str:
        return shared.url.replace("unix://", f"unix://{quote(name)}:pw@")

    for name in ("worker", "bot"):
        findings = await found(shared, as_user(name))
        assert findings["rights"].level == "ok", (name, findings["rights"])
        assert findings["persistence"].level == "ok"
    denied = (await found(shared, as_user("exporter")))["rights"]
    assert denied.level == "bad" and "XADD" in denied.message and "users.acl" in denied.advice


async def test_a_user_that_may_read_nothing_is_told_what_it_needs(redis: Redis, shared: Server) -> None:
    await redis.execute_command("ACL", "SETUSER", "nobody", "on", ">pw", "+info", "+ping", "+hello")
    findings = await found(shared, shared.url.replace("unix://", "unix://nobody:pw@"))
    assert findings["rights"].level == "bad"
    assert findings["queue"].level == "bad" and "users.acl" in findings["queue"].advice


def test_little_room_is_told_before_there_is_none(tmp_path: Path) -> None:
    usage = namedtuple("usage", "free")
    levels = [
        check_disk("disk", tmp_path / "not" / "yet", lambda _, free=free: usage(free << 30)).level
        for free in (0, 2, 9)
    ]
    assert levels == ["bad", "warn", "ok"]


def test_the_model_is_looked_for_on_this_disk_only(tmp_path: Path) -> None:
    tiny = check_model(Settings(model="tiny"))
    assert tiny.level == "ok" and "self-check expects" in tiny.message
    assert check_model(Settings(model="nobody/nothing")).level == "warn", "the first worker may fetch it"
    assert check_model(Settings(model=str(tmp_path))).level == "bad"
    assert check_model(Settings(model="./nowhere")).level == "bad"


async def test_the_command_tells_people_and_programs(redis: Redis, shared: Server, tmp_path: Path) -> None:
    vlm = Vlm(tmp_path)
    run = vlm("doctor", "--redis", shared.url, VLM_MODEL="echo", BOT_TOKEN="1:a-Canary")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "ok    redis" in run.stdout and "afterimage doctor" in run.stderr
    await redis.delete(keys.WORKER(name="w"))
    run = vlm("doctor", "--json", "--redis", shared.url, VLM_MODEL="echo")
    report = json.loads(run.stdout)
    assert run.returncode == 1 and report["well"] is False
    [workers] = [finding for finding in report["findings"] if finding["about"] == "workers"]
    assert workers.keys() == {"about", "level", "says", "do"} and workers["level"] == "bad"
    wrong = vlm("doctor", VLM_BATCH="none")
    assert wrong.returncode == 1 and "VLM_BATCH" in wrong.stdout and "-> " in wrong.stdout
