"""A dead letter that an admin replays turns the apology into an answer."""

import asyncio
import time

from redis.asyncio import Redis
from support.bot_stack import Stack, picture, until
from support.queue_examples import end_leases

from vlm.queue.broker import Broker
from vlm.queue.connection import connect
from vlm.queue.dead_letters import DeadLetterQueue


async def _given_up(redis: Redis) -> bool:
    """Take what waits and die with it, as often as it takes."""
    broker = Broker(redis, name="short-lived", deliveries=1)
    await broker.open()
    await broker.take(8, 0)
    await end_leases(redis)
    await broker.reclaim()
    return bool(await DeadLetterQueue(redis).all())


async def test_a_letter_that_is_replayed_is_answered_in_place_of_the_apology(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    photo = person.send(picture("red"))
    async with connect(own_stack.server.url) as redis:
        await until(lambda: _given_up(redis))
        apology = await asyncio.to_thread(person.answer, photo, "gave up")
        own_stack.start_worker()
        letters = DeadLetterQueue(redis)
        [letter] = await letters.all()
        assert await letters.replay(letter, time.time_ns() // 1_000_000)
        answer = await asyncio.to_thread(person.answer, photo, "a red picture")
    assert answer["message_id"] == apology["message_id"]
