"""Telegram goes wrong, or people do what bots dislike: see bot/sandbox/faults.py."""

import asyncio
import random
from typing import Any

from support.faults.base import Act, Fault
from support.faults.harness import Rig


def troubled(seconds: float, *faults: dict[str, Any]) -> Act:
    """The stand-in fails so, for a while."""

    async def act(rig: Rig, rng: random.Random) -> None:
        for fault in faults:
            await asyncio.to_thread(lambda fault=fault: rig.trouble(**fault))
        await asyncio.sleep(seconds)
        await asyncio.to_thread(rig.call, "DELETE", "faults")
        rig.healed()

    return act


async def slowed_down(rig: Rig, rng: random.Random) -> None:
    """One chat must wait for 30 s."""
    chat = rng.choice(_private(rig))
    fault = {"chat": chat, "status": 429, "retry_after": 30, "times": 3}
    await asyncio.to_thread(lambda: rig.trouble(**fault))
    await asyncio.sleep(31)
    await asyncio.to_thread(rig.call, "DELETE", "faults")
    rig.healed()


async def cut(rig: Rig, rng: random.Random) -> None:
    """Telegram has done it, and the bot does not hear so."""
    traps = [rig.telegram.trap(b"^POST /bot", "after", spare=rng.randrange(60)) for _ in range(15)]
    await asyncio.sleep(10)
    for trap in traps:
        trap.times = 0
    rig.healed()


async def blocked(rig: Rig, rng: random.Random) -> None:
    for chat in rng.sample(_private(rig), min(3, len(_private(rig)))):
        rig.gone.add(chat)
        await asyncio.to_thread(rig.call, "POST", "block", json={"chat": chat, "user": chat})


async def kicked(rig: Rig, rng: random.Random) -> None:
    for chat in _groups(rig):
        rig.gone.add(chat)
        await asyncio.to_thread(rig.call, "POST", "block", json={"chat": chat, "user": rig.people[chat]})


async def migrated(rig: Rig, rng: random.Random) -> None:
    for chat in _groups(rig):
        about = {"chat": chat, "user": rig.people[chat]}
        told = await asyncio.to_thread(lambda about=about: rig.call("POST", "migrate", json=about))
        rig.moved[chat] = told["chat"]


def _private(rig: Rig) -> list[int]:
    return [chat for chat in rig.people if chat > 0]


def _groups(rig: Rig) -> list[int]:
    return [chat for chat in rig.people if chat < 0]


EXPIRED = {"method": "getFile", "status": 400, "description": "Bad Request: wrong file_id", "times": 3}
TOO_BIG = {"method": "getFile", "status": 400, "description": "Bad Request: file is too big", "times": 3}
CUT_SHORT = {"method": "file", "cut": "after", "times": 5}

TELEGRAM = [
    Fault("telegram-429", slowed_down, "429 with `retry_after` 30 in one chat"),
    Fault("telegram-5xx", troubled(60, {"status": 502}), "502 to every call for 60 s"),
    Fault(
        "telegram-timeouts",
        troubled(60, {"delay_s": 35, "cut": "before"}),
        "no answer to any call within the bot's patience, for 60 s",
    ),
    Fault("telegram-cut", cut, "connections cut after the call and before its answer, 15 times"),
    Fault(
        "telegram-files",
        troubled(10, EXPIRED, TOO_BIG, CUT_SHORT),
        "files that expired, are too large, come cut short",
    ),
    Fault("blocked", blocked, "three people block the bot"),
    Fault("kicked", kicked, "the bot is thrown out of the groups"),
    Fault("migrated", migrated, "the groups become supergroups"),
]
