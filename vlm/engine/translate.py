"""M2M100 translates between English and a chat's language, and says so where it could not.

    B lines of a batch, S tokens of the longest, T new tokens at most

One batch may mix languages: the source's token begins each line, the target's token begins each translation.
Short texts make such models loop now and then. What loops is tried once more with repetitions forbidden, and
what loops even then, or never ends, stays as it was: English that can be read is better than a stutter.

Not handled: text longer than `MAX_TOKENS` a line stays as it was; languages are never guessed.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

import torch

from vlm.engine.base import Translated
from vlm.engine.decoding import Limits, beams, decoding
from vlm.errors import Unsupported
from vlm.text.languages import code_of, name_of

MAX_TOKENS: Final = 200  # of a line; questions have at most a thousand characters
BATCH: Final = 32  # lines at once
NO_REPEAT: Final = 3  # tokens in a row that may not come twice, in the second attempt
PROMPT: Final = 2  # what the decoder is given: </s>, and the target language

LOOP: Final = re.compile(r"(\S.{0,48}?)(?:[\s,.;]*\1){3,}", re.DOTALL)  # the same four times in a row


class Line(NamedTuple):
    """One line to translate. Languages are the model's tokens."""

    text: str
    source: int
    target: int


class Translator:
    """One M2M100 checkpoint on one device: an M2M100ForConditionalGeneration and its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any, *, name: str) -> None:
        self.name = name
        self._model, self.tokenizer = model, tokenizer
        own = model.generation_config
        self._beams, self._end = beams(own), int(model.config.eos_token_id)
        self._pad = int(model.config.pad_token_id)
        # Published configurations carry lengths of their own, which would argue with our limits.
        own.max_length = own.min_length = own.max_new_tokens = None
        own.forced_bos_token_id = None

    def speaks(self, language: str) -> bool:
        """Whether the model knows a language, by Telegram's code for it or its own."""
        return self._language(language) is not None

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """Each text in the target language, or itself, marked, where the model lost its way.

        Lines are translated one by one; texts without a letter, and a language into itself, need no model.

        Raises:  Unsupported for a language that the model does not speak; OutOfMemory.
        """
        return self.translate_mixed([(text, source, target) for text in texts])

    def translate_mixed(self, wanted: Sequence[tuple[str, str, str]]) -> list[Translated]:
        """The same for (text, source, target) of many languages, in one batch."""
        lines: dict[Line, str | None] = {}
        split = [self._lines(*one) for one in wanted]
        for line in (line for text in split for line in text if isinstance(line, Line)):
            lines.setdefault(line)
        if lines:
            lines = dict(zip(lines, self._attempt(list(lines)), strict=True))
        return [_joined(text, lines) for text in split]

    def _lines(self, text: str, source: str, target: str) -> list[Line | str]:
        """What must be translated as Line, the rest as it is; line breaks are parts of their own."""
        start, end = self._required(source), self._required(target)
        parts = re.split(r"(\s*\n\s*)", text)
        return [
            Line(part.strip(), start, end) if start != end and any(map(str.isalpha, part)) else part
            for part in parts
        ]

    def _required(self, language: str) -> int:
        found = self._language(language)
        if found is None:
            raise Unsupported(f"The translator {self.name} does not speak {name_of(language)} ({language}).")
        return found

    def _language(self, language: str) -> int | None:
        found = self.tokenizer.convert_tokens_to_ids(f"__{code_of(language)}__")
        return None if found is None or found == self.tokenizer.unk_token_id else int(found)

    def _attempt(self, lines: Sequence[Line]) -> list[str | None]:
        """Translations; None for what cannot be translated."""
        said = self._all(lines, no_repeat=0)
        again = [i for i, (line, text) in enumerate(zip(lines, said, strict=True)) if lost(line.text, text)]
        for i, text in zip(again, self._all([lines[i] for i in again], no_repeat=NO_REPEAT), strict=True):
            said[i] = None if lost(lines[i].text, text) else text
        return said

    def _all(self, lines: Sequence[Line], *, no_repeat: int) -> list[str | None]:
        """Batches of similar length, in the order given."""
        said: list[str | None] = [None] * len(lines)
        rows = {i: self._ids(line) for i, line in enumerate(lines)}
        order = sorted((i for i in rows if len(rows[i]) <= MAX_TOKENS), key=lambda i: len(rows[i]))
        for _, group in groupby(enumerate(order), key=lambda place: place[0] // BATCH):
            some = [i for _, i in group]
            texts = self._generate([rows[i] for i in some], [lines[i].target for i in some], no_repeat)
            for i, text in zip(some, texts, strict=True):
                said[i] = text
        return said

    def _ids(self, line: Line) -> list[int]:
        """Special tokens that somebody typed ('</s>', '__de__') stay the plain text they look like."""
        text = self.tokenizer(line.text, add_special_tokens=False, split_special_tokens=True).input_ids
        return [line.source, *text, self._end]

    @torch.inference_mode()
    def _generate(
        self, rows: Sequence[list[int]], targets: Sequence[int], no_repeat: int
    ) -> list[str | None]:
        """Texts; None where the end did not come within the limit."""
        device = self._model.device
        longest = max(map(len, rows))
        ids = torch.tensor(
            [row + [self._pad] * (longest - len(row)) for row in rows], device=device
        )  # [B, S]
        given = torch.tensor([[self._end, target] for target in targets], device=device)  # [B, 2]
        limits = [Limits(1, longest_translation(len(row))) for row in rows]
        said = self._model.generate(
            input_ids=ids,
            attention_mask=(ids != self._pad).long(),
            decoder_input_ids=given,
            no_repeat_ngram_size=no_repeat,
            **decoding(limits, beams=self._beams, start=PROMPT, ends=[self._end], device=device),
        )[:, PROMPT:]  # [B, T]
        ended = (said == self._end).any(dim=1).tolist()
        texts = self.tokenizer.batch_decode(said, skip_special_tokens=True)
        return [text.strip() if done else None for text, done in zip(texts, ended, strict=True)]


def longest_translation(tokens: int) -> int:
    """How long a translation may become, in tokens: no language needs four times another's."""
    return 3 * tokens + 12


def lost(text: str, said: str | None) -> bool:
    """Whether a translation is none: missing, empty, or repeating what the text does not repeat."""
    return not said or bool(LOOP.search(said) and not LOOP.search(text))


def _joined(parts: Sequence[Line | str], lines: dict[Line, str | None]) -> Translated:
    said = [lines[part] if isinstance(part, Line) else part for part in parts]
    if any(one is None for one in said):
        whole = "".join(part.text if isinstance(part, Line) else part for part in parts)
        return Translated(whole, fell_back=True)
    return Translated("".join(one for one in said if one is not None))
