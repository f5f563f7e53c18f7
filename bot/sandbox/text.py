"""Text as Telegram reads it: entities, lengths in UTF-16 units, the HTML parse mode.

Not handled: parse modes Markdown and MarkdownV2, spoilers and custom emoji.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

from bot.sandbox.args import Args, Json, bad_request

MAX_TEXT = 4096
MAX_CAPTION = 1024

_ENTITY = re.compile(
    r"(?P<url>(?:https?://|\bt\.me/)[^\s<>\"]+[^\s<>\".,;:!?)])"
    r"|(?<![\w/@])(?P<mention>@[A-Za-z]\w{2,31})"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d]\w*)"
)
_STYLES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "a": "text_link",
}  # fmt: skip


def units(text: str) -> int:
    """Length in UTF-16 code units, which is how Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def entities(text: str) -> list[Json]:
    """What Telegram finds in plain text by itself: commands, mentions, links, hashtags."""
    return [
        {"type": match.lastgroup, "offset": units(text[: match.start()]), "length": units(match.group())}
        for match in _ENTITY.finditer(text)
    ]


def mentioned(content: Json, users: dict[int, Json]) -> list[int]:
    """The ids of those of `users` whom a message calls, by '@name' or without."""
    written: str = content.get("text", "") or content.get("caption", "")
    encoded = written.encode("utf-16-le", "surrogatepass")
    user_ids = []
    for mark in [*content.get("entities", []), *content.get("caption_entities", [])]:
        start, end = 2 * mark["offset"], 2 * (mark["offset"] + mark["length"])
        name = encoded[start:end].decode("utf-16-le", "surrogatepass").lower()
        if mark["type"] == "text_mention":
            user_ids.append(mark["user"]["id"])
        elif mark["type"] == "mention":
            user_ids += [id for id, user in users.items() if f"@{user.get('username', '')}".lower() == name]
    return user_ids


def content(args: Args, name: str, limit: int) -> Json:
    """`{name: ..., entities}` of a message to send, {} if it is empty. Raises ApiError if it is too long."""
    text, marked = _parsed(args, name)
    text = text.strip() if not marked else text
    if units(text) > limit:
        raise bad_request("message is too long" if name == "text" else "message caption is too long")
    if not text.strip():
        return {}
    marks = marked or entities(text)
    return {name: text, **({"entities" if name == "text" else "caption_entities": marks} if marks else {})}


def _parsed(args: Args, name: str) -> tuple[str, list[Json]]:
    explicit = args.array("entities" if name == "text" else "caption_entities")
    match args.text("parse_mode").lower():
        case "":
            return args.text(name), explicit
        case "html":
            return parse_html(args.text(name))
        case _:
            raise bad_request("unsupported parse_mode")


def parse_html(text: str) -> tuple[str, list[Json]]:
    """Text and entities of Telegram's HTML. Raises ApiError for unknown tags and unmatched ones."""
    reader = _Html()
    reader.feed(text)
    reader.close()
    if reader.open:
        tag = reader.open[-1][0]
        raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\"")
    return reader.text, sorted(reader.entities, key=lambda entity: entity["offset"])


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[Json] = []
        self.open: list[tuple[str, Json]] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _STYLES:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}"')
        entity: Json = {"type": _STYLES[tag], "offset": units(self.text)}
        if tag == "a":
            entity["url"] = _link(dict(attrs).get("href") or "")
        self.open.append((tag, entity))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise bad_request(f'can\'t parse entities: Unexpected end tag "{tag}"')
        _, entity = self.open.pop()
        entity["length"] = units(self.text) - entity["offset"]
        if entity["length"]:
            self.entities.append(entity)


def _link(href: str) -> str:
    if urlsplit(href).scheme not in {"http", "https", "tg"}:
        raise bad_request(f'can\'t parse entities: unsupported URL "{href}"')
    return href
