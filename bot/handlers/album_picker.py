"""The buttons that ask which photo of an album a question is about. The question is what they reply to."""

from bot.access.addressing import words
from bot.handlers.albums import Albums
from bot.handlers.questions import Questions
from bot.replies import albums as said
from bot.replies import photos
from bot.replies import questions as answers
from bot.state.reply_target import Place, replied
from bot.talk import Press
from bot.transport.outbox import Outbox
from vlm.queue.client import Client


class Picking:
    def __init__(self, client: Client, outbox: Outbox, albums: Albums, questions: Questions) -> None:
        self._client = client
        self._outbox = outbox
        self._albums = albums
        self._questions = questions

    async def one(self, press: Press) -> None:
        """The question is about that photo: its answer takes the buttons' place."""
        photo = await self._client.memory.get(press.chat, press.asked)
        if photo is None:
            await press.answer(photos.gone(press.t), alert=True)
        elif asked := await self._asked(press):
            place = await self._take(press, asked, f"{photo.id}-{press.message.message_id}")
            await self._questions.put(photo, asked, place, press.t)

    async def every(self, press: Press) -> None:
        """It is about all of them."""
        if asked := await self._asked(press):
            found = await self._albums.photos(press.chat, press.asked)
            if found:
                place = await self._take(press, asked, f"{press.message.message_id}", "all-")
                await self._albums.ask_all(found.values(), asked, place, press.t)
            else:
                await self._outbox.edit(press.chat, press.message.message_id, said.nothing_left(press.t))

    async def _asked(self, press: Press) -> str:
        """The question; '' after having said that it is gone."""
        question = replied(press.message)
        if question is None:
            await press.answer(said.question_lost(press.t), alert=True)
            return ""
        await press.answer(answers.thinking_of_it(press.t))
        return words(question)

    async def _take(self, press: Press, asked: str, cause: str, prefix: str = "") -> Place:
        place = press.place.because(f"picked-{cause}")
        waiting = answers.thinking(press.t, True, asked)
        shown = place.because(f"{prefix}{place.cause}")
        await self._outbox.take(shown, press.message.message_id, waiting)
        return place
