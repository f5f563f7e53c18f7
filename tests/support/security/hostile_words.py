"""Words that could break a message: markup, text directions, lone surrogates, lengths."""

import random
from collections.abc import Iterator
from typing import Final

HTML: Final = (
    "<b>", "</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href='tg://user?id=1'>",
    "&lt;", "&amp;", "&#0;", "&", "<", "<!--", "<tg-spoiler>", "</code></pre>", "<b><i></b></i>", '"', "'>",
)  # fmt: skip
MARKDOWN: Final = (
    "*", "_", "__", "**", "`", "```", "[x](tg://user?id=1)", "||", ">", "~", "\\", "[", "](", "#", "-", "=",
)  # fmt: skip
FOUND: Final = (
    "@admin", "/forget all", "/forget@afterimage_bot", "https://example.com/?a=b&c", "t.me/x?start=y", "#tag",
    "$USD", "a@b.example", "+4912345678", "tg://resolve?domain=x",
)  # fmt: skip
FORMAT: Final = (
    "{", "}", "{}", "{0}", "{text}", "{text.__class__}", "{name!r:>99}", "{{", "%s", "%(text)s", "%n",
    "$x", "${x}",
)  # fmt: skip
DIRECTIONS: Final = tuple(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u200d\ufeff"
)
BROKEN: Final = ("\ud800", "\udfff", "\udc00\ud800", "\ud83d", "\ude00", "\ud83d\ude00")
CONTROLS: Final = (
    "\0",
    "\x01",
    "\x08",
    "\x0b",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\r",
    "\r\n",
    "\n",
    "\t",
    "\u2028",
    "\u2029",
)
LETTERS: Final = (
    "a", "zwei", "Ж", "ش", "ال", "猫", "か", "हि", "é", "e\u0301", "\u0301" * 40, "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈",
    "\U0001f600", "\U0010ffff", "\ufffd", "\ue000", " ", "\u00a0", "\u3164", "0", "1.", "two dogs", "running",
)  # fmt: skip
FAMILIES: Final = (HTML, MARKDOWN, FOUND, FORMAT, DIRECTIONS, BROKEN, CONTROLS, LETTERS)
ALL: Final = tuple(word for family in FAMILIES for word in family)
LONG: Final = (60, 255, 1023, 1024, 1025, 4095, 4096, 4097, 9000)


def words(seed: int) -> Iterator[str]:
    """An endless sequence, determined by the seed."""
    chance = random.Random(seed)
    while True:
        yield _hostile_text(chance)


def _hostile_text(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.03:  # as long as it may be, or more, cut anywhere
        unit = chance.choice(ALL)
        return (unit * LONG[-1])[: chance.choice(LONG)]
    if kind < 0.2:  # whatever characters there are
        return "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randrange(1, 30)))
    families = chance.sample(FAMILIES, chance.randrange(1, 4))
    glue = chance.choice(("", "", " ", "\n"))
    return glue.join(chance.choice(chance.choice(families)) for _ in range(chance.randrange(1, 14)))
