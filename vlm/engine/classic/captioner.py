"""The classic captioner and its folder.

model.safetensors   vgg.* and merge.*
config.json         CaptionerConfig: everything but the weights and the words
vocabulary.json     the words, in the order of their ids
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec
import torch
from msgspec import Struct
from PIL.Image import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from vlm.engine.classic.decoding import decode
from vlm.engine.classic.merge import Merge
from vlm.engine.classic.preprocessing import Preprocessing, normalised, squashed
from vlm.engine.classic.vgg import Vgg16
from vlm.engine.classic.words import Words
from vlm.errors import ModelNotFound

WEIGHTS: Final = "model.safetensors"
CONFIG: Final = "config.json"
VOCABULARY: Final = "vocabulary.json"


class CaptionerConfig(Struct, frozen=True, kw_only=True):
    """What a captioner is built from: the content of config.json.

    width           of the VGG16; 1: as published
    side_px         of its input
    preprocessing   torch | caffe, as its weights were made for
    embedding       width of a word's
    hidden          width of the LSTM and the merger
    longest         words in a caption, at most
    beams           for captions; 1: greedy
    """

    model_type: Literal["classic"] = "classic"
    width: float = 0.125
    side_px: int = 96
    preprocessing: Preprocessing = "torch"
    embedding: int = 256
    hidden: int = 256
    longest: int = 30
    beams: int = 5


class Captioner(nn.Module):
    """VGG16, the merge model and the vocabulary."""

    def __init__(self, config: CaptionerConfig, words: Words, vgg: Vgg16 | None = None) -> None:
        super().__init__()
        self.config, self.words = config, words
        self.vgg = vgg or Vgg16(width=config.width, side_px=config.side_px)
        self.merge = Merge(
            feature=self.vgg.dense, words=len(words), embedding=config.embedding, hidden=config.hidden
        )

    @torch.no_grad()
    def features(self, images: Sequence[Image]) -> Tensor:
        """The features of RGB pictures of any size: [B, D]."""
        pictures = torch.stack([torch.tensor(squashed(image, self.config.side_px)) for image in images])
        weight = self.merge.word.weight
        pixels = normalised(pictures.to(weight.device), self.config.preprocessing)
        features: Tensor = self.vgg(pixels.to(weight.dtype))
        return features

    def captions(self, features: Tensor, beams: int = 0) -> list[str]:
        """A caption for each of the features [B, D]; `beams` 0: as many as the configuration sets."""
        ids, _ = decode(self.merge, features, longest=self.config.longest, beams=beams or self.config.beams)
        return [self.words.text(row) for row in ids.tolist()]


def save(captioner: Captioner, folder: Path) -> None:
    """Write the three files."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: weight.contiguous() for name, weight in captioner.state_dict().items()}
    save_file(state, folder / WEIGHTS)
    for name, content in ((CONFIG, captioner.config), (VOCABULARY, captioner.words.known)):
        (folder / name).write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")


def load(folder: Path) -> Captioner:
    """The captioner in `folder`, in float32 on the CPU. Raises ModelNotFound, saying what to do."""
    if missing := [name for name in (CONFIG, VOCABULARY, WEIGHTS) if not (folder / name).is_file()]:
        raise ModelNotFound(
            f"There is no classic captioner in {folder}: {missing[0]} is missing. "
            "Make one by `vlm train classic`."
        )
    with _reading(folder):
        config = msgspec.json.decode((folder / CONFIG).read_bytes(), type=CaptionerConfig)
        words = Words(msgspec.json.decode((folder / VOCABULARY).read_bytes(), type=list[str]))
        with torch.device("meta"):  # no random initial weights, as all of them are loaded
            captioner = Captioner(config, words)
        captioner.load_state_dict(load_file(folder / WEIGHTS), assign=True)
    return captioner.eval()


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelNotFound(f"The classic captioner in {folder} cannot be read: {reason}") from error
