"""/find and /recent: photos by words, by likeness, by time and sender, and pages of them.

    more:OFFSET         the next hits of the search that the message replies to
    more:OFFSET:PHOTO   the same of the photos that are like one
    older:PHOTO:COUNT   the photos of that list that came before one, which is number COUNT
    show:PHOTO          where it is in the chat
    near:PHOTO          what was offered where nothing was found

A page replies to the command that it answers, so the command is all that 'more' must know, and nothing of it
is kept. What a button names is looked up in its own chat.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from telegram import InlineKeyboardButton, Message

from bot.i18n import date_filter as when
from bot.i18n.translator import Translator
from bot.replies import find as said
from bot.replies.keyboards import button, keyboard
from bot.state.reply_target import Place, place_of, replied
from bot.talk import Press, Talk
from bot.transport.outbox import Outbox
from bot.transport.photo_sender import PhotoSender, Shown
from bot.transport.typing_indicator import TypingIndicator
from vlm.errors import NotFound
from vlm.memory import Photo
from vlm.protocol import Find, Found, Hit
from vlm.queue.client import Client

PAGE: Final = 5  # photos at a time
ACROSS: Final = 2  # buttons in a row, so that their words can be read on a phone
MORE, OLDER, SHOW, NEAR = "more", "older", "show", "near"
DIGITS: Final = 6  # of an offset


class Finding:
    def __init__(
        self, client: Client, outbox: Outbox, presence: TypingIndicator, showing: PhotoSender
    ) -> None:
        self._client = client
        self._memory = client.memory
        self._outbox = outbox
        self._presence = presence
        self._showing = showing

    async def find(self, talk: Talk) -> None:
        """Look for what is said, or for what is like the photo that is replied to. Hits come by `deliver`."""
        target = replied(talk.message)
        if talk.words:
            await self._look(talk)
        elif target:
            await self._look_alike(talk, target)
        else:
            await self._outbox.say(talk.place, said.how(talk.t))

    async def recent(self, talk: Talk) -> None:
        """The first page of all photos."""
        await self._list(talk, Find())

    async def more(self, press: Press) -> None:
        """The next page of hits."""
        talk, (offset, _, like) = _command(press), press.asked.partition(":")
        if talk is None or not _is_count(offset):
            await press.answer(said.too_old(press.t), alert=True)
            return
        page = talk._replace(place=talk.place.because(f"{talk.place.cause}-from-{offset}"))
        await self._turn(press, page.place)
        wanted = Find(like=like) if like else await self._wanted(talk)
        await self._search(page, msgspec.structs.replace(wanted, offset=int(offset)))

    async def older(self, press: Press) -> None:
        """The next page of a list by date."""
        talk, (before, _, count) = _command(press), press.asked.partition(":")
        if talk is None or not await self._memory.get(press.chat, before):
            await press.answer(said.too_old(press.t), alert=True)
            return
        page = talk._replace(place=talk.place.because(f"{talk.place.cause}-before-{before}"))
        await self._turn(press, page.place)
        everything = (talk.message.text or "").startswith("/recent")
        wanted = Find() if everything else await self._wanted(talk)
        await self._list(page, wanted, before, int(count) if _is_count(count) else 0)

    async def show(self, press: Press) -> None:
        """Where a photo is in the chat."""
        t, photo = press.t, await self._memory.get(press.chat, press.asked)
        if photo is None:
            await press.answer(said.forgotten(t), alert=True)
        elif await self._showing.point(press.place, photo, said.here_it_is(t, photo)):
            await press.answer()
        else:
            await press.answer(said.original_gone(t), alert=True)

    async def near(self, press: Press) -> None:
        """The photo that was offered where nothing was found: once."""
        t, photo = press.t, await self._memory.get(press.chat, press.asked)
        if photo is None:
            await press.answer(said.forgotten(t), alert=True)
            return
        place = press.place.because(f"{press.message.message_id}-near")
        lost = await self._showing.show(place, [_shown(t, photo)])
        await press.answer(said.lost(t, 1) if lost else "", alert=bool(lost))

    async def deliver(self, wanted: Find, found: Found, place: Place, t: Translator) -> None:
        """Show a page of hits, or that there are none."""
        hits = await self._photos(place.chat, found.hits)
        if not hits:
            await self._offer(place, t, wanted, found.nearest)
            return
        shown = [
            _shown(t, photo, number if found.total > 1 else 0, hit, wanted.query)
            for number, (hit, photo) in enumerate(hits, wanted.offset + 1)
        ]
        what = await self._said(place.chat, wanted, t)
        head = said.found(t, what, wanted.offset + 1, len(shown), found.total)
        after = wanted.offset + len(found.hits)
        asked = f"{after}:{wanted.like}" if wanted.like else str(after)
        more = button(said.more(t), MORE, asked) if after < found.total else None
        await self._show(place, t, head, shown, more)

    async def _look(self, talk: Talk) -> None:
        if not await self._memory.count(talk.chat):
            await self._outbox.say(talk.place, said.empty(talk.t))
            return
        wanted = await self._wanted(talk)
        await (self._search(talk, wanted) if wanted.query else self._list(talk, wanted))

    async def _look_alike(self, talk: Talk, target: Message) -> None:
        if photo := await self._memory.photo_of(talk.chat, target.message_id):
            await self._search(talk, Find(like=photo))
        else:
            await self._outbox.say(talk.place, said.which_photo(talk.t))

    async def _wanted(self, talk: Talk) -> Find:
        """What a command asks for. Raises NotFound for a sender whom nobody knows."""
        asked = when.read(talk.words, talk.t, talk.message.date)
        sender: int | None = talk.person
        if asked.sender_name != when.ME:
            sender = await self._sender(talk.chat, asked.sender_name) if asked.sender_name else 0
        if sender is None:
            raise NotFound("I know no photos from {name} in this chat.", name=asked.sender_name)
        return Find(query=asked.words, since_ms=asked.since_ms, until_ms=asked.until_ms, sender=sender)

    async def _sender(self, chat: int, name: str) -> int | None:
        """Who is called '@ada'; else who is called Ada, as not everybody has a name with an @."""
        by_handle = await self._memory.sender_named(chat, name)
        return by_handle or await self._memory.sender_named(chat, name.removeprefix("@"))

    async def _search(self, talk: Talk, wanted: Find) -> None:
        place = talk.place
        self._presence.start(place.chat, place.job, place.thread)
        has_worker = bool(await self._client.models())
        await self._outbox.open(place, said.looking(talk.t, has_worker))
        task = msgspec.structs.asdict(wanted) | {"limit": PAGE}
        language, correlation_data = talk.t.tag, place.correlation_data
        await self._client.find(
            job=place.job, chat=place.chat, language=language, correlation_data=correlation_data, **task
        )

    async def _list(self, talk: Talk, wanted: Find, before: str | None = None, after: int = 0) -> None:
        """A page by date, after so many photos: no model is needed for it."""
        t, chat, times = talk.t, talk.chat, {"since_ms": wanted.since_ms, "until_ms": wanted.until_ms}
        found = await self._memory.recent(chat, PAGE + 1, before, sender=wanted.sender or None, **times)
        what = await self._said(chat, wanted, t)
        if not found:
            await self._outbox.say(talk.place, said.none_listed(t, what) if what else said.empty(t))
            return
        page = found[:PAGE]
        last = after + len(page)
        shown = [_shown(t, photo, n if last > 1 else 0) for n, photo in enumerate(page, after + 1)]
        older = button(said.more(t), OLDER, f"{page[-1].id}:{last}") if len(found) > PAGE else None
        await self._show(talk.place, t, said.listed(t, what, earlier=bool(after)), shown, older)

    async def _show(
        self,
        place: Place,
        t: Translator,
        head: str,
        shown: Sequence[Shown],
        turn: InlineKeyboardButton | None,
    ) -> None:
        """The head, with the buttons that an album cannot bear; then the photos."""
        text = said.page(t, head, [one.caption for one in shown])
        buttons = [button(said.show(t, one.number), SHOW, one.photo.id) for one in shown]
        below = keyboard([*buttons, *([turn] if turn else [])], ACROSS)
        message = await self._outbox.say(place, text, below)
        if len(shown) == 1:
            await self._memory.link(place.chat, message, shown[0].photo.id)
        if lost := await self._showing.show(place, shown):
            await self._outbox.say(place, f"{text}\n\n{said.lost(t, len(lost))}", below)

    async def _offer(self, place: Place, t: Translator, wanted: Find, nearest: Hit | None) -> None:
        photo = await self._memory.get(place.chat, nearest.photo) if nearest else None
        what = await self._said(place.chat, wanted, t)
        text = said.nothing(t, what, photo, alike=bool(wanted.like))
        below = keyboard([button(said.show_nearest(t), NEAR, photo.id)]) if photo else None
        message = await self._outbox.say(place, text, below)
        if photo:
            await self._memory.link(place.chat, message, photo.id)

    async def _photos(self, chat: int, hits: Sequence[Hit]) -> list[tuple[Hit, Photo]]:
        """Those that are not forgotten by now."""
        found = [(hit, await self._memory.get(chat, hit.photo)) for hit in hits]
        return [(hit, photo) for hit, photo in found if photo]

    async def _said(self, chat: int, wanted: Find, t: Translator) -> str:
        """What is looked for, in words."""
        theirs = await self._memory.latest(chat, wanted.sender) if wanted.sender else None
        return said.what(t, wanted, theirs.sender_name if theirs else "")

    async def _turn(self, press: Press, page: Place) -> None:
        """Answer a press for a page, which comes once however often it is asked for."""
        await press.answer(said.here_already(press.t) if await self._outbox.said(page) else "")


def _command(press: Press) -> Talk | None:
    """What the message that bears the button answers; None if it was deleted."""
    command = replied(press.message)
    if command is None or not (command.text or "").startswith("/"):
        return None
    return Talk(command, place_of(command), press.wishes, press.t)


def _is_count(asked: str) -> bool:
    return asked.isdecimal() and len(asked) <= DIGITS


def _shown(t: Translator, photo: Photo, number: int = 0, hit: Hit | None = None, query: str = "") -> Shown:
    return Shown(photo, said.below(t, photo, number, hit, query), number)
