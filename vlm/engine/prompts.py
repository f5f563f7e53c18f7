"""What a language model is told about a picture: plain text, and the ids that it becomes.

    picture    Q positions, filled with projected query tokens by the engine; here only counted
    text       the tokenizer's ids of the prompt, with the special tokens of its family around it
    padding    before the picture for decoder-only models (OPT), whose positions follow the attention mask;
               after the text for encoder-decoders (T5), whose positions are distances

Checkpoints that speak many languages (mBLIP) are told in English which one to answer in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from msgspec.structs import replace

from vlm.engine.base import Prompt
from vlm.text.languages import ENGLISH, name_of

CAPTION_AGAIN = "a photo of"  # said for a model that answered nothing to the picture alone


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How one family of language models was asked while BLIP-2 was evaluated. The capitals matter."""

    caption: str = ""
    turn: str = "Question: {question} Answer: {answer}. "
    question: str


OPT = Wording(question="Question: {question} Answer:")
T5 = Wording(question="Question: {question} Short answer:")
MBLIP = Wording(
    caption="Caption in {language}: ", question="Question: {question} Short answer in {language}:"
)


def text(prompt: Prompt, wording: Wording) -> str:
    """The words of a prompt, earlier turns first."""
    language = name_of(prompt.language or ENGLISH)
    if prompt.question is None:
        return wording.caption.format(language=language)
    turns = "".join(wording.turn.format(question=t.question, answer=t.answer) for t in prompt.turns)
    return turns + wording.question.format(question=prompt.question, language=language)


def ids(words: str, tokenizer: Any) -> list[int]:
    """Token ids; special tokens that a user typed ('<image>', '</s>') stay the plain text they look like."""
    found: list[int] = tokenizer(words, split_special_tokens=True).input_ids
    return found


def fitting(prompt: Prompt, wording: Wording, room: int, tokenizer: Any) -> list[int]:
    """Ids of a prompt in at most `room` tokens: without its oldest turns, then the end of its question."""
    found = ids(text(prompt, wording), tokenizer)
    while len(found) > room and prompt.turns:
        prompt = replace(prompt, turns=prompt.turns[1:])
        found = ids(text(prompt, wording), tokenizer)
    while len(found) > room and prompt.question:
        keep = len(prompt.question) * room // len(found)  # less than before, as room < len(found)
        prompt = replace(prompt, question=prompt.question[:keep])
        found = ids(text(prompt, wording), tokenizer)
    return found


def worth_another_try(prompt: Prompt, said: str) -> bool:
    """Whether a plainer prompt may do better: nothing was said, or only what had been said before."""
    if prompt.question is None:
        return not said
    return any(said in ("", turn.answer) for turn in prompt.turns)


def without_turns(prompt: Prompt) -> Prompt:
    """The same request as if nothing had been asked before."""
    return replace(prompt, turns=())


@dataclass(frozen=True)
class Batch:
    """Padded prompts. `ids` holds the pad id where picture or padding stands; `picture` marks the former."""

    ids: torch.Tensor  # [B, L] int64
    mask: torch.Tensor  # [B, L] int64: 0 where padded
    picture: torch.Tensor  # [B, L] bool: Q in every row


def batch(rows: Sequence[list[int]], queries: int, pad: int, *, pad_left: bool) -> Batch:
    """Prompts of different lengths side by side, each with room for its picture before the text."""
    width = queries + max(map(len, rows))
    ids_, mask, picture = [], [], []
    for row in rows:
        spare = width - queries - len(row)
        before, after = (spare, 0) if pad_left else (0, spare)
        ids_.append([pad] * (before + queries) + row + [pad] * after)
        mask.append([0] * before + [1] * (queries + len(row)) + [0] * after)
        picture.append([False] * before + [True] * queries + [False] * (len(row) + after))
    return Batch(torch.tensor(ids_), torch.tensor(mask), torch.tensor(picture))
