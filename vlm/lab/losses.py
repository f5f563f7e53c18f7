"""The training forward pass and its losses, through the layers of transformers' own modules.

    B batch, P patches, Q queries, T packed text, S search texts, L their length, D width, E width of
    the search space, V vocabulary

Walking the layers (rather than calling the models) lets several segments of text share one picture under a
block mask, and lets torch.compile see one plain graph. The weights are the models' own.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    cross_entropy,
    embedding,
    linear,
    log_softmax,
    logsigmoid,
    normalize,
    smooth_l1_loss,
)
from transformers import Blip2ForImageTextRetrieval

from vlm.lab.dimensions import DEVIATION, MEAN, QUERIES, WIDTH
from vlm.lab.model import Blip2Pair
from vlm.lab.scenes import STRANGE
from vlm.lab.training_data import (
    IGNORED,
    NOTHING,
    BatchTexts,
    HeadTargets,
    PackedText,
    SceneBatch,
    SearchTexts,
)
from vlm.lab.vocabulary import COLOUR_NAMES, MAX_THINGS

LANGUAGE, SEARCH, PATCH, QUERY, WHOLE = 1.5, 0.3, 1.0, 1.0, 0.3  # weights of the losses
EMPTY = 0.3  # weight of the class 'nothing'
SPOT = 2.0  # weight of where a named thing is, beside how many there are
MENTIONS = 0.5  # weight of what a named thing should know
CAPTION_ORDER = 0.5  # weight of what a caption needs of each thing
UNKNOWN = 0.5  # weight of the class 'has no name': clutter makes it common
ABSOLUTE = 0.3  # weight of the sigmoid loss within the search loss
TEMPERATURE = 0.05


class Heads(nn.Module):
    """Auxiliary heads, discarded after training: they train the vision tower before there is text."""

    def __init__(self, nouns: Tensor) -> None:
        """`nouns`: of each token [V] the noun that it is, or -1."""
        super().__init__()
        self.patch = nn.Linear(WIDTH, NOTHING + 1)
        self.cell = nn.Linear(WIDTH, NOTHING + 1)
        self.box = nn.Linear(WIDTH, 3)
        self.colour = nn.Linear(WIDTH, len(COLOUR_NAMES))
        self.total = nn.Linear(WIDTH, MAX_THINGS + 2)  # none, one ... five, more
        self.search_bias = nn.Parameter(torch.tensor(10.0))  # of the sigmoid loss
        self.rank = nn.Linear(WIDTH, MAX_THINGS)  # of its kind in the caption
        self.fellows = nn.Linear(WIDTH, MAX_THINGS)  # others of its kind: none ... four
        self.mentioned = nn.Linear(WIDTH, MAX_THINGS + 1)  # how many of a named noun there are
        self.spot = nn.Linear(WIDTH, 2)  # where the one named is
        self.nouns = nn.Buffer(nouns)
        self.class_weights = nn.Buffer(torch.tensor([1.0] * STRANGE + [UNKNOWN, EMPTY]))

    def forward(self, patches: Tensor, queries: Tensor, targets: HeadTargets) -> Tensor:
        """patches [B, P, D], queries [B, Q, D] -> the heads' summed loss."""
        patch = cross_entropy(
            self.patch(patches).float().flatten(0, 1), targets.patches.flatten(), self.class_weights.float()
        )
        return PATCH * patch + self.query_loss(queries, targets)

    def query_loss(self, queries: Tensor, targets: HeadTargets) -> Tensor:
        """The same without the patches: what the query tokens should tell of cells, things and the whole."""
        cell = cross_entropy(
            self.cell(queries).float().flatten(0, 1), targets.cells.flatten(), self.class_weights.float()
        )
        taken = (targets.cells != NOTHING).float()[..., None]  # [B, Q, 1]
        distance = smooth_l1_loss(self.box(queries).float(), targets.boxes, reduction="none", beta=0.1)
        box = (distance * taken).sum() / taken.sum()
        mean = queries.mean(1)
        whole = cross_entropy(self.colour(mean).float(), targets.colours, ignore_index=IGNORED)
        whole = whole + cross_entropy(self.total(mean).float(), targets.totals)
        # what a caption needs of each thing besides its name
        order = _masked_cross_entropy(self.rank(queries), targets.ranks) + _masked_cross_entropy(
            self.fellows(queries), targets.fellows
        )
        return QUERY * (cell + box) + WHOLE * whole + CAPTION_ORDER * order

    def mention_loss(self, states: Tensor, ids: Tensor, targets: HeadTargets) -> Tensor:
        """States [B, T, D] of a text's tokens: where one names a thing, it should know how many and where.

        So a question's noun finds its thing in the picture, and the answer has but to ask the noun.
        """
        noun = self.nouns[ids]  # [B, T]
        known, row = noun >= 0, torch.arange(len(ids))[:, None]
        count = targets.counts[row, noun.clamp(min=0)].clamp(max=MAX_THINGS)
        how_many = _masked_cross_entropy(self.mentioned(states), torch.where(known, count, IGNORED))
        single = (known & (count == 1)).float()[..., None]  # [B, T, 1]
        distance = smooth_l1_loss(
            self.spot(states).float(), targets.spots[row, noun.clamp(min=0)], reduction="none", beta=0.1
        )
        return how_many + SPOT * (distance * single).sum() / single.sum().clamp(min=1)


def _masked_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross entropy of [B, Q, classes] where it is asked for; 0 where it is nowhere."""
    losses = cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
    )
    return losses / (targets != IGNORED).sum().clamp(min=1)


def encode_pixels(pair: Blip2Pair, pixels: Tensor) -> Tensor:
    """uint8 pixels [B, 3, H, W] -> vision states before the last norm [B, 1 + P, D]."""
    vision = pair.retrieval.vision_model
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    scaled = (pixels.float() / 255 - mean) / deviation
    hidden = vision.embeddings(scaled)
    for layer in vision.encoder.layers:
        hidden = layer(hidden)
    return hidden  # type: ignore[no-any-return]


def query(model: Blip2ForImageTextRetrieval, vision: Tensor) -> Tensor:
    """Normed vision states [B, 1 + P, D] -> query outputs [B, Q, D]."""
    hidden = model.qformer.layernorm(model.query_tokens.expand(vision.shape[0], -1, -1))
    for layer in model.qformer.encoder.layer:
        hidden = layer(hidden, None, vision, None, QUERIES)
    return hidden  # type: ignore[no-any-return]


def text_vectors(model: Blip2ForImageTextRetrieval, ids: Tensor, mask: Tensor) -> Tensor:
    """Search texts [S, L] -> unit vectors [S, E]."""
    hidden = model.qformer.layernorm(model.embeddings(ids))
    allowed = torch.where(mask[:, None, None, :], 0.0, -1e4).to(hidden.dtype)  # [S, 1, 1, L]
    for layer in model.qformer.encoder.layer:
        hidden = layer(hidden, allowed)
    return normalize(model.text_projection(hidden[:, 0]).float(), dim=-1)


def search_loss(
    model: Blip2ForImageTextRetrieval, queries: Tensor, search: SearchTexts, bias: Tensor
) -> Tensor:
    """Contrastive, with every picture that fits a text as a right answer, and absolute.

    The contrastive loss ranks. The sigmoid loss judges every pair alone, so that a query that nothing fits
    finds nothing (Zhai et al., Sigmoid loss for language image pre-training, 2023).
    """
    pictures = normalize(model.vision_projection(queries).float(), dim=-1)  # [B, Q, E]
    texts = text_vectors(model, search.ids, search.mask)  # [S, E]
    scores = torch.einsum("bqe,se->sbq", pictures, texts).amax(-1) / TEMPERATURE  # [S, B]
    fits = search.matches.float()
    to_pictures = -(fits * log_softmax(scores, dim=1)).sum(1) / fits.sum(1)
    judged = -logsigmoid((2 * fits - 1) * (scores - bias.float()))
    absolute = (judged * fits).sum() / fits.sum() + (judged * (1 - fits)).sum() / len(fits)
    captions = len(fits) // 2  # the others, partial, do not say which is best
    fits, scores = fits[:captions, :captions], scores[:captions, :captions]
    to_texts = -(fits * log_softmax(scores, dim=0)).sum(0) / fits.sum(0)
    return 0.5 * (to_pictures.mean() + to_texts.mean()) + ABSOLUTE * absolute


def language_loss(pair: Blip2Pair, queries: Tensor, text: PackedText) -> tuple[Tensor, Tensor]:
    """Weighted next-token loss over the packed text, given the query outputs [B, Q, D].

    Also the text's states [B, T, D] half-way through the layers.
    """
    model = pair.generative
    decoder = model.language_model.model.decoder
    words = decoder.embed_tokens(text.ids)  # [B, T, D]
    hidden = torch.cat([model.language_projection(queries), words], dim=1)  # [B, Q + T, D]
    offset = decoder.embed_positions.offset
    place = torch.cat([torch.arange(QUERIES).expand(len(words), -1), text.places + QUERIES], dim=1)
    hidden = hidden + embedding(place + offset, decoder.embed_positions.weight)
    mask = block_mask(text.segments).to(hidden.dtype)
    for depth, layer in enumerate(decoder.layers):
        if depth == len(decoder.layers) // 2:
            halfway = hidden[:, QUERIES:]
        hidden = layer(hidden, attention_mask=mask)
    hidden = decoder.final_layer_norm(hidden[:, QUERIES:])
    logits = linear(hidden, decoder.embed_tokens.weight).float()  # [B, T, V]
    losses = cross_entropy(logits.flatten(0, 1), text.targets.flatten(), reduction="none")
    weights = text.weights.flatten()
    return (losses * weights).sum() / weights.sum(), halfway


def block_mask(segments: Tensor) -> Tensor:
    """Additive mask [B, 1, Q + T, Q + T]: everything sees the picture, a segment sees its own past."""
    picture = torch.zeros(len(segments), QUERIES, dtype=segments.dtype)
    all_segments = torch.cat([picture, segments], dim=1)  # [B, N]
    rows, columns = all_segments[:, :, None], all_segments[:, None, :]
    order = torch.arange(all_segments.shape[1])
    past = order[:, None] >= order[None, :]
    past_picture = order[None, :] < QUERIES
    allowed = past & ((rows == columns) | past_picture)
    return torch.where(allowed, 0.0, -1e4)[:, None]


def vision_phase_loss(pair: Blip2Pair, heads: Heads, batch: SceneBatch) -> Tensor:
    """First phase: the heads alone."""
    vision = pair.retrieval.vision_model.post_layernorm(encode_pixels(pair, batch.pixels))
    return heads(vision[:, 1:], query(pair.retrieval, vision), batch.targets)  # type: ignore[no-any-return]


def joint_phase_loss(
    pair: Blip2Pair, heads: Heads, batch: SceneBatch, texts: BatchTexts
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Second phase: total, heads, language and search."""
    vision = pair.retrieval.vision_model.post_layernorm(encode_pixels(pair, batch.pixels))
    queries = query(pair.retrieval, vision)
    language, states = language_loss(pair, queries, texts.text)
    heads_loss = heads(vision[:, 1:], queries, batch.targets)
    heads_loss = heads_loss + MENTIONS * heads.mention_loss(states, texts.text.ids, batch.targets)
    contrastive = search_loss(pair.retrieval, queries, texts.search, heads.search_bias)
    return heads_loss + LANGUAGE * language + SEARCH * contrastive, heads_loss, language, contrastive


def text_phase_loss(
    pair: Blip2Pair, heads: Heads, vision: Tensor, texts: BatchTexts, targets: HeadTargets
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Third phase, of normed vision states [B, 1 + P, D]: total, heads, language and search."""
    queries = query(pair.retrieval, vision)
    language, states = language_loss(pair, queries, texts.text)
    heads_loss = heads.query_loss(queries, targets)
    heads_loss = heads_loss + MENTIONS * heads.mention_loss(states, texts.text.ids, targets)
    contrastive = search_loss(pair.retrieval, queries, texts.search, heads.search_bias)
    return heads_loss + LANGUAGE * language + SEARCH * contrastive, heads_loss, language, contrastive
