"""Two pollers, clocks that jump, and a question that kills its workers."""

import asyncio
import random
import struct
import time

import httpx

from support.bot_stack import TOKEN, picture
from support.faults.base import Act, InjectedFault
from support.faults.harness import Harness
from support.programs import CLOCK, POISON
from vlm.queue.broker import DELIVERIES

HOUR_NS = 3600 * 10**9


async def two_pollers(harness: Harness, rng: random.Random) -> None:
    """Another client polls with the same token, and confirms nothing."""
    end_s = time.monotonic() + 10
    async with httpx.AsyncClient() as http:
        while time.monotonic() < end_s:
            await http.get(f"{harness.page}/bot{TOKEN}/getUpdates", params={"timeout": 0, "limit": 1})
            await asyncio.sleep(0.1)
    harness.healed()


async def second_bot(harness: Harness, rng: random.Random) -> None:
    """Two bots share the work; then one is killed, usually the poller."""
    await asyncio.to_thread(harness.start_bot, "bot-2")
    await asyncio.to_thread(harness.log_line, "bot-2", "(Ready)")
    await asyncio.sleep(1)
    await harness.crash("bot")
    await asyncio.sleep(2)
    await asyncio.to_thread(harness.stop, "bot-2")


def jumps(name: str) -> Act:
    """The clock of a process jumps an hour, and then two hours back."""

    async def act(harness: Harness, rng: random.Random) -> None:
        for hours in rng.choice([(1, -1), (-1, 1)]):
            harness.clocks[name].write_bytes(struct.pack("q", hours * HOUR_NS))
            await asyncio.sleep(3)
        harness.healed()

    return act


async def poisoned(harness: Harness, rng: random.Random) -> None:
    """The worker is restarted each time, until there is an apology."""
    person = harness.person()
    photo = await asyncio.to_thread(person.send, picture("red"))
    question = await asyncio.to_thread(person.write, "Is it poison?", photo)
    deaths = 0
    while not any(text.startswith("Sorry") for text in await asyncio.to_thread(person.bot_texts)):
        if not harness.is_up("worker"):
            deaths += 1
            await harness.restart("worker")
        await asyncio.sleep(0.1)
    harness.healed()
    [apology] = await asyncio.to_thread(person.replies, question)
    assert apology["text"].startswith("Sorry")
    assert deaths == DELIVERIES


OTHERS = [
    InjectedFault("two-pollers", two_pollers, "another program polls with the same token for 10 s"),
    InjectedFault("second-bot", second_bot, "of two bots, the one that polls is killed"),
    InjectedFault(
        "clock-of-bot", jumps("bot"), "the bot's clock jumps an hour, and back over it", prelude=CLOCK
    ),
    InjectedFault("clock-of-worker", jumps("worker"), "so does the worker's", prelude=CLOCK),
    InjectedFault("poison", poisoned, "a question kills every worker that takes it", prelude=POISON),
]
