"""Programs that die, stand still or are replaced, at random moments and at the worst ones."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from typing import Literal

from support.bot_stack import LEASE_S
from support.faults.base import Act, Fault
from support.faults.harness import Rig
from support.faults.proxy import Proxy

JOURNAL = rb"afterimage}:update:"  # in the script that takes updates into the journal
FINISH = rb"afterimage}:dead"  # in the script that ends a job
ACK_UPDATE = rb"XACK\r\n\$\d+\r\n{afterimage}:updates"
ACK_RESULT = rb"XACK\r\n\$\d+\r\n{afterimage}:results"
NOTE = rb"HSET\r\n\$\d+\r\nsaid:"
SEND = rb"POST /bot[^ ]*/sendMessage"
TRAP_S = 60.0


async def bot_killed(rig: Rig, rng: random.Random) -> None:
    await rig.crash("bot")


async def worker_killed(rig: Rig, rng: random.Random) -> None:
    """There is another, so it is seen how long what was held waits, and not how long a start takes."""
    await asyncio.to_thread(rig.start_worker, "worker-2")
    await rig.crash("worker")
    await asyncio.to_thread(rig.stop, "worker-2")


async def worker_stalled(rig: Rig, rng: random.Random) -> None:
    """Another takes what it held; then it wakes, and must not answer too."""
    await asyncio.to_thread(rig.start_worker, "worker-2")
    stalled = f"-{rig.pid('worker')}-"
    rig.send("worker", signal.SIGSTOP)
    rig.healed()
    try:
        await asyncio.sleep(LEASE_S + 2)
        while await rig.held_by(stalled):  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)
        rig.picked_up_s = max(rig.picked_up_s, time.monotonic() - rig.healed_s)
    finally:
        rig.send("worker", signal.SIGCONT)
    await asyncio.sleep(2)  # it wakes beside the other
    await asyncio.to_thread(rig.stop, "worker-2")


async def bot_stalled(rig: Rig, rng: random.Random) -> None:
    """As for the worker, with a second bot; the first was the one that polls."""
    await asyncio.to_thread(rig.start_bot, "bot-2")
    await asyncio.to_thread(rig.log_line, "bot-2", "(Ready)")
    rig.send("bot", signal.SIGSTOP)
    rig.healed()
    try:
        await asyncio.sleep(LEASE_S + 6)  # longer than the poller's lease, too
    finally:
        rig.send("bot", signal.SIGCONT)
    await asyncio.sleep(2)
    await asyncio.to_thread(rig.stop, "bot-2")


async def bot_deployed(rig: Rig, rng: random.Random) -> None:
    for _ in range(2):
        await _deployed(rig, "bot")
        await asyncio.to_thread(rig.log_line, "bot", "(Ready)")


async def worker_deployed(rig: Rig, rng: random.Random) -> None:
    for _ in range(2):
        await _deployed(rig, "worker")


async def _deployed(rig: Rig, name: str) -> None:
    rig.send(name, signal.SIGTERM)
    rig.healed()
    await rig.restart(name)


def dies(name: str, proxy: Callable[[Rig], Proxy], at: bytes, when: Literal["before", "after"]) -> Act:
    """A program ends just before it sends something, or just before it hears what that brought."""

    async def act(rig: Rig, rng: random.Random) -> None:
        dead = f"-{rig.pid(name)}-"
        trap = proxy(rig).trap(at, when, lambda: rig.send(name, signal.SIGKILL), spare=rng.randrange(4))
        try:
            await asyncio.wait_for(trap.sprung.wait(), TRAP_S)
        except TimeoutError:
            trap.times = 0
            raise AssertionError(f"the moment never came in which {name} should die") from None
        await rig.after_crash(name, dead)

    return act


def _bot_redis(rig: Rig) -> Proxy:
    return rig.bot_redis


def _worker_redis(rig: Rig) -> Proxy:
    return rig.worker_redis


def _telegram(rig: Rig) -> Proxy:
    return rig.telegram


DEATHS = [
    Fault("bot-killed", bot_killed, "SIGKILL of the bot at a random moment"),
    Fault("worker-killed", worker_killed, "SIGKILL of the worker at a random moment"),
    Fault("worker-stalled", worker_stalled, "the worker stands still past its lease, then wakes"),
    Fault("bot-stalled", bot_stalled, "the bot stands still past its lease, then wakes"),
    Fault("bot-deployed", bot_deployed, "SIGTERM and start of the bot, twice"),
    Fault("worker-deployed", worker_deployed, "SIGTERM and start of the worker, twice"),
    Fault(
        "bot-before-journal",
        dies("bot", _bot_redis, JOURNAL, "before"),
        "the bot dies when it has fetched and not journalled",
    ),
    Fault(
        "webhook-before-journal",
        dies("bot", _bot_redis, JOURNAL, "before"),
        "Telegram calls the bot, and it dies when it has read an update and not journalled it",
        by_webhook=True,
    ),
    Fault(
        "bot-before-confirm",
        dies("bot", _bot_redis, JOURNAL, "after"),
        "the bot dies when it has journalled and not confirmed",
    ),
    Fault(
        "bot-before-ack",
        dies("bot", _bot_redis, ACK_UPDATE, "before"),
        "the bot dies when it has handled an update and not acknowledged it",
    ),
    Fault(
        "bot-before-ack-of-result",
        dies("bot", _bot_redis, ACK_RESULT, "before"),
        "the bot dies when it has shown a result and not acknowledged it",
    ),
    Fault(
        "worker-before-finish",
        dies("worker", _worker_redis, FINISH, "before"),
        "the worker dies between inference and finish",
    ),
    Fault(
        "worker-after-finish",
        dies("worker", _worker_redis, FINISH, "after"),
        "the worker dies when it has finished a job and not heard so",
    ),
    Fault(
        "bot-before-note",
        dies("bot", _telegram, SEND, "after"),
        "the bot dies when Telegram has sent a message and the bot has not noted it",
    ),
]
