"""/export: everything in a file, to whoever may have it, in private."""

from telegram.error import TelegramError

from bot.access.admins import ChatAdmins
from bot.exports.exporter import MOST_PHOTOS, Exporter, ExportOrder
from bot.replies import export as said
from bot.state.reply_target import Place
from bot.talk import Talk
from bot.transport.outbox import Outbox
from bot.transport.retry import is_permanent
from vlm.memory import Memory


class Exporting:
    def __init__(self, memory: Memory, outbox: Outbox, members: ChatAdmins, exports: Exporter) -> None:
        self._memory = memory
        self._outbox = outbox
        self._members = members
        self._exports = exports

    async def export(self, talk: Talk) -> None:
        """/export, or /export 2 for what did not fit into the first."""
        pages = -(-await self._memory.count(talk.chat) // MOST_PHOTOS)
        page = int(talk.words) if talk.words.isdecimal() else 1
        if not await self._members.is_admin(talk):
            await self._outbox.say(talk.place, said.only_admins_export(talk.t))
        elif not pages:
            await self._outbox.say(talk.place, said.nothing_to_export(talk.t))
        elif not 1 <= page <= pages:
            await self._outbox.say(talk.place, said.no_such_page(talk.t, pages))
        elif (place := await self._opened(talk)) is not None:
            await self._exports.want(
                ExportOrder(
                    chat=talk.chat,
                    page=page,
                    to=place.chat,
                    correlation_data=place.correlation_data,
                    language=talk.t.tag,
                )
            )

    async def _opened(self, talk: Talk) -> Place | None:
        """Where it goes to, its placeholder there; None if who asked cannot be written to in private."""
        if talk.chat == talk.person:
            await self._outbox.open(talk.place, said.packing_begins(talk.t))
            return talk.place
        place = Place(talk.person, f"export-{talk.place.job}", 0)
        try:
            await self._outbox.open(place, said.packing_begins(talk.t))
        except TelegramError as error:
            if not is_permanent(error):
                raise
            await self._outbox.say(talk.place, said.write_to_me_first(talk.t))
            return None
        await self._outbox.say(talk.place, said.comes_in_private(talk.t))
        return place
