"""Loads checkpoints as models: chooses dtype, device and 8-bit weights, and explains what cannot work.

8-bit weights (LLM.int8 of bitsandbytes) are for the language model alone: it has two thirds of the weights
and loses little; a quantized vision tower or Q-Former would see worse. The threshold is 0: at bitsandbytes'
own 6.0, outliers are looked for in the whole batch, so that one user's photo would change another's answer.

Source:  LLM.int8() (Dettmers et al. 2022).
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final

import msgspec
import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoTokenizer,
    BitsAndBytesConfig,
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2ForImageTextRetrieval,
    M2M100ForConditionalGeneration,
    PreTrainedModel,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from vlm.engine.base import GENERAL_DETAILS, Detail, EngineOptions
from vlm.engine.blip2 import Blip2Engine, Itc
from vlm.engine.folder import check_size
from vlm.engine.source import TINY, Card, Source, find_checkpoint, find_translator, languages_of
from vlm.engine.translate import (
    DEFAULT_TRANSLATOR,
    NATIVE,
    NO_TRANSLATOR,
    NONE,
    LazyTranslator,
    M2M100Translator,
)
from vlm.errors import BadSetting, ModelNotFound, OutOfMemory
from vlm.protocol import ModelInfo
from vlm.text.languages import ENGLISH, NAMES

log = logging.getLogger(__name__)

UNREADABLE: Final = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError, ArithmeticError),
    *(SafetensorError, StrictDataclassError, UnpicklingError, MemoryError),
)
DTYPES: Final = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
SMALL_BYTES: Final = 1 << 30  # of weights: below it, half precision on a CPU is not worth it
MBLIPS: Final = "Gregor/mblip-"  # published checkpoints that speak some 95 languages
ITC_OF_PUBLISHED: Final = "Salesforce/blip2-itm-vit-g"  # has the vision tower of the Salesforce/blip2-*
# The parts that stay as they are in 8 bit. These names replace bitsandbytes' defaults, so the head is named,
# too: OPT ties it to its embeddings.
NOT_QUANTIZED: Final = ["vision_model", "qformer", "language_projection", "lm_head"]
LAST_NORM: Final = "post_layernorm."  # each checkpoint has its own, even if the blocks before it are equal


def open_blip2(options: EngineOptions) -> Blip2Engine:
    """The engine of a checkpoint that is or will be on this disk. Raises as `load` does."""
    source = find_checkpoint(options.model, options.revision)
    model = open_model(source, options)
    tokenizer, image_processor = open_processors(source)
    languages = native_languages(source, options)
    itc, itc_image_processor, itc_revision = _open_itc(source, options, model, image_processor)
    info = ModelInfo(
        name=source.name,
        revision="+".join(filter(None, (source.revision, itc_revision))),
        knows=source.card.knows,
        languages=output_languages(source.card.translator, languages, options),
    )
    details, paraphrases = _caption_options(source.card)
    return Blip2Engine(
        model, tokenizer, image_processor,
        info=info, itc=itc, itc_image_processor=itc_image_processor,
        beams=options.beams, expected=source.card.expected_caption,
        translator=lazy_translator(source.card.translator, options, device=options.device),
        languages=languages, details=details, paraphrases=paraphrases,
    )  # fmt: skip


def _caption_options(card: Card) -> tuple[Sequence[Detail], Callable[[str], list[str]] | None]:
    """The questions for a detailed caption, and the other wordings by rule; the card tells drawn scenes."""
    if card.world is None:
        return GENERAL_DETAILS, None
    from vlm.engine.drawn_scenes import drawn_details, paraphrases

    return drawn_details(card.scores), paraphrases


def open_model(source: Source, options: EngineOptions) -> Blip2ForConditionalGeneration:
    """The generative model on its device, quantized if `options` or its folder say so."""
    with _reading(source):
        config = Blip2Config.from_pretrained(source.folder)
    if config.model_type != "blip-2":
        raise BadSetting(f"{source.name} is a {config.model_type} checkpoint; Afterimage needs a BLIP-2 one.")
    device = pick_device(options.device)
    dtype = pick_dtype(options.dtype, device, config.text_config, source.weight_bytes)
    arguments: dict[str, Any] = {"dtype": dtype}
    if quantized := is_quantized(source.folder):
        if options.quant == "none":
            raise BadSetting(f"{source.name} is stored in 8 bit; for VLM_QUANT=none name its original.")
        config.quantization_config["llm_int8_threshold"] = options.int8_threshold
        silence_bitsandbytes()
    elif options.quant == "int8" or (not options.quant and device.type == "cuda"):
        arguments["quantization_config"] = int8_config(options.int8_threshold)
    model: Blip2ForConditionalGeneration = _load(
        Blip2ForConditionalGeneration, source, device, config=config, **arguments
    )
    if quantized:
        recast(model, dtype)
    return model


def open_processors(source: Source) -> tuple[Any, BlipImageProcessorPil]:
    """The tokenizer and the image processor of a checkpoint."""
    with _reading(source):
        tokenizer = AutoTokenizer.from_pretrained(source.folder, trust_remote_code=False)
        return tokenizer, BlipImageProcessorPil.from_pretrained(source.folder)


def _open_itc(
    source: Source, options: EngineOptions, model: Blip2ForConditionalGeneration, image_processor: Any
) -> tuple[Itc | None, BlipImageProcessorPil | None, str]:
    """The ITC head, its own image processor if it cannot share the vision pass, and its revision."""
    name = options.itc_model or matching_itc(source, options.model)
    if name == "none":
        return None, None, ""
    itc_source = find_checkpoint(name, options.itc_revision)
    dtype = model.vision_model.post_layernorm.weight.dtype
    head = _load(Blip2ForImageTextRetrieval, itc_source, model.device, dtype=dtype)
    tokenizer, own_processor = open_processors(itc_source)
    if same_tower(model, head) and own_processor.to_dict() == image_processor.to_dict():
        share_tower(model, head)
        return Itc(head, tokenizer), None, itc_source.revision
    log.warning(
        "%s and %s have different vision towers, making two vision passes per picture",
        source.name,
        itc_source.name,
    )
    return Itc(head, tokenizer), own_processor, itc_source.revision


def native_languages(source: Source, options: EngineOptions) -> Collection[str]:
    """The languages besides English that a checkpoint speaks itself: by the setting, its card, or mBLIP's."""
    if options.translator:
        return NAMES if options.translator == NATIVE else ()
    return NAMES if options.model.startswith(MBLIPS) else source.card.languages


def output_languages(own: str, native: Collection[str], options: EngineOptions) -> tuple[str, ...]:
    """The languages besides English that users can get: `native` and the translator's (not loaded)."""
    name = translator_name(own, options)
    translated = () if name in (NATIVE, NONE) else languages_of(name)
    return tuple(sorted({*native, *translated} - {ENGLISH}))


def translator_name(own: str, options: EngineOptions) -> str:
    """The translator's name: from the setting, or else the checkpoint's `own`, or else the large M2M100."""
    return options.translator or own or (TINY if options.model == TINY else DEFAULT_TRANSLATOR)


def lazy_translator(own: str, options: EngineOptions, *, device: str) -> LazyTranslator:
    """The translator of `translator_name`, loaded at its first use."""
    name = translator_name(own, options)
    if name in (NATIVE, NONE):
        return NO_TRANSLATOR
    return LazyTranslator(lambda: open_translator(name, options.translator_revision, device=device))


def open_translator(name: str, revision: str = "", *, device: str = "auto") -> M2M100Translator:
    """A translator that is or will be on this disk: in float32 on a CPU, half precision on a GPU.

    Raises:  ModelNotFound, OutOfMemory; BadSetting for a checkpoint that is no M2M100.
    """
    source = find_translator(name, revision)
    with _reading(source):
        kind = AutoConfig.from_pretrained(source.folder, trust_remote_code=False).model_type
    if kind != "m2m_100":
        raise BadSetting(f"{source.name} is a {kind} checkpoint; VLM_TRANSLATOR must be an M2M100 one.")
    where = pick_device(device)
    dtype = torch.float32 if where.type == "cpu" else torch.float16
    with _reading(source):
        tokenizer = AutoTokenizer.from_pretrained(source.folder, trust_remote_code=False)
    return M2M100Translator(
        _load(M2M100ForConditionalGeneration, source, where, dtype=dtype), tokenizer, name=source.name
    )


def matching_itc(source: Source, model: str) -> str:
    """The ITC checkpoint that goes with another: inside it, named in its card, or the published match."""
    if (source.folder / "itc").is_dir():
        return str(source.folder / "itc")
    return source.card.itc or (ITC_OF_PUBLISHED if model.startswith("Salesforce/blip2-") else "none")


def _load(kind: type[PreTrainedModel], source: Source, device: torch.device, **arguments: Any) -> Any:
    with _reading(source):
        configs: Any = kind.config_class
        config = arguments.pop("config", None) or configs.from_pretrained(source.folder)
        with torch.device("meta"):  # shapes only: no memory is allocated
            parameters = sum(weight.numel() for weight in kind(deepcopy(config)).parameters())
        check_size(source.name, source.folder, parameters)
        loaded: Any = kind.from_pretrained(
            source.folder, use_safetensors=source.weight_bytes > 0, local_files_only=True, config=config,
            trust_remote_code=False, device_map={"": device}, output_loading_info=True, **arguments,
        )  # fmt: skip
    model, report = loaded
    if missing := sorted(report["missing_keys"]):
        # transformers would go on with random numbers instead.
        raise ModelNotFound(f"{source.name} is no whole {kind.__name__}: it lacks {', '.join(missing[:3])}.")
    return model.eval()


def pick_device(name: str) -> torch.device:
    """The device named `name`; auto: the first GPU, or else the CPU. Raises BadSetting if there is none."""
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise BadSetting(f"VLM_DEVICE cannot be {name!r}: expected auto, cpu, cuda or cuda:N.") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BadSetting(f"VLM_DEVICE is {name}, but this machine shows no such GPU; try auto.")
    return device


def pick_dtype(name: str, device: torch.device, language: Any, weight_bytes: int) -> torch.dtype:
    """The dtype named `name`; auto: by device, size, and what the language model was made for."""
    if name != "auto":
        return DTYPES[name]
    if device.type == "cpu":
        return torch.float32 if weight_bytes < SMALL_BYTES else torch.bfloat16
    return torch.bfloat16 if language.is_encoder_decoder else torch.float16  # fp16 overflows in T5


@contextmanager
def _reading(source: Source) -> Iterator[None]:
    """Turn the many errors of an unreadable checkpoint into ModelNotFound or OutOfMemory."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(f"{source.name} does not fit this device; try VLM_QUANT=int8.") from error
    except UNREADABLE as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelNotFound(f"The checkpoint {source.name} cannot be read: {reason}") from error


def int8_config(threshold: float) -> BitsAndBytesConfig:
    """The configuration for loading the language model in 8 bit."""
    silence_bitsandbytes()
    return BitsAndBytesConfig(
        load_in_8bit=True, llm_int8_threshold=threshold, llm_int8_skip_modules=NOT_QUANTIZED
    )


def silence_bitsandbytes() -> None:
    """bitsandbytes warns at each layer and token that it casts to fp16, which LLM.int8 always does."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def recast(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Give the weights of a quantized folder that are not in 8 bit the dtype that they have unquantized.

    transformers leaves them as they were stored, but casts biases; the mixture does not run.
    """
    precise = set(model._keep_in_fp32_modules or ()) if dtype == torch.float16 else set()
    for name, parameter in model.named_parameters():
        if parameter.is_floating_point():
            kept = not precise.isdisjoint(name.split("."))
            parameter.data = parameter.data.to(torch.float32 if kept else dtype)


def is_quantized(folder: Path) -> bool:
    """Whether the weights in a checkpoint's folder are quantized."""
    return "quantization_config" in msgspec.json.decode((folder / "config.json").read_bytes())


def same_tower(model: Any, other: Any) -> bool:
    """Whether two models have equal vision towers up to the last norm, so that one pass can serve both."""
    left, right = (each.vision_model.state_dict() for each in (model, other))
    blocks = [name for name in left if not name.startswith(LAST_NORM)]
    if left.keys() != right.keys():
        return False
    return all(
        left[name].shape == right[name].shape and torch.equal(left[name], right[name]) for name in blocks
    )


def share_tower(owner: Any, user: Any) -> None:
    """Let `user` use the vision blocks of `owner`, so that they are in memory once."""
    user.vision_model.embeddings = owner.vision_model.embeddings
    user.vision_model.encoder = owner.vision_model.encoder
