"""BLIP-2 in its published sizes, from their configurations, with random weights, to measure speed.

Not handled: the outliers that trained weights give to activations. LLM.int8's default threshold treats those
apart, so that with real weights its slow path is slower than shown here.
"""

from pathlib import Path
from zlib import crc32

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2ForImageTextRetrieval,
    OPTConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

PIXELS = 224
QUERIES = 32
# Without an end token every text has its full length, in every variant alike.
OPT = {"vocab_size": 50304, "pad_token_id": 1, "bos_token_id": 2, "eos_token_id": None}
T5 = {
    "vocab_size": 32128, "d_kv": 64, "num_layers": 24, "feed_forward_proj": "gated-gelu",
    "tie_word_embeddings": False, "pad_token_id": 0, "eos_token_id": None, "decoder_start_token_id": 0,
}  # fmt: skip
SIZES: dict[str, PreTrainedConfig] = {
    "opt-2.7b": OPTConfig(
        hidden_size=2560,
        word_embed_proj_dim=2560,
        ffn_dim=10240,
        num_hidden_layers=32,
        num_attention_heads=32,
        **OPT,
    ),
    "opt-6.7b": OPTConfig(
        hidden_size=4096,
        word_embed_proj_dim=4096,
        ffn_dim=16384,
        num_hidden_layers=32,
        num_attention_heads=32,
        **OPT,
    ),
    "flan-t5-xl": T5Config(d_model=2048, d_ff=5120, num_heads=32, **T5),
    "flan-t5-xxl": T5Config(d_model=4096, d_ff=10240, num_heads=64, **T5),
}


def configuration(size: str, layers: int) -> Blip2Config:
    """The configuration of a published size; `layers` above 0 cuts each of its parts to so many."""
    text = SIZES[size].to_dict()
    config = Blip2Config(text_config=text, num_query_tokens=QUERIES, image_token_index=text["vocab_size"] - 1)
    if layers:
        text_config = config.text_config
        for part in (config.vision_config, config.qformer_config, text_config):
            part.num_hidden_layers = min(layers, part.num_hidden_layers)
        if text_config.is_encoder_decoder:
            text_config.num_decoder_layers = text_config.num_layers
    return config


def write(folder: Path, config: Blip2Config, new_tokens: int, dtype: torch.dtype) -> Path:
    """A checkpoint folder of random weights in `dtype`, whose captions have exactly `new_tokens` tokens."""
    model = random(Blip2ForConditionalGeneration, config, dtype)
    model.generation_config.min_new_tokens = model.generation_config.max_new_tokens = new_tokens
    save(model, folder, words("</s> $A"))
    config.image_token_index = None
    config.qformer_config.use_qformer_text_input = True
    save(random(Blip2ForImageTextRetrieval, config, dtype), folder / "itc", words("[CLS] $A"))
    return folder


def save(model: PreTrainedModel, folder: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    """A model with what `vlm.engine.load` wants beside it."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    BlipImageProcessorPil(size={"height": PIXELS, "width": PIXELS}).save_pretrained(folder)


def random(kind: type[PreTrainedModel], config: Blip2Config, dtype: torch.dtype) -> PreTrainedModel:
    """A model of random weights. They depend on the parameter's name alone, so that two towers are equal."""
    with torch.device("meta"):
        model = kind(config)
    model = model.to(dtype).to_empty(device="cpu")
    pattern = torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)).mul_(0.02).to(dtype)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            fill(parameter, pattern.roll(crc32(name.encode()) % len(pattern)))
            if "norm" in name and name.endswith("weight"):
                parameter += 1
    model.tie_weights()
    return model.eval()


def fill(parameter: torch.Tensor, pattern: torch.Tensor) -> None:
    """Repeat `pattern` over a tensor: to draw billions of numbers would take longer than to use them."""
    flat = parameter.view(-1)
    for start in range(0, len(flat), len(pattern)):
        piece = flat[start : start + len(pattern)]
        piece.copy_(pattern[: len(piece)])


def words(frame: str) -> PreTrainedTokenizerFast:
    """A tokenizer that knows no word and so gives one token a word, about as many as the published ones."""
    known = {"<pad>": 0, "</s>": 1, "<unk>": 2, "[CLS]": 3}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token="<unk>"))  # noqa: S106 no password
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single=frame, special_tokens=list(known.items()))
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)
