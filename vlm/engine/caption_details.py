"""Detailed captions: what a model is asked beyond the caption, and how its answers are added. English.

    a cat on a green background     things: two; cat: at the top left

Labels and answers stand side by side without a sentence around them. So they can be translated one by one,
and a model that says little says nothing wrong.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from vlm.engine.base import Detail, Engine, Prompt, QueryTokens
from vlm.engine.isolation import run_isolating_failures
from vlm.text.caption_cleanup import comparable

UNINFORMATIVE: Final = frozenset(
    {"", "yes", "no", "none", "nothing", "unknown", "unanswerable", "i don t know", "not sure"}
)


def add_details(engine: Engine, captions: Sequence[tuple[QueryTokens, str]]) -> list[str]:
    """Each caption with the model's answers about its picture. All questions are asked in one batch.

    A question that fails is left out.
    """
    requests = [
        (number, tokens, detail)
        for number, (tokens, caption) in enumerate(captions)
        for detail in questions(caption, engine.details)
    ]

    def ask(batch: Sequence[tuple[int, QueryTokens, Detail]]) -> list[str]:
        prompts = [Prompt(question=detail.question) for _, _, detail in batch]
        return engine.generate([tokens for _, tokens, _ in batch], prompts)

    answers: dict[int, list[tuple[Detail, str]]] = {number: [] for number in range(len(captions))}
    replies = run_isolating_failures(engine, requests, ask)
    for (number, _, detail), answer in zip(requests, replies, strict=True):
        if isinstance(answer, str):
            answers[number].append((detail, answer))
    return [detailed(caption, answers[number]) for number, (_, caption) in enumerate(captions)]


def questions(caption: str, details: Sequence[Detail]) -> Iterator[Detail]:
    """The questions to ask about a caption. One about a `{thing}` is asked about each of its things."""
    for detail in details:
        if "{thing}" not in detail.question:
            yield detail
            continue
        from vlm.engine.drawn_scenes import single_things  # only checkpoints of drawn scenes ask about things

        for thing in single_things(caption):
            yield Detail(detail.question.format(thing=thing), detail.label.format(thing=thing))


def detailed(caption: str, answers: Sequence[tuple[Detail, str]]) -> str:
    """The caption and the answers as sentences; answers that say nothing, or nothing new, are left out."""
    sentences = [caption.rstrip(" .")]
    for detail, answer in answers:
        if not _adds_nothing(answer, sentences):
            sentences.append(f"{detail.label}: {answer.strip(' .')}")
    return ". ".join(sentences) + "."


def _adds_nothing(answer: str, sentences: Sequence[str]) -> bool:
    words = comparable(answer)
    if words in UNINFORMATIVE or words.startswith("there is no "):
        return True
    return any(f" {words} " in f" {comparable(sentence)} " for sentence in sentences)
