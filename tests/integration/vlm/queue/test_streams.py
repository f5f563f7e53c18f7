"""What a consumer group over streams promises, on both servers."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, ConnectionError, NoScriptError, ResponseError
from support.queue_examples import age_entries, end_leases, running, until

from vlm.queue.connection import connect, is_unavailable, retry_while_unavailable
from vlm.queue.server import Server
from vlm.queue.streams import Entry, Group

LEASE_S = 60.0
A, B = "{t}:a", "{t}:b"


def group(redis: Redis, consumer: str = "one", *streams: str) -> Group:
    return Group(redis, streams or [A], group="g", consumer=consumer, lease_s=LEASE_S)


def values(entries: list[Entry]) -> list[bytes]:
    return [entry.fields[b"v"] for entry in entries]


async def lease_over(redis: Redis) -> None:
    await end_leases(redis, "g", A, B)


async def is_waiting(redis: Redis) -> bool:
    """Whether a client waits for an entry."""
    return bool((await redis.info("clients"))["blocked_clients"])


async def test_a_group_that_is_made_late_gets_what_already_waits(redis: Redis) -> None:
    await redis.xadd(A, {"v": "early"})
    first_consumer = group(redis)
    await first_consumer.ensure()
    await first_consumer.ensure()
    assert values(await first_consumer.take(5)) == [b"early"]


async def test_an_entry_goes_to_one_consumer(redis: Redis) -> None:
    for n in range(4):
        await redis.xadd(A, {"v": n})
    first_consumer, second_consumer = group(redis), group(redis, "two")
    assert values(await first_consumer.take(3)) == [b"0", b"1", b"2"]
    assert values(await second_consumer.take(3)) == [b"3"]
    assert await first_consumer.take(3) == []


async def test_waiting_ends_with_the_first_entry_of_any_stream(redis: Redis) -> None:
    both = group(redis, "one", A, B)
    taking = asyncio.create_task(both.take(1, block_ms=60_000))
    await until(lambda: is_waiting(redis))
    await redis.xadd(B, {"v": "x"})
    assert values(await taking) == [b"x"]


async def test_what_is_acked_is_gone(redis: Redis) -> None:
    await redis.xadd(A, {"v": "x"})
    first_consumer = group(redis)
    await first_consumer.ack(*await first_consumer.take(1))
    assert await redis.xlen(A) == 0
    assert (await redis.xpending(A, "g"))["pending"] == 0


async def test_an_entry_whose_lease_ran_out_is_reclaimed_and_its_deliveries_are_counted(redis: Redis) -> None:
    for n in range(15):
        await redis.xadd(A, {"v": n})
    first_consumer, second_consumer = group(redis), group(redis, "two")
    await first_consumer.take(15)
    assert await second_consumer.reclaim() is None
    await lease_over(redis)
    first = await second_consumer.reclaim()
    assert first
    assert (first.entry.fields[b"v"], first.times) == (b"0", 2)
    second = await second_consumer.reclaim()
    assert second
    assert second.entry.fields[b"v"] == b"1"
    await lease_over(redis)
    again = await first_consumer.reclaim()
    assert again
    assert (again.entry.id, again.times) == (first.entry.id, 3)


async def test_one_entry_is_reclaimed_from_behind_many_that_are_renewed(redis: Redis) -> None:
    for n in range(40):
        await redis.xadd(A, {"v": n})
    first_consumer, second_consumer = group(redis), group(redis, "two")
    *kept, _forgotten = await first_consumer.take(40)
    await lease_over(redis)
    await first_consumer.renew(kept)
    attempt = await second_consumer.reclaim()
    assert attempt
    assert attempt.entry.fields[b"v"] == b"39"


async def test_a_renewed_entry_stays_and_is_not_counted_as_delivered_again(redis: Redis) -> None:
    await redis.xadd(A, {"v": "x"})
    first_consumer, second_consumer = group(redis), group(redis, "two")
    held = await first_consumer.take(1)
    for _ in range(4):
        await age_entries(redis, "g", A, 0.9 * LEASE_S)
        assert await first_consumer.renew(held) == {held[0].id}
        assert await second_consumer.reclaim() is None
        [pending] = await redis.xpending_range(A, "g", "-", "+", 1)
        assert pending["times_delivered"] == 1
        assert pending["time_since_delivered"] < 1000 * LEASE_S / 2


async def test_renewing_too_late_takes_nothing_back(redis: Redis) -> None:
    await redis.xadd(A, {"v": "x"})
    first_consumer, second_consumer = group(redis), group(redis, "two")
    held = await first_consumer.take(1)
    await lease_over(redis)
    assert await second_consumer.reclaim()
    assert await first_consumer.renew(held) == set()
    [pending] = await redis.xpending_range(A, "g", "-", "+", 1)
    assert pending["consumer"] == b"two"


async def test_an_entry_that_was_deleted_while_held_is_not_reclaimed(redis: Redis) -> None:
    await redis.xadd(A, {"v": "x"})
    first_consumer, second_consumer = group(redis), group(redis, "two")
    [held] = await first_consumer.take(1)
    await redis.xdel(A, held.id)
    await lease_over(redis)
    assert await second_consumer.reclaim() is None
    assert (await redis.xpending(A, "g"))["pending"] == 0


@pytest.mark.parametrize("loss", ["group", "stream", "everything"])
async def test_a_lost_group_is_made_again(redis: Redis, loss: str) -> None:
    first_consumer = group(redis)
    await first_consumer.ensure()
    match loss:
        case "group":
            await redis.xgroup_destroy(A, "g")
        case "stream":
            await redis.delete(A)
        case "everything":
            await redis.flushall()
    assert await first_consumer.reclaim() is None
    await redis.xadd(A, {"v": "x"})
    assert values(await first_consumer.take(1)) == [b"x"]


async def test_a_group_that_is_lost_while_a_consumer_waits_is_made_again(redis: Redis) -> None:
    first_consumer = group(redis)
    await first_consumer.ensure()
    taking = asyncio.create_task(first_consumer.take(1, block_ms=1000))
    await until(lambda: is_waiting(redis))
    await redis.flushall()
    await until(lambda: redis.exists(A))
    await redis.xadd(A, {"v": "x"})
    assert values(await taking or await first_consumer.take(1)) == [b"x"]


async def test_dead_consumers_are_forgotten_unless_they_hold_something(redis: Redis) -> None:
    await redis.xadd(A, {"v": "x"})
    idle, holder, new = (group(redis, name) for name in ("idle", "holder", "new"))
    await idle.ack(*await idle.take(1))
    await redis.xadd(A, {"v": "y"})
    await holder.take(1)
    await asyncio.sleep(3)  # as long as that, the new consumer may take from its last word to the sweep
    await redis.xadd(A, {"v": "z"})
    await new.ack(*await new.take(1))
    await new.sweep(idle_s=3)
    assert {consumer["name"] for consumer in await redis.xinfo_consumers(A, "g")} == {b"holder", b"new"}
    await holder.leave()
    await new.leave()
    assert {consumer["name"] for consumer in await redis.xinfo_consumers(A, "g")} == {b"holder"}


async def test_both_protocols_of_redis_are_read_alike(redis: Redis, shared_server: Server) -> None:
    await redis.xadd(A, {"v": "x"})
    async with Redis.from_url(shared_server.url, protocol=3) as third:
        first_consumer = group(third)
        assert await first_consumer.take(1) and await first_consumer.take(1) == []
        await lease_over(redis)
        assert (await first_consumer.reclaim()) is not None


async def test_a_server_that_is_away_is_waited_for() -> None:
    answers = iter([ConnectionError("refused"), ResponseError("MISCONF disk full"), None])

    async def call() -> str:
        if error := next(answers):
            raise error
        return "done"

    assert await retry_while_unavailable(call) == "done"


@pytest.mark.promise("reliability#script-lost")
async def test_a_server_that_forgot_a_script_as_it_was_called_is_asked_again(redis: Redis) -> None:
    script, loaded = redis.register_script("return 'done'"), redis.script_load

    async def load_in_vain(text: str) -> str:
        redis.script_load = loaded
        sha: str = await loaded(text)
        await redis.script_flush()  # as a crash does
        return sha

    await redis.script_flush()
    redis.script_load = load_in_vain
    with pytest.raises(NoScriptError):
        await script()
    redis.script_load = load_in_vain
    await redis.script_flush()
    assert await retry_while_unavailable(script) == b"done"


async def test_a_server_whose_disk_is_full_is_waited_for(binary: Path, tmp_path: Path) -> None:
    """Its refusal reads differently alone, from a script, and from a pipeline, as `ack` is one."""
    folder = tmp_path / "server"
    with running(folder, binary) as server:
        async with connect(server.url) as redis:
            first_consumer = group(redis)
            await first_consumer.ensure()
            await redis.xadd(A, {"v": "x"})
            held = await first_consumer.take(1)
            in_the_way = folder / "dump.rdb"
            in_the_way.mkdir()  # as if a snapshot could not be written
            await redis.config_set("save", "3600 1")
            await redis.bgsave()
            await until(lambda: refuses_to_write(redis))
            waiting = asyncio.gather(
                retry_while_unavailable(redis.set, "x", "y"),
                first_consumer.renew(held),
                first_consumer.ack(*held),
                return_exceptions=True,
            )
            await asyncio.wait({waiting}, timeout=0.5)
            assert not waiting.done()
            in_the_way.rmdir()
            await redis.bgsave()
            assert (await waiting)[2] is None
            assert await redis.xlen(A) == 0


async def refuses_to_write(redis: Redis) -> bool:
    try:
        await redis.set("x", "y")
    except ResponseError as error:
        return is_unavailable(error)
    return False


async def test_a_wrong_password_or_command_is_not_waited_for() -> None:
    assert not is_unavailable(AuthenticationError("invalid password"))
    assert not is_unavailable(ResponseError("WRONGTYPE"))


async def test_what_is_ordered_is_next_when_no_other_holds_an_older_one(redis: Redis) -> None:
    for chat, text in [(1, "a"), (2, "b"), (1, "c"), (1, "d")]:
        await redis.xadd(A, {"chat": chat, "v": text})
    first_consumer, second_consumer = (
        Group(redis, [A], group="g", consumer=name, ordered="chat") for name in ("one", "two")
    )
    await first_consumer.ensure()
    (a,) = await first_consumer.take(1)
    b, c, d = await second_consumer.take(3)
    assert [await second_consumer.is_next(entry) for entry in (b, c, d)] == [True, False, False]
    assert await first_consumer.is_next(a)
    assert await Group(redis, [A], group="g", consumer="two").is_next(c), "in no order, all are next"
    await first_consumer.ack(a)
    assert [await second_consumer.is_next(entry) for entry in (c, d)] == [True, True], (
        "its own it orders itself"
    )
