"""Answers in the chat's language, in the style and the wording that are wanted.

The engine without a model says 'de: two cats' in German, takes the mark off on the way to English, and cannot
write Chinese.
"""

from collections.abc import Sequence
from importlib.resources import files

import pytest
import torch
from redis.asyncio import Redis
from support.queue_examples import picture
from support.worker_examples import results, said, working

from vlm.engine.base import EngineOptions, Prompt, QueryTokens, Translated
from vlm.engine.blip2 import Blip2Engine
from vlm.engine.echo import EchoEngine
from vlm.engine.load import load
from vlm.engine.prompts import Template
from vlm.errors import ModelNotFound, OutOfMemory
from vlm.memory import Memory, Photo
from vlm.protocol import Answered, Turn
from vlm.queue.client import Client
from vlm.text.languages import code_of

CHAT = 5
RED = "a red picture of 40 by 30"


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client(redis)


async def answer(client: Client, redis: Redis, engine: EchoEngine, **task: object) -> Answered:
    """What a caption, or an answer where there is a `question`, of the red picture comes to."""
    submit = client.ask if "question" in task else client.caption
    await submit(job="a", chat=CHAT, photo=None, picture=picture(), **task)  # type: ignore[arg-type]
    async with working(redis, engine):
        [result] = await results(redis, "a")
    return said(result)


# Languages.


async def test_a_caption_comes_in_the_chats_language_and_in_english(client: Client, redis: Redis) -> None:
    await Memory(redis).remember(CHAT, Photo(id="10", file_id="f", created_ms=1))
    await client.caption(job="a", chat=CHAT, photo="10", picture=picture(), language="de-AT")
    async with working(redis, EchoEngine()):
        [result] = await results(redis, "a")
    assert said(result) == Answered(text=RED, localized_text=f"de: {RED}")
    assert result.language == "de-AT"
    photo = await Memory(redis).get(CHAT, "10")
    assert photo
    assert (photo.caption, photo.localized_caption, photo.language) == (RED, f"de: {RED}", "de-AT")


async def test_a_question_is_understood_in_the_chats_language_and_remembered_in_english(
    client: Client, redis: Redis
) -> None:
    await Memory(redis).remember(CHAT, Photo(id="10", file_id="f", created_ms=1))
    await client.ask(
        job="a", chat=CHAT, photo="10", question="de: what is it?", picture=picture(), language="de"
    )
    async with working(redis, EchoEngine()):
        [result] = await results(redis, "a")
    english = f"what is it? (asked of {RED}, after 0 turns)"
    assert said(result) == Answered(text=english, localized_text=f"de: {english}", question="what is it?")
    assert await Memory(redis).turns(CHAT, "10") == [Turn(question="what is it?", answer=english)]


@pytest.mark.parametrize("language", ["", "en", "en-GB"])
async def test_english_is_not_translated(client: Client, redis: Redis, language: str) -> None:
    assert await answer(client, redis, Mute(), language=language) == Answered(text=RED)


async def test_a_language_that_cannot_be_written_stays_english_and_says_so(
    client: Client, redis: Redis
) -> None:
    assert await answer(client, redis, EchoEngine(), language="zh-hans") == Answered(
        text=RED, translation_failed=True
    )


class Mute(EchoEngine):
    """Its translator is not on this disk."""

    calls = 0

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        self.calls += 1
        raise ModelNotFound("no translator")


async def test_without_a_translator_answers_are_english_and_questions_are_asked_as_they_are(
    client: Client, redis: Redis
) -> None:
    engine = Mute()
    answered = await answer(client, redis, engine, question="was ist das?", language="de")
    assert answered.text == f"was ist das? (asked of {RED}, after 0 turns)"
    assert (answered.localized_text, answered.translation_failed, answered.question) == (
        "",
        True,
        "was ist das?",
    )
    assert engine.calls == 2


async def test_a_batch_of_many_languages_is_translated_one_language_at_a_time(
    client: Client, redis: Redis
) -> None:
    languages = {"a": "de", "b": "fr", "c": "de", "d": "", "e": "zh", "f": "fr"}
    for job, language in languages.items():
        await client.caption(job=job, chat=CHAT, photo=None, picture=picture(), language=language)
    engine = Listening()
    async with working(redis, engine):
        answers = await results(redis, *languages)
    shown = [said(result).localized_text for result in answers]
    assert shown == [f"de: {RED}", f"fr: {RED}", f"de: {RED}", "", "", f"fr: {RED}"]
    assert sorted(engine.heard) == [("en", "de"), ("en", "fr"), ("en", "zh")]


class Listening(EchoEngine):
    """Writes down what it was asked to translate."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        self.heard.append((source, target))
        return super().translate(texts, source, target)


class Narrow(EchoEngine):
    """Translates one text at a time, and stumbles over one."""

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        if len(texts) > 1:
            raise OutOfMemory("too many")
        if "blue" in texts[0]:
            raise ValueError("a bug")
        return super().translate(texts, source, target)


async def test_a_text_that_cannot_be_translated_costs_no_other_its_language(
    client: Client, redis: Redis
) -> None:
    for colour in ("red", "blue", "green"):
        await client.caption(job=colour, chat=CHAT, photo=None, picture=picture(colour), language="de")
    async with working(redis, Narrow()):
        red, blue, green = await results(redis, "red", "blue", "green")
    assert said(blue) == Answered(text="a blue picture of 40 by 30", translation_failed=True)
    assert said(red).localized_text.startswith("de: a red") and said(green).localized_text.startswith("de: a")


class Polyglot(EchoEngine):
    """An engine that speaks German itself."""

    def speaks(self, language: str) -> bool:
        return code_of(language) == "de"

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        texts = super().generate(tokens, prompts)
        return [
            f"auf Deutsch: {text}" if p.language else text for text, p in zip(texts, prompts, strict=True)
        ]


async def test_an_engine_that_speaks_the_language_says_it_itself(client: Client, redis: Redis) -> None:
    answered = await answer(client, redis, Polyglot(), language="de")
    assert answered == Answered(text=RED, localized_text=f"auf Deutsch: {RED}")


# Styles.


class Wordy(EchoEngine):
    """Says what the test wants, and a word that is longer in German."""

    def __init__(self, caption: str) -> None:
        super().__init__()
        self.caption = caption

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        texts = super().generate(tokens, prompts)
        return [text if p.question else self.caption for text, p in zip(texts, prompts, strict=True)]


async def test_a_short_caption_fits_one_breath_in_every_language(client: Client, redis: Redis) -> None:
    long = "a dog and a cat " * 7 + "in a garden"
    answered = await answer(client, redis, Wordy(long), style="short", language="de")
    assert 100 < len(answered.text) <= 125 and 100 < len(answered.localized_text) <= 125
    assert answered.localized_text.startswith("de: a dog") and answered.localized_text.endswith("…")
    assert long.startswith(answered.text.rstrip("…"))


async def test_a_detailed_caption_says_what_the_model_adds(client: Client, redis: Redis) -> None:
    answered = await answer(client, redis, EchoEngine(), style="detailed")
    more = f"what else? (asked of {RED}, after 0 turns)"
    assert answered.text == f"A red picture of 40 by 30. More: {more}."
    german = await answer_again(client, redis, style="detailed", language="de")
    assert german.localized_text == f"De: a red picture of 40 by 30. De: more: de: {more}."


async def answer_again(client: Client, redis: Redis, **task: object) -> Answered:
    await client.caption(job="b", chat=CHAT, photo=None, picture=picture(), **task)  # type: ignore[arg-type]
    async with working(redis, EchoEngine()):
        [result] = await results(redis, "b")
    return said(result)


class Shy(EchoEngine):
    """Fails at every question."""

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        if any(prompt.question for prompt in prompts):
            raise ValueError("a bug")
        return super().generate(tokens, prompts)


async def test_where_details_fail_the_caption_remains(client: Client, redis: Redis) -> None:
    assert (await answer(client, redis, Shy(), style="detailed")).text == "A red picture of 40 by 30."


async def test_captions_lose_introductions_and_genders_before_they_are_translated(
    client: Client, redis: Redis
) -> None:
    answered = await answer(client, redis, Wordy("this image shows a man with his dog"), language="de")
    assert (answered.text, answered.localized_text) == (
        "a person with their dog",
        "de: a person with their dog",
    )


async def test_what_people_ask_is_left_as_it_is(client: Client, redis: Redis) -> None:
    answered = await answer(client, redis, EchoEngine(), question="this image shows a man?")
    assert answered.question == "this image shows a man?"


# Follow-ups.


class Listener(Blip2Engine):
    """Writes down what its language model is asked."""

    def generate_ids(
        self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt], template: Template | None = None
    ) -> torch.Tensor:
        self.__dict__.setdefault("asked", []).extend(prompts)
        return super().generate_ids(tokens, prompts, template)


async def test_an_answer_that_repeats_an_earlier_one_is_tried_again_without_the_turns(
    client: Client, redis: Redis
) -> None:
    engine = load(EngineOptions(model="tiny", device="cpu"))
    engine.__class__ = Listener
    pond = files("vlm").joinpath("assets", "samples", "pond.jpg").read_bytes()
    turns = [Turn(question="how many ducks are there?", answer="two")]
    again = {"question": "how many ducks are there?", "picture": pond, "turns": turns}
    await client.ask(job="a", chat=CHAT, photo=None, **again)  # type: ignore[arg-type]
    async with working(redis, engine):
        [result] = await results(redis, "a")
    assert said(result).text == "two"
    questions = [prompt for prompt in engine.__dict__["asked"] if prompt.question]
    assert [len(prompt.turns) for prompt in questions] == [1, 0]


# Other words.


async def test_another_wording_is_one_that_was_not_given_until_there_is_none(
    client: Client, redis: Redis
) -> None:
    captions: list[str] = []
    async with working(redis, EchoEngine()):
        for job in "abcd":
            await client.caption(
                job=job,
                chat=CHAT,
                photo=None,
                picture=picture(),
                other_than=[text.upper() for text in captions],
            )
            [result] = await results(redis, job)
            captions.append(said(result).text)
    assert captions == [RED, "red, 40 by 30", "a red rectangle, 40 by 30", RED]


async def test_a_wording_that_was_given_in_detail_or_cut_short_was_given(
    client: Client, redis: Redis
) -> None:
    detailed = "A red picture of 40 by 30. More: nothing."
    answered = await answer(
        client, redis, EchoEngine(), other_than=[detailed, "red, 40 by 30"], style="detailed"
    )
    assert answered.text.startswith("A red rectangle, 40 by 30. More:")


# Without a picture.


async def test_a_caption_without_a_picture_is_made_of_what_was_seen_or_asks_for_it(
    client: Client, redis: Redis
) -> None:
    await Memory(redis).remember(CHAT, Photo(id="10", file_id="f", created_ms=1))
    async with working(redis, EchoEngine()):
        await client.caption(job="first", chat=CHAT, photo="10")
        [refused] = await results(redis, "first")
        assert refused.outcome.code == "picture_gone"  # type: ignore[union-attr]
        await client.caption(job="second", chat=CHAT, photo="10", picture=picture())
        await results(redis, "second")
        await client.caption(job="third", chat=CHAT, photo="10", language="de", other_than=[RED])
        [reworded] = await results(redis, "third")
    assert said(reworded).localized_text == "de: red, 40 by 30"
    photo = await Memory(redis).get(CHAT, "10")
    assert photo and photo.caption == "red, 40 by 30"
