"""What a handler is given: who says what, where, and how to speak to them."""

from contextlib import suppress
from typing import Final, NamedTuple

from telegram import CallbackQuery, InlineQuery, Message, Update, User
from telegram.error import BadRequest

from bot.access.addressing import words
from bot.i18n.translator import Translator, translator_for
from bot.state.reply_target import Place, place_of
from vlm.memory import Preferences
from vlm.queue.client import Client

ARRIVAL: Final = (
    "arrival_us"  # what an update carries besides what Telegram says: see `bot.transport.journal`
)


class Talk(NamedTuple):
    """A message that came in, and when; 0: not known."""

    message: Message
    place: Place
    wishes: Preferences
    t: Translator
    arrival_us: int = 0

    @property
    def chat(self) -> int:
        return self.place.chat

    @property
    def person(self) -> int:
        """Who wrote it; 0 for a group's or a channel's own voice."""
        return self.message.from_user.id if self.message.from_user else 0

    @property
    def words(self) -> str:
        """What it says to the bot, in a text or under a picture: without a command, or the bot's name."""
        return words(self.message)


class Press(NamedTuple):
    """A button that was pressed, and when. `message` bears it; `asked` is what stands after the verb in its
    data.

    The data came from outside and may be forged: what it names must be looked up in `place.chat`.
    """

    query: CallbackQuery
    message: Message
    asked: str
    place: Place
    wishes: Preferences
    t: Translator
    arrival_us: int

    @property
    def chat(self) -> int:
        return self.place.chat

    @property
    def person(self) -> int:
        return self.query.from_user.id

    async def answer(self, text: str = "", *, alert: bool = False) -> None:
        """End the button's waiting, with a few words if there are any. Each press must be answered.

        One from a minute ago can be answered no more; nobody looks at it either.
        """
        with suppress(BadRequest):
            await self.query.answer(text, show_alert=alert)


class Inline(NamedTuple):
    """What somebody types after the bot's name, in a chat that the bot cannot see."""

    query: InlineQuery
    wishes: Preferences
    t: Translator


class Talks:
    """Reads how a chat wants to be spoken to. A chat begins with its person's language."""

    def __init__(self, client: Client) -> None:
        self._memory = client.memory

    async def of(self, message: Message, update: Update) -> Talk:
        wishes = await self.wishes(message.chat_id, message.from_user)
        return Talk(message, place_of(message), wishes, translator_for(wishes.language), _arrival_us(update))

    async def of_press(self, query: CallbackQuery, message: Message, asked: str, update: Update) -> Press:
        wishes = await self.wishes(message.chat_id, query.from_user)
        place = place_of(message).because(f"press-{query.id}")
        return Press(
            query, message, asked, place, wishes, translator_for(wishes.language), _arrival_us(update)
        )

    async def of_inline(self, query: InlineQuery) -> Inline:
        """Of somebody who may never have written to the bot: then nothing is kept of them."""
        wishes = await self._memory.preferences(query.from_user.id)
        return Inline(query, wishes, translator_for(wishes.language or query.from_user.language_code or ""))

    async def wishes(self, chat: int, person: User | None) -> Preferences:
        """The chat's preferences. Their language, once chosen or taken from the first person, stays."""
        wishes = await self._memory.preferences(chat)
        if not wishes.language and person and person.language_code:
            return await self._memory.prefer(chat, language=person.language_code)
        return wishes

    async def translator(self, chat: int) -> Translator:
        """How to speak in a chat."""
        return translator_for((await self._memory.preferences(chat)).language)


def _arrival_us(update: Update) -> int:
    return int(update.api_kwargs.get(ARRIVAL, 0))
