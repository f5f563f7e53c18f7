"""Telegram fails, or users block, remove or move the bot: see bot/sandbox/faults.py."""

import asyncio
import random
from typing import Any

from support.faults.base import Act, InjectedFault
from support.faults.harness import Harness


def troubled(seconds: float, *faults: dict[str, Any]) -> Act:
    """Inject these faults for `seconds`."""

    async def act(harness: Harness, rng: random.Random) -> None:
        for fault in faults:
            await asyncio.to_thread(lambda fault=fault: harness.inject_fault(**fault))
        await asyncio.sleep(seconds)
        await asyncio.to_thread(harness.call, "DELETE", "faults")
        harness.healed()

    return act


async def slowed_down(harness: Harness, rng: random.Random) -> None:
    """One chat gets 429 for 30 s."""
    chat = rng.choice(_private(harness))
    fault = {"chat": chat, "status": 429, "retry_after": 30, "times": 3}
    await asyncio.to_thread(lambda: harness.inject_fault(**fault))
    await asyncio.sleep(31)
    await asyncio.to_thread(harness.call, "DELETE", "faults")
    harness.healed()


async def cut(harness: Harness, rng: random.Random) -> None:
    """Telegram executes the call, and its reply is lost."""
    traps = [harness.telegram.trap(b"^POST /bot", "after", spare=rng.randrange(60)) for _ in range(15)]
    await asyncio.sleep(10)
    for trap in traps:
        trap.times = 0
    harness.healed()


async def blocked(harness: Harness, rng: random.Random) -> None:
    for chat in rng.sample(_private(harness), min(3, len(_private(harness)))):
        harness.gone.add(chat)
        await asyncio.to_thread(harness.call, "POST", "block", json={"chat": chat, "user": chat})


async def kicked(harness: Harness, rng: random.Random) -> None:
    for chat in _groups(harness):
        harness.gone.add(chat)
        await asyncio.to_thread(
            harness.call, "POST", "block", json={"chat": chat, "user": harness.people[chat]}
        )


async def migrated(harness: Harness, rng: random.Random) -> None:
    for chat in _groups(harness):
        about = {"chat": chat, "user": harness.people[chat]}
        response = await asyncio.to_thread(lambda about=about: harness.call("POST", "migrate", json=about))
        harness.moved[chat] = response["chat"]


def _private(harness: Harness) -> list[int]:
    return [chat for chat in harness.people if chat > 0]


def _groups(harness: Harness) -> list[int]:
    return [chat for chat in harness.people if chat < 0]


EXPIRED = {"method": "getFile", "status": 400, "description": "Bad Request: wrong file_id", "times": 3}
TOO_BIG = {"method": "getFile", "status": 400, "description": "Bad Request: file is too big", "times": 3}
CUT_SHORT = {"method": "file", "cut": "after", "times": 5}

TELEGRAM = [
    InjectedFault("telegram-429", slowed_down, "429 with `retry_after` 30 in one chat"),
    InjectedFault("telegram-5xx", troubled(60, {"status": 502}), "502 to every call for 60 s"),
    InjectedFault(
        "telegram-timeouts",
        troubled(60, {"delay_s": 35, "cut": "before"}),
        "no answer to any call within the bot's patience, for 60 s",
    ),
    InjectedFault("telegram-cut", cut, "connections cut after the call and before its answer, 15 times"),
    InjectedFault(
        "telegram-files",
        troubled(10, EXPIRED, TOO_BIG, CUT_SHORT),
        "files that expired, are too large, come cut short",
    ),
    InjectedFault("blocked", blocked, "three people block the bot"),
    InjectedFault("kicked", kicked, "the bot is thrown out of the groups"),
    InjectedFault("migrated", migrated, "the groups become supergroups"),
]
