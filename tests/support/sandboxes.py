"""A sandbox on a free port, a person who writes in it, and pictures to send."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import uvicorn
from PIL import Image

from bot.sandbox.__main__ import listen
from bot.sandbox.app import make_app
from bot.sandbox.sandbox import build


def picture(width: int = 400, height: int = 300, color: str = "tomato", form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, form)
    return out.getvalue()


@contextlib.asynccontextmanager
async def serving(
    folder: Path, *, samples: Path | None = None, about: str = "", port: int = 0
) -> AsyncIterator[str]:
    """The URL of a sandbox that runs in this process."""
    box = build(folder, samples=samples, about=about, name="Afterimage", username="afterimage_bot")
    with listen(port) as listener:
        config = uvicorn.Config(make_app(box), log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


class Person:
    """A user who writes in one chat through the page's interface."""

    def __init__(self, http: httpx.AsyncClient, chat: int = 501) -> None:
        self.http = http
        self.chat = chat

    async def send(self, text: str = "", *files: tuple[str, bytes], **fields: object) -> list[dict]:
        data = {"chat": str(self.chat), **{key: str(value) for key, value in fields.items()}}
        data["caption" if files else "text"] = text
        answer = await self.http.post(
            "/sandbox/send", data=data, files=[("file", file) for file in files] or None
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"]

    async def sees(self, after: int = 0) -> list[dict]:
        answer = await self.http.get("/sandbox/messages", params={"chat": self.chat, "after": after})
        return answer.json()["messages"]
