"""The tiny model's tokenizer: byte-level BPE laid out like OPT's, learned from the grammar.

<s> 0   <pad> 1   </s> 2 (begins and ends every text, as OPT's does)   <unk> 3   ... <image> last
"""

from collections.abc import Iterator

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from vlm.lab.questions import draw_question
from vlm.lab.scene_queries import partial_query
from vlm.lab.scenes import scene
from vlm.lab.vocabulary import NOUNS

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
PAD, END, UNKNOWN = 1, 2, 3
LARGEST = 1600  # entries
CORPUS_SCENES = 12_000
SERIES = 9_000_001  # seed of the scenes that only the tokenizer sees


def question_prompt(question: str, turns: tuple[tuple[str, str], ...] = ()) -> str:
    """The prompt that the engine sends to an OPT-style checkpoint."""
    asked = "".join(f"Question: {earlier} Answer: {answer}. " for earlier, answer in turns)
    return f"{asked}Question: {question} Answer:"


def train_tokenizer() -> PreTrainedTokenizerFast:
    """Learn the vocabulary; `<image>` is its last entry."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.train_from_iterator(
        _corpus(),
        trainers.BpeTrainer(
            vocab_size=LARGEST,
            min_frequency=20,
            special_tokens=list(SPECIALS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    inner.post_processor = processors.TemplateProcessing(
        single="</s> $A", pair="</s> $A $B", special_tokens=[("</s>", END)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token=SPECIALS[END],
        eos_token=SPECIALS[END],
        pad_token=SPECIALS[PAD],
        unk_token=SPECIALS[UNKNOWN],
        padding_side="left",
        model_max_length=192,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    return tokenizer


def _corpus() -> Iterator[str]:
    rng = np.random.default_rng(SERIES)
    for index in range(CORPUS_SCENES):
        drawn = scene(SERIES, index)
        asked = draw_question(drawn, rng)
        yield drawn.caption
        yield partial_query(drawn, rng).text
        yield f"{question_prompt(asked.question)} {asked.answer}. "


def noun_of_tokens(tokenizer: PreTrainedTokenizerFast) -> Tensor:
    """Of each token [V] the noun of the vocabulary that it writes, singular or plural, or -1."""
    nouns = torch.full((len(tokenizer),), -1)
    for number, kind in enumerate(NOUNS):
        for word in (kind.name, kind.plural):
            ids = tokenizer(f" {word}", split_special_tokens=True).input_ids[1:]
            if len(ids) == 1:  # the usual words are one token each
                nouns[ids[0]] = number
    return nouns
