"""The routes of a sandbox, and its background tasks: saving, and pushing to a webhook."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.sandbox import api, page, webhook
from bot.sandbox.sandbox import Sandbox

STATIC = Path(__file__).parent / "static"
MAX_BYTES = 64 * 1024 * 1024  # of a request: above the 50 MB that a bot may upload
LOOPBACK_NAMES = ["127.0.0.1", "localhost"]
# The page runs only scripts of this folder, and shows only pictures of this server and those to be sent.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


def make_app(box: Sandbox) -> Starlette:
    """The whole sandbox as an ASGI application."""
    app = Starlette(
        routes=[
            Route("/bot{token}/{method}", api.call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", api.download),
            *page.routes(),
            Route("/", _index),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        # Other host names are refused, as a foreign web page would use them (DNS rebinding).
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_NAMES), Middleware(Guard)],
        lifespan=_life,
    )
    app.state.sandbox = box
    return app


class Guard:
    """Adds the security headers, and refuses requests that another site's page makes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _foreign(scope):
            await Response("Only the page of this sandbox may do that.\n", 403)(scope, receive, send)
            return
        if scope["type"] == "http" and (refused := _oversized(dict(scope["headers"]))):
            await Response(status_code=refused, headers={"Connection": "close"})(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await self._app(scope, receive, guarded)


def _foreign(scope: Scope) -> bool:
    return scope["method"] != "GET" and (b"sec-fetch-site", b"cross-site") in scope["headers"]


def _oversized(headers: dict[bytes, bytes]) -> int:
    """The status for a body that is too large or of unknown length; 0 for any other."""
    if b"transfer-encoding" in headers:
        return 411
    return 413 if int(headers.get(b"content-length", 0)) > MAX_BYTES else 0


async def _index(request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


@contextlib.asynccontextmanager
async def _life(app: Starlette) -> AsyncIterator[None]:
    box: Sandbox = app.state.sandbox
    tasks = [
        asyncio.create_task(box.keep_saved()),
        asyncio.create_task(webhook.deliver(box.world.state, box.updates)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
