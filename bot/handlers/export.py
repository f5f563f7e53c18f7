"""/export: everything in a file, in private, for those who may have it."""

from telegram import Update
from telegram.error import TelegramError

from bot.context import Context
from bot.exports.exporter import MAX_PHOTOS, ExportOrder
from bot.replies import export as replies
from bot.state.reply_target import PrivateExport, ReplyTarget
from bot.transport.retry import is_permanent


async def export(update: Update, context: Context) -> None:
    """/export, or /export 2 for what did not fit into the first part."""
    services, chat, t = context.services, context.chat_id, await context.translator()
    pages = -(-await services.memory.count(chat) // MAX_PHOTOS)
    page = int(context.text) if context.text.isdecimal() else 1
    if not await context.is_chat_admin():
        await context.reply(replies.only_admins_export(t))
    elif not pages:
        await context.reply(replies.nothing_to_export(t))
    elif not 1 <= page <= pages:
        await context.reply(replies.no_such_page(t, pages))
    elif target := await _send_placeholder(context):
        order = ExportOrder(
            chat=chat,
            page=page,
            to=target.chat,
            correlation_data=target.correlation_data,
            language=t.tag,
        )
        await services.exporter.submit(order)


async def _send_placeholder(context: Context) -> ReplyTarget | None:
    """Where the export goes, with a placeholder there; None if the user cannot be written to in private."""
    outbox, target, t = context.services.outbox, context.target, await context.translator()
    if context.chat_id == context.user_id:
        await outbox.send_placeholder(target, replies.packing_begins(t))
        return target
    private = ReplyTarget(context.user_id, PrivateExport(target.chat, target.key))
    try:
        await outbox.send_placeholder(private, replies.packing_begins(t))
    except TelegramError as error:
        if not is_permanent(error):
            raise
        await context.reply(replies.write_to_me_first(t))
        return None
    await context.reply(replies.comes_in_private(t))
    return private
