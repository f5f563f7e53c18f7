"""Small random BLIP-2 checkpoints in ordinary folders whose words depend on the picture.

transformers starts the query tokens at zero and the vision tower at almost zero, so that a fresh model never
looks at its picture; here both are drawn wide enough. `write` makes the generative folder, and in it a folder
`itc/` that shares its vision tower.
"""

from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2ForImageTextRetrieval,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    OPTConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    T5Config,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.blip_2.processing_blip_2 import Blip2Processor

from vlm.engine.classic import words as classic_words
from vlm.engine.classic.captioner import Captioner, CaptionerConfig, save
from vlm.engine.classic.words import Words

Language = Literal["opt", "t5"]
Model = TypeVar("Model", bound=torch.nn.Module)

QUERIES = 8  # query tokens a picture
PIXELS = 32  # side of the input picture
WORDS = (
    "question answer short a photo of the is there what colour how many two cats dog pizza on green yes no"
)
SPECIAL = ["<pad>", "</s>", "<s>", "<unk>", "[CLS]", "[SEP]"]
PAD, END = SPECIAL.index("<pad>"), SPECIAL.index("</s>")


def write(folder: Path, language: Language, seed: int = 3) -> Path:
    """A folder that `from_pretrained` loads, in float32, with its `itc/` beside the weights."""
    torch.manual_seed(seed)
    tokenizer = words(language)
    processor = Blip2Processor(pictures(), tokenizer, num_query_tokens=QUERIES)
    config = configuration(language, len(tokenizer), tokenizer.convert_tokens_to_ids("<image>"))
    model = Blip2ForConditionalGeneration(config)
    if language == "t5":  # Flan-T5 has a head of its own, which transformers ties when it makes one
        model.language_model.lm_head.weight = torch.nn.Parameter(torch.randn(len(tokenizer), 32))
    awake(model)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    write_itc(folder / "itc", config, model)
    return folder


def write_classic(folder: Path, seed: int = 3) -> Path:
    """A narrow classic captioner whose captions depend on the picture and have two words and more."""
    torch.manual_seed(seed)
    shape = CaptionerConfig(width=1 / 32, side_px=PIXELS, embedding=8, hidden=16, longest=6)
    captioner = Captioner(shape, Words(sorted({*WORDS.split()})))
    with torch.no_grad():
        for weight in captioner.merge.parameters():
            weight.normal_(0, 0.7)
        captioner.merge.word.bias[classic_words.END] -= 4  # some words first
    save(captioner, folder)
    return folder


def write_itc(folder: Path, config: Blip2Config, model: Blip2ForConditionalGeneration) -> None:
    """An image-text retrieval checkpoint on the vision tower of `model`, with its own `post_layernorm`."""
    tokenizer = words("itc")
    config = Blip2Config.from_dict(config.to_dict() | {"image_token_index": None})
    config.qformer_config.vocab_size = len(tokenizer)
    config.qformer_config.use_qformer_text_input = True
    itc = awake(Blip2ForImageTextRetrieval(config))
    shared = {k: v for k, v in model.vision_model.state_dict().items() if not k.startswith("post_layernorm")}
    itc.vision_model.load_state_dict(shared, strict=False)
    itc.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    pictures().save_pretrained(folder)


def configuration(language: Language, vocabulary: int, image_token: int) -> Blip2Config:
    """Two layers of everything, initialised far from zero."""
    vision = Blip2VisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        image_size=PIXELS, patch_size=8, initializer_range=0.2,
    )  # fmt: skip
    qformer = Blip2QFormerConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        vocab_size=vocabulary, encoder_hidden_size=32, cross_attention_frequency=1,
        initializer_range=0.2, max_position_embeddings=64,
    )  # fmt: skip
    return Blip2Config(
        vision_config=vision.to_dict(),
        qformer_config=qformer.to_dict(),
        text_config=text_configuration(language, vocabulary).to_dict(),
        num_query_tokens=QUERIES,
        image_text_hidden_size=16,
        image_token_index=image_token,
    )


def text_configuration(language: Language, vocabulary: int) -> PreTrainedConfig:
    """A language model of two layers; the ids of its special tokens are those of `words`."""
    if language == "t5":
        return T5Config(
            vocab_size=vocabulary, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2,
            feed_forward_proj="gated-gelu", tie_word_embeddings=False,
            pad_token_id=0, eos_token_id=1, decoder_start_token_id=0,
        )  # fmt: skip
    return OPTConfig(
        vocab_size=vocabulary, hidden_size=32, ffn_dim=64, num_hidden_layers=2, num_attention_heads=2,
        word_embed_proj_dim=32, max_position_embeddings=256, init_std=0.3, dropout=0.0,
        pad_token_id=0, bos_token_id=1, eos_token_id=1,
    )  # fmt: skip


def awake(model: Model) -> Model:
    """Draw what transformers leaves at zero or too quiet; make the end of a text likely now and then."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("query_tokens"):
                parameter.normal_(0, 1)
            elif name.endswith(".bias"):
                parameter.normal_(0, 0.1)
            elif "norm" in name:
                parameter.normal_(1, 0.2)
            elif name == "language_projection.weight":
                parameter.normal_(0, 0.5)
            elif name.startswith("language_model") and "layer" in name:
                parameter.normal_(0, 0.25)
            elif name.endswith(("embed_tokens.weight", "lm_head.weight")):  # OPT's head is its embedding
                parameter[END] *= 3
    return model.eval()


def pictures() -> BlipImageProcessorPil:
    """The preprocessing of these checkpoints."""
    return BlipImageProcessorPil(size={"height": PIXELS, "width": PIXELS})


def words(kind: Literal["opt", "t5", "itc"]) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer; as in the published ones OPT text begins with </s>, T5 text ends with it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=360,
        special_tokens=SPECIAL,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([WORDS] * 4, trainer)
    frame = {"opt": "</s> $A", "t5": "$A </s>", "itc": "[CLS] $A [SEP]"}[kind]
    ids = [(token, SPECIAL.index(token)) for token in SPECIAL]
    tokenizer.post_processor = processors.TemplateProcessing(single=frame, special_tokens=ids)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        bos_token="</s>" if kind == "opt" else None, cls_token="[CLS]", sep_token="[SEP]",
    )  # fmt: skip


def picture(seed: int, width: int = 48, height: int = 40) -> Image.Image:
    """A picture of coarse random colours, unlike those of other seeds."""
    colours = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize((width, height), Image.Resampling.NEAREST)
