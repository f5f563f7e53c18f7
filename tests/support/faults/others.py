"""Two that poll, clocks that jump, and a question that kills its workers."""

import asyncio
import random
import struct
import time

import httpx

from support.bot_stack import TOKEN, picture
from support.faults.base import Act, Fault
from support.faults.harness import Rig
from vlm.queue.consumer import DELIVERIES

HOUR_NS = 3600 * 10**9

# The clock of the wall, off by what stands in a file of eight bytes. Other clocks are as they were.
CLOCK = """
import mmap, os, struct, time
with open(os.environ["CLOCK"], "rb") as file:
    _shift = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
_time_ns = time.time_ns
time.time_ns = lambda: _time_ns() + struct.unpack("q", _shift[:8])[0]
time.time = lambda: time.time_ns() / 1e9
"""
POISON = """
import os, signal
from vlm.engine.echo import EchoEngine
_generate = EchoEngine.generate
def generate(self, tokens, prompts):
    if any("poison" in (one.question or "") for one in prompts):
        os.kill(os.getpid(), signal.SIGKILL)
    return _generate(self, tokens, prompts)
EchoEngine.generate = generate
"""


async def two_pollers(rig: Rig, rng: random.Random) -> None:
    """Somebody else polls with the same token, and confirms nothing."""
    end_s = time.monotonic() + 10
    async with httpx.AsyncClient() as http:
        while time.monotonic() < end_s:
            await http.get(f"{rig.page}/bot{TOKEN}/getUpdates", params={"timeout": 0, "limit": 1})
            await asyncio.sleep(0.1)
    rig.healed()


async def second_bot(rig: Rig, rng: random.Random) -> None:
    """Two bots share the work; then one is killed, as a rule the one that polls."""
    await asyncio.to_thread(rig.start_bot, "bot-2")
    await asyncio.to_thread(rig.log_line, "bot-2", "(Ready)")
    await asyncio.sleep(1)
    await rig.crash("bot")
    await asyncio.sleep(2)
    await asyncio.to_thread(rig.stop, "bot-2")


def jumps(name: str) -> Act:
    """A program's clock is put on an hour, and then back two."""

    async def act(rig: Rig, rng: random.Random) -> None:
        for hours in rng.choice([(1, -1), (-1, 1)]):
            rig.clocks[name].write_bytes(struct.pack("q", hours * HOUR_NS))
            await asyncio.sleep(3)
        rig.healed()

    return act


async def poisoned(rig: Rig, rng: random.Random) -> None:
    """A supervisor starts the worker again each time, until there is an apology."""
    person = rig.person()
    photo = await asyncio.to_thread(person.send, picture("red"))
    question = await asyncio.to_thread(person.write, "Is it poison?", photo)
    deaths = 0
    while not any(text.startswith("Sorry") for text in await asyncio.to_thread(person.heard)):
        if not rig.is_up("worker"):
            deaths += 1
            await rig.restart("worker")
        await asyncio.sleep(0.1)
    rig.healed()
    [apology] = await asyncio.to_thread(person.replies, question)
    assert apology["text"].startswith("Sorry")
    assert deaths == DELIVERIES


OTHERS = [
    Fault("two-pollers", two_pollers, "another program polls with the same token for 10 s"),
    Fault("second-bot", second_bot, "of two bots, the one that polls is killed"),
    Fault("clock-of-bot", jumps("bot"), "the bot's clock jumps an hour, and back over it", prelude=CLOCK),
    Fault("clock-of-worker", jumps("worker"), "so does the worker's", prelude=CLOCK),
    Fault("poison", poisoned, "a question kills every worker that takes it", prelude=POISON),
]
