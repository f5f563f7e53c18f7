"""The captioner's vocabulary: the words that the training captions use often enough.

    0 <pad>   1 <start>   2 <end>   3 <unknown>   4 ... the words, the commonest first

Capitals and full stops are dropped; commas are words, as they are part of a list.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

PAD, START, END, UNKNOWN = range(4)
SPECIALS: Final = ("<pad>", "<start>", "<end>", "<unknown>")
_WORD: Final = re.compile(r"\w+(?:['’-]\w+)*|,")


def tokenize(caption: str) -> list[str]:
    """'Two cats, and I!' -> two, cats, a comma, and, i."""
    return _WORD.findall(caption.lower())


class Words:
    """A vocabulary, and the ids of its words."""

    def __init__(self, known: Sequence[str]) -> None:
        self.known = tuple(known)
        self._ids = {word: number for number, word in enumerate(self.known, len(SPECIALS))}

    @classmethod
    def of(cls, captions: Iterable[str], *, at_least: int) -> "Words":
        """The words that occur at least `at_least` times, the commonest first, then by alphabet."""
        counted = Counter(word for caption in captions for word in tokenize(caption))
        often = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        return cls([word for word, count in often if count >= at_least])

    def __len__(self) -> int:
        return len(SPECIALS) + len(self.known)

    def ids(self, caption: str, longest: int) -> list[int]:
        """The ids of START, at most `longest` words, and END."""
        inner = [self._ids.get(word, UNKNOWN) for word in tokenize(caption)[:longest]]
        return [START, *inner, END]

    def text(self, ids: Iterable[int]) -> str:
        """The words up to the first END, as a person writes them."""
        words = []
        for number in ids:
            if number == END:
                break
            if number >= len(SPECIALS):
                words.append(self.known[number - len(SPECIALS)])
        return " ".join("I" if word == "i" else word for word in words).replace(" ,", ",")
