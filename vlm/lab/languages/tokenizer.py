"""The tiny translator's tokenizer: byte-level BPE with M2M100's special tokens.

<s> 0   <pad> 1   </s> 2   <unk> 3   ... __en__ __es__ __de__ __fr__ __ru__ last

    source   __de__ ... </s>
    target   </s> __en__ ... </s>
"""

from collections.abc import Iterator
from random import Random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from vlm.lab.languages.pairs import PairSampler
from vlm.lab.languages.tables import CODES

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
PAD, END = 1, 2
SIZE = 4000  # entries, languages included
CORPUS_PAIRS = 60_000
SEED = "alphabet"  # of the pairs that only the tokenizer sees


def language_token(code: str) -> str:
    return f"__{code}__"


def train_tokenizer(pairs: PairSampler, texts: int = CORPUS_PAIRS) -> PreTrainedTokenizerFast:
    """Learn the vocabulary from pairs as the model will see them."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    inner.decoder = decoders.ByteLevel()
    inner.train_from_iterator(
        _corpus(pairs, texts),
        trainers.BpeTrainer(
            vocab_size=SIZE - len(CODES),
            min_frequency=8,
            special_tokens=list(SPECIALS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token=SPECIALS[0],
        pad_token=SPECIALS[PAD],
        eos_token=SPECIALS[END],
        unk_token=SPECIALS[3],
        additional_special_tokens=[language_token(code) for code in CODES],
        model_max_length=256,
        clean_up_tokenization_spaces=False,
    )


def _corpus(pairs: PairSampler, texts: int) -> Iterator[str]:
    rng = Random(SEED)
    for _ in range(texts):
        pair = pairs.draw(rng)
        yield pair.text
        yield pair.translation
