"""`vlm dead`: look at the jobs that were given up, try them again, throw them away.

list        ID, age, code, times tried, task, chat, job; with --show also what was asked
list --json one object a letter: {"id", "at_ms", "code", "times", "task", "chat", "job"}, and "content"
"""

import asyncio
import json
import time
from argparse import Namespace
from typing import Any

from redis.exceptions import RedisError

from vlm.commands.output import put, remark
from vlm.errors import NotFound, ProtocolError, Unavailable
from vlm.queue.connection import connect
from vlm.queue.dead_letters import DeadLetter, DeadLetterQueue


def run(arguments: Namespace, url: str) -> int:
    """List, replay or drop; the exit status: 1 if a letter could not be put back, or had gone.

    Raises:  NotFound for an ID that no letter has, Unavailable without a server.
    """
    try:
        return asyncio.run(_run(arguments, url))
    except (RedisError, OSError) as error:
        raise Unavailable(
            f"The Redis server cannot be used: {str(error).rstrip('.')}. `vlm doctor` looks closer."
        ) from error


async def _run(arguments: Namespace, url: str) -> int:
    async with connect(url) as redis:
        letters = DeadLetterQueue(redis)
        known = await letters.all()
        if arguments.what == "list":
            _list(known, as_json=arguments.json, show=arguments.show)
            return 0
        wanted = known if arguments.all else chosen(known, arguments.ids)
        act = letters.drop if arguments.what == "drop" else _replayer(letters)
        done = [await act(one) for one in wanted]
        word = "dropped" if arguments.what == "drop" else "put back into the queue"
        remark(f"{sum(done)} {word}{f'; {len(done) - sum(done)} not' if not all(done) else ''}.")
        return 0 if all(done) else 1


def chosen(letters: list[DeadLetter], ids: list[str]) -> list[DeadLetter]:
    """Those with the ids, in their order. Raises NotFound for an id that none has."""
    known = {letter.id: letter for letter in letters}
    if missing := [id for id in ids if id not in known]:
        raise NotFound(
            f"There is no dead letter {', '.join(missing)}; `vlm dead list` shows those that there are."
        )
    return [known[id] for id in ids]


def _replayer(letters: DeadLetterQueue) -> Any:
    async def replay(letter: DeadLetter) -> bool:
        try:
            return await letters.replay(letter, time.time_ns() // 1_000_000)
        except ProtocolError as error:
            remark(str(error))
            return False

    return replay


def _list(letters: list[DeadLetter], *, as_json: bool, show: bool) -> None:
    for one in letters:
        if as_json:
            put(json.dumps(_record(one, show), ensure_ascii=False))
            continue
        told = _record(one, show)
        age = _age(time.time() - one.at_ms / 1000)
        words = (
            told["id"],
            age,
            told["code"],
            f"{told['times']}x",
            told["task"] or "?",
            told["chat"],
            told["job"],
        )
        put("  ".join(map(str, words)) + (f"  {one.content}" if show and one.content else ""))
    if not letters and not as_json:
        remark("There are no dead letters.")


def _record(one: DeadLetter, show: bool) -> dict[str, Any]:
    sender = one.sender
    told = {
        "id": one.id, "at_ms": one.at_ms, "code": one.code, "times": one.times, "task": one.task,
        "chat": sender.chat if sender else 0, "job": sender.id if sender else "",
    }  # fmt: skip
    return told | ({"content": one.content} if show else {})


def _age(seconds: float) -> str:
    """'3 min', '5 h', '2 d'"""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
