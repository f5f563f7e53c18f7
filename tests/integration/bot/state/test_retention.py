"""Photos older than the retention period are forgotten, once a day, by one of the bots."""

import time

from redis.asyncio import Redis
from support.bot_stack import Stack, until, wait_until

from bot.state.keys import SWEPT
from bot.state.retention import DAY_S, Retention
from vlm.memory import Memory, Photo
from vlm.queue.connection import connect

CHAT = 7_900_000_001
NOW_S = 1_800_000_000.0


def photo(id: str, age_days: float, now_s: float = NOW_S) -> Photo:
    return Photo(id=id, file_id=f"file-{id}", created_ms=int(1000 * (now_s - age_days * DAY_S)))


def nightly(redis: Redis, retention_days: int = 30) -> Retention:
    return Retention(redis, Memory(redis), retention_days=retention_days, now_s=lambda: NOW_S)


async def test_photos_are_forgotten_when_their_time_is_over_and_no_earlier(redis: Redis) -> None:
    memory = Memory(redis)
    for stored in (photo("1", 31), photo("2", 29)):
        await memory.remember(CHAT, stored)
    assert await nightly(redis).sweep_once()
    assert await memory.ids(CHAT) == ["2"]


async def test_of_many_bots_one_sweeps_and_once_a_day(redis: Redis) -> None:
    bots = [nightly(redis) for _ in range(3)]
    assert [await bot.sweep_once() for bot in bots] == [True, False, False]
    assert 0 < await redis.ttl(SWEPT()) <= DAY_S
    await redis.delete(SWEPT())  # a day later
    assert await bots[2].sweep_once()


async def test_a_bot_that_died_while_sweeping_delays_it_by_an_hour_at_most(redis: Redis) -> None:
    class Dying(Memory):
        async def sweep(self, before_ms: int) -> int:
            raise SystemExit

    dying = Retention(redis, Dying(redis), retention_days=30)
    try:
        await dying.sweep_once()
    except SystemExit:
        assert 0 < await redis.ttl(SWEPT()) <= 3600
    else:
        raise AssertionError("it did not die")


async def test_a_bot_forgets_by_its_setting_as_soon_as_it_starts(own_stack: Stack, redis_url: str) -> None:
    own_stack.start_sandbox()
    async with connect(own_stack.server.url) as redis:
        await Memory(redis).remember(CHAT, photo("1", 3, time.time()))
        own_stack.start_bot(BOT_RETENTION_DAYS="2")

        async def forgotten() -> bool:
            return await Memory(redis).count(CHAT) == 0

        await until(forgotten)
    assert wait_until(lambda: "forgot 1 photos" in own_stack.log("bot"))
