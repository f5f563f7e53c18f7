"""Prompts carry the wording BLIP-2 was evaluated with, fit the model, and leave users no special tokens."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.checkpoints import QUERIES, picture, words

from vlm.engine import prompts
from vlm.engine.base import EngineOptions, Prompt, QueryTokens
from vlm.engine.blip2 import Blip2Engine
from vlm.engine.checkpoints import open_blip2
from vlm.protocol import Turn

TURN = Turn(question="Is there a cat?", answer="yes")
TOKENIZER = words("opt")
TOKENIZER.add_special_tokens({"additional_special_tokens": ["<image>"]})


def test_the_wording_is_that_of_the_evaluation() -> None:
    prompt = Prompt(question="What is it?", turns=(TURN,))
    assert (
        prompts.text(prompt, prompts.OPT)
        == "Question: Is there a cat? Answer: yes. Question: What is it? Answer:"
    )
    assert prompts.text(Prompt(question="What is it?"), prompts.T5) == "Question: What is it? Short answer:"
    assert prompts.text(Prompt(), prompts.OPT) == ""
    assert prompts.text(Prompt(), replace(prompts.T5, caption=prompts.CAPTION_AGAIN)) == "a photo of"


def test_braces_in_a_question_are_only_braces() -> None:
    assert "{answer}" in prompts.text(Prompt(question="what is {answer}?", turns=(TURN,)), prompts.OPT)


@given(
    st.lists(
        st.sampled_from(["<image>", "</s>", "<pad>", "<s>", "<unk>", "[CLS]", " a ", "dog", "é", "🐶", "\n"])
    )
)
def test_typed_special_tokens_stay_text(pieces: list[str]) -> None:
    begin, *token_ids = prompts.ids("".join(pieces), TOKENIZER)
    assert begin == TOKENIZER.bos_token_id
    assert not set(token_ids) & set(TOKENIZER.all_special_ids)
    assert TOKENIZER.decode(token_ids) == "".join(pieces)


@given(st.text(max_size=300), st.integers(0, 6), st.integers(24, 120))
def test_a_prompt_always_fits(question: str, turns: int, room: int) -> None:
    prompt = Prompt(question=question, turns=(TURN,) * turns)
    assert len(prompts.fitting(prompt, prompts.OPT, room, TOKENIZER)) <= room


def test_old_turns_go_before_the_question_does() -> None:
    prompt = Prompt(question="what colour is the dog?", turns=(TURN, TURN, TURN))
    alone = prompts.ids(prompts.text(prompts.without_turns(prompt), prompts.OPT), TOKENIZER)
    assert prompts.fitting(prompt, prompts.OPT, len(alone), TOKENIZER) == alone
    shortened = TOKENIZER.decode(prompts.fitting(prompt, prompts.OPT, len(alone) - 3, TOKENIZER))
    assert "Question: what" in shortened
    assert shortened.endswith("Answer:")


@pytest.mark.parametrize("left", [True, False])
def test_padding_stands_where_the_family_bears_it(left: bool) -> None:
    batch = prompts.batch([[5, 6, 7], [8]], queries=2, pad=0, pad_left=left)
    assert batch.picture.sum(1).tolist() == [2, 2]
    assert batch.mask.sum(1).tolist() == [5, 3]
    assert batch.ids[1].tolist() == ([0, 0, 0, 0, 8] if left else [0, 0, 8, 0, 0])
    assert batch.mask[1].tolist() == ([0, 0, 1, 1, 1] if left else [1, 1, 1, 0, 0])


def test_a_question_of_any_length_is_answered(folder: Path) -> None:
    engine = open_blip2(EngineOptions(model=str(folder), device="cpu"))
    [encoded] = engine.encode([picture(0)])
    assert encoded.tokens.shape[0] == QUERIES
    prompt = Prompt(question="why? " * 2000, turns=(TURN,) * 50)
    assert len(engine.generate([encoded.tokens], [prompt])) == 1


class Forgetful(Blip2Engine):
    """Says nothing where turns are given or a caption is asked without a word to begin with."""

    def generate_ids(
        self, tokens: list[QueryTokens], prompts_given: list[Prompt], template: prompts.Template | None = None
    ) -> torch.Tensor:
        ids = super().generate_ids(tokens, prompts_given, template)
        mute = [
            bool(p.turns) or (p.question is None and not (template or prompts.OPT).caption)
            for p in prompts_given
        ]
        ids[torch.tensor(mute)] = self._pad
        return ids


def test_what_came_back_empty_is_asked_once_more_and_plainer(folders: dict[str, Path]) -> None:
    plain = open_blip2(EngineOptions(model=str(folders["opt"]), device="cpu"))
    forgetful = open_blip2(EngineOptions(model=str(folders["opt"]), device="cpu"))
    forgetful.__class__ = Forgetful
    requests = [Prompt(), Prompt(question="how many?", turns=(TURN,)), Prompt(question="how many?")]
    tokens = [encoded.tokens for encoded in plain.encode([picture(seed) for seed in range(3)])]
    caption, follow_up, answer = forgetful.generate(tokens, requests)
    template = replace(prompts.OPT, caption="a photo of")
    assert caption == plain._generate_texts(tokens[:1], requests[:1], template)[0] != ""
    assert follow_up == plain.generate(tokens[1:2], [Prompt(question="how many?")])[0] != ""
    assert answer == plain.generate(tokens[2:], requests[2:])[0]


def test_an_answer_that_only_repeats_is_worth_another_try() -> None:
    prompt = Prompt(question="and now?", turns=(TURN,))
    assert prompts.worth_another_try(prompt, "yes")
    assert prompts.worth_another_try(prompt, "")
    assert not prompts.worth_another_try(prompt, "no")
    assert not prompts.worth_another_try(Prompt(question="and now?"), "")  # there is nothing to leave out
    assert prompts.worth_another_try(Prompt(), "")
