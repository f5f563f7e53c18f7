"""Penn Treebank tokens without punctuation, on which COCO's caption metrics are computed.

COCO's own code runs Stanford's tokenizer in Java. This one does the same to captions: "a dog's ball" is a,
dog, 's, ball; "don't" is do, n't; "t-shirt" and "1/2" stay whole; brackets become -lrb- and -rrb-. It
differs in rarities: abbreviations that are not listed here, web addresses, 'n'.
"""

import re

_WORD = re.compile(
    r"o'clock\b"
    r"|n't\b|'(?:s|m|d|re|ve|ll)\b"  # what PTB cuts off
    r"|\b(?:mr|mrs|ms|dr|st|ave|jr|vs)\.|\b(?:[a-z]\.){2,}"
    r"|\by'(?=all\b)|\bgon(?=na\b)|\bcan(?=not\b)"
    r"|\d+(?:[.,:]\d+)+"
    r"|[^\W_]+?(?=n't\b)"
    r"|[^\W_]+(?:[-/][^\W_]+)*"
    r"|[$%&#@+=*/()]"
)
_BRACKETS = {"(": "-lrb-", ")": "-rrb-"}


def tokenize(caption: str) -> list[str]:
    """The caption's words in lower case."""
    tokens = _WORD.findall(caption.lower().replace("’", "'"))
    return [_BRACKETS.get(word, word) for word in tokens]
