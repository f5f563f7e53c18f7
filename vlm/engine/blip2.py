"""BLIP-2: a vision tower, a Q-Former with Q query tokens, and a language model that reads its output.

    B pictures or prompts, P patches + 1, V width of the vision tower, Q query tokens, D their width,
    L length of a prompt with its picture, M width of the language model, E width of the image-text space

The language model never sees a picture, only Q projected query tokens. These are kept, so that a later
question needs no vision pass. The output is token for token that of `Blip2ForConditionalGeneration.generate`.

One pass of the vision tower can feed two Q-Formers: the generative one, and that of the image-text
contrastive (ITC) head of `Blip2ForImageTextRetrieval`. The head gives a picture Q vectors and a query one;
their similarity is the largest of the Q products.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from PIL.Image import Image
from torch.nn.functional import normalize
from transformers import Blip2ForConditionalGeneration, Blip2ForImageTextRetrieval

from vlm.engine import prompts as prompting
from vlm.engine import selfcheck
from vlm.engine.base import Detail, Encoded, Prompt, QueryTokens, Translated, Vectors
from vlm.engine.decoding import (
    Limits,
    answer_limits,
    beams,
    caption_limits,
    detailed_limits,
    generate_arguments,
    likely_texts,
)
from vlm.engine.translate import NO_TRANSLATOR, LazyTranslator
from vlm.errors import OutOfMemory, Unsupported
from vlm.protocol import ModelInfo
from vlm.text.languages import code_of

T5_POSITIONS: Final = 512  # the length that T5 was trained with; its relative positions have no limit
TOO_BIG: Final = "The model ran out of memory for this. Please try again later, or with another picture."


class Itc:
    """The contrastive head of a checkpoint. `model` may share its vision blocks with the generative one."""

    def __init__(self, model: Blip2ForImageTextRetrieval, tokenizer: Any) -> None:
        self.model = model
        self._tokenizer = tokenizer
        qformer: Any = model.config.qformer_config
        self._max_tokens: int = qformer.max_position_embeddings

    def vectors(self, states: torch.Tensor) -> torch.Tensor:
        """Unit vectors of pictures, from the states of `vision_states`: [B, P, V] -> [B, Q, E]."""
        outputs = qformer_outputs(self.model, states)  # [B, Q, D]
        return normalize(self.model.vision_projection(self._cast(outputs)).float(), dim=-1)

    def embed_text(self, queries: Sequence[str]) -> torch.Tensor:
        """Unit vectors of search queries: [B, E]. A query that is too long for the checkpoint is cut."""
        rows = [self._ids(query) for query in queries]
        width = max(map(len, rows))
        pad = self._tokenizer.pad_token_id or 0
        padded = [row + [pad] * (width - len(row)) for row in rows]
        mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
        device = self.model.query_tokens.device
        embedded = self.model.embeddings(input_ids=torch.tensor(padded, device=device))  # [B, L, D]
        outputs = self.model.qformer(
            query_embeds=embedded, query_length=0, attention_mask=torch.tensor(mask, device=device)
        )
        first = self._cast(outputs.last_hidden_state[:, 0])  # [B, D]
        return normalize(self.model.text_projection(first).float(), dim=-1)

    def _ids(self, query: str) -> list[int]:
        ids = prompting.ids(query, self._tokenizer)
        return ids if len(ids) <= self._max_tokens else [*ids[: self._max_tokens - 1], ids[-1]]

    def _cast(self, states: torch.Tensor) -> torch.Tensor:
        # The Q-Former stays in fp32 where the rest is fp16.
        return states.to(self.model.vision_projection.weight.dtype)


class Blip2Engine:
    """One BLIP-2 checkpoint on one device.

    model                in evaluation mode, on its device
    image_processor      the checkpoint's
    info                 what users are told about the model
    itc                  the contrastive head for search; None: pictures get no vectors
    itc_image_processor  the head's, if it cannot share the vision pass; None: one pass serves both
    beams                0: as many as the checkpoint sets, else 5
    expected             the caption that the built-in picture must get; '': any
    translator           translates for a model that speaks English only
    languages            that the model speaks itself, by mBLIP's prompts; none: it speaks English only
    details              the questions for a detailed caption
    paraphrases          other wordings of a caption by rule, the caption first; None: the model samples them
    """

    def __init__(
        self,
        model: Blip2ForConditionalGeneration,
        tokenizer: Any,
        image_processor: Any,
        *,
        info: ModelInfo,
        itc: Itc | None = None,
        itc_image_processor: Any = None,
        beams: int = 0,
        expected: str = "",
        translator: LazyTranslator = NO_TRANSLATOR,
        languages: Collection[str] = (),
        details: Sequence[Detail] = (),
        paraphrases: Callable[[str], list[str]] | None = None,
    ) -> None:
        self.info, self.details, self._paraphrases = info, details, paraphrases
        self._model, self._tokenizer, self._image_processor = model, tokenizer, image_processor
        self._itc, self._itc_image_processor = itc, itc_image_processor
        self._expected = expected
        self._decoder_only = not model.language_model.config.is_encoder_decoder
        self._translator, self._languages = translator, languages
        self._template = prompting.OPT if self._decoder_only else prompting.T5
        if languages:
            self._template = prompting.MBLIP
        self._configure(beams)

    def _configure(self, requested_beams: int) -> None:
        own, language = self._model.generation_config, self._model.language_model.generation_config
        self._caption_limits, self._answer_limits = caption_limits(own), answer_limits(own)
        self._detailed_limits = detailed_limits(own)
        self._beams = requested_beams or beams(own)
        # Published text configurations set a maximal length, which would conflict with these limits.
        language.max_length = language.min_length = None
        eos_ids = language.eos_token_id
        self._eos_ids: list[int] = (
            [] if eos_ids is None else eos_ids if isinstance(eos_ids, list) else [eos_ids]
        )
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
            states = vision_states(self._model, self._pixels(images, self._image_processor))  # [B, P, V]
            tokens = _to_fp16(qformer_outputs(self._model, states))  # [B, Q, D]
            if self._itc is None:
                return [Encoded(row, None) for row in tokens]
            if self._itc_image_processor is not None:
                states = vision_states(self._itc.model, self._pixels(images, self._itc_image_processor))
            return list(map(Encoded, tokens, _to_fp16(self._itc.vectors(states))))

    @torch.inference_mode()
    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        """One text for each pair of query tokens and prompt, captions and answers mixed in one batch.

        A prompt whose text is empty, or repeats an earlier answer, is tried once more: a caption with 'a
        photo of', a question without its earlier turns. A text may still be empty.

        Raises:  OutOfMemory if the device cannot hold the batch.
        Source:  prompts and lengths of the evaluation in BLIP-2 (Li et al. 2023), appendix.
        """
        if not prompts:
            return []
        with _memory_errors():
            texts = self._generate_texts(tokens, prompts, self._template)
            again = [i for i, prompt in enumerate(prompts) if prompting.worth_another_try(prompt, texts[i])]
            if again:
                simpler = [prompting.without_turns(prompts[i]) for i in again]
                template = replace(self._template, caption=prompting.CAPTION_AGAIN)
                for i, text in zip(
                    again, self._generate_texts([tokens[i] for i in again], simpler, template), strict=True
                ):
                    texts[i] = text or texts[i]
            return texts

    @torch.inference_mode()
    def likely_captions(self, tokens: QueryTokens, seed: int) -> list[str]:
        """Captions of one picture that the model finds likely, the best first; the same for the same seed.

        The results of beam search come first, then samples. A caption that is much less likely than the best
        beam, or has a word that is much less likely than another in its place, is left out: it may be wrong.
        """
        prompt = Prompt()
        if self._paraphrases is not None:
            [caption] = self.generate([tokens], [prompt])
            return self._paraphrases(caption)
        with _memory_errors():
            embeds, mask = self._embed_prompts([tokens], [self._ids(prompt, self._template)])
            limits, start = self._limits(prompt), 0 if self._decoder_only else 1
            rows = likely_texts(
                self._model.language_model,
                embeds,
                mask,
                limits,
                start=start,
                eos_ids=self._eos_ids,
                seed=seed,
            )
            texts = [self._tokenizer.decode(row, skip_special_tokens=True).strip() for row in rows]
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

        Raises:  Unsupported for a language that the translator does not speak, or if there is no translator;
                 ModelNotFound if it cannot be loaded, which happens at its first use.
        """
        with _memory_errors():
            return self._translator.translate(texts, source, target)

    def speaks(self, language: str) -> bool:
        """Whether the model itself speaks a language, so that prompts may ask for it without a translator."""
        return code_of(language) in self._languages

    def check(self) -> None:
        """Raise SelfCheckFailed unless the built-in picture gets the expected caption."""
        selfcheck.check(self, selfcheck.built_in_picture(), self._expected)

    @torch.inference_mode()
    def generate_ids(
        self,
        tokens: Sequence[QueryTokens],
        prompts: Sequence[Prompt],
        template: prompting.Template | None = None,
    ) -> torch.Tensor:
        """The ids that `generate` makes its texts from, each row within its own limits: [B, longest]."""
        template = template or self._template
        embeds, mask = self._embed_prompts(tokens, [self._ids(prompt, template) for prompt in prompts])
        limits = generate_arguments(
            [self._limits(prompt) for prompt in prompts],
            beams=self._beams,
            start=0 if self._decoder_only else 1,  # an encoder-decoder begins with a start token
            eos_ids=self._eos_ids,
            device=embeds.device,
        )
        language = self._model.language_model
        return language.generate(inputs_embeds=embeds, attention_mask=mask, **limits)  # type: ignore[no-any-return]

    @torch.inference_mode()
    def first_logits(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> torch.Tensor:
        """The language model's scores of the first new token: [B, vocabulary]."""
        embeds, mask = self._embed_prompts(tokens, [self._ids(prompt, self._template) for prompt in prompts])
        outputs = self._model.language_model.generate(
            inputs_embeds=embeds, attention_mask=mask, max_new_tokens=1, do_sample=False, num_beams=1,
            return_dict_in_generate=True, output_logits=True,
        )  # fmt: skip
        return outputs.logits[0]  # type: ignore[no-any-return]

    def _pixels(self, images: Sequence[Image], processor: Any) -> torch.Tensor:
        pixels = processor(images=list(images), return_tensors="pt").pixel_values
        return pixels.to(self._model.device)  # type: ignore[no-any-return] # [B, 3, H, W]

    def _generate_texts(
        self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt], template: prompting.Template
    ) -> list[str]:
        ids = self.generate_ids(tokens, prompts, template)
        texts: list[str] = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
        return [text.strip() for text in texts]

    def _embed_prompts(
        self, tokens: Sequence[QueryTokens], rows: Sequence[list[int]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompts as the language model reads them, with their pictures: [B, L, M], and the mask [B, L]."""
        queries, device = len(tokens[0]), self._model.device
        batch = prompting.batch(rows, queries, self._pad, pad_left=self._decoder_only)
        projection = self._model.language_projection
        stacked = torch.from_numpy(np.stack(tokens)).to(device, projection.weight.dtype)  # [B, Q, D]
        embeds = self._model.language_model.get_input_embeddings()(batch.ids.to(device))  # [B, L, M]
        places = batch.picture.to(device)[..., None]  # [B, L, 1], Q places in each row
        return embeds.masked_scatter(places, projection(stacked).to(embeds.dtype)), batch.mask.to(device)

    def _ids(self, prompt: Prompt, template: prompting.Template) -> list[int]:
        positions = getattr(self._model.config.text_config, "max_position_embeddings", None) or T5_POSITIONS
        room = positions - self._model.config.num_query_tokens - self._limits(prompt).max_new
        return prompting.fitting(prompt, template, room, self._tokenizer)

    def _limits(self, prompt: Prompt) -> Limits:
        if prompt.question is not None:
            return self._answer_limits
        return self._detailed_limits if prompt.detailed else self._caption_limits


def vision_states(model: Any, pixels: torch.Tensor) -> torch.Tensor:
    """The vision tower's state before its last norm, which belongs to one checkpoint alone: [B, P, V]."""
    tower = model.vision_model
    return tower.encoder(inputs_embeds=tower.embeddings(pixels)).last_hidden_state  # type: ignore[no-any-return]


def qformer_outputs(model: Any, states: torch.Tensor) -> torch.Tensor:
    """The Q-Former's outputs for the query tokens of `model`, either BLIP-2 class: [B, P, V] -> [B, Q, D]."""
    states = model.vision_model.post_layernorm(states)  # [B, P, V]
    queries = model.query_tokens.expand(len(states), -1, -1)  # [B, Q, D]
    mask = torch.ones(states.shape[:2], dtype=torch.long, device=states.device)  # [B, P]
    outputs = model.qformer(query_embeds=queries, encoder_hidden_states=states, encoder_attention_mask=mask)
    return outputs.last_hidden_state  # type: ignore[no-any-return]


def _to_fp16(states: torch.Tensor) -> np.ndarray[Any, np.dtype[np.float16]]:
    return states.to(torch.float16).cpu().numpy()


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Turn a failed allocation, on a GPU or a CPU, into OutOfMemory."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(TOO_BIG) from error
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        raise OutOfMemory(TOO_BIG) from error
