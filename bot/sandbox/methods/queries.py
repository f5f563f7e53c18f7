"""Answering: answerCallbackQuery, answerInlineQuery. Each query is answered once."""

from bot.sandbox.args import Args, bad_request
from bot.sandbox.sandbox import Sandbox

MAX_TOAST = 200


async def answer_callback_query(box: Sandbox, args: Args) -> bool:
    if len(args.text("text")) > MAX_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    asked = _asked(box, args.text("callback_query_id"))
    answer = {"text": args.text("text"), "show_alert": args.flag("show_alert"), "url": args.text("url")}
    box.feed.publish("answer", query=args.text("callback_query_id"), **asked, **answer)
    return True


async def answer_inline_query(box: Sandbox, args: Args) -> bool:
    results = args.array("results")
    if len(results) > 50:
        raise bad_request("RESULTS_TOO_MUCH")
    if len({result.get("id") for result in results}) != len(results):
        raise bad_request("RESULT_ID_DUPLICATE")
    asked = _asked(box, args.text("inline_query_id"))
    offset = args.text("next_offset")
    box.feed.publish(
        "inline", query=args.text("inline_query_id"), **asked, results=results, next_offset=offset
    )
    return True


def _asked(box: Sandbox, query_id: str) -> dict[str, object]:
    try:
        return box.queries.pop(query_id)
    except KeyError:
        raise bad_request("query is too old and response timeout expired or query ID is invalid") from None
