"""/start, /help, and whatever else is answered with one sentence."""

import importlib.resources
from collections.abc import Sequence
from typing import Any, Final

from telegram import Bot, Message
from telegram.helpers import effective_message_type

from bot.handlers.inline import START as FIND
from bot.handlers.photos import Photos
from bot.replies import start as said
from bot.replies.find import how
from bot.replies.keyboards import button, keyboard
from bot.talk import Press, Talk
from bot.transport.command_menus import CommandMenus
from bot.transport.outbox import Outbox
from bot.transport.telegram_files import has_picture
from vlm.queue.client import Client

VERB: Final = "try"
SAMPLE: Final = importlib.resources.files("vlm") / "assets" / "samples" / "picnic.jpg"


class Start:
    def __init__(self, client: Client, outbox: Outbox, bot: Bot, photos: Photos, menus: CommandMenus) -> None:
        self._client = client
        self._outbox = outbox
        self._bot = bot
        self._photos = photos
        self._menus = menus

    async def start(self, talk: Talk) -> None:
        """Say hello, with a picture to try at once. A chat gets the picture once a week at most.

        The button over inline results brings the word FIND: it is answered as /find is.
        """
        if talk.words == FIND:
            await self._outbox.say(talk.place, how(talk.t))
            return
        await self._outbox.say(talk.place, said.start(talk.t, await self._client.models()))
        await self._show_menu(talk)

        async def send(address: dict[str, Any]) -> Sequence[Message]:
            buttons = keyboard([button(said.try_it(talk.t), VERB)])
            return [await self._bot.send_photo(photo=SAMPLE.read_bytes(), reply_markup=buttons, **address)]

        await self._outbox.once(talk.place.because("sample"), send)

    async def try_it(self, press: Press) -> None:
        """Caption the sample as if the person had sent it."""
        if not has_picture(press.message):  # a forged button
            await self.old_button(press)
            return
        await press.answer()
        talk = Talk(press.message, press.place, press.wishes, press.t, press.arrival_us)
        await self._photos.receive(talk)

    async def help(self, talk: Talk) -> None:
        """In a private chat; `group` is for the others."""
        is_bot_admin, models = await self._show_menu(talk), await self._client.models()
        await self._outbox.say(talk.place, said.help(talk.t, models, is_bot_admin=is_bot_admin))

    async def group(self, talk: Talk) -> None:
        await self._outbox.say(talk.place, said.group_help(talk.t, await self._client.models()))

    async def _show_menu(self, talk: Talk) -> bool:
        """Whether this is the owner, or an admin: they have a menu of their own."""
        is_bot_admin = talk.chat in self._menus.hosts
        if is_bot_admin:
            await self._menus.show(talk.chat, talk.t)
        return is_bot_admin

    async def unknown_command(self, talk: Talk) -> None:
        typed = (talk.message.text or "").split()[0].lstrip("/").partition("@")[0]
        await self._outbox.say(talk.place, said.unknown_command(talk.t, typed))

    async def unsupported(self, talk: Talk) -> None:
        kind = effective_message_type(talk.message) or ""
        await self._outbox.say(talk.place, said.unsupported(talk.t, kind))

    async def old_button(self, press: Press) -> None:
        await press.answer(said.old_button(press.t))
