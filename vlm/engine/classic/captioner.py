"""A classic captioner in its folder.

model.safetensors   vgg.* and merge.*
config.json         Shape: everything but the weights and the words
vocabulary.json     the words, in the order of their numbers
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


class Shape(Struct, frozen=True, kw_only=True):
    """What a captioner is built from.

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
    """VGG16, the merge model and the words."""

    def __init__(self, shape: Shape, words: Words, vgg: Vgg16 | None = None) -> None:
        super().__init__()
        self.shape, self.words = shape, words
        self.vgg = vgg or Vgg16(width=shape.width, side_px=shape.side_px)
        self.merge = Merge(
            feature=self.vgg.dense, words=len(words), embedding=shape.embedding, hidden=shape.hidden
        )

    @torch.no_grad()
    def see(self, images: Sequence[Image]) -> Tensor:
        """The features of RGB pictures of any size: [B, D]."""
        pictures = torch.stack([torch.tensor(squashed(image, self.shape.side_px)) for image in images])
        weight = self.merge.word.weight
        pixels = normalised(pictures.to(weight.device), self.shape.preprocessing)
        features: Tensor = self.vgg(pixels.to(weight.dtype))
        return features

    def tell(self, features: Tensor, beams: int = 0) -> list[str]:
        """A caption for each of the features [B, D]; `beams` 0: as many as the shape says."""
        ids, _ = decode(self.merge, features, longest=self.shape.longest, beams=beams or self.shape.beams)
        return [self.words.text(row) for row in ids.tolist()]


def save(captioner: Captioner, folder: Path) -> None:
    """Write the three files."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: weight.contiguous() for name, weight in captioner.state_dict().items()}
    save_file(state, folder / WEIGHTS)
    for name, content in ((CONFIG, captioner.shape), (VOCABULARY, captioner.words.known)):
        (folder / name).write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")


def load(folder: Path) -> Captioner:
    """The captioner in `folder`, in float32 on the CPU. Raises ModelNotFound, saying what to do."""
    if missing := [name for name in (CONFIG, VOCABULARY, WEIGHTS) if not (folder / name).is_file()]:
        raise ModelNotFound(
            f"There is no classic captioner in {folder}: {missing[0]} is missing. "
            "Make one by `vlm train classic`."
        )
    with _reading(folder):
        shape = msgspec.json.decode((folder / CONFIG).read_bytes(), type=Shape)
        words = Words(msgspec.json.decode((folder / VOCABULARY).read_bytes(), type=list[str]))
        with torch.device("meta"):  # nothing is drawn at random that is about to be replaced
            captioner = Captioner(shape, words)
        captioner.load_state_dict(load_file(folder / WEIGHTS), assign=True)
    return captioner.eval()


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelNotFound(f"The classic captioner in {folder} cannot be read: {reason}") from error
