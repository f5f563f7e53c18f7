"""What the Bot API would refuse in a call, or show differently than meant.

Source:  core.telegram.org/bots/api: sendMessage, MessageEntity, formatting options, InlineKeyboardButton,
         InlineQueryResult, answerCallbackQuery. Lengths are in UTF-16 code units.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Final

Json = dict[str, Any]

MOST: Final = {"text": 4096, "caption": 1024}
TAGS: Final = {
    "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "tg-emoji", "code",
    "pre", "blockquote",
}  # fmt: skip
MARKDOWN: Final = re.compile(r"(?<!\\)[_*\[\]()~`>#+\-=|{}.!]")
KINDS: Final = {
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic",
    "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre",
    "text_link", "text_mention", "custom_emoji",
}  # fmt: skip


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def faults(call: Json) -> Iterator[str]:
    """What is wrong with a call's arguments, each in some words."""
    for name, most in MOST.items():
        if name in call:
            yield from _of_text(call[name], most, is_empty_allowed=name == "caption")
            yield from _of_mode(call[name], call.get("parse_mode", ""))
            marks = call.get("entities" if name == "text" else "caption_entities") or ()
            yield from _of_entities(call[name], marks)
    yield from _of_keyboard(call.get("reply_markup") or {})
    if "callback_answer" in call and len(call["callback_answer"]) > 200:
        yield "an answer to a button of more than 200 characters"
    results = call.get("results") or ()
    if len(results) > 50 or len({result["id"] for result in results}) < len(results):
        yield "too many results, or two with one id"
    for result in results:
        if not 0 < len(result["id"].encode()) <= 64:
            yield "a result's id of no or more than 64 bytes"
        if not result.get("title", "").strip():
            yield "a result without a title"
        for name in ("title", "description"):
            yield from _of_text(result.get(name, ""), MOST["text"], is_empty_allowed=True)
        yield from faults({name: result[name] for name in ("caption", "parse_mode") if name in result})


def _of_text(text: str, most: int, *, is_empty_allowed: bool) -> Iterator[str]:
    try:
        text.encode()
    except UnicodeEncodeError:
        yield "half a surrogate pair: no UTF-8"
    if units(text) > most:
        yield f"{units(text)} units, of at most {most}"
    if not is_empty_allowed and not text.strip():
        yield "an empty text"


def _of_entities(text: str, marks: Any) -> Iterator[str]:
    encoded = text.encode("utf-16-le", "surrogatepass")
    for mark in marks:
        start, end = mark["offset"], mark["offset"] + mark["length"]
        if mark["type"] not in KINDS:
            yield f"an entity {mark['type']!r}"
        if not 0 <= start < end <= len(encoded) // 2:
            yield f"an entity from {start} to {end} of {len(encoded) // 2}"
        elif any(_is_low(encoded[2 * at : 2 * at + 2]) for at in (start, end)):
            yield "an entity that begins or ends within a character"


def _is_low(unit: bytes) -> bool:
    return len(unit) == 2 and 0xDC00 <= int.from_bytes(unit, "little") <= 0xDFFF


def _of_mode(text: str, mode: str) -> Iterator[str]:
    match mode.lower():
        case "":
            return
        case "html":
            yield from _of_html(text)
        case "markdownv2":
            if MARKDOWN.search(text):
                yield "a character of MarkdownV2 that is not escaped"
        case _:
            yield f"a parse mode {mode!r}"


def _of_html(text: str) -> Iterator[str]:
    reader = _Html()
    reader.feed(text)
    reader.close()
    yield from reader.faults
    if reader.open:
        yield f"no end of {reader.open[-1]}"
    if re.search(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)", text):
        yield "an ampersand that begins no known entity"
    if re.search(r"<(?![a-z/])", text):
        yield "a bare <"


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag not in TAGS:
            self.faults.append(f"a tag {tag!r}")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"an end of {tag!r} that was not begun")


def _of_keyboard(markup: Json) -> Iterator[str]:
    buttons = [button for row in markup.get("inline_keyboard", ()) for button in row]
    if len(buttons) > 100:
        yield "more than 100 buttons"
    for button in buttons:
        yield from _of_text(button.get("text", ""), MOST["text"], is_empty_allowed=False)
        if "callback_data" in button and not 0 < len(button["callback_data"].encode()) <= 64:
            yield f"{len(button['callback_data'].encode())} bytes of data on a button"
    hint = markup.get("input_field_placeholder")
    if hint is not None and not 0 < len(hint) <= 64:
        yield "a hint of no or more than 64 characters"
