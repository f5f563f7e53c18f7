"""What a Redis key is: its name, and what an operator must know of it.

Each side registers its own: `vlm` in this module, the bot in `bot.state.keys`. A test scans a much-used
server and fails for a key that no registry knows.
"""

import re
from dataclasses import dataclass
from string import Formatter
from typing import Literal

Type = Literal["string", "hash", "list", "set", "zset", "stream"]
Forget = Literal["with its photo", "with its chat", "by its job", "never"]


@dataclass(frozen=True, slots=True)
class Key:
    """One kind of Redis key.

    pattern   the name, with `{named}` parts; the braces of hash tags are doubled: `photo:{{{chat}}}:{photo}`
    type      the Redis type of its value
    owner     which process writes it: bot, worker, client ...
    lifetime  how long it stays, in words
    forget    what `/forget` does to it
    """

    pattern: str
    type: Type
    owner: str
    lifetime: str
    forget: Forget = "never"

    def __call__(self, **parts: int | str) -> str:
        """The key's name for these parts: `PHOTO(chat=1, photo="2")`."""
        return self.pattern.format(**parts)

    def matches(self, name: str) -> bool:
        """Whether a key found on the server is of this kind."""
        regex = "".join(
            re.escape(literal) + ("" if field is None else ".+")
            for literal, field, _, _ in Formatter().parse(self.pattern)
        )
        return re.fullmatch(regex, name) is not None
