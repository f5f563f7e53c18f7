"""The messages of all chats, kept up to date by the sandbox's events."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

Json = dict[str, Any]


class ChatView:
    """`chats`: chat -> message id -> message; `answers`: query id -> the bot's answer."""

    def __init__(self, page: str) -> None:
        self.http = httpx.AsyncClient(base_url=f"{page}/sandbox", timeout=60)
        self.chats: dict[int, dict[int, Json]] = {}
        self.answers: dict[str, Json] = {}
        self._changed: dict[int, asyncio.Event] = {}
        self._begun = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._listen())
        await asyncio.wait_for(self._begun.wait(), 30)

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.http.aclose()

    async def call(self, path: str, **request: Any) -> Any:
        """Act as a user. Raises httpx.HTTPStatusError if the sandbox refuses."""
        answer = await self.http.post(path, **request)
        answer.raise_for_status()
        return answer.json()

    def bot_messages(self, chat: int) -> list[Json]:
        """The bot's messages in a chat, in order."""
        return [message for message in self.chats.get(chat, {}).values() if message["from"]["is_bot"]]

    async def until(self, chat: int, holds: Callable[[], Any], timeout_s: float) -> Any:
        """The first true value of `holds()`; None if there is none in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (value := holds()):
                    await self._changed.setdefault(chat, asyncio.Event()).wait()
        except TimeoutError:
            return None
        return value

    async def refresh(self) -> None:
        """Read all chats again: events may have been missed."""
        for chat in list(self.chats):
            messages = (await self.http.get("messages", params={"chat": chat})).json()["messages"]
            self.chats[chat] = {message["message_id"]: message for message in messages}
            self._ring(chat)

    async def _listen(self) -> None:
        async with self.http.stream("GET", "events", timeout=None) as events:
            async for line in events.aiter_lines():
                if line.startswith("data: "):
                    await self._take(json.loads(line.removeprefix("data: ")))

    async def _take(self, event: Json) -> None:
        match event["type"]:
            case "hello" if self._begun.is_set():
                await self.refresh()
            case "hello":
                self._begun.set()
            case "message" | "edit":
                self.chats.setdefault(event["chat"], {})[event["message"]["message_id"]] = event["message"]
            case "delete":
                self.chats.get(event["chat"], {}).pop(event["message_id"], None)
            case "answer" | "inline":
                self.answers[event["query"]] = event
                self._ring(event.get("chat", event.get("user", 0)))
                return
        if "chat" in event:
            self._ring(event["chat"])

    def _ring(self, chat: int) -> None:
        rung = self._changed.pop(chat, None)
        if rung:
            rung.set()
