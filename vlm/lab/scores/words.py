"""Words as the Penn Treebank cuts them, without punctuation: what COCO's caption scores are computed on.

COCO's own code runs Stanford's tokenizer in Java. This one agrees with it on plain captions ("a dog's ball"
is a, dog, 's, ball; "don't" is do, n't; "t-shirt" stays whole) and differs in rarities: abbreviations with
periods, web addresses, fractions, brackets (dropped here, kept as -lrb- there).
"""

import re

_WORD = re.compile(
    r"o'clock\b"
    r"|n't\b|'(?:s|m|d|re|ve|ll)\b"  # what PTB cuts off
    r"|\d+(?:[.,:]\d+)+"
    r"|[^\W_]+?(?=n't\b)"
    r"|[^\W_]+(?:-[^\W_]+)*"
    r"|[$%&#@+=*]"
)


def words(caption: str) -> list[str]:
    """The caption's words in lower case."""
    said = caption.lower().replace("’", "'").replace("cannot", "can not")
    return _WORD.findall(said)
