"""Answering: answerCallbackQuery, answerInlineQuery. Each query is answered once."""

from bot.sandbox import inline
from bot.sandbox.args import Args, bad_request
from bot.sandbox.sandbox import Sandbox

MAX_TOAST = 200


async def answer_callback_query(box: Sandbox, args: Args) -> bool:
    if len(args.text("text")) > MAX_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {"text": args.text("text"), "show_alert": args.flag("show_alert"), "url": args.text("url")}
    box.answer("answer", args.text("callback_query_id"), **answer)
    return True


async def answer_inline_query(box: Sandbox, args: Args) -> bool:
    results, button = args.array("results"), args.object("button")
    inline.check(box.files, results, button)
    answer = {
        "results": results,
        "next_offset": args.text("next_offset"),
        "button": button,
        "is_personal": args.flag("is_personal"),
    }
    box.answer("inline", args.text("inline_query_id"), **answer)
    return True
