"""Inline mode: the results that the bot may send, and the message that a chosen result becomes.

Not handled: results by URL (nothing outside the loopback is fetched), of other kinds than photos, documents
and articles, and editing messages sent this way (inline_message_id).
"""

from bot.sandbox import text
from bot.sandbox.args import Args, Json, bad_request
from bot.sandbox.files import Files

MAX_RESULTS = 50
MAX_ID_BYTES = 64
_OTHER_BOT = 8_200_000_000


def other_bot(username: str) -> Json:
    """Another inline bot, such as one that searches for pictures."""
    number = sum(ord(letter) for letter in username)
    return {"id": _OTHER_BOT + number, "is_bot": True, "first_name": username, "username": username}


def check(files: Files, results: list[Json], button: Json) -> None:
    """Raises ApiError 400 for results that Telegram would refuse."""
    ids = [str(result.get("id", "")) for result in results]
    if len(results) > MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    if len(set(ids)) != len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    if not all(0 < len(result_id.encode()) <= MAX_ID_BYTES for result_id in ids):
        raise bad_request("RESULT_ID_INVALID")
    for result in results:
        content(files, result)
    if button and not button.get("text"):
        raise bad_request("button text is empty")
    if button and not 0 < len(str(button.get("start_parameter", ""))) <= MAX_ID_BYTES:
        raise bad_request("START_PARAM_INVALID")


def content(files: Files, result: Json) -> Json:
    """The content of the message that a result becomes. Raises ApiError 400."""
    buttons = {"reply_markup": result["reply_markup"]} if result.get("reply_markup") else {}
    if instead := result.get("input_message_content"):
        return {
            **text.content(Args({"text": instead.get("message_text", "")}, {}), "text", text.MAX_TEXT),
            **buttons,
        }
    caption = text.content(Args(result, {}), "caption", text.MAX_CAPTION)
    match result.get("type"):
        case "photo" if "photo_file_id" in result:
            return {"photo": files.photo(result["photo_file_id"]), **caption, **buttons}
        case "document" if "document_file_id" in result:
            return {"document": files.document(result["document_file_id"]), **caption, **buttons}
        case _:
            raise bad_request(
                "can't parse inline query result: a cached photo or document, or an article is expected"
            )
