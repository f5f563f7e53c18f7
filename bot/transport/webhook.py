"""Updates by webhook, into the journal. The answer 200 means that the journal holds the update.

POST <the path of BOT_WEBHOOK_URL>   an update      401 without the secret, 400 for a body that is no update,
                                                    413 above MAX_BYTES, 503 while Redis is unavailable

The secret is compared first, in constant time; without it the body is not read. Slow clients and floods are
left to the https proxy in front of it.
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

from bot.transport.journal import Journal, Json
from vlm.errors import BadSetting

MAX_BYTES: Final = 1024 * 1024
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


def webhook_app(journal: Journal, *, url: str, secret: str) -> Starlette:
    """The application that answers Telegram at `url`. Calls without `secret` get 401 and are not kept."""

    async def receive(request: Request) -> Response:
        received = request.headers.get(SECRET_HEADER, "")
        if not secret or not hmac.compare_digest(received.encode(), secret.encode()):
            return Response(status_code=401)
        update = _parse(await request.body())
        if update is None:
            return Response(status_code=400)
        try:
            await journal.append([update])
        except RedisError:
            return Response(status_code=503)  # Telegram will call again
        return Response(status_code=200)

    path = urlsplit(url).path or "/"
    return Starlette(routes=[Route(path, receive, methods=["POST"])], max_body_size=MAX_BYTES)


def _parse(body: bytes) -> Json | None:
    """The update in `body`; None if there is none."""
    try:
        update = json.loads(body)
    except ValueError:
        return None
    return update if isinstance(update, dict) and isinstance(update.get("update_id"), int) else None


class WebhookServer(uvicorn.Server):
    """A uvicorn server that leaves signals to the program that runs it."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises BadSetting if the address cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise BadSetting(f"BOT_WEBHOOK_LISTEN: {host}:{port} cannot be used ({error}).") from error
