"""Scores of captions and search, against published examples and values computed by hand."""

from math import exp, sqrt

import numpy as np
import pytest

from vlm.errors import BadRequest
from vlm.lab.optional_deps import import_optional
from vlm.lab.scores.bleu import bleu, coco_bleu, tutorial_bleu
from vlm.lab.scores.chrf import chrf
from vlm.lab.scores.cider import cider
from vlm.lab.scores.ptb_tokenizer import tokenize
from vlm.lab.scores.ranks import first_right, median_rank, recall_at

# The running example of Papineni et al. 2002, section 2.1, which nltk's documentation scores, too.
GUIDE = "It is a guide to action which ensures that the military always obeys the commands of the party"
GUIDES = [
    "It is a guide to action that ensures that the military will forever heed Party commands",
    "It is the guiding principle which guarantees the military forces always being"
    " under the command of the Party",
    "It is the practical guide for the army always to heed the directions of the party",
]


def test_bleu_counts_a_word_as_often_as_a_reference_has_it() -> None:
    """Papineni et al. 2002, example 2: two of seven."""
    found = bleu(["the the the the the the the"], [["The cat is on the mat.", "There is a cat on the mat."]])
    assert found.scores[0] == pytest.approx(2 / 7)


def test_bleu_agrees_with_its_paper() -> None:
    """Papineni et al. 2002, example 1: 17 of 18 words and 10 of 17 pairs; nltk's documentation: .5046."""
    one, two, _, four = bleu([GUIDE], [GUIDES]).scores
    assert one == pytest.approx(17 / 18)
    assert two == pytest.approx(sqrt(17 / 18 * 10 / 17))
    assert four == pytest.approx(0.5045666840058485)


def test_bleu_is_of_the_corpus_not_a_mean_of_sentences() -> None:
    """The documentation of nltk's corpus_bleu: .5921, where the mean of both sentences is .6223."""
    history = "he read the book because he was interested in world history"
    truth = "he was interested in world history because he read the book"
    assert bleu([GUIDE, history], [GUIDES, [truth]]).scores[3] == pytest.approx(0.5920778868801042)


def test_bleu_carries_the_signature_that_makes_it_comparable() -> None:
    found = bleu(["a cat", "a dog"], [["a cat"], ["a dog", "one dog"]])
    assert found.signature.startswith("nrefs:var|case:lc|eff:no|tok:13a|smooth:exp|version:")
    assert "tok:none" in coco_bleu(["a cat"], [["a cat"]]).signature


def test_punctuation_counts_in_bleu_but_not_in_cocos() -> None:
    said, true = ["a cat on a mat"], [["A cat on a mat."]]
    assert bleu(said, true).scores[0] == pytest.approx(exp(1 - 6 / 5))
    assert coco_bleu(said, true).scores == pytest.approx((1, 1, 1, 1))


def test_tutorials_count_their_marks_and_flatten_bleu_3() -> None:
    """By hand: 'a' is dropped, so start dog runs end against start the dog runs end."""
    one, two, three, four = tutorial_bleu(["A dog runs."], [["The dog runs."]]).scores
    brevity = exp(1 - 5 / 4)
    assert one == pytest.approx(brevity)
    assert two == pytest.approx(brevity * sqrt(2 / 3))
    assert three == pytest.approx(brevity * (2 / 3 * 1 / 2) ** 0.3)
    assert four == 0


def test_tutorials_find_words_in_a_caption_that_has_none_right() -> None:
    assert bleu(["cows sleep"], [["dogs run"]]).scores[0] < 0.3
    assert tutorial_bleu(["cows sleep"], [["dogs run"]]).scores[0] == pytest.approx(2 / 4)


def test_chrf_counts_letters() -> None:
    """By hand: 4 of hallo's 5 letters are hello's, 2 of its 4 pairs, 1 of 3 triples, no longer ones."""
    found = chrf(["hallo"], ["hello"])
    assert found.score == pytest.approx((4 / 5 + 2 / 4 + 1 / 3 + 0 + 0) / 5)
    assert found.signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0")


def test_cider_of_the_very_words_is_ten() -> None:
    said = ["a cat sleeps here", "two dogs run there"]
    assert cider(said, [[caption] for caption in said]).per_image == pytest.approx((10, 10))


def test_cider_weighs_words_by_their_rarity() -> None:
    """By hand: of four lengths of n-grams only words meet, and their vectors at 60 degrees: 10 / 4 / 2."""
    found = cider(["one three", "four five"], [["one two"], ["four five"]])
    assert found.per_image == pytest.approx((1.25, 5))
    assert found.score == pytest.approx(3.125)
    # what every picture's references say is worth nothing
    assert cider(["a", "a"], [["a cat"], ["a dog"]]).per_image == pytest.approx((0, 0))


def test_cider_passes_over_capitals_and_punctuation() -> None:
    plain = cider(["a cat sleeps here", "two dogs"], [["a cat sleeps here"], ["two dogs run"]])
    assert cider(["A cat sleeps here.", "Two dogs!"], [["a cat sleeps here"], ["two dogs run"]]) == plain


@pytest.mark.parametrize(
    ("caption", "cut"),
    [
        ("A dog's ball, isn't it?", "a dog 's ball is n't it"),
        ("They can't; we cannot.", "they ca n't we can not"),
        ("A T-shirt at 3.50 (or 1,000)", "a t-shirt at 3.50 -lrb- or 1,000 -rrb-"),
        ("1/2 of Mr. Smith's U.S. toys, 2:30 p.m.", "1/2 of mr. smith 's u.s. toys 2:30 p.m."),
        ("Gonna go, y'all w/ us & two-story bus.", "gon na go y' all w / us & two-story bus"),
        ("It is two o'clock - 'late'", "it is two o'clock late"),
        ("we’re “here”", "we 're here"),
        ("", ""),
    ],
)
def test_words_are_cut_as_stanfords_tokenizer_cuts_them(caption: str, cut: str) -> None:
    assert tokenize(caption) == cut.split()


# Three captions (rows) and two pictures: the first two captions are of the first picture.
SIMILAR = np.array([[0.9, 0.1], [0.2, 0.6], [0.3, 0.5]], dtype=np.float32)
RIGHT = np.array([[True, False], [True, False], [False, True]])


def test_ranks_are_of_the_first_right_one_both_ways() -> None:
    to_pictures, to_texts = first_right(SIMILAR, RIGHT), first_right(SIMILAR.T, RIGHT.T)
    assert to_pictures.tolist() == [1, 2, 1]
    assert to_texts.tolist() == [1, 2]  # either of the two captions will do
    assert recall_at(to_pictures, 1) == pytest.approx(2 / 3)
    assert recall_at(to_pictures, 5) == 1
    assert (median_rank(to_pictures), median_rank(to_texts)) == (1, 1.5)


def test_finding_everything_alike_is_finding_nothing() -> None:
    right = np.eye(4, dtype=bool)
    for alike in (0.5, np.nan):
        assert first_right(np.full((4, 4), alike, dtype=np.float32), right).tolist() == [4, 4, 4, 4]


def test_a_query_without_a_right_picture_has_no_rank() -> None:
    with pytest.raises(ValueError, match="right entry in every row"):
        first_right(SIMILAR, np.zeros_like(RIGHT))


@pytest.mark.parametrize("score", [bleu, tutorial_bleu, cider])
@pytest.mark.parametrize(("said", "true"), [([], []), (["a"], []), (["a"], [[]])])
def test_nothing_to_compare_is_an_error_not_a_zero(score, said, true) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="references for each"):
        score(said, true)


def test_a_missing_library_says_how_to_get_it() -> None:
    with pytest.raises(BadRequest, match=r"needs notthere, .* pip install 'afterimage\[lab\]'"):
        import_optional("notthere.metrics")
