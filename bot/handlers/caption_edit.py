"""/edit, or the button below a caption: the owner's words take the place of the model's."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from msgspec.structs import replace
from telegram import Bot, ForceReply, Message, MessageEntity, User

from bot.access.admins import ChatAdmins
from bot.handlers.photos import Photos
from bot.i18n.translator import Translator
from bot.replies import privacy as said
from bot.state.pending_edits import PendingEdits
from bot.state.reply_target import Place, replied
from bot.talk import Press, Talk
from bot.transport.outbox import Outbox
from vlm.errors import BadRequest, TooLarge
from vlm.memory import Memory, Photo

MOST_CHARACTERS: Final = 1000


class Correcting:
    def __init__(
        self,
        bot: Bot,
        memory: Memory,
        outbox: Outbox,
        members: ChatAdmins,
        prompts: PendingEdits,
        photos: Photos,
    ) -> None:
        self._bot = bot
        self._memory = memory
        self._outbox = outbox
        self._members = members
        self._prompts = prompts
        self._photos = photos

    async def edit(self, talk: Talk) -> None:
        """/edit WORDS in reply to a photo or to what was said about it; without words, ask for them."""
        target = replied(talk.message)
        if target is None:
            await self._outbox.say(talk.place, said.how_to_edit(talk.t))
            return
        photo = await self._memory.photo_of(talk.chat, target.message_id)
        if talk.words or photo is None:
            await self._correct(talk, photo)
        else:
            await self._ask(talk.place, photo, talk.t)

    async def pressed(self, press: Press) -> None:
        """Ask for the right words."""
        photo = await self._memory.get(press.chat, press.asked)
        if photo is None:
            await press.answer(said.nothing_kept(press.t), alert=True)
        elif not await self._may(press, photo):
            await press.answer(said.only_owner_corrects(press.t), alert=True)
        else:
            await press.answer()
            await self._ask(press.place, photo.id, press.t, press.query.from_user)

    def unless_asked(self, otherwise: Callable[[Talk], Awaitable[None]]) -> Callable[[Talk], Awaitable[None]]:
        """What takes a text that replies to `_ask`'s question; any other goes `otherwise`."""

        async def receive(talk: Talk) -> None:
            target = replied(talk.message)
            photo = await self._prompts.photo(talk.chat, target.message_id) if target else None
            await (self._correct(talk, photo) if photo else otherwise(talk))

        return receive

    async def _ask(self, place: Place, photo: str, t: Translator, presser: User | None = None) -> None:
        """In a group the reply opens for one person: who wrote what is replied to, else the `presser`."""
        is_called = presser is not None and place.chat < 0
        words = said.new_words(t, presser.first_name if presser and is_called else "")

        async def send(address: dict[str, Any]) -> Sequence[Message]:
            prompt = ForceReply(selective=place.chat < 0)
            marks = _mention(words, presser) if presser and is_called else None
            return [await self._bot.send_message(text=words, reply_markup=prompt, entities=marks, **address)]

        await self._outbox.once(place, send)
        if message := await self._outbox.said(place):
            await self._prompts.note(place.chat, message, photo)

    async def _correct(self, talk: Talk, id: str | None) -> None:
        words = clean_caption(talk.words)
        photo = await self._memory.get(talk.chat, id) if id else None
        if photo is None or not await self._may(talk, photo):
            why = said.only_owner_corrects if photo else said.nothing_kept
            await self._outbox.say(talk.place, why(talk.t))
            return
        await self._memory.set_correction(talk.chat, photo.id, words)
        await self._show(talk, photo, words)
        thanks = await self._outbox.say(talk.place, said.corrected(talk.t))
        for message in (talk.message.message_id, thanks):
            await self._memory.link(talk.chat, message, photo.id)

    async def _show(self, talk: Talk, photo: Photo, words: str) -> None:
        """The photo's caption becomes the owner's; where it is not known any more, it is said anew."""
        reply_to = int(photo.id) if photo.id.isdecimal() else 0
        place = Place(talk.chat, photo.id, reply_to, talk.place.thread)
        await self._photos.show(place, replace(photo, correction=words), talk.t)

    async def _may(self, who: Talk | Press, photo: Photo) -> bool:
        return who.person == photo.sender != 0 or await self._members.is_admin(who)


def _mention(text: str, who: User) -> Sequence[MessageEntity]:
    """Their name in a text, so that it calls them: not everybody has a name with an @."""
    start, length = text.find(who.first_name), len(who.first_name)
    if start < 0:  # a name of two lines, in a language from the right
        return []
    mark = MessageEntity(MessageEntity.TEXT_MENTION, start, length, user=who)
    return MessageEntity.adjust_message_entities_to_utf_16(text, [mark])


def clean_caption(words: str) -> str:
    """The words without blanks around them. Raises BadRequest if there are none, TooLarge."""
    words = words.strip()
    if not words:
        raise BadRequest("A caption needs at least one word. Please write it once more.")
    if len(words) > MOST_CHARACTERS:
        raise TooLarge(
            "That caption has {found} characters, and I can keep {most}. Please make it shorter.",
            found=len(words),
            most=MOST_CHARACTERS,
        )
    return words
