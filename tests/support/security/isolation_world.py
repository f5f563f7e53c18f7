"""A bot, a worker, a server and a sandbox with 56 chats, and a check of everything that is shown.

Every photo carries the mark of its chat and its number there: in its words ('m007n012'), and in its size,
which the model names (width 100 + chat, height 10 + number). People search for marks in capitals, so that an
echo of their words is no leak, and the words of another chat's photo are.
"""

import asyncio
import io
import json
import logging
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import uvicorn
from PIL import Image
from redis.asyncio import Redis

from bot import service
from bot.exports.exporter import EXPORTS
from bot.sandbox import groups
from bot.sandbox.__main__ import listen
from bot.sandbox.app import make_app
from bot.sandbox.args import Upload
from bot.sandbox.people import Person
from bot.sandbox.sandbox import Sandbox, build
from bot.settings import Settings
from bot.state import album_store
from bot.transport.journal import UPDATES
from bot.transport.rate_limiter import RateLimiter
from vlm import keys
from vlm.engine.echo import EchoEngine
from vlm.memory import Memory
from vlm.queue.broker import Broker
from vlm.queue.connection import connect
from vlm.worker.loop import Worker

Json = dict[str, Any]
Mark = tuple[int, int]  # the chat's index, the photo's number there

PEOPLE: Final = 36  # each with a private chat
GROUPS: Final = 20  # of three of them each; the last six are supergroups from the beginning
CHATS: Final = PEOPLE + GROUPS
FIRST: Final = 7_100_000_001
OWNER: Final = FIRST
STRANGER: Final = 8_500_000_001
NOBODY: Final = -1  # the index of who has no chat: nothing at all may be shown there
WIDE, HIGH, NUMBERS = 100, 10, 250
STREAMS: Final = [UPDATES, *keys.JOB_STREAMS.values(), keys.results_key(), EXPORTS]
SETTLED_S: Final = 300.0  # a busy machine is slow, not wrong

_WORDS: Final = re.compile(r"m(\d{3})n(\d{3})")
_SIZE: Final = re.compile(r"\b(1\d\d) by (\d+)\b")
_FILE: Final = re.compile(r"[A-Za-z0-9_-]{30,}")


def mark(index: int, number: int) -> str:
    return f"m{index:03}n{number:03}"


def drawn(index: int, number: int, colour: str) -> bytes:
    """The picture that is number `number` of a chat."""
    data = io.BytesIO()
    Image.new("RGB", (WIDE + index, HIGH + number), colour).save(data, "PNG")
    return data.getvalue()


def marks_in(text: str) -> set[Mark]:
    """Whose photos a text tells of."""
    said = {(int(index), int(number)) for index, number in _WORDS.findall(text)}
    seen = {(int(width) - WIDE, int(height) - HIGH) for width, height in _SIZE.findall(text)}
    return said | seen


class World:
    """`brought` and `exported` by a chat's index.

    brought    what people carried there themselves, as inline results
    exported   the groups of which somebody asked for a file
    """

    def __init__(self, box: Sandbox, redis: Redis) -> None:
        self.box, self.redis = box, redis
        self.home: dict[int, int] = {}
        self.ids: list[int] = []
        self.brought: dict[int, set[Mark]] = {}
        self.exported: dict[int, set[int]] = {}
        self.marked: dict[str, Mark] = {}  # by file_id
        self.numbers = [0] * CHATS
        self.checked = self.shown = 0
        self.failures: list[str] = []
        for index in range(CHATS):
            group = index - PEOPLE
            supergroup = 10**12 if group >= GROUPS - 6 else 0
            self.ids.append(FIRST + index if group < 0 else -(1000 + group) - supergroup)
            self.home[self.ids[index]] = index

    def member(self, index: int, which: int) -> int:
        """The id of somebody in a chat: the person themself, or one of a group's three."""
        return FIRST + index if index < PEOPLE else FIRST + (3 * (index - PEOPLE) + which % 3) % PEOPLE

    def person(self, index: int, which: int = 0) -> Person:
        return Person(self.box, chat=self.ids[index], user=self.member(index, which))

    def messages(self, index: int, *, of_bot: bool | None = None) -> list[Json]:
        """What stands in a chat, oldest first."""
        chat = self.box.world.state.chats.get(self.ids[index])
        messages = [*chat.messages.values()] if chat else []
        return [message for message in messages if of_bot is None or message["from"]["is_bot"] == of_bot]

    def next_photo(self, index: int, colour: str) -> tuple[str, Upload]:
        """The mark of the chat's next photo, and the photo."""
        number = self.numbers[index]
        self.numbers[index] = (number + 1) % NUMBERS
        return mark(index, number), Upload(f"{number}.png", drawn(index, number, colour))

    async def send(self, person: Person, uploads: list[tuple[str, Upload]], words: str, **how: Any) -> None:
        """Send photos; from now on their file_ids are known as this chat's."""
        known = set(self.box.files._known)
        await person.send_files([upload for _, upload in uploads], words, **how)
        [first, *_] = marks_in(uploads[0][0])
        for file in set(self.box.files._known) - known:
            self.marked[file] = first  # an album's photos are all the chat's

    def push(self, kind: str, payload: Json) -> None:
        """An update that no app would send, though somebody who speaks Telegram's protocol might."""
        self.box.updates.push(kind, payload)

    def migrate(self, index: int) -> None:
        chat = self.box.world.state.chats[self.ids[index]]
        new = groups.migrate(self.box, chat, self.box.world.person(chat.members[0]))
        self.ids[index] = new.info["id"]
        self.home[self.ids[index]] = index

    async def settle(self) -> None:
        """Wait until all updates are handled, then check what was shown."""
        async with asyncio.timeout(SETTLED_S):
            while not (await self._is_idle() and await self._is_idle()):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        self.check()
        assert not self.failures, self.failures

    async def _is_idle(self) -> bool:
        if self.box.updates.pending:
            return False
        async with self.redis.pipeline(transaction=False) as pipe:
            for stream in STREAMS:
                pipe.xlen(stream)
            return not any(await pipe.execute())

    async def admits(self, person: int) -> bool:
        """Whether an invitation has let somebody in."""
        return bool(await self.redis.sismember("{afterimage}:guests:invite", str(person)))

    async def kept(self) -> list[int]:
        """How many photos each chat has."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for chat in self.ids:
                pipe.zcard(f"photos:{{{chat}}}")
            return list(await pipe.execute())

    def check(self) -> None:
        """Check that all calls since the last check showed a chat only its own photos."""
        while self.box.calls:
            call = self.box.calls.popleft()
            self.checked += 1
            to = self._recipient(call)
            leaks = self._told(call, to) - self.brought.get(to, set())
            assert not (wrong := {mark for mark in leaks if mark[0] != to}), f"{wrong} shown to {to}: {call}"
            self.shown += bool(leaks)

    def _recipient(self, call: Json) -> int:
        args = call["args"]
        if call["chat"] is not None:
            return self.home.get(call["chat"], NOBODY)
        about = self.box.answers.get(str(args.get("callback_query_id") or args.get("inline_query_id")), {})
        return self.home.get(about.get("chat") or about.get("user") or 0, NOBODY)

    def _told(self, call: Json, to: int) -> set[Mark]:
        if call["method"] in ("getFile", "setMyCommands"):  # the first shows nothing, the second is for all
            return set()
        text = json.dumps(call["args"])
        files = {self.marked[file] for file in _FILE.findall(text) if file in self.marked}
        if call["method"] == "sendDocument" and ".zip" in text:
            return self._in_zip(to)
        return marks_in(text) | files

    def _in_zip(self, to: int) -> set[Mark]:
        """What exports told, besides of groups in which this person asked for one."""
        sent = [message for message in self.messages(to, of_bot=True) if "document" in message]
        marks: set[Mark] = set()
        for message in sent:
            if not message["document"]["file_name"].endswith(".zip"):
                continue
            with zipfile.ZipFile(self.box.files.on_disk(message["document"]["file_id"])) as file:
                for name in file.namelist():
                    data = file.read(name)
                    if name.endswith((".txt", ".jsonl")):
                        marks |= marks_in(data.decode())
                    else:
                        width, height = Image.open(io.BytesIO(data)).size
                        marks.add((width - WIDE, height - HIGH))
        groups = self.exported.get(to, set())
        return {mark for mark in marks if mark[0] not in groups} - {
            mark for group in groups for mark in self.brought.get(group, set())
        }


@asynccontextmanager
async def living(url: str, folder: Path) -> AsyncIterator[World]:
    """All of it, in this process but for the server; what only makes waiting long is short."""
    box = build(folder, name="Afterimage", username="afterimage_bot")
    everybody = [FIRST + n for n in range(PEOPLE)]
    everybody += [-1000 - n - more for n in range(GROUPS) for more in (0, 10**12)]
    async with connect(url) as redis:
        await redis.flushall()
        with ExitStack() as stack, listen(0) as listener:
            unlimited = partial(RateLimiter, most=10**9)
            stack.enter_context(patch.object(service, "RateLimiter", unlimited))
            stack.enter_context(patch.object(album_store, "QUIET_S", 0.02))
            stack.enter_context(patch.object(album_store, "EDIT_INTERVAL_S", 0.0))
            stack.enter_context(patch.object(box, "save", lambda: None))  # nobody starts it again
            config = uvicorn.Config(make_app(box), log_level="critical", timeout_graceful_shutdown=0)
            server = uvicorn.Server(config)
            settings = Settings(
                token="1:isolation",
                redis_url=url,
                api_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
                access="invite",
                owner=OWNER,
                allowed=",".join(map(str, everybody)),
            )
            worker = Worker(Broker(redis, name="w", lease_s=20), EchoEngine(), Memory(redis))
            stop = asyncio.Event()
            running = [
                asyncio.create_task(server.serve(sockets=[listener])),
                asyncio.create_task(worker.run()),
                asyncio.create_task(service.serve(settings, stop)),
            ]
            try:
                yield _watched(World(box, redis), stack)
            finally:
                stop.set()
                worker.stop()
                await asyncio.wait(running[1:])
                server.should_exit = True
                await asyncio.wait(running[:1])


def _watched(world: World, stack: ExitStack) -> World:
    """The world, with what its handlers fail at in `failures`: a forged update must not make them fail."""
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: world.failures.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger("bot").addHandler(handler)
    stack.callback(logging.getLogger("bot").removeHandler, handler)
    return world
