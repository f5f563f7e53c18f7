"""Checks of a deployment that need Redis alone; each finding says what to do about it.

`vlm doctor` adds the model, `afterimage doctor` adds Telegram. No finding holds a secret or people's content.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from vlm.environment import without_password
from vlm.ops.backlog import JOBS, count_dead_letters, read_backlog
from vlm.ops.findings import Finding, bad, check_disk, ok, warn
from vlm.protocol import VERSION, ModelInfo
from vlm.queue.client import live_workers
from vlm.queue.connection import connect
from vlm.queue.keys import SPACE

OLDEST_SERVER: Final = (6, 2)
SLOW_S: Final = 300.0  # the age of the oldest job, beyond which people wait too long
MEMORY_WARN: Final = 0.9  # of maxmemory
QUEUE_ADVICE: Final = "Try again in a minute; else give the user the rights in docker/users.acl."
TRIAL_TTL_S: Final = 60  # of the keys that a trial of rights leaves behind if it is killed


async def examine(url: str, streams: Mapping[str, tuple[str, str]] = JOBS) -> list[Finding]:
    """Check the server at `url` and what it holds. `streams`: (key, consumer group) by name."""
    try:
        redis = connect(url)
    except ValueError:
        return [bad("redis", "REDIS_URL cannot be read.", "It begins with redis://, rediss:// or unix://.")]
    async with redis:
        try:
            info: Mapping[str, Any] = await redis.info()
        except (RedisError, OSError) as error:
            return [_unreachable(url, error)]
        findings = [
            *_check_server(url, info),
            *_check_persistence(info, await _config(redis, "appendfsync")),
            *_check_memory(info),
            *_check_server_disk(await _config(redis, "dir"), info),
        ]
        try:
            findings.append(await check_rights(redis))
            findings += await _check_work(redis, streams)
        except (RedisError, OSError) as error:  # loading, gone, or not allowed to this user
            findings.append(bad("queue", f"It cannot be read: {str(error).rstrip('.')}.", QUEUE_ADVICE))
        return findings


async def _check_work(redis: Redis, streams: Mapping[str, tuple[str, str]]) -> list[Finding]:
    return [
        *_check_workers(await live_workers(redis)),
        *[finding async for finding in _check_streams(redis, streams)],
        await _check_dead_letters(redis),
    ]


async def check_rights(redis: Redis) -> Finding:
    """Whether this user may run the commands of bots and workers: tries them on keys that expire."""
    name = f"doctor-{token_hex(4)}"
    string, stream, chat = f"{SPACE}worker:{name}", f"{SPACE}jobs:{name}", f"doctor:{{0}}:{name}"
    trials: list[tuple[Any, ...]] = [
        ("SET", string, "", "EX", TRIAL_TTL_S), ("GET", string),
        ("HSET", chat, "a", "1"), ("EXPIRE", chat, TRIAL_TTL_S), ("HGETALL", chat),
        ("XADD", stream, "*", "job", ""), ("EXPIRE", stream, TRIAL_TTL_S),
        ("XGROUP", "CREATE", stream, name, "0"), ("XREADGROUP", "GROUP", name, name, "STREAMS", stream, ">"),
        ("XPENDING", stream, name), ("XAUTOCLAIM", stream, name, name, 0, "0"),
        ("XINFO", "CONSUMERS", stream, name),
        ("EVAL", "return redis.call('TIME')", 0), ("UNLINK", stream), ("UNLINK", chat), ("UNLINK", string),
    ]  # fmt: skip
    refused = [trial[0] for trial in trials if not await _is_allowed(redis, trial)]
    if refused:
        commands = ", ".join(dict.fromkeys(refused))
        return bad("rights", f"The user may not: {commands}.", "Give it the rights in docker/users.acl.")
    return ok("rights", "The user may run all commands of bots and workers.")


async def _is_allowed(redis: Redis, command: tuple[Any, ...]) -> bool:
    try:
        await redis.execute_command(*command)  # type: ignore[no-untyped-call]
    except NoPermissionError:
        return False
    except ResponseError:  # allowed; it fails because a command before it was refused
        return True
    return True


def _unreachable(url: str, error: Exception) -> Finding:
    return bad(
        "redis",
        f"No usable server at {without_password(url)}: {str(error).rstrip('.')}.",
        "Start it (`vlm server --dir data --port 6379`, or your Redis), or correct REDIS_URL.",
    )


def _check_server(url: str, info: Mapping[str, Any]) -> Iterator[Finding]:
    product = str(info.get("server_name", "redis")).capitalize()
    version = str(info.get("valkey_version") or info["redis_version"])
    message = f"{product} {version} at {without_password(url)}."
    if tuple(int(part) for part in str(info["redis_version"]).split(".")[:2]) < OLDEST_SERVER:
        yield bad("redis", message, "Use Redis 6.2 or later, or Valkey.")
    elif info.get("role") != "master":
        yield bad(
            "redis",
            f"{message} It is a replica.",
            "Name its primary in REDIS_URL: a replica cannot be written to.",
        )
    else:
        yield ok("redis", message)


def _check_persistence(info: Mapping[str, Any], fsync: str) -> Iterator[Finding]:
    subject = "persistence"
    if info.get("loading"):
        yield bad(subject, "The server is still loading its data.", "Wait, and try again.")
    elif not info.get("aof_enabled"):
        yield bad(
            subject,
            "The append-only file is off: a crash loses memories and jobs.",
            "`redis-cli CONFIG SET appendonly yes`, and `appendonly yes` in its configuration.",
        )
    elif any(info.get(f"aof_last_{write}_status", "ok") != "ok" for write in ("write", "bgrewrite")):
        yield bad(
            subject,
            "The server could not write its append-only file.",
            "Look for a full or broken disk, and read the server's log.",
        )
    elif fsync == "no":
        yield warn(
            subject,
            "The append-only file is on, but flushed only when the system likes (appendfsync no).",
            "`redis-cli CONFIG SET appendfsync everysec`, or always; and in its configuration.",
        )
    else:
        yield ok(subject, f"The append-only file is on{f', appendfsync {fsync}' if fsync else ''}.")


def _check_memory(info: Mapping[str, Any]) -> Iterator[Finding]:
    policy, evicted = info.get("maxmemory_policy"), int(info.get("evicted_keys", 0))
    limit, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    of_limit = f" of {limit / (1 << 20):.0f}" if limit else ""
    message = f"{used / (1 << 20):.0f} MiB used{of_limit}, {policy}."
    if evicted:
        yield bad(
            "memory",
            f"{message} {evicted} keys were evicted since the server started.",
            "`redis-cli CONFIG SET maxmemory-policy noeviction`; only a backup brings evicted keys back.",
        )
    elif policy != "noeviction":
        yield Finding(
            "memory",
            "bad" if limit else "warn",
            f"{message} When memory runs out, memories are evicted.",
            "`redis-cli CONFIG SET maxmemory-policy noeviction`, and in its configuration.",
        )
    elif limit and used > MEMORY_WARN * limit:
        yield warn("memory", message, "Raise maxmemory: a full server accepts nothing new.")
    else:
        yield ok("memory", message)


def _check_workers(workers: Mapping[str, ModelInfo]) -> Iterator[Finding]:
    if not workers:
        yield bad(
            "workers",
            "No worker is alive.",
            "Start one: `vlm worker`. If one should be running, its log says why it is not.",
        )
        return
    models = sorted({f"{model.name} ({model.revision[:12]})" for model in workers.values()})
    message = f"{len(workers)} alive, self-check passed: {', '.join(models)}."
    if others := [name for name, model in workers.items() if model.protocol != VERSION]:
        yield bad(
            "workers",
            f"{message} Of another version: {', '.join(others)}.",
            "Install the same version of Afterimage everywhere, and restart these workers.",
        )
    elif len(models) > 1:
        yield warn(
            "workers",
            f"{message} Photos seen by one model are found by the other only by the words of their captions.",
            "Give all workers the same VLM_MODEL and VLM_REVISION.",
        )
    else:
        yield ok("workers", message)


async def _check_streams(redis: Redis, streams: Mapping[str, tuple[str, str]]) -> AsyncIterator[Finding]:
    for name, (stream, group) in streams.items():
        try:
            backlog = await read_backlog(redis, stream, group)
        except NoPermissionError:  # a stream of the other side
            continue
        subject = f"queue {name}"
        message = (
            f"{backlog.open} open, {backlog.held} of them in hand; the oldest for {backlog.oldest_s:.0f} s."
        )
        if backlog.oldest_s < SLOW_S:
            yield ok(subject, message)
        elif backlog.held:
            yield warn(
                subject, message, "More arrives than is processed: start more workers, or read their logs."
            )
        else:
            reader = "worker" if name in JOBS else "bot"
            yield bad(subject, message, f"Nothing reads it: start a {reader}, or read its log.")


async def _check_dead_letters(redis: Redis) -> Finding:
    if count := await count_dead_letters(redis):
        return warn(
            "dead letters",
            f"{count} jobs were given up.",
            "`vlm dead list` shows them; `vlm dead replay` tries again.",
        )
    return ok("dead letters", "None.")


async def _config(redis: Redis, name: str) -> str:
    """One parameter of the server's configuration; '' if this user may not read it."""
    try:
        values: Any = await redis.config_get(name)
    except RedisError:
        return ""
    return str(values.get(name, ""))


def _check_server_disk(folder: str, info: Mapping[str, Any]) -> Iterator[Finding]:
    """The disk that the server writes to, if the server runs on this machine."""
    command = Path(f"/proc/{info.get('process_id')}/comm")
    if folder and command.exists() and "-server" in command.read_text():
        yield check_disk("redis disk", Path(folder))
