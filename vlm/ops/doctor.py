"""What is right and what is wrong with a deployment, and what to do about it: as far as Redis can tell.

`vlm doctor` adds the model, `afterimage doctor` adds Telegram. A finding never holds a secret, or content.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from vlm.environment import without_password
from vlm.ops.backlog import JOBS, backlog, dead_letters
from vlm.ops.findings import Finding, bad, disk, ok, warn
from vlm.protocol import VERSION, ModelInfo
from vlm.queue.client import live_workers
from vlm.queue.connection import connect
from vlm.queue.keys import SPACE

OLDEST_SERVER: Final = (6, 2)
SLOW_S: Final = 300.0  # the oldest job; beyond it people wait too long
FULL: Final = 0.9  # of maxmemory
LOOK_CLOSER: Final = "Ask again in a minute; else give the user the rights in docker/users.acl."
PASSING_S: Final = 60  # what a trial of rights leaves behind, should it be killed


async def examine(url: str, streams: Mapping[str, tuple[str, str]] = JOBS) -> list[Finding]:
    """All that the server at `url` tells. `streams` are (key, consumer group) by name."""
    try:
        redis = connect(url)
    except ValueError:
        return [bad("redis", "REDIS_URL cannot be read.", "It begins with redis://, rediss:// or unix://.")]
    async with redis:
        try:
            info: Mapping[str, Any] = await redis.info()
        except (RedisError, OSError) as error:
            return [_away(url, error)]
        found = [
            *_server(url, info),
            *_persistence(info, await _config(redis, "appendfsync")),
            *_memory(info),
            *_server_disk(await _config(redis, "dir"), info),
        ]
        try:
            found.append(await rights(redis))
            found += await _at_work(redis, streams)
        except (
            RedisError,
            OSError,
        ) as error:  # still loading, gone meanwhile, or not to be read by this user
            found.append(bad("queue", f"It cannot be read: {str(error).rstrip('.')}.", LOOK_CLOSER))
        return found


async def _at_work(redis: Redis, streams: Mapping[str, tuple[str, str]]) -> list[Finding]:
    return [
        *_workers(await live_workers(redis)),
        *[one async for one in _queue(redis, streams)],
        await _dead(redis),
    ]


async def rights(redis: Redis) -> Finding:
    """Whether this user may do what bots and workers do: it is tried, on keys that pass away."""
    name = f"doctor-{token_hex(4)}"
    mark, stream, chat = f"{SPACE}worker:{name}", f"{SPACE}jobs:{name}", f"doctor:{{0}}:{name}"
    trials: list[tuple[Any, ...]] = [
        ("SET", mark, "", "EX", PASSING_S), ("GET", mark),
        ("HSET", chat, "a", "1"), ("EXPIRE", chat, PASSING_S), ("HGETALL", chat),
        ("XADD", stream, "*", "job", ""), ("EXPIRE", stream, PASSING_S),
        ("XGROUP", "CREATE", stream, name, "0"), ("XREADGROUP", "GROUP", name, name, "STREAMS", stream, ">"),
        ("XPENDING", stream, name), ("XAUTOCLAIM", stream, name, name, 0, "0"),
        ("XINFO", "CONSUMERS", stream, name),
        ("EVAL", "return redis.call('TIME')", 0), ("UNLINK", stream), ("UNLINK", chat), ("UNLINK", mark),
    ]  # fmt: skip
    refused = [trial[0] for trial in trials if not await _is_allowed(redis, trial)]
    if refused:
        names = ", ".join(dict.fromkeys(refused))
        return bad("rights", f"The user may not: {names}.", "Give it the rights in docker/users.acl.")
    return ok("rights", "All that bots and workers do is allowed.")


async def _is_allowed(redis: Redis, trial: tuple[Any, ...]) -> bool:
    try:
        await redis.execute_command(*trial)  # type: ignore[no-untyped-call]
    except NoPermissionError:
        return False
    except ResponseError:  # allowed, and impossible only because a trial before it was not
        return True
    return True


def _away(url: str, error: Exception) -> Finding:
    return bad(
        "redis",
        f"No server that can be used at {without_password(url)}: {str(error).rstrip('.')}.",
        "Start it (`vlm server --dir data --port 6379`, or your Redis), or correct REDIS_URL.",
    )


def _server(url: str, info: Mapping[str, Any]) -> Iterator[Finding]:
    kind = str(info.get("server_name", "redis")).capitalize()
    version = str(info.get("valkey_version") or info["redis_version"])
    says = f"{kind} {version} at {without_password(url)}."
    if tuple(int(part) for part in str(info["redis_version"]).split(".")[:2]) < OLDEST_SERVER:
        yield bad("redis", says, "Take Redis 6.2 or later, or Valkey.")
    elif info.get("role") != "master":
        yield bad(
            "redis",
            f"{says} It is a replica.",
            "Name its primary in REDIS_URL: a replica cannot be written to.",
        )
    else:
        yield ok("redis", says)


def _persistence(info: Mapping[str, Any], fsync: str) -> Iterator[Finding]:
    about = "persistence"
    if info.get("loading"):
        yield bad(about, "The server is still reading its data.", "Wait, and ask again.")
    elif not info.get("aof_enabled"):
        yield bad(
            about,
            "The append-only file is off: a crash loses memories and jobs.",
            "`redis-cli CONFIG SET appendonly yes`, and `appendonly yes` in its configuration.",
        )
    elif (
        info.get("aof_last_write_status", "ok") != "ok" or info.get("aof_last_bgrewrite_status", "ok") != "ok"
    ):
        yield bad(
            about,
            "The server could not write its append-only file.",
            "Look for a full or broken disk, and into the server's log.",
        )
    elif fsync == "no":
        yield warn(
            about,
            "The append-only file is on, and written when the system likes (appendfsync no).",
            "`redis-cli CONFIG SET appendfsync everysec`, or always; and in its configuration.",
        )
    else:
        yield ok(about, f"The append-only file is on{f', appendfsync {fsync}' if fsync else ''}.")


def _memory(info: Mapping[str, Any]) -> Iterator[Finding]:
    policy, most, used = (
        info.get("maxmemory_policy"),
        int(info.get("maxmemory", 0)),
        int(info.get("used_memory", 0)),
    )
    says = (
        f"{used / (1 << 20):.0f} MiB used" + (f" of {most / (1 << 20):.0f}" if most else "") + f", {policy}."
    )
    if int(info.get("evicted_keys", 0)):
        yield bad(
            "memory",
            f"{says} {info['evicted_keys']} keys were thrown away since the server started.",
            "`redis-cli CONFIG SET maxmemory-policy noeviction`; what is gone comes back from a backup only.",
        )
    elif policy != "noeviction":
        yield Finding(
            "memory",
            "bad" if most else "warn",
            f"{says} When memory runs out, memories are thrown away.",
            "`redis-cli CONFIG SET maxmemory-policy noeviction`, and in its configuration.",
        )
    elif most and used > FULL * most:
        yield warn("memory", says, "Raise maxmemory: when it is full, nothing new is taken.")
    else:
        yield ok("memory", says)


def _workers(workers: Mapping[str, ModelInfo]) -> Iterator[Finding]:
    if not workers:
        yield bad(
            "workers",
            "No worker is alive.",
            "Start one: `vlm worker`. If one should run, its log says why it does not.",
        )
        return
    models = sorted({f"{one.name} ({one.revision[:12]})" for one in workers.values()})
    says = f"{len(workers)} alive, self-check passed: {', '.join(models)}."
    if strange := [name for name, one in workers.items() if one.protocol != VERSION]:
        yield bad(
            "workers",
            f"{says} Of another version: {', '.join(strange)}.",
            "Install the same version of Afterimage everywhere, and restart them.",
        )
    elif len(models) > 1:
        yield warn(
            "workers",
            f"{says} Photos seen by one model are found by the other only by their words.",
            "Give all workers the same VLM_MODEL and VLM_REVISION.",
        )
    else:
        yield ok("workers", says)


async def _queue(redis: Redis, streams: Mapping[str, tuple[str, str]]) -> AsyncIterator[Finding]:
    for name, where in streams.items():
        try:
            found = await backlog(redis, *where)
        except NoPermissionError:  # not this user's business
            continue
        says = f"{found.open} open, {found.held} of them in hand; the oldest for {found.oldest_s:.0f} s."
        if found.oldest_s < SLOW_S:
            yield ok(f"queue {name}", says)
        elif found.held:
            yield warn(
                f"queue {name}",
                says,
                "More comes than is done: start more workers, or look into their logs.",
            )
        else:
            reader = "worker" if name in JOBS else "bot"
            yield bad(f"queue {name}", says, f"Nobody works on it: start a {reader}, or look into its log.")


async def _dead(redis: Redis) -> Finding:
    if count := await dead_letters(redis):
        return warn(
            "dead letters",
            f"{count} jobs were given up.",
            "`vlm dead list` shows them; `vlm dead replay` tries again.",
        )
    return ok("dead letters", "None.")


async def _config(redis: Redis, name: str) -> str:
    """A part of the server's configuration; '' where this user may not ask."""
    try:
        found: Any = await redis.config_get(name)
    except RedisError:
        return ""
    return str(found.get(name, ""))


def _server_disk(folder: str, info: Mapping[str, Any]) -> Iterator[Finding]:
    """Where the server writes, if that is on this machine."""
    pid = info.get("process_id")
    if folder and Path(f"/proc/{pid}/comm").exists() and "-server" in Path(f"/proc/{pid}/comm").read_text():
        yield disk("redis disk", Path(folder))
