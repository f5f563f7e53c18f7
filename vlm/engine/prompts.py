"""Prompts for the language model: plain text, and its token ids.

    picture    Q positions, which the engine fills with projected query tokens; here they are only counted
    text       the tokenizer's ids of the prompt, with the special tokens of its family around it
    padding    before the picture for decoder-only models (OPT), whose positions follow the attention mask;
               after the text for encoder-decoders (T5), whose positions are distances

Checkpoints that speak many languages (mBLIP) are told in English which language to answer in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from msgspec.structs import replace

from vlm.engine.base import Prompt
from vlm.text.languages import name_of

CAPTION_AGAIN: Final = "a photo of"  # for a model that answered nothing to the picture alone


@dataclass(frozen=True, kw_only=True)
class Template:
    """The prompts of one family of language models, as in BLIP-2's evaluation. The capitals matter."""

    caption: str = ""
    turn: str = "Question: {question} Answer: {answer}. "
    question: str


OPT: Final = Template(question="Question: {question} Answer:")
T5: Final = Template(question="Question: {question} Short answer:")
MBLIP: Final = Template(
    caption="Caption in {language}: ", question="Question: {question} Short answer in {language}:"
)


def text(prompt: Prompt, template: Template) -> str:
    """The text of a prompt, earlier turns first."""
    language = name_of(prompt.language) if prompt.language else "English"
    if prompt.question is None:
        return template.caption.format(language=language)
    turns = "".join(template.turn.format(question=turn.question, answer=turn.answer) for turn in prompt.turns)
    return turns + template.question.format(question=prompt.question, language=language)


def ids(text: str, tokenizer: Any) -> list[int]:
    """Token ids; special tokens that a user typed ('<image>', '</s>') stay plain text."""
    tokens: list[int] = tokenizer(text, split_special_tokens=True).input_ids
    return tokens


def fitting(prompt: Prompt, template: Template, max_tokens: int, tokenizer: Any) -> list[int]:
    """Ids of a prompt in at most `max_tokens`: drops its oldest turns, then cuts the end of its question."""
    tokens = ids(text(prompt, template), tokenizer)
    while len(tokens) > max_tokens and prompt.turns:
        prompt = replace(prompt, turns=prompt.turns[1:])
        tokens = ids(text(prompt, template), tokenizer)
    while len(tokens) > max_tokens and prompt.question:
        keep = (
            len(prompt.question) * max_tokens // len(tokens)
        )  # less than before, as max_tokens < len(tokens)
        prompt = replace(prompt, question=prompt.question[:keep])
        tokens = ids(text(prompt, template), tokenizer)
    return tokens


def worth_another_try(prompt: Prompt, text: str) -> bool:
    """Whether a simpler prompt may do better: the text is empty, or repeats an earlier answer."""
    if prompt.question is None:
        return not text
    return any(text in ("", turn.answer) for turn in prompt.turns)


def without_turns(prompt: Prompt) -> Prompt:
    """The same prompt without earlier turns."""
    return replace(prompt, turns=())


@dataclass(frozen=True)
class PromptBatch:
    """Padded prompts. `ids` has the pad id where picture or padding is; `picture` marks the picture."""

    ids: torch.Tensor  # [B, L] int64
    mask: torch.Tensor  # [B, L] int64: 0 where padded
    picture: torch.Tensor  # [B, L] bool: Q in every row


def batch(rows: Sequence[list[int]], queries: int, pad: int, *, pad_left: bool) -> PromptBatch:
    """Prompts of different lengths, padded, each with positions for its picture before the text."""
    width = queries + max(map(len, rows))
    ids_, mask, picture = [], [], []
    for row in rows:
        spare = width - queries - len(row)
        before, after = (spare, 0) if pad_left else (0, spare)
        ids_.append([pad] * (before + queries) + row + [pad] * after)
        mask.append([0] * before + [1] * (queries + len(row)) + [0] * after)
        picture.append([False] * before + [True] * queries + [False] * (len(row) + after))
    return PromptBatch(torch.tensor(ids_), torch.tensor(mask), torch.tensor(picture))
