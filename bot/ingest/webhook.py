"""Updates by webhook, into the journal. Telegram is answered 200 once the journal holds the update.

POST <the path of BOT_WEBHOOK_URL>   an update      401 without the secret, 400 for what is no update,
                                                    413 above MAX_BYTES, 503 while the journal is away
"""

import contextlib
import hmac
import json
import socket
from collections.abc import Generator
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.ingest.journal import Journal, Json
from vlm.errors import BadSetting

MAX_BYTES: Final = 1024 * 1024
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


def webhook_app(journal: Journal, *, url: str, secret: str) -> Starlette:
    """What answers Telegram at `url`. Whoever does not show `secret` gets 401, and nothing is kept."""

    async def receive(request: Request) -> Response:
        shown = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(shown.encode(), secret.encode()):
            return Response(status_code=401)
        body = await _body(request)
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
    """The body; None, without reading on, when it is too large."""
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


class WebhookServer(uvicorn.Server):
    """Serves an application in a program that minds its own signals."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))

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
