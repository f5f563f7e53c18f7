"""Pushes updates to the bot's webhook: in order, with the secret, and again until the answer is 2xx.

Not handled: several deliveries at a time (max_connections), a method call in the body of the answer,
self-signed certificates.
"""

import asyncio
import http.client
import json
import ssl
import time
from urllib.parse import urlsplit

from bot.sandbox.args import Json
from bot.sandbox.chat import State, Webhook
from bot.sandbox.updates import UpdateQueue

TIMEOUT_S = 10
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0


async def deliver(state: State, updates: UpdateQueue) -> None:
    """Push updates whenever a webhook is set, until cancelled."""
    pause_s = FIRST_PAUSE_S
    while True:
        hook = state.webhook
        if hook is None or not updates.pending:
            await updates.wait_for_change(3600)
            continue
        if await _push(hook, updates):
            pause_s = FIRST_PAUSE_S
        else:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _push(hook: Webhook, updates: UpdateQueue) -> bool:
    update = updates.pending[0]
    error = await asyncio.to_thread(_post, hook, update)
    if error:
        hook.last_error_date, hook.last_error_message = int(time.time()), error
    elif update in updates.pending:  # it may have been dropped meanwhile
        updates.confirm(update)
    return not error


def _post(hook: Webhook, update: Json) -> str:
    """The error; '' if the bot accepted the update."""
    url = urlsplit(hook.url)
    address = (url.hostname or "", url.port)
    connection = (
        http.client.HTTPSConnection(*address, timeout=TIMEOUT_S, context=ssl.create_default_context())
        if url.scheme == "https"
        else http.client.HTTPConnection(*address, timeout=TIMEOUT_S)
    )
    headers = {"Content-Type": "application/json"}
    if hook.secret:
        headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("POST", target, json.dumps(update), headers)
        answer = connection.getresponse()
        return (
            ""
            if 200 <= answer.status < 300
            else f"Wrong response from the webhook: {answer.status} {answer.reason}"
        )
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
