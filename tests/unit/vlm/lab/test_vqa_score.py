"""VQA accuracy as visualqa.org defines it."""

import pytest

from vlm.lab.scores.vqa import normalised, vqa_accuracy


@pytest.mark.parametrize(
    ("given", "compared"),
    [
        # the examples of visualqa.org, page Evaluation
        ("dont", "don't"),
        ("100,978", "100978"),
        ("girl's", "girl's"),
        ("2:50 pm", "2:50 pm"),
        # its rules, one by one
        ("YES", "yes"),
        ("The two dogs.", "2 dogs"),
        ("An apple", "apple"),
        ("none", "0"),
        ("1.5", "1.5"),
        (".5 miles", ".5 miles"),
        ("black/white", "black white"),
        ("black / white", "black white"),
        ("t-shirt", "t shirt"),
        ("red, white", "red white"),
        ("red,white", "red white"),
        ("no!", "no"),
        (" two\n\tcats ", "2 cats"),
        # contractions: one apostrophe missing, of two, and none
        ("couldnt've", "couldn't've"),
        ("yall'd've", "y'all'd've"),
        ("isn't", "isn't"),
        ("twas", "'twas"),
        ("", ""),
    ],
)
def test_answers_are_compared_without_what_does_not_matter(given: str, compared: str) -> None:
    assert normalised(given) == compared


@pytest.mark.parametrize(("people", "score"), [(0, 0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1), (10, 1)])
def test_an_answer_is_right_as_far_as_others_gave_it(people: int, score: float) -> None:
    """Leaving each of ten out in turn makes of min(n / 3, 1) the published .3, .6, .9, 1."""
    assert vqa_accuracy("Two", ["2"] * people + ["3"] * (10 - people)) == pytest.approx(score)


def test_unanimous_answers_are_normalised_like_all_others() -> None:
    assert vqa_accuracy("2.", ["two"] * 10) == 1


def test_one_answer_is_enough_where_one_person_was_asked() -> None:
    assert vqa_accuracy("The cat", ["cat"]) == 1
    assert vqa_accuracy("dog", ["cat", "kitty"]) == 0
    with pytest.raises(ValueError, match="at least one"):
        vqa_accuracy("dog", [])
