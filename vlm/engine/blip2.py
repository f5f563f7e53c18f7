"""BLIP-2: a vision tower, a Q-Former that asks it Q questions, and a language model that reads the answers.

    B pictures or prompts, Q query tokens, D their width, L length of a prompt with its picture,
    M width of the language model, E width of the image-text space

The language model never sees a picture, only Q projected query tokens. These are kept, so that a later
question runs no vision at all; token for token it gives what `Blip2ForConditionalGeneration.generate` gives.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from transformers import Blip2ForConditionalGeneration

from vlm.engine import prompts as prompting
from vlm.engine import selfcheck, vision
from vlm.engine.base import Detail, Encoded, ModelInfo, Prompt, QueryTokens, Translated, Vectors
from vlm.engine.decoding import Limits, answer_limits, beams, caption_limits, decoding, detailed_limits
from vlm.engine.interpreter import NOBODY, Interpreter
from vlm.engine.itc import Itc
from vlm.engine.sampling import reworded
from vlm.errors import OutOfMemory, Unsupported
from vlm.text.languages import code_of
from vlm.text.scene_paraphrases import otherwise


class Blip2Engine:
    """One BLIP-2 checkpoint on one device.

    model       in evaluation mode, on its device
    pictures    the checkpoint's image processor
    info        what users are told about it
    itc         the contrastive head for search; None: pictures get no vectors
    itc_sees    the head's image processor where it cannot share the vision pass; None: one pass serves both
    beams       0: as many as the checkpoint sets, else 5
    expected    the caption that the built-in picture must get; '': any
    interpreter who translates
    languages   that the model speaks itself, by mBLIP's prompts; none: it knows English only
    details     what it can be asked for a detailed caption
    is_drawn    whether its captions are of drawn scenes: see `vlm.text.scene_paraphrases`
    """

    def __init__(
        self,
        model: Blip2ForConditionalGeneration,
        tokenizer: Any,
        pictures: Any,
        *,
        info: ModelInfo,
        itc: Itc | None = None,
        itc_sees: Any = None,
        beams: int = 0,
        expected: str = "",
        interpreter: Interpreter = NOBODY,
        languages: Collection[str] = (),
        details: Sequence[Detail] = (),
        is_drawn: bool = False,
    ) -> None:
        self.info, self.details, self._is_drawn = info, details, is_drawn
        self._model, self._tokenizer, self._pictures = model, tokenizer, pictures
        self._itc, self._itc_sees = itc, itc_sees
        self._expected = expected
        self._decoder_only = not model.language_model.config.is_encoder_decoder
        self._interpreter, self._languages = interpreter, languages
        self._wording = prompting.OPT if self._decoder_only else prompting.T5
        if languages:
            self._wording = prompting.MBLIP
        self._configure(beams)

    def _configure(self, wanted_beams: int) -> None:
        own, language = self._model.generation_config, self._model.language_model.generation_config
        self._caption_limits, self._answer_limits = caption_limits(own), answer_limits(own)
        self._detailed_limits = detailed_limits(own)
        self._beams = wanted_beams or beams(own)
        # Published text configurations carry a maximal length, which would argue with our limits.
        language.max_length = language.min_length = None
        ends = language.eos_token_id
        self._ends: list[int] = [] if ends is None else ends if isinstance(ends, list) else [ends]
        self._pad = language.pad_token_id or 0

    @torch.inference_mode()
    def encode(self, images: Sequence[Image]) -> list[Encoded]:
        """One vision pass over RGB images of any size; as many results as images.

        Shapes:  each has tokens [Q, D] float16 and, with an ITC checkpoint, vectors [Q, E] float16, norm 1.
        Raises:  OutOfMemory if the device cannot hold the batch.
        """
        if not images:
            return []
        with _memory_errors():
            seen = vision.see(self._model, self._pixels(images, self._pictures))  # [B, P, V]
            tokens = _half(vision.query(self._model, seen))  # [B, Q, D]
            if self._itc is None:
                return [Encoded(row, None) for row in tokens]
            if self._itc_sees is not None:
                seen = vision.see(self._itc.model, self._pixels(images, self._itc_sees))
            return list(map(Encoded, tokens, _half(self._itc.vectors(seen))))

    @torch.inference_mode()
    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        """One text for each pair of query tokens and prompt, captions and answers mixed in one batch.

        What comes back empty, or repeats an earlier answer, is asked once more: a caption with 'a photo of',
        a question without its earlier turns. A text may still be empty then.

        Raises:  OutOfMemory if the device cannot hold the batch.
        Source:  prompts and lengths of the evaluation in BLIP-2 (Li et al. 2023), appendix.
        """
        if not prompts:
            return []
        with _memory_errors():
            texts = self._write(tokens, prompts, self._wording)
            again = [i for i, prompt in enumerate(prompts) if prompting.worth_another_try(prompt, texts[i])]
            if again:
                plainer = [prompting.without_turns(prompts[i]) for i in again]
                wording = replace(self._wording, caption=prompting.CAPTION_AGAIN)
                for i, text in zip(
                    again, self._write([tokens[i] for i in again], plainer, wording), strict=True
                ):
                    texts[i] = text or texts[i]
            return texts

    @torch.inference_mode()
    def wordings(self, tokens: QueryTokens, seed: int) -> list[str]:
        """Captions of one picture that the model finds likely, the best first; as always for the same seed.

        First what beam search finds, then samples. What is much less likely than the best beam, or has a
        word that is much less likely than another one in its place, is not among them: it may well be wrong.
        """
        prompt = Prompt()
        if self._is_drawn:
            return [other for text in self.generate([tokens], [prompt]) for other in otherwise(text)]
        with _memory_errors():
            embeds, mask = self._read([tokens], [self._ids(prompt, self._wording)])
            limits, start = self._limits(prompt), 0 if self._decoder_only else 1
            found = reworded(
                self._model.language_model, embeds, mask, limits, start=start, ends=self._ends, seed=seed
            )
            texts = [self._tokenizer.decode(row, skip_special_tokens=True).strip() for row in found]
            return list(dict.fromkeys(filter(None, texts)))

    @torch.inference_mode()
    def embed_text(self, queries: Sequence[str]) -> Vectors:
        """Unit vectors for search queries, comparable with a picture's `vectors`.

        Shapes:  N queries -> [N, E] float32, L2 norm 1.
        Raises:  Unsupported if no ITC checkpoint is loaded, OutOfMemory if the device cannot hold the batch.
        Source:  image-text contrastive head, BLIP-2 (Li et al. 2023), section 3.1.
        """
        if self._itc is None:
            raise Unsupported(
                "This model cannot search: no image-text checkpoint is loaded (see VLM_ITC_MODEL)."
            )
        if not queries:
            return np.zeros((0, self._itc.model.config.image_text_hidden_size), np.float32)
        with _memory_errors():
            return self._itc.embed_text(queries).cpu().numpy()

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """Each text in the language `target`, by codes as Telegram has them ('de', 'pt-br').

        Raises:  Unsupported for a language that the translator does not speak, or where there is none;
                 ModelNotFound where it cannot be loaded, which happens at its first use.
        """
        with _memory_errors():
            return self._interpreter.translate(texts, source, target)

    def speaks(self, language: str) -> bool:
        """Whether the model itself speaks a language, so that prompts may ask for it: no translator then."""
        return code_of(language) in self._languages

    def check(self) -> None:
        """Raise SelfCheckFailed unless the built-in picture is seen as it should be."""
        selfcheck.check(self, selfcheck.built_in_picture(), self._expected)

    @torch.inference_mode()
    def say(
        self,
        tokens: Sequence[QueryTokens],
        prompts: Sequence[Prompt],
        wording: prompting.Wording | None = None,
    ) -> torch.Tensor:
        """The ids that `generate` makes its texts from, each row within its own limits: [B, longest]."""
        wording = wording or self._wording
        embeds, mask = self._read(tokens, [self._ids(prompt, wording) for prompt in prompts])
        limits = decoding(
            [self._limits(prompt) for prompt in prompts],
            beams=self._beams,
            start=0 if self._decoder_only else 1,  # an encoder-decoder begins with a start token
            ends=self._ends,
            device=embeds.device,
        )
        language = self._model.language_model
        return language.generate(inputs_embeds=embeds, attention_mask=mask, **limits)  # type: ignore[no-any-return]

    @torch.inference_mode()
    def first_logits(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> torch.Tensor:
        """The language model's scores of the first new token: [B, vocabulary]."""
        embeds, mask = self._read(tokens, [self._ids(prompt, self._wording) for prompt in prompts])
        said = self._model.language_model.generate(
            inputs_embeds=embeds, attention_mask=mask, max_new_tokens=1, do_sample=False, num_beams=1,
            return_dict_in_generate=True, output_logits=True,
        )  # fmt: skip
        return said.logits[0]  # type: ignore[no-any-return]

    def _pixels(self, images: Sequence[Image], processor: Any) -> torch.Tensor:
        pixels = processor(images=list(images), return_tensors="pt").pixel_values
        return pixels.to(self._model.device)  # type: ignore[no-any-return] # [B, 3, H, W]

    def _write(
        self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt], wording: prompting.Wording
    ) -> list[str]:
        said = self.say(tokens, prompts, wording)
        texts: list[str] = self._tokenizer.batch_decode(said, skip_special_tokens=True)
        return [text.strip() for text in texts]

    def _read(
        self, tokens: Sequence[QueryTokens], rows: Sequence[list[int]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompts as the language model reads them, with their pictures: [B, L, M], and the mask [B, L]."""
        queries, device = len(tokens[0]), self._model.device
        batch = prompting.batch(rows, queries, self._pad, pad_left=self._decoder_only)
        projection = self._model.language_projection
        given = torch.from_numpy(np.stack(tokens)).to(device, projection.weight.dtype)  # [B, Q, D]
        embeds = self._model.language_model.get_input_embeddings()(batch.ids.to(device))  # [B, L, M]
        places = batch.picture.to(device)[..., None]  # [B, L, 1], Q places in each row
        return embeds.masked_scatter(places, projection(given).to(embeds.dtype)), batch.mask.to(device)

    def _ids(self, prompt: Prompt, wording: prompting.Wording) -> list[int]:
        positions = getattr(self._model.config.text_config, "max_position_embeddings", None) or T5_POSITIONS
        room = positions - self._model.config.num_query_tokens - self._limits(prompt).max_new
        return prompting.fitting(prompt, wording, room, self._tokenizer)

    def _limits(self, prompt: Prompt) -> Limits:
        if prompt.question is not None:
            return self._answer_limits
        return self._detailed_limits if prompt.detailed else self._caption_limits


T5_POSITIONS = 512  # the length T5 was trained with; its relative positions know no end


def _half(states: torch.Tensor) -> np.ndarray[Any, np.dtype[np.float16]]:
    return states.to(torch.float16).cpu().numpy()


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Turn an allocator's failure, on a GPU or a CPU, into OutOfMemory."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(TOO_BIG) from error
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        raise OutOfMemory(TOO_BIG) from error


TOO_BIG = "The model ran out of memory for this. Please try again later, or with another picture."
