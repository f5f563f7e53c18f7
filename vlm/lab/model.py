"""A small BLIP-2 of the real architecture: configuration and the start that lets it learn.

`Blip2Pair` holds transformers' two models over one vision tower and one Q-Former:
    generative  Blip2ForConditionalGeneration   captions and answers
    retrieval   Blip2ForImageTextRetrieval      search vectors

transformers starts query tokens as zeros, so that all queries stay equal for ever; and a grid of places has
to be discovered. Here places are known from the start: patches carry a 2-D sinusoid, query i starts as the
sinusoid of its grid cell, and cross-attention starts with W_q = W_k, so that query i looks at its cell.
"""

from math import pi

import torch
from torch import Tensor, nn
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2ForImageTextRetrieval,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    OPTConfig,
)

from vlm.lab.dimensions import (
    CONTEXT,
    GRID,
    HEADS,
    IMAGE_PX,
    LANGUAGE_LAYERS,
    PATCH_PX,
    PATCHES,
    QFORMER_INNER,
    QFORMER_LAYERS,
    QUERIES,
    SEARCH_WIDTH,
    VISION_LAYERS,
    WIDTH,
)
from vlm.lab.tokenizer import END, PAD

PLACE_RMS = 0.6
ATTENTION_GAIN = 1.7
SPREAD = 0.03  # standard deviation of fresh weights


def configuration(vocabulary: int, *, text_path: bool) -> Blip2Config:
    """The shared configuration. `text_path`: with the Q-Former's text half, as retrieval needs it."""
    vision = Blip2VisionConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=VISION_LAYERS,
        num_attention_heads=HEADS,
        image_size=IMAGE_PX,
        patch_size=PATCH_PX,
        initializer_range=SPREAD,
    )
    qformer = Blip2QFormerConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        num_hidden_layers=QFORMER_LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=QFORMER_INNER,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        max_position_embeddings=64,
        initializer_range=SPREAD,
        pad_token_id=PAD,
        cross_attention_frequency=1,
        encoder_hidden_size=WIDTH,
        use_qformer_text_input=text_path,
    )
    language = OPTConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        word_embed_proj_dim=WIDTH,
        num_hidden_layers=LANGUAGE_LAYERS,
        ffn_dim=4 * WIDTH,
        num_attention_heads=HEADS,
        max_position_embeddings=CONTEXT,
        dropout=0.0,
        init_std=SPREAD,
        pad_token_id=PAD,
        bos_token_id=END,
        eos_token_id=END,
    )
    return Blip2Config(
        vision_config=vision,
        qformer_config=qformer,
        text_config=language,
        num_query_tokens=QUERIES,
        image_text_hidden_size=SEARCH_WIDTH,
        image_token_index=vocabulary - 1,
        initializer_range=SPREAD,
    )


class Blip2Pair(nn.Module):
    """Both models, sharing the vision tower, the query tokens and the Q-Former."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        config = configuration(vocabulary, text_path=True)
        config._attn_implementation = "eager"  # SDPA's backward costs half the step on a CPU
        self.retrieval = Blip2ForImageTextRetrieval(config)
        self.generative = Blip2ForConditionalGeneration(config)
        self.generative.vision_model = self.retrieval.vision_model
        self.generative.qformer = self.retrieval.qformer
        self.generative.query_tokens = self.retrieval.query_tokens
        self._initialize_positions()

    def words(self) -> list[nn.Parameter]:
        """All but the vision tower: what asks it, and what reads or writes text."""
        tower = {id(weight) for weight in self.retrieval.vision_model.parameters()}
        return [weight for weight in self.parameters() if id(weight) not in tower]

    @torch.no_grad()
    def _initialize_positions(self) -> None:
        positions = self.retrieval.vision_model.embeddings.position_embedding  # [1, 1 + P, D]
        positions[0, 1:] += grid_positions(PATCHES)
        self.retrieval.query_tokens[0] = grid_positions(GRID) + 0.02 * torch.randn(QUERIES, WIDTH)
        for layer in self.retrieval.qformer.encoder.layer:
            attention = layer.crossattention.attention
            nn.init.orthogonal_(attention.query.weight, gain=ATTENTION_GAIN)
            attention.key.weight.copy_(attention.query.weight)


def grid_positions(side: int) -> Tensor:
    """2-D sinusoids of the centres of a grid of side x side cells, row by row: [side², WIDTH]."""
    frequencies = pi * 8 ** torch.linspace(0, 1, WIDTH // 4)  # half a wave over the picture, to four waves
    middles = (torch.arange(side) + 0.5) / side
    waves = middles[:, None] * frequencies  # [side, D / 4]
    waves_2d = torch.cat([waves.sin(), waves.cos()], dim=1)  # [side, D / 2]
    down = waves_2d[:, None, :].expand(side, side, -1)
    across = waves_2d[None, :, :].expand(side, side, -1)
    return torch.cat([across, down], dim=-1).reshape(side * side, WIDTH) * PLACE_RMS * 2**0.5
