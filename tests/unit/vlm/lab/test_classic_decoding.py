"""Greedy and beam decoding against every caption that there could be."""

from itertools import product

import pytest
import torch

from vlm.engine.classic.decoding import NEVER, decode
from vlm.engine.classic.merge import Merge
from vlm.engine.classic.words import END, START

LONGEST = 3


def merged(seed: int, words: int = 7) -> tuple[Merge, torch.Tensor]:
    """A merge model of random weights and the features of four pictures."""
    torch.manual_seed(seed)
    merge = Merge(feature=5, words=words, embedding=4, hidden=6).eval()
    with torch.no_grad():
        for weight in merge.parameters():
            weight.normal_(0, 0.8)
    return merge, torch.rand(4, 5)


@torch.no_grad()
def log_probability(merge: Merge, feature: torch.Tensor, caption: list[int]) -> float:
    """Of a caption by the whole-sentence forward pass, over the words that may be said."""
    logits = merge(feature[None], torch.tensor([[START, *caption[:-1]]]))[0]  # [T, V]
    logits[:, NEVER] = -torch.inf
    return sum(logits.log_softmax(-1)[place, word].item() for place, word in enumerate(caption))


def every_caption(words: int) -> list[list[int]]:
    """All captions of at most LONGEST words; the longest need no end."""
    plain = [word for word in range(words) if word not in (*NEVER, END)]
    ended = [[*some, END] for length in range(LONGEST) for some in product(plain, repeat=length)]
    return ended + [list(some) for some in product(plain, repeat=LONGEST)]


@pytest.mark.parametrize("seed", range(4))
def test_enough_beams_find_the_most_probable_caption_there_is(seed: int) -> None:
    merge, features = merged(seed)
    said, scores = decode(merge, features, longest=LONGEST, beams=40, length_penalty=0)
    for feature, caption, score in zip(features, said.tolist(), scores, strict=True):
        best = max(every_caption(7), key=lambda some: log_probability(merge, feature, some))
        ended = caption[: caption.index(END) + 1] if END in caption else caption
        assert ended == best
        assert score.item() == pytest.approx(log_probability(merge, feature, best), abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_one_beam_takes_the_likeliest_word_each_time(seed: int) -> None:
    merge, features = merged(seed)
    said, _ = decode(merge, features, longest=LONGEST)
    for feature, caption in zip(features, said.tolist(), strict=True):
        written = [START]
        while len(written) <= len(caption) and written[-1] != END:
            logits = merge(feature[None], torch.tensor([written]))[0, -1]
            logits[list(NEVER)] = -torch.inf
            written.append(int(logits.argmax()))
        assert caption[: len(written) - 1] == written[1:]


def test_beams_find_captions_at_least_as_probable_as_greedy_ones() -> None:
    greedy, beam = [], []
    for seed in range(20):
        merge, features = merged(seed, words=12)
        greedy.append(decode(merge, features, longest=8)[1])
        beam.append(decode(merge, features, longest=8, beams=4, length_penalty=0)[1])
    gained = torch.cat(beam) - torch.cat(greedy)
    assert (gained > -1e-4).float().mean() > 0.95  # a beam may lose the greedy one on its way, rarely
    assert gained.mean() > 0.05


def test_a_picture_is_told_alike_alone_and_in_company() -> None:
    merge, features = merged(3, words=12)
    together, scores = decode(merge, features, longest=8, beams=3)
    for row, feature in enumerate(features):
        alone, score = decode(merge, feature[None], longest=8, beams=3)
        kept = alone.shape[1]
        assert together[row, :kept].tolist() == alone[0].tolist()
        assert set(together[row, kept:].tolist()) <= {END}
        assert score.item() == pytest.approx(scores[row].item(), abs=1e-5)


def test_special_words_are_never_said() -> None:
    for seed in range(5):
        merge, features = merged(seed)
        said, _ = decode(merge, features, longest=6, beams=3)
        assert not set(NEVER) & set(said.flatten().tolist())


def test_word_by_word_is_the_same_as_the_whole_sentence() -> None:
    merge, features = merged(1)
    words = torch.randint(4, 7, (4, 5))
    whole = merge(features, words)  # [B, T, V]
    state, picture = merge.initial_state(4), merge.project(features)
    for place in range(5):
        logits, state = merge.step(picture, words[:, place], state)
        torch.testing.assert_close(logits, whole[:, place], atol=1e-5, rtol=1e-5)
