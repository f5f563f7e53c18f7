"""Checkpoints become models: dtype, device and 8 bit are chosen here, what cannot work is said plainly."""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pickle import UnpicklingError
from typing import Any, Final

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoTokenizer,
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2ForImageTextRetrieval,
    M2M100ForConditionalGeneration,
    PreTrainedModel,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from vlm.engine.base import Detail, ModelInfo
from vlm.engine.blip2 import Blip2Engine
from vlm.engine.folder import check_size
from vlm.engine.int8 import hush, int8, is_quantized, recast
from vlm.engine.interpreter import DEFAULT_TRANSLATOR, NATIVE, NOBODY, NONE, Interpreter
from vlm.engine.itc import Itc
from vlm.engine.load import EngineOptions
from vlm.engine.source import TINY, Card, Source, find, find_translator, languages_of
from vlm.engine.translate import Translator
from vlm.engine.vision import same_tower, share_tower
from vlm.errors import BadSetting, ModelNotFound, OutOfMemory
from vlm.text.caption_details import DRAWN, GENERAL, PLACED
from vlm.text.languages import ENGLISH, NAMES

log = logging.getLogger(__name__)

UNREADABLE: Final = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError, ArithmeticError),
    *(SafetensorError, StrictDataclassError, UnpicklingError, MemoryError),
)
DTYPES: Final = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
SURE: Final = 0.9  # a score from which an answer may stand in a caption unasked
SMALL_BYTES: Final = 1 << 30  # of weights: on a CPU, half precision saves nothing worth having below it
MBLIPS: Final = "Gregor/mblip-"  # published checkpoints that speak some 95 languages
ITC_OF_PUBLISHED: Final = "Salesforce/blip2-itm-vit-g"  # sees as the pre-trained Salesforce/blip2-* do


def open_blip2(options: EngineOptions) -> Blip2Engine:
    """The engine of a checkpoint that is or will be on this disk. Raises as `load` does."""
    source = find(options.model, options.revision)
    model = open_model(source, options)
    tokenizer, pictures = open_processors(source)
    languages = spoken(source, options)
    itc, itc_sees, itc_revision = _open_itc(source, options, model, pictures)
    info = ModelInfo(
        name=source.name,
        revision="+".join(filter(None, (source.revision, itc_revision))),
        knows=source.card.knows,
        languages=written(source.card.translator, languages, options),
    )
    return Blip2Engine(
        model, tokenizer, pictures, info=info, itc=itc, itc_sees=itc_sees,
        beams=options.beams, expected=source.card.expected_caption,
        interpreter=interpreter(source.card.translator, options, device=options.device),
        languages=languages, details=details_of(source.card), is_drawn=source.card.world is not None,
    )  # fmt: skip


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
        hush()
    elif options.quant == "int8" or (not options.quant and device.type == "cuda"):
        arguments["quantization_config"] = int8(options.int8_threshold)
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
    source: Source, options: EngineOptions, model: Blip2ForConditionalGeneration, pictures: Any
) -> tuple[Itc | None, BlipImageProcessorPil | None, str]:
    """The image-text head, its own image processor if it cannot share the vision pass, and its revision."""
    name = options.itc_model or matching_itc(source, options.model)
    if name == "none":
        return None, None, ""
    itc_source = find(name, options.itc_revision)
    dtype = model.vision_model.post_layernorm.weight.dtype
    head = _load(Blip2ForImageTextRetrieval, itc_source, model.device, dtype=dtype)
    tokenizer, own_pictures = open_processors(itc_source)
    if same_tower(model, head) and own_pictures.to_dict() == pictures.to_dict():
        share_tower(model, head)
        return Itc(head, tokenizer), None, itc_source.revision
    log.warning(
        "%s and %s see differently: each picture takes two vision passes", source.name, itc_source.name
    )
    return Itc(head, tokenizer), own_pictures, itc_source.revision


def spoken(source: Source, options: EngineOptions) -> Collection[str]:
    """The languages that a checkpoint speaks itself: as its card says, or the setting, or all of mBLIP's."""
    if options.translator:
        return NAMES if options.translator == NATIVE else ()
    return NAMES if options.model.startswith(MBLIPS) else source.card.languages


def written(own: str, spoken: Collection[str], options: EngineOptions) -> tuple[str, ...]:
    """The languages besides English that come out in the end: `spoken`, and the translator's, unopened."""
    name = translator_of(own, options)
    translated = () if name in (NATIVE, NONE) else languages_of(name)
    return tuple(sorted({*spoken, *translated} - {ENGLISH}))


def details_of(card: Card) -> Sequence[Detail]:
    """What a checkpoint can be asked for a detailed caption: a small one, only what it was taught, and well.

    A wrong place misleads whoever cannot see the picture: where things are is asked of one that mostly knows.
    """
    if card.world is None:
        return GENERAL
    match card.scores:
        case {"answer": {"where": float(score)}} if score >= SURE:
            return PLACED
    return DRAWN


def translator_of(own: str, options: EngineOptions) -> str:
    """Who translates: as the setting says, else the checkpoint's `own`, else the great M2M100."""
    return options.translator or own or (TINY if options.model == TINY else DEFAULT_TRANSLATOR)


def interpreter(own: str, options: EngineOptions, *, device: str) -> Interpreter:
    """`translator_of`, loaded when it is first needed."""
    name = translator_of(own, options)
    if name in (NATIVE, NONE):
        return NOBODY
    return Interpreter(lambda: open_translator(name, options.translator_revision, device=device))


def open_translator(name: str, revision: str = "", *, device: str = "auto") -> Translator:
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
    return Translator(
        _load(M2M100ForConditionalGeneration, source, where, dtype=dtype), tokenizer, name=source.name
    )


def matching_itc(source: Source, model: str) -> str:
    """The image-text checkpoint that goes with one: inside it, named in its card, or the published match."""
    if (source.folder / "itc").is_dir():
        return str(source.folder / "itc")
    return source.card.itc or (ITC_OF_PUBLISHED if model.startswith("Salesforce/blip2-") else "none")


def _load(kind: type[PreTrainedModel], source: Source, device: torch.device, **arguments: Any) -> Any:
    with _reading(source):
        configs: Any = kind.config_class
        config = arguments.pop("config", None) or configs.from_pretrained(source.folder)
        with torch.device("meta"):  # shapes alone: they take no memory
            asked = sum(weight.numel() for weight in kind(deepcopy(config)).parameters())
        check_size(source.name, source.folder, asked)
        loaded: Any = kind.from_pretrained(
            source.folder, use_safetensors=source.weight_bytes > 0, local_files_only=True, config=config,
            trust_remote_code=False, device_map={"": device}, output_loading_info=True, **arguments,
        )  # fmt: skip
    model, report = loaded
    if missing := sorted(report["missing_keys"]):
        # transformers would go on with random numbers in their place.
        raise ModelNotFound(f"{source.name} is no whole {kind.__name__}: it lacks {', '.join(missing[:3])}.")
    return model.eval()


def pick_device(wanted: str) -> torch.device:
    """The device called `wanted`; auto: the first GPU, else the CPU. Raises BadSetting if it is not there."""
    if wanted == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise BadSetting(f"VLM_DEVICE cannot be {wanted!r}: expected auto, cpu, cuda or cuda:N.") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BadSetting(f"VLM_DEVICE is {wanted}, but this machine shows no such GPU; try auto.")
    return device


def pick_dtype(wanted: str, device: torch.device, language: Any, weight_bytes: int) -> torch.dtype:
    """The dtype called `wanted`; auto: what the language model was made for, by device and size."""
    if wanted != "auto":
        return DTYPES[wanted]
    if device.type == "cpu":
        return torch.float32 if weight_bytes < SMALL_BYTES else torch.bfloat16
    return torch.bfloat16 if language.is_encoder_decoder else torch.float16  # fp16 overflows in T5


@contextmanager
def _reading(source: Source) -> Iterator[None]:
    """Turn the many ways in which a checkpoint can be unreadable into one."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(f"{source.name} does not fit this device; try VLM_QUANT=int8.") from error
    except UNREADABLE as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelNotFound(f"The checkpoint {source.name} cannot be read: {reason}") from error
