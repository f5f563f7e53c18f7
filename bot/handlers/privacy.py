"""/forget, a photo or everything, and /privacy."""

from typing import Final

from bot.access.admins import ChatAdmins
from bot.handlers.albums import Albums
from bot.replies import privacy as said
from bot.replies.keyboards import button, keyboard
from bot.state.reply_target import replied
from bot.talk import Press, Talk
from bot.transport.outbox import Outbox
from vlm.memory import Memory, Photo

FORGET_ALL: Final = "forget"  # verbs of the two buttons, each with the id of whom they are for
KEEP_ALL: Final = "forgetnot"
ALL: Final = "all"  # understood in every language
ANYBODY: Final = "0"  # an administrator who asked anonymously presses by name
OPEN_S: Final = 300


class Keeping:
    """`retention_days` and `contact` are what /privacy tells of."""

    def __init__(
        self,
        memory: Memory,
        outbox: Outbox,
        members: ChatAdmins,
        albums: Albums,
        *,
        retention_days: int,
        contact: str,
    ) -> None:
        self._memory = memory
        self._outbox = outbox
        self._members = members
        self._albums = albums
        self._retention_days = retention_days
        self._contact = contact

    async def privacy(self, talk: Talk) -> None:
        await self._outbox.say(talk.place, said.privacy(talk.t, self._retention_days, self._contact))

    async def forget(self, talk: Talk) -> None:
        """One photo in reply to it; `/forget all`, anywhere, asks first; else how it is done."""
        target = replied(talk.message)
        if talk.words.lower() in (ALL, said.everything(talk.t).lower()):
            await self._ask(talk)
        elif target is None or talk.words:
            await self._outbox.say(talk.place, said.how_to_forget(talk.t))
        else:
            await self._forget(talk, await self._memory.photo_of(talk.chat, target.message_id))

    async def forget_all(self, press: Press) -> None:
        """It was meant. Nothing is noted of what is said to it: a note would be kept.

        A press that a bot which ended left behind comes again, after photos that were sent since: they stay.
        """
        if await self._may_decide(press):
            await self._memory.forget_chat(press.chat, press.arrival_us)
            await press.answer()
            await self._outbox.edit(press.chat, press.message.message_id, said.all_forgotten(press.t))

    async def keep_all(self, press: Press) -> None:
        if await self._may_decide(press):
            await press.answer()
            await self._outbox.edit(press.chat, press.message.message_id, said.all_kept(press.t))

    async def _forget(self, talk: Talk, id: str | None) -> None:
        photo = await self._memory.get(talk.chat, id) if id else None
        if photo is None:
            await self._say_gone(talk)
        elif talk.person == photo.sender != 0 or await self._members.is_admin(talk):
            await self._drop(talk, photo)
            await self._outbox.say(talk.place, said.forgotten(talk.t))
        else:
            await self._outbox.say(talk.place, said.only_owner_forgets(talk.t))

    async def _say_gone(self, talk: Talk) -> None:
        if not await self._outbox.said(talk.place):  # else it was forgotten a moment ago, for this message
            await self._outbox.say(talk.place, said.nothing_kept(talk.t))

    async def _drop(self, talk: Talk, photo: Photo) -> None:
        """Out of the chat goes the caption first: afterwards nobody would know which message it was."""
        if caption := await self._outbox.said(talk.place.because(photo.id)):
            await self._outbox.remove(talk.chat, caption, said.caption_forgotten(talk.t))
        await self._albums.without(talk.chat, photo.id, talk.t)
        await self._memory.forget(talk.chat, photo.id)
        # It may have been said anew in between, by the job of the photo.
        if (later := await self._outbox.said(talk.place.because(photo.id))) and later != caption:
            await self._outbox.remove(talk.chat, later, said.caption_forgotten(talk.t))

    async def _ask(self, talk: Talk) -> None:
        if not await self._members.is_admin(talk):
            await self._outbox.say(talk.place, said.only_admins_forget_all(talk.t))
            return
        who = ANYBODY if talk.message.sender_chat else str(talk.person)
        buttons = [
            button(said.yes_all(talk.t), FORGET_ALL, who),
            button(said.no(talk.t), KEEP_ALL, who),
        ]
        text = said.sure_of_all(talk.t, await self._memory.count(talk.chat))
        await self._outbox.say(talk.place, text, keyboard(buttons))

    async def _may_decide(self, press: Press) -> bool:
        """Whether who pressed was asked, may still decide, and did so in time. Says so, if not."""
        if press.asked not in (ANYBODY, str(press.person)):
            await press.answer(said.not_asked_of_you(press.t), alert=True)
        elif not await self._members.is_admin(press):
            await press.answer(said.only_admins_forget_all(press.t), alert=True)
        elif press.arrival_us / 1e6 - press.message.date.timestamp() > OPEN_S:
            await press.answer()
            await self._outbox.edit(press.chat, press.message.message_id, said.too_late(press.t))
        else:
            return True
        return False
