"""Updates from the journal to the handlers."""

import json
import logging

from redis.exceptions import RedisError
from telegram import Update

from bot import replies
from bot.app import App
from bot.ingest.journal import Json
from bot.outbox import Outbox
from vlm.errors import AfterimageError, BadRequest, Unavailable
from vlm.streams import Entry

log = logging.getLogger(__name__)


def chat_of(entry: Entry) -> int:
    """The chat of an update; 0 for an update of no chat."""
    try:
        return int(_message(_raw(entry))["chat"]["id"])
    except (ValueError, KeyError, TypeError):
        return 0


class Updates:
    """What to do with one entry of the journal, for `bot.lanes`."""

    def __init__(self, app: App, outbox: Outbox) -> None:
        self._app = app
        self._outbox = outbox

    async def handle(self, entry: Entry) -> None:
        """Run the handlers. What they refuse is told to the user; what they cannot help is raised."""
        raw = _raw(entry)
        try:
            await self._app.process_update(Update.de_json(raw, self._app.bot))
        except (BadRequest, Unavailable) as refusal:
            if isinstance(refusal.__cause__, RedisError):  # nothing was refused: it can be done later
                raise refusal.__cause__ from refusal
            await self._tell(raw, str(refusal))
        except AfterimageError:
            log.exception("update %s", raw["update_id"])
            await self._tell(raw, replies.apology())

    async def give_up(self, entry: Entry) -> None:
        """Apologise for an update that failed, or ended its process, too often."""
        log.error("gave up on update %s", entry.id)
        await self._tell(_raw(entry), replies.apology())

    async def _tell(self, raw: Json, text: str) -> None:
        message = _message(raw)
        await self._outbox.say(message["chat"]["id"], message["message_id"], text)


def _raw(entry: Entry) -> Json:
    update = json.loads(entry.fields[b"update"])
    if not isinstance(update, dict):
        raise ValueError("an update that is no object")
    return update


def _message(raw: Json) -> Json:
    """The message that an update is about. Raises KeyError if there is none."""
    for kind, payload in raw.items():
        if kind != "update_id" and isinstance(payload, dict):
            found = payload if "message_id" in payload else payload["message"]
            return dict(found)
    raise KeyError("message")
