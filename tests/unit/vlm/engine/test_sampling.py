"""What the small model says when asked for more, or for other words: true things only."""

from importlib.resources import files
from pathlib import Path

import pytest

from bot.replies.style import ABOUT
from vlm.engine.base import GENERAL_DETAILS, Engine, EngineOptions, Prompt, QueryTokens
from vlm.engine.drawn_scenes import DRAWN, PLACED, drawn_details
from vlm.engine.load import load
from vlm.images.opening import open_picture
from vlm.protocol import Answered, Caption, Job, Style
from vlm.worker.pipeline import ImageInput, generate_texts

SAMPLES = files("vlm").joinpath("assets", "samples")
FARM = "a cow and a tractor on a yellow background"


@pytest.fixture(scope="module")
def tiny() -> Engine:
    return load(EngineOptions(model="tiny", device="cpu"))


@pytest.fixture(scope="module")
def farm() -> bytes:
    return SAMPLES.joinpath("farm.jpg").read_bytes()


def answered(
    engine: Engine, image: ImageInput, language: str = "", style: Style = "normal", *used_captions: str
) -> Answered:
    task = Caption(style=style, other_than=used_captions)
    job = Job(id="a", chat=1, task=task, language=language, created_ms=0)
    [outcome] = generate_texts(engine, [job], [image])
    assert isinstance(outcome.answer, Answered)
    return outcome.answer


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("es", "Una vaca y un tractor sobre fondo amarillo. Cosas: dos."),
        ("de", "Eine Kuh und ein Traktor auf gelbem Hintergrund. Dinge: zwei."),
        ("fr", "Une vache et un tracteur sur fond jaune. Choses: deux."),
        ("ru", "Корова и трактор на жёлтом фоне. Предметов: два."),
    ],
)
def test_a_detailed_caption_is_longer_and_true_in_each_language(
    tiny: Engine, farm: bytes, language: str, shown: str
) -> None:
    answer = answered(tiny, farm, language, "detailed")
    assert answer.text == "A cow and a tractor on a yellow background. Things: two."
    assert (answer.localized_text, answer.translation_failed) == (shown, False)


def test_each_style_is_as_it_is_described_to_people(tiny: Engine) -> None:
    picnic = SAMPLES.joinpath("picnic.jpg").read_bytes()
    captions: dict[Style, str] = {style: answered(tiny, picnic, style=style).text for style in ABOUT}
    assert captions["short"] == captions["normal"] == "two cats and a pizza on a green background"
    assert "“Two cats and a pizza on a green background.”" in ABOUT["normal"]
    assert f"“{captions['detailed']}”" in ABOUT["detailed"]


def test_a_language_that_the_translator_does_not_know_is_admitted(tiny: Engine, farm: bytes) -> None:
    assert answered(tiny, farm, "ja") == Answered(text=FARM, translation_failed=True)


def test_each_other_wording_says_the_same_until_there_is_none_and_it_is_said_again(
    tiny: Engine, farm: bytes
) -> None:
    used_captions = [FARM.upper()]
    for wanted in (
        "a tractor and a cow on a yellow background",
        "a cow and a tractor on yellow",
        "a tractor and a cow on yellow",
    ):
        assert answered(tiny, farm, "", "normal", *used_captions).text == wanted
        used_captions.append(wanted)
    assert answered(tiny, farm, "", "normal", *used_captions).text == FARM


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("es", "un tractor y una vaca sobre amarillo"),
        ("de", "ein Traktor und eine Kuh auf Gelb"),
        ("fr", "un tracteur et une vache sur jaune"),
        ("ru", "трактор и корова на жёлтом"),
    ],
)
def test_another_wording_is_another_one_in_each_language(
    tiny: Engine, farm: bytes, language: str, shown: str
) -> None:
    used_captions = [FARM, "a tractor and a cow on a yellow background", "a cow and a tractor on yellow"]
    answer = answered(tiny, farm, language, "normal", *used_captions)
    assert (answer.localized_text, answer.translation_failed) == (shown, False)


def test_wordings_begin_with_the_caption_and_are_always_the_same(tiny: Engine) -> None:
    tokens = seen(tiny, "desk.jpg")
    wordings = tiny.likely_captions(tokens, seed=7)
    assert wordings == tiny.likely_captions(tokens, seed=7)
    assert wordings[0] == tiny.generate([tokens], [Prompt()])[0]
    things = {"clock", "laptop", "key", "orange"}
    assert len(wordings) == 4 and all(things <= set(wording.replace(",", "").split()) for wording in wordings)


def seen(engine: Engine, name: str) -> QueryTokens:
    [encoded] = engine.encode([open_picture(SAMPLES.joinpath(name).read_bytes())])
    return encoded.tokens


def test_a_small_model_is_asked_only_what_it_was_taught(tiny: Engine, folders: dict[str, Path]) -> None:
    assert tuple(tiny.details) == DRAWN
    assert tuple(drawn_details({"answer": {"where": 0.95}})) == PLACED
    general = load(EngineOptions(model=str(folders["opt"]), device="cpu"))
    assert tuple(general.details) == GENERAL_DETAILS


def test_the_languages_that_can_be_written_are_known_without_the_translator(
    tiny: Engine, folders: dict[str, Path]
) -> None:
    assert tiny.info.languages == ("de", "es", "fr", "ru")
    model = str(folders["t5"])

    def languages(translator: str) -> tuple[str, ...]:
        return load(EngineOptions(model=model, translator=translator, device="cpu")).info.languages

    assert languages("none") == ()
    assert languages("tiny") == ("de", "es", "fr", "ru")
    assert {"de", "ja", "zh", "ar"} <= set(languages("")) and "en" not in languages("")
    assert {"de", "ja"} <= set(languages("native"))
