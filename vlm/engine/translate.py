"""M2M100 translates between English and a chat's language, and marks the texts that it could not translate.

    B lines of a batch, S tokens of the longest, T new tokens at most

A batch may mix languages: the token of the source begins each line, the token of the target each translation.
Short texts make such models repeat themselves now and then. A translation that repeats itself is tried once
more with repetitions forbidden. If that fails too, or does not end, the text stays as it was: readable
English is better than a stutter.

Not handled: a line of more than `MAX_TOKENS` stays as it was; languages are never guessed.
"""

import re
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple, Protocol

import torch

from vlm.engine.base import Translated
from vlm.engine.decoding import Limits, beams, generate_arguments
from vlm.errors import ModelNotFound, Unsupported
from vlm.text.languages import code_of, name_of

DEFAULT_TRANSLATOR: Final = "facebook/m2m100_418M"
NATIVE: Final = "native"  # setting: the model itself speaks the languages
NONE: Final = "none"  # setting: no translator
RETRY_S: Final = 600.0  # after which a translator that could not be loaded is tried again

MAX_TOKENS: Final = 200  # of a line; questions have at most a thousand characters
BATCH: Final = 32  # lines at once
NO_REPEAT: Final = 3  # length of token sequences that may not come twice, in the second attempt
PROMPT: Final = 2  # tokens that the decoder starts with: </s> and the target language

LOOP: Final = re.compile(r"(\S.{0,48}?)(?:[\s,.;]*\1){3,}", re.DOTALL)  # the same four times in a row


class TranslationLine(NamedTuple):
    """One line to translate. Languages are the model's tokens."""

    text: str
    source: int
    target: int


class M2M100Translator:
    """One M2M100 checkpoint on one device: an M2M100ForConditionalGeneration and its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any, *, name: str) -> None:
        self.name = name
        self._model, self.tokenizer = model, tokenizer
        own = model.generation_config
        self._beams, self._end = beams(own), int(model.config.eos_token_id)
        self._pad = int(model.config.pad_token_id)
        # Published configurations set lengths of their own, which would conflict with these limits.
        own.max_length = own.min_length = own.max_new_tokens = None
        own.forced_bos_token_id = None

    def speaks(self, language: str) -> bool:
        """Whether the model knows a language, by Telegram's code or its own."""
        return self._language(language) is not None

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """Each text in the target language, or the original, marked, if the translation failed.

        Lines are translated one by one. Texts without a letter, and a language into itself, need no model.

        Raises:  Unsupported for a language that the model does not speak; OutOfMemory.
        """
        return self.translate_mixed([(text, source, target) for text in texts])

    def translate_mixed(self, requests: Sequence[tuple[str, str, str]]) -> list[Translated]:
        """The same for (text, source, target) of many languages, in one batch."""
        lines: dict[TranslationLine, str | None] = {}
        split = [self._lines(*request) for request in requests]
        for line in (part for parts in split for part in parts if isinstance(part, TranslationLine)):
            lines.setdefault(line)
        if lines:
            lines = dict(zip(lines, self._attempt(list(lines)), strict=True))
        return [_joined(parts, lines) for parts in split]

    def _lines(self, text: str, source: str, target: str) -> list[TranslationLine | str]:
        """The parts of a text: a Line, or a str that needs no translation. Line breaks are parts, too."""
        start, end = self._required(source), self._required(target)
        parts = re.split(r"(\s*\n\s*)", text)
        return [
            TranslationLine(part.strip(), start, end)
            if start != end and any(map(str.isalpha, part))
            else part
            for part in parts
        ]

    def _required(self, language: str) -> int:
        token = self._language(language)
        if token is None:
            raise Unsupported(f"The translator {self.name} does not speak {name_of(language)} ({language}).")
        return token

    def _language(self, language: str) -> int | None:
        token = self.tokenizer.convert_tokens_to_ids(f"__{code_of(language)}__")
        return None if token is None or token == self.tokenizer.unk_token_id else int(token)

    def _attempt(self, lines: Sequence[TranslationLine]) -> list[str | None]:
        """The translation of each line; None if it failed."""
        texts = self._all(lines, no_repeat=0)
        again = [
            i for i, (line, text) in enumerate(zip(lines, texts, strict=True)) if failed(line.text, text)
        ]
        for i, text in zip(again, self._all([lines[i] for i in again], no_repeat=NO_REPEAT), strict=True):
            texts[i] = None if failed(lines[i].text, text) else text
        return texts

    def _all(self, lines: Sequence[TranslationLine], *, no_repeat: int) -> list[str | None]:
        """The translation of each line, in order, from batches of lines of similar length."""
        translations: list[str | None] = [None] * len(lines)
        rows = {i: self._ids(line) for i, line in enumerate(lines)}
        order = sorted((i for i in rows if len(rows[i]) <= MAX_TOKENS), key=lambda i: len(rows[i]))
        for _, group in groupby(enumerate(order), key=lambda place: place[0] // BATCH):
            batch = [i for _, i in group]
            texts = self._generate([rows[i] for i in batch], [lines[i].target for i in batch], no_repeat)
            for i, text in zip(batch, texts, strict=True):
                translations[i] = text
        return translations

    def _ids(self, line: TranslationLine) -> list[int]:
        """Special tokens that a user typed ('</s>', '__de__') stay plain text."""
        text = self.tokenizer(line.text, add_special_tokens=False, split_special_tokens=True).input_ids
        return [line.source, *text, self._end]

    @torch.inference_mode()
    def _generate(
        self, rows: Sequence[list[int]], targets: Sequence[int], no_repeat: int
    ) -> list[str | None]:
        """Texts; None where the text did not end within its limit."""
        device = self._model.device
        longest = max(map(len, rows))
        ids = torch.tensor(
            [row + [self._pad] * (longest - len(row)) for row in rows], device=device
        )  # [B, S]
        starts = torch.tensor([[self._end, target] for target in targets], device=device)  # [B, 2]
        limits = [Limits(1, longest_translation(len(row))) for row in rows]
        generated = self._model.generate(
            input_ids=ids,
            attention_mask=(ids != self._pad).long(),
            decoder_input_ids=starts,
            no_repeat_ngram_size=no_repeat,
            **generate_arguments(limits, beams=self._beams, start=PROMPT, eos_ids=[self._end], device=device),
        )[:, PROMPT:]  # [B, T]
        ended = (generated == self._end).any(dim=1).tolist()
        texts = self.tokenizer.batch_decode(generated, skip_special_tokens=True)
        return [text.strip() if done else None for text, done in zip(texts, ended, strict=True)]


def longest_translation(tokens: int) -> int:
    """The limit of a translation, in tokens: no language needs four times as many as another."""
    return 3 * tokens + 12


def failed(text: str, translation: str | None) -> bool:
    """Whether a translation is missing, empty, or repeats itself where the text does not."""
    return not translation or bool(LOOP.search(translation) and not LOOP.search(text))


def _joined(parts: Sequence[TranslationLine | str], lines: dict[TranslationLine, str | None]) -> Translated:
    texts = [lines[part] if isinstance(part, TranslationLine) else part for part in parts]
    translated = [text for text in texts if text is not None]
    if len(translated) < len(texts):
        original = "".join(part.text if isinstance(part, TranslationLine) else part for part in parts)
        return Translated(original, translation_failed=True)
    return Translated("".join(translated))


class Translates(Protocol):
    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]: ...


class LazyTranslator:
    """Loads a translator at its first use; `load` None: there is no translator."""

    def __init__(self, load: Callable[[], Translates] | None) -> None:
        self._load = load
        self._translator: Translates | None = None
        self._missing: ModelNotFound | None = None
        self._tried_s = 0.0

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """As `Engine.translate`; a language into itself needs no translator."""
        if code_of(source) == code_of(target):
            return [Translated(text) for text in texts]
        if self._load is None:
            raise Unsupported("There is no translator here, so I speak only English (see VLM_TRANSLATOR).")
        if self._translator is None:
            self._translator = self._loaded(self._load)
        return self._translator.translate(texts, source, target)

    def _loaded(self, load: Callable[[], Translates]) -> Translates:
        # An unreachable hub takes seconds to time out: not in every batch.
        if self._missing and time.monotonic() - self._tried_s < RETRY_S:
            raise self._missing
        self._tried_s = time.monotonic()
        try:
            return load()
        except ModelNotFound as error:
            self._missing = error.with_traceback(None)
            raise


NO_TRANSLATOR: Final = LazyTranslator(None)
