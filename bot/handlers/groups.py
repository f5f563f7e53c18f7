"""What is particular to groups: the hello, whether photos are described unasked, and moving house."""

from telegram import ChatMemberUpdated, Message

from bot.access.admins import ChatAdmins, came_in
from bot.access.allowlist import Allowlist
from bot.handlers.photos import Photos
from bot.i18n.translator import translator_for
from bot.replies import groups as said
from bot.state.reply_target import Place, replied
from bot.talk import Talk, Talks
from bot.transport.outbox import Outbox
from bot.transport.telegram_files import has_picture
from vlm.queue.client import Client


class Groups:
    def __init__(
        self,
        client: Client,
        outbox: Outbox,
        members: ChatAdmins,
        guests: Allowlist,
        talks: Talks,
        photos: Photos,
    ) -> None:
        self._client = client
        self._outbox = outbox
        self._members = members
        self._guests = guests
        self._talks = talks
        self._photos = photos

    async def auto(self, talk: Talk) -> None:
        """/auto on|off: whether every photo of a group is described, or those only that ask for it."""
        wanted = {"on": True, "off": False}.get(talk.words.lower())
        if talk.chat > 0:
            reply = said.auto_in_private(talk.t)
        elif wanted is None:
            reply = said.auto_is(talk.t, talk.wishes.auto)
        elif not await self._members.is_admin(talk):
            reply = said.admins_only(talk.t)
        else:
            await self._client.memory.prefer(talk.chat, auto=wanted)
            reply = said.auto_set(talk.t, wanted)
        await self._outbox.say(talk.place, reply)

    async def called(self, talk: Talk) -> None:
        """A mention and nothing else: look at the photo that it replies to, or say what a mention is for."""
        target = replied(talk.message)
        if target and has_picture(target):
            await self._photos.receive(talk._replace(message=target))
        else:
            await self._outbox.say(talk.place, said.how_to_call(talk.t, talk.message.get_bot().username))

    async def joined(self, change: ChatMemberUpdated) -> None:
        """One short hello when the bot comes into a group. When it has to leave, there is nobody to tell."""
        if came_in(change):
            await self._guests.brought(change.chat.id)
            wishes = await self._talks.wishes(change.chat.id, change.from_user)
            place = Place(change.chat.id, f"joined-{change.date.timestamp():.0f}", 0)
            name = change.get_bot().username
            await self._outbox.say(place, said.hello(translator_for(wishes.language), name))

    async def moved(self, message: Message) -> None:
        """A group has become a supergroup: another chat to Telegram, the same people. Told in both chats."""
        old = message.migrate_from_chat_id or message.chat_id
        new = message.migrate_to_chat_id or message.chat_id
        await self._client.memory.migrate(old, new)
        await self._guests.moved(old, new)
