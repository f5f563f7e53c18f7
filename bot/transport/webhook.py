"""Updates by webhook, into the journal. Telegram is answered 200 once the journal holds the update.

POST <the path of BOT_WEBHOOK_URL>   an update      401 without the secret, 400 for what is no update,
                                                    413 above MAX_BYTES, 408 for one that takes too long,
                                                    429 for too many, 503 while the journal is away

The secret is compared first and in constant time. Who does not show it costs no read and shares no allowance
with Telegram: strangers cannot use that up.
"""

import asyncio
import contextlib
import hmac
import json
import socket
import time
from collections.abc import Callable, Generator
from typing import Any, Final
from urllib.parse import urlsplit

import h11
import uvicorn
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.transport.journal import Journal, Json
from vlm.errors import BadSetting

MAX_BYTES: Final = 1024 * 1024
HEAD_S: Final = 10.0  # how long a request's head may take to arrive
BODY_S: Final = 10.0  # and its body
KNOWN: Final = (
    200.0,
    1000.0,
)  # requests a second, and at once, of who shows the secret: far above Telegram's
STRANGERS: Final = (5.0, 50.0)  # and of all others together
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


class Allowance:
    """So many a second on average, and `burst` at once. `clock` counts seconds."""

    def __init__(self, per_s: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._burst, self._clock = per_s, burst, clock
        self._left, self._at = burst, clock()

    def take(self) -> bool:
        """Whether one more is allowed; then it counts."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def webhook_app(journal: Journal, *, url: str, secret: str) -> Starlette:
    """What answers Telegram at `url`. Whoever does not show `secret` gets 401, and nothing is kept."""

    known, strangers = Allowance(*KNOWN), Allowance(*STRANGERS)

    async def receive(request: Request) -> Response:
        shown = request.headers.get(SECRET_HEADER, "")
        if not secret or not hmac.compare_digest(shown.encode(), secret.encode()):
            return Response(status_code=401 if strangers.take() else 429)
        if not known.take():
            return Response(status_code=429)  # Telegram will call again
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(request)
        except TimeoutError:
            return Response(status_code=408, headers={"Connection": "close"})
        if body is None:
            return Response(status_code=413)
        update = _update(body)
        if update is None:
            return Response(status_code=400)
        try:
            await journal.append([update])
        except RedisError:
            return Response(status_code=503)  # Telegram will call again
        return Response(status_code=200)

    return Starlette(routes=[Route(urlsplit(url).path or "/", receive, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    """The body; None, without reading on, when it is too large or says so beforehand."""
    if int(request.headers.get("Content-Length", 0)) > MAX_BYTES:  # a number: h11 refuses any other
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


def _update(body: bytes) -> Json | None:
    try:
        update = json.loads(body)
    except ValueError:
        return None
    return update if isinstance(update, dict) and isinstance(update.get("update_id"), int) else None


class PromptProtocol(H11Protocol):
    """HTTP, but whoever does not finish a request's head within HEAD_S is cut off."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._relax()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._relax()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _relax(self) -> None:
        if self._late:
            self._late.cancel()
        self._late = None


class WebhookServer(uvicorn.Server):
    """Serves an application in a program that minds its own signals."""

    def __init__(self, app: Starlette) -> None:
        config = uvicorn.Config(
            app, http=PromptProtocol, log_config=None, access_log=False, timeout_graceful_shutdown=5
        )
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises BadSetting if the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise BadSetting(f"BOT_WEBHOOK_LISTEN: {host}:{port} cannot be used ({error}).") from error
