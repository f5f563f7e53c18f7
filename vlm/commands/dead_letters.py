"""`vlm dead`: list the jobs that were given up, replay or drop them.

list        ID, age, code, number of tries, task, chat, job; with --show also the question or the query
list --json one object a line: {"id", "at_ms", "code", "times", "task", "chat", "job"}, and "content"
"""

import argparse
import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from vlm.commands.options import add_command, add_json, add_redis
from vlm.commands.output import put, remark
from vlm.errors import NotFound, ProtocolError, Unavailable
from vlm.settings import Settings

if TYPE_CHECKING:
    from vlm.queue.dead_letters import DeadLetter, DeadLetterQueue

DEAD: Final = """\
Jobs that killed their workers, or that no worker understood, are given up after a few tries: their sender
gets an apology, and the last thousand jobs are kept here without their pictures.

  list     ID, age, code, number of tries, task, chat and job of each; no content, unless --show
  replay   put a job back into the queue, once; its answer then replaces the apology
  drop     delete the dead letter
"""
DEAD_EPILOG: Final = """\
examples:
  vlm dead list
  vlm dead replay 1767225600000-0
  vlm dead drop --all

exit status:
  0  all went well    1  a dead letter could not be replayed, or was gone    2  an ID is unknown
"""


def add_parser(commands: Any) -> None:
    """Add the command."""
    dead = add_command(commands, "dead", "jobs that were given up", DEAD, DEAD_EPILOG, run=run)
    actions = dead.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="show the dead letters")
    add_json(listing)
    listing.add_argument("--show", action="store_true", help="also the question or the query: private text")
    add_redis(listing)
    for name, short in (("replay", "put jobs back into the queue"), ("drop", "delete dead letters")):
        action = actions.add_parser(name, help=short)
        chosen = action.add_mutually_exclusive_group(required=True)
        chosen.add_argument(
            "ids", metavar="ID", nargs="*", default=[], help="of a dead letter, as `vlm dead list` shows it"
        )
        chosen.add_argument("--all", action="store_true", help="all dead letters")
        add_redis(action)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """List, replay or drop. The exit status: 1 if a dead letter could not be replayed, or was gone.

    Raises:  NotFound for an unknown ID, Unavailable without a server.
    """
    import asyncio

    from redis.exceptions import RedisError

    try:
        return asyncio.run(_run(arguments, settings.redis_url))
    except (RedisError, OSError) as error:
        raise Unavailable(
            f"The Redis server cannot be used: {str(error).rstrip('.')}. `vlm doctor` says more."
        ) from error


async def _run(arguments: argparse.Namespace, url: str) -> int:
    from vlm.queue.connection import connect
    from vlm.queue.dead_letters import DeadLetterQueue

    async with connect(url) as redis:
        queue = DeadLetterQueue(redis)
        letters = await queue.all()
        if arguments.action == "list":
            _print(letters, as_json=arguments.json, show=arguments.show)
            return 0
        chosen = letters if arguments.all else letters_with(letters, arguments.ids)
        if arguments.action == "drop":
            return _summary("dropped", [await queue.drop(letter) for letter in chosen])
        return _summary("put back into the queue", [await _replay(queue, letter) for letter in chosen])


def letters_with(letters: "Sequence[DeadLetter]", ids: Sequence[str]) -> "list[DeadLetter]":
    """The dead letters with these ids, in the order of `ids`. Raises NotFound for an unknown id."""
    by_id = {letter.id: letter for letter in letters}
    if missing := [id for id in ids if id not in by_id]:
        raise NotFound(f"There is no dead letter {', '.join(missing)}; `vlm dead list` shows all of them.")
    return [by_id[id] for id in ids]


async def _replay(queue: "DeadLetterQueue", letter: "DeadLetter") -> bool:
    try:
        return await queue.replay(letter, time.time_ns() // 1_000_000)
    except ProtocolError as error:
        remark(str(error))
        return False


def _summary(action: str, succeeded: Sequence[bool]) -> int:
    """Print how many dead letters were handled; the exit status."""
    failed = len(succeeded) - sum(succeeded)
    remark(f"{sum(succeeded)} {action}{f'; {failed} not' if failed else ''}.")
    return 1 if failed else 0


def _print(letters: "Sequence[DeadLetter]", *, as_json: bool, show: bool) -> None:
    for letter in letters:
        put(json.dumps(_record(letter, show), ensure_ascii=False) if as_json else _line(letter, show))
    if not letters and not as_json:
        remark("There are no dead letters.")


def _line(letter: "DeadLetter", show: bool) -> str:
    record = _record(letter, show)
    columns = (
        record["id"], _age(time.time() - letter.at_ms / 1000), record["code"], f"{record['times']}x",
        record["task"] or "?", record["chat"], record["job"],
    )  # fmt: skip
    return "  ".join(map(str, columns)) + (f"  {letter.content}" if show and letter.content else "")


def _record(letter: "DeadLetter", show: bool) -> dict[str, Any]:
    sender = letter.sender
    record = {
        "id": letter.id, "at_ms": letter.at_ms, "code": letter.code, "times": letter.times,
        "task": letter.task, "chat": sender.chat if sender else 0, "job": sender.id if sender else "",
    }  # fmt: skip
    return record | ({"content": letter.content} if show else {})


def _age(seconds: float) -> str:
    """'3 min', '5 h', '2 d'"""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
