"""Processes that die, stall or are replaced, at random moments and at the worst moments."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from typing import Literal

from support.bot_stack import LEASE_S
from support.faults.base import Act, InjectedFault
from support.faults.harness import Harness
from support.faults.proxy import Proxy

JOURNAL = rb"afterimage}:update:"  # in the script that takes updates into the journal
FINISH = rb"afterimage}:dead"  # in the script that ends a job
ACK_UPDATE = rb"XACK\r\n\$\d+\r\n{afterimage}:updates"
ACK_RESULT = rb"XACK\r\n\$\d+\r\n{afterimage}:results"
SEND = rb"POST /bot[^ ]*/sendMessage"
TRAP_S = 60.0


async def bot_killed(harness: Harness, rng: random.Random) -> None:
    await harness.crash("bot")


async def worker_killed(harness: Harness, rng: random.Random) -> None:
    """A second worker runs, so that the recovery time is not the start time of a process."""
    await asyncio.to_thread(harness.start_worker, "worker-2")
    await harness.crash("worker")
    await asyncio.to_thread(harness.stop, "worker-2")


async def worker_stalled(harness: Harness, rng: random.Random) -> None:
    """Another worker takes the jobs over; then the first wakes, and must not answer them too."""
    await asyncio.to_thread(harness.start_worker, "worker-2")
    stalled = f"-{harness.pid('worker')}-"
    harness.send("worker", signal.SIGSTOP)
    harness.healed()
    try:
        await asyncio.sleep(LEASE_S + 2)
        while await harness.held_by(stalled):  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)
        harness.picked_up_s = max(harness.picked_up_s, time.monotonic() - harness.healed_s)
    finally:
        harness.send("worker", signal.SIGCONT)
    await asyncio.sleep(2)  # it runs beside the other
    await asyncio.to_thread(harness.stop, "worker-2")


async def bot_stalled(harness: Harness, rng: random.Random) -> None:
    """The same for the bot; the stalled one is the poller."""
    await asyncio.to_thread(harness.start_bot, "bot-2")
    await asyncio.to_thread(harness.log_line, "bot-2", "(Ready)")
    harness.send("bot", signal.SIGSTOP)
    harness.healed()
    try:
        await asyncio.sleep(LEASE_S + 6)  # longer than the poller's lease, too
    finally:
        harness.send("bot", signal.SIGCONT)
    await asyncio.sleep(2)
    await asyncio.to_thread(harness.stop, "bot-2")


async def bot_deployed(harness: Harness, rng: random.Random) -> None:
    for _ in range(2):
        await _deployed(harness, "bot")
        await asyncio.to_thread(harness.log_line, "bot", "(Ready)")


async def worker_deployed(harness: Harness, rng: random.Random) -> None:
    for _ in range(2):
        await _deployed(harness, "worker")


async def _deployed(harness: Harness, name: str) -> None:
    harness.send(name, signal.SIGTERM)
    harness.healed()
    await harness.restart(name)


def dies(name: str, proxy: Callable[[Harness], Proxy], at: bytes, when: Literal["before", "after"]) -> Act:
    """A process dies just before it sends a command, or just before it receives the reply."""

    async def act(harness: Harness, rng: random.Random) -> None:
        dead = f"-{harness.pid(name)}-"
        trap = proxy(harness).trap(
            at, when, lambda: harness.send(name, signal.SIGKILL), spare=rng.randrange(4)
        )
        try:
            await asyncio.wait_for(trap.sprung.wait(), TRAP_S)
        except TimeoutError:
            trap.times = 0
            raise AssertionError(f"the moment never came in which {name} should die") from None
        await harness.after_crash(name, dead)

    return act


def _bot_redis(harness: Harness) -> Proxy:
    return harness.bot_redis


def _worker_redis(harness: Harness) -> Proxy:
    return harness.worker_redis


def _telegram(harness: Harness) -> Proxy:
    return harness.telegram


DEATHS = [
    InjectedFault("bot-killed", bot_killed, "SIGKILL of the bot at a random moment"),
    InjectedFault("worker-killed", worker_killed, "SIGKILL of the worker at a random moment"),
    InjectedFault("worker-stalled", worker_stalled, "the worker stands still past its lease, then wakes"),
    InjectedFault("bot-stalled", bot_stalled, "the bot stands still past its lease, then wakes"),
    InjectedFault("bot-deployed", bot_deployed, "SIGTERM and start of the bot, twice"),
    InjectedFault("worker-deployed", worker_deployed, "SIGTERM and start of the worker, twice"),
    InjectedFault(
        "bot-before-journal",
        dies("bot", _bot_redis, JOURNAL, "before"),
        "the bot dies when it has fetched and not journalled",
    ),
    InjectedFault(
        "webhook-before-journal",
        dies("bot", _bot_redis, JOURNAL, "before"),
        "Telegram calls the bot, and it dies when it has read an update and not journalled it",
        by_webhook=True,
    ),
    InjectedFault(
        "bot-before-confirm",
        dies("bot", _bot_redis, JOURNAL, "after"),
        "the bot dies when it has journalled and not confirmed",
    ),
    InjectedFault(
        "bot-before-ack",
        dies("bot", _bot_redis, ACK_UPDATE, "before"),
        "the bot dies when it has handled an update and not acknowledged it",
    ),
    InjectedFault(
        "bot-before-ack-of-result",
        dies("bot", _bot_redis, ACK_RESULT, "before"),
        "the bot dies when it has shown a result and not acknowledged it",
    ),
    InjectedFault(
        "worker-before-finish",
        dies("worker", _worker_redis, FINISH, "before"),
        "the worker dies between inference and finish",
    ),
    InjectedFault(
        "worker-after-finish",
        dies("worker", _worker_redis, FINISH, "after"),
        "the worker dies when it has finished a job and not heard so",
    ),
    InjectedFault(
        "bot-before-note",
        dies("bot", _telegram, SEND, "after"),
        "the bot dies when Telegram has sent a message and the bot has not noted it",
    ),
]
