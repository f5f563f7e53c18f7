"""Updates from the journal to the handlers."""

import json
import logging
from typing import Any

from redis.exceptions import RedisError
from telegram import CallbackQuery, Message, Update

from bot.app import App
from bot.replies.errors import apology, refusal
from bot.state.reply_target import Place, place_of
from bot.talk import ARRIVAL, Talks
from bot.transport.journal import Json, arrival_us
from bot.transport.outbox import Outbox
from vlm.errors import AfterimageError, BadRequest, Unavailable
from vlm.queue.streams import Entry

log = logging.getLogger(__name__)


def chat_of(entry: Entry) -> int:
    """The chat that an update was journalled with; 0 for an update of nobody."""
    return int(entry.fields.get(b"chat", 0))


class Updates:
    """What to do with one entry of the journal, for `vlm.queue.keyed_consumer`."""

    def __init__(self, app: App, outbox: Outbox, talks: Talks) -> None:
        self._app = app
        self._outbox = outbox
        self._talks = talks

    async def handle(self, entry: Entry) -> None:
        """Run the handlers. What they refuse is told to the user; what they cannot help is raised."""
        update = self._update(entry)
        try:
            await self._app.process_update(update)
        except (BadRequest, Unavailable) as error:
            if isinstance(error.__cause__, RedisError):  # nothing was refused: it can be done later
                raise error.__cause__ from error
            await self._tell(update, error)
        except AfterimageError:
            log.exception("update %s", update.update_id)
            await self._tell(update, None)

    async def give_up(self, entry: Entry) -> None:
        """Apologise for an update that failed, or ended its process, too often."""
        log.error("gave up on update %s", entry.id)
        await self._tell(self._update(entry), None)

    async def _tell(self, update: Update, error: AfterimageError | None) -> None:
        if place := _place(update):
            t = await self._talks.translator(place.chat)
            await self._outbox.say(place, refusal(t, error) if error else apology(t))

    def _update(self, entry: Entry) -> Update:
        return Update.de_json({**_raw(entry), ARRIVAL: arrival_us(entry.id)}, self._app.bot)


def _place(update: Update) -> Place | None:
    """Where to answer an update, if anywhere."""
    match update:
        case Update(callback_query=CallbackQuery(message=Message() as message) as query):
            return place_of(message).because(f"press-{query.id}")
        case Update(effective_message=Message() as message):
            return place_of(message)
    return None


def _raw(entry: Entry) -> Json:
    update = _whole(json.loads(entry.fields[b"update"]))
    if not isinstance(update, dict):
        raise ValueError("an update that is no object")
    return update


def _whole(update: Any) -> Any:
    """The update without halves of characters: JSON can tell them, Redis and Telegram would take none."""
    text = json.dumps(update, ensure_ascii=False)
    return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
