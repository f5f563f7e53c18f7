"""The reference over the real tables, and meanings in few words."""

from vlm.lab.languages.reference import Meaning, NounGroup, Reference
from vlm.lab.languages.tables import read_sentences, read_words

REFERENCE = Reference(read_words(), read_sentences())


def caption(shade: str, *groups: NounGroup) -> Meaning:
    """Things on a background; an empty shade: without one."""
    row = REFERENCE.rows["ground" if shade else "list"][0]
    return Meaning(row, groups, shade=shade)


def sentence(english: str, noun: str = "", other: str = "", side: str = "", shade: str = "") -> Meaning:
    """A row of the table by its English words."""
    return Meaning(REFERENCE.by_english[english], noun=noun, other=other, side=side, shade=shade)
