"""Access control for messages, buttons, inline queries and groups, before they reach the handlers.

A user without access is told so once, in the language of their app; after that the bot is silent. Only the id
of that one message is stored, for a week. Users whose access was revoked may still read what is stored about
them, and have it forgotten.
"""

from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from telegram import CallbackQuery, ChatMemberUpdated, InlineQuery, Message, Update, User
from telegram.constants import ChatType
from telegram.error import BadRequest
from telegram.ext import ApplicationHandlerStop
from telegram.ext.filters import StatusUpdate

from bot.access.addressing import command_of, text_to_bot
from bot.access.admins import has_joined
from bot.access.allowlist import Allowlist
from bot.i18n.translator import Translator, translator_for
from bot.replies import admin, privacy
from bot.state.reply_target import AccessRefusal, InvitationRefusal, ReplyTarget, target_of_message
from bot.transport.outbox import Outbox
from vlm.memory import Memory

OWN_DATA_COMMANDS: Final = ("forget", "privacy")
OWN_DATA_BUTTONS: Final = (privacy.FORGET_ALL, privacy.KEEP_ALL)


class AccessControl:
    def __init__(self, allowlist: Allowlist, memory: Memory, outbox: Outbox) -> None:
        self._allowlist = allowlist
        self._memory = memory
        self._outbox = outbox

    async def check(self, update: Update, _: object) -> None:
        """A handler before the others. Raises ApplicationHandlerStop for updates of users without access."""
        if await self._allowlist.allows(*_ids(update)) or await self._is_about_own_data(update):
            return
        match update:
            case Update(message=Message() as message):
                if await self._redeems_invitation(message):
                    return
                if not StatusUpdate.ALL.check_update(update):
                    await self._refuse(message)
            case Update(my_chat_member=ChatMemberUpdated() as change) if has_joined(change):
                t, target = _translator_of(change.from_user), ReplyTarget(change.chat.id, AccessRefusal())
                await self._send_once(target, admin.closed_to_group(t, change.chat.id))
            case Update(callback_query=CallbackQuery() as query):
                await _ignoring_late(query.answer(admin.closed(_translator_of(query.from_user))))
            case Update(inline_query=InlineQuery() as query):
                await _ignoring_late(query.answer([], is_personal=True))
        raise ApplicationHandlerStop

    async def _redeems_invitation(self, message: Message) -> bool:
        token, user = _invitation_in(message), message.from_user
        return bool(token and user and await self._allowlist.redeem(token, user.id))

    async def _is_about_own_data(self, update: Update) -> bool:
        """Whether a user asks, in private, about their own photos that are still stored."""
        match update:
            case Update(message=Message() as message):
                is_about_data = command_of(message).partition("@")[0] in OWN_DATA_COMMANDS
            case Update(callback_query=CallbackQuery(data=str() as data)):
                is_about_data = data.partition(":")[0] in OWN_DATA_BUTTONS
            case _:
                return False
        chat = update.effective_chat
        if not is_about_data or chat is None or chat.type != ChatType.PRIVATE:
            return False
        return await self._memory.count(chat.id) > 0

    async def _refuse(self, message: Message) -> None:
        t, target = _translator_of(message.from_user), target_of_message(message)
        if message.chat.type != ChatType.PRIVATE:
            text = admin.closed_to_group(t, message.chat_id)
            await self._send_once(target.with_key(AccessRefusal()), text)
        elif _invitation_in(message):
            await self._send_once(target.with_key(InvitationRefusal()), admin.invitation_over(t))
        elif message.from_user:
            text = admin.closed_to_person(t, message.from_user.id)
            await self._send_once(target.with_key(AccessRefusal()), text)

    async def _send_once(self, target: ReplyTarget, text: str) -> None:
        if not await self._outbox.sent_id(target):
            await self._outbox.send(target, text)


def _ids(update: Update) -> list[int]:
    """The user and the chat, any of which may have access. A group that has just migrated has it by its old
    id."""
    message = update.message
    former_id = message.migrate_from_chat_id if message else None
    user, chat = update.effective_user, update.effective_chat
    return [user.id if user else 0, chat.id if chat else 0, former_id or 0]


def _invitation_in(message: Message) -> str:
    """The token that a deep link has brought: '/start TOKEN'."""
    return text_to_bot(message) if command_of(message) == "start" else ""


def _translator_of(user: User | None) -> Translator:
    """The translator for the language of a user's app: the chat has no preferences."""
    return translator_for((user.language_code or "") if user else "")


async def _ignoring_late(answer: Awaitable[bool]) -> None:
    with suppress(BadRequest):  # the query is too old, or answered
        await answer
