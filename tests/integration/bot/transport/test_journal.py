"""The journal keeps each update once, moves the offset in the same step, and elects one poller."""

import asyncio

import pytest
from redis.asyncio import Redis
from support.bot_stack import until

from bot.state.keys import UPDATE_SEEN
from bot.transport.journal import OFFSET, UPDATES, Journal, Json
from vlm.errors import BadSetting


def updates(*ids: int) -> list[Json]:
    return [{"update_id": id, "message": {"message_id": id}} for id in ids]


async def test_an_update_is_kept_once_however_often_it_arrives(redis: Redis) -> None:
    journal = Journal(redis)
    await journal.append(updates(5, 6), next_offset=7)
    await journal.append(updates(6, 7), next_offset=8)
    await asyncio.gather(*(Journal(redis).append(updates(7, 8)) for _ in range(5)))
    assert await redis.xlen(UPDATES) == 4
    assert await journal.offset() == 8


async def test_the_offset_may_go_down_when_telegram_numbers_anew(redis: Redis) -> None:
    journal = Journal(redis)
    await journal.append(updates(900), next_offset=901)
    await journal.append(updates(10), next_offset=11)
    assert await journal.offset() == 11
    assert await redis.xlen(UPDATES) == 2


async def test_an_offset_is_forgotten_before_telegram_may_number_anew(redis: Redis) -> None:
    journal = Journal(redis)
    assert await journal.offset() is None
    await journal.append(updates(1), next_offset=2)
    week_s = 7 * 24 * 3600
    assert 0 < await redis.ttl(OFFSET) < week_s
    assert 0 < await redis.ttl(UPDATE_SEEN(update=1)) <= 24 * 3600


async def test_a_webhooks_update_leaves_the_offset_alone(redis: Redis) -> None:
    journal = Journal(redis)
    await journal.append(updates(1), next_offset=2)
    await journal.append(updates(9))
    assert await journal.offset() == 2


async def test_one_of_many_is_elected_and_the_next_when_it_resigns(redis: Redis) -> None:
    journal = Journal(redis)
    assert await journal.elect("one", 5000)
    assert not await journal.elect("other", 5000)
    assert await journal.elect("one", 5000)
    await journal.resign("other")
    assert not await journal.elect("other", 5000)
    await journal.resign("one")
    assert await journal.elect("other", 5000)


async def test_who_dies_elected_is_followed_after_the_lease(redis: Redis) -> None:
    journal = Journal(redis)
    assert await journal.elect("dead", 50)
    await until(lambda: journal.elect("next", 5000))


async def test_a_database_belongs_to_one_bot(redis: Redis) -> None:
    await Journal(redis).claim(7)
    await Journal(redis).claim(7)
    with pytest.raises(BadSetting, match="database of its own"):
        await Journal(redis).claim(8)


@pytest.mark.parametrize(
    ("update", "chat"),
    [
        ({"update_id": 1, "message": {"chat": {"id": -5}, "from": {"id": 7}}}, b"-5"),
        ({"update_id": 1, "callback_query": {"from": {"id": 7}, "message": {"chat": {"id": -5}}}}, b"-5"),
        ({"update_id": 1, "inline_query": {"from": {"id": 7}}}, b"7"),
        ({"update_id": 1, "poll": {"id": "3"}}, b"0"),
        ({"update_id": 1, "message": "no message"}, b"0"),
        ({"update_id": 1}, b"0"),
    ],
)
async def test_an_update_is_kept_with_the_chat_that_it_is_of(redis: Redis, update: Json, chat: bytes) -> None:
    await Journal(redis).append([update])
    ((_, fields),) = await redis.xrange(UPDATES)
    assert fields[b"chat"] == chat
