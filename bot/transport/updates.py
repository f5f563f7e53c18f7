"""Passes updates from the journal to the handlers, and tells the user about refused requests."""

import json
import logging
from typing import Any, Final

from redis.exceptions import RedisError
from telegram import Update
from telegram.ext import Application

from bot.i18n.translator import chat_translator
from bot.replies.status import apology, refusal
from bot.state.reply_target import target_of_update
from bot.transport.journal import Json, arrival_us
from bot.transport.outbox import Outbox
from vlm.errors import AfterimageError, BadRequest, Unavailable
from vlm.memory import Memory
from vlm.queue.streams import Entry

log = logging.getLogger(__name__)

App = Application[Any, Any, Any, Any, Any, Any]

# A field of updates that Telegram does not send: `bot.transport.journal.arrival_us`.
ARRIVAL_US: Final = "arrival_us"


def chat_of(entry: Entry) -> int:
    """The chat that an update was journalled with; 0 if it has none."""
    return int(entry.fields.get(b"chat", 0))


class UpdateHandler:
    """Handles an entry of the journal."""

    def __init__(self, application: App, memory: Memory, outbox: Outbox) -> None:
        self._application = application
        self._memory = memory
        self._outbox = outbox

    async def handle(self, entry: Entry) -> None:
        """Run the handlers. Replies to a refused request with the reason; raises other errors."""
        update = self._update(entry)
        try:
            await self._application.process_update(update)
        except (BadRequest, Unavailable) as error:
            if isinstance(error.__cause__, RedisError):  # Redis was unavailable: to be retried, not refused
                raise error.__cause__ from error
            await self._reply(update, error)
        except AfterimageError:
            log.exception("update %s failed", update.update_id)
            await self._reply(update, None)

    async def give_up(self, entry: Entry) -> None:
        """Apologise for an update that failed, or ended its process, too often."""
        log.error("gave up on update %s", entry.id)
        await self._reply(self._update(entry), None)

    async def _reply(self, update: Update, error: AfterimageError | None) -> None:
        if target := target_of_update(update):
            t = await chat_translator(self._memory, target.chat)
            await self._outbox.send(target, refusal(t, error) if error else apology(t))

    def _update(self, entry: Entry) -> Update:
        data = {**_raw(entry), ARRIVAL_US: arrival_us(entry.id)}
        return Update.de_json(data, self._application.bot)


def _raw(entry: Entry) -> Json:
    update = without_surrogates(json.loads(entry.fields[b"update"]))
    if not isinstance(update, dict):
        raise ValueError("the update is not a JSON object")
    return update


def without_surrogates(update: Any) -> Any:
    """The update without lone surrogates: JSON can contain them, UTF-8 cannot."""
    text = json.dumps(update, ensure_ascii=False)
    return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
