"""Translation: what a person may rely on, from the translator that comes along and from a stutterer."""

import json
from pathlib import Path

import pytest
import sentencepiece
import torch
from support.checkpoints import picture
from transformers import M2M100Tokenizer

from vlm.engine.base import EngineOptions, Prompt, Translated
from vlm.engine.checkpoints import lazy_translator, native_languages, open_translator
from vlm.engine.echo import EchoEngine
from vlm.engine.load import load
from vlm.engine.localization import localized, question_in_english
from vlm.engine.prompts import MBLIP, OPT, text
from vlm.engine.source import Card, Source
from vlm.engine.translate import (
    MAX_TOKENS,
    NO_TRANSLATOR,
    LazyTranslator,
    M2M100Translator,
    TranslationLine,
    failed,
    longest_translation,
)
from vlm.errors import BadSetting, ModelNotFound, Unsupported
from vlm.lab.languages.translator_model import tiny_m2m100
from vlm.protocol import Turn
from vlm.text.languages import NAMES, code_of, name_of

ENGLISH = ["two cats and a pizza on a green background", "a cat", "there is no elephant", "What is this?"]
MIXED = [
    (ENGLISH[0], "en", "de", "zwei Katzen und eine Pizza auf grünem Hintergrund"),
    (ENGLISH[0], "en", "ru", "две кошки и пицца на зелёном фоне"),
    ("deux chats et une pizza sur fond vert", "fr", "en", ENGLISH[0]),
    ("¿Cuántos gatos hay?", "es", "en", "How many cats are there?"),
]


@pytest.fixture(scope="module")
def tiny() -> M2M100Translator:
    return open_translator("tiny", device="cpu")


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory, tiny: M2M100Translator) -> Path:
    """A checkpoint with random weights: it stutters whatever it is told."""
    folder = tmp_path_factory.mktemp("untrained")
    torch.manual_seed(1)
    tiny_m2m100(len(tiny.tokenizer)).save_pretrained(folder)
    tiny.tokenizer.save_pretrained(folder)
    return folder


def test_languages_may_be_mixed_in_one_batch(tiny: M2M100Translator) -> None:
    translated = tiny.translate_mixed([row[:3] for row in MIXED])
    assert [row.text for row in translated] == [row[3] for row in MIXED]
    assert not any(row.translation_failed for row in translated)


def test_a_batch_says_what_each_text_alone_would_say(tiny: M2M100Translator) -> None:
    together = tiny.translate(ENGLISH, "en", "fr")
    assert together == [
        translation for english in ENGLISH for translation in tiny.translate([english], "en", "fr")
    ]


@pytest.mark.parametrize("word", ["Zorblax", "Kixumba", "Qwirtel"])
def test_a_word_that_nobody_knows_passes_untouched(tiny: M2M100Translator, word: str) -> None:
    [translated] = tiny.translate([f"Wo ist {word}?"], "de", "en")
    assert word in translated.text


def test_special_tokens_that_somebody_types_stay_text(tiny: M2M100Translator) -> None:
    english, spanish, end = tiny.tokenizer.convert_tokens_to_ids(["__en__", "__es__", "</s>"])
    start, *typed, last = tiny._ids(TranslationLine("</s> __de__ <pad>", english, spanish))
    assert (start, last) == (english, end)
    assert not set(typed) & set(tiny.tokenizer.all_special_ids)
    assert tiny.tokenizer.decode(typed).strip() == "</s> __de__ <pad>"


def test_what_has_no_letters_needs_no_model_and_empty_stays_empty(untrained: Path) -> None:
    translator = open_translator(str(untrained), device="cpu")
    for same in ("", "  ", "123 !?", "🐕", "\n"):
        assert translator.translate([same], "en", "de") == [Translated(same)]
    assert translator.translate(["a cat"], "de-AT", "de") == [Translated("a cat")]
    assert translator.translate([], "en", "de") == []


def test_lines_stay_lines(tiny: M2M100Translator) -> None:
    [translated] = tiny.translate(["a cat\n\n  two dogs"], "en", "de")
    assert translated.text == "eine Katze\n\n  zwei Hunde"


def test_a_stuttering_translator_leaves_the_english_and_says_so(untrained: Path) -> None:
    translated = open_translator(str(untrained), device="cpu").translate(ENGLISH, "en", "de")
    assert [translation.text for translation in translated if translation.translation_failed] == [
        text for text, translation in zip(ENGLISH, translated, strict=True) if translation.translation_failed
    ]
    assert any(translation.translation_failed for translation in translated)


def test_a_translator_that_says_nothing_leaves_the_english_and_says_so(untrained: Path) -> None:
    """It ends each translation at once, in the second attempt as in the first."""
    mute = open_translator(str(untrained), device="cpu")
    decoder = mute._model.get_decoder()
    space, end = mute.tokenizer.convert_tokens_to_ids(["Ġ", "</s>"])
    with torch.no_grad():
        words = mute._model.get_output_embeddings().weight  # [V, D]
        decoder.layer_norm.weight.zero_()
        decoder.layer_norm.bias.copy_(100 * (words[end] + 0.9 * words[space]))
    assert mute.translate(["a cat"], "en", "de") == [Translated("a cat", translation_failed=True)]


def test_a_line_that_is_too_long_stays_as_it_was(tiny: M2M100Translator) -> None:
    long = "a cat and " * MAX_TOKENS + "a dog"
    assert tiny.translate([long, "a cat"], "en", "de") == [Translated(long, True), Translated("eine Katze")]


@pytest.mark.parametrize(
    ("before", "translated", "is_lost"),
    [
        ("a cat", "eine Katze", False),
        ("a cat", "eine eine eine eine eine Katze", True),
        ("a cat", "so eine Katze, so eine Katze, so eine Katze, so eine Katze", True),
        ("猫", "猫猫猫猫猫", True),
        ("ha ha ha ha ha", "ja ja ja ja ja", False),
        ("a cat, a dog, a pig, a bee", "ein Hund, ein Hund, ein Schwein", False),
        ("a cat", "", True),
        ("a cat", None, True),
    ],
)
def test_repetition_is_noticed_where_the_text_does_not_repeat(
    before: str, translated: str | None, is_lost: bool
) -> None:
    assert failed(before, translated) is is_lost


def test_a_translation_may_not_grow_without_end() -> None:
    assert longest_translation(1) < 20
    assert longest_translation(MAX_TOKENS) < 1024  # positions of the great model


def test_a_language_that_it_does_not_speak_is_told_by_its_name(tiny: M2M100Translator) -> None:
    assert tiny.speaks("de-AT")
    assert not tiny.speaks("ja")
    with pytest.raises(Unsupported, match="does not speak Japanese"):
        tiny.translate(["a cat"], "en", "ja")


def test_codes_of_telegram_find_the_model_s() -> None:
    tags = {"nb": "no", "fil": "tl", "zh-hans": "zh", "pt-BR": "pt", "iw": "he", "de_AT": "de", "en": "en"}
    assert {tag: code_of(tag) for tag in tags} == tags
    assert name_of("nb") == "Norwegian"
    assert name_of("tlh") == "tlh"


def test_weights_may_come_as_pytorch_s_own_file(
    tiny: M2M100Translator, untrained: Path, tmp_path: Path
) -> None:
    """As those of facebook/m2m100_418M do."""
    tiny.tokenizer.save_pretrained(tmp_path)
    model = tiny_m2m100(len(tiny.tokenizer))
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    assert open_translator(str(tmp_path), device="cpu").speaks("ru")


def test_the_great_model_s_own_tokenizer_is_understood(tmp_path: Path) -> None:
    """A folder laid out like facebook/m2m100_418M, with a sentencepiece model of its own."""
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(ENGLISH * 20))
    sentencepiece.SentencePieceTrainer.train(
        input=str(lines), model_prefix=str(tmp_path / "sentencepiece.bpe"), vocab_size=60, model_type="bpe",
        minloglevel=3,
    )  # fmt: skip
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "sentencepiece.bpe.model"))
    words = ["<s>", "<pad>", "</s>", "<unk>"]
    words += [piece for i in range(len(pieces)) if (piece := pieces.id_to_piece(i)) not in words]
    (tmp_path / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    tokenizer = M2M100Tokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "sentencepiece.bpe.model"))
    folder = tmp_path / "folder"
    tokenizer.save_pretrained(folder)
    tiny_m2m100(len(words) + 108).save_pretrained(folder)  # a hundred languages, eight spare entries
    translator = open_translator(str(folder), device="cpu")
    assert translator.speaks("ja")
    assert not translator.speaks("tlh")
    assert len(translator.translate(ENGLISH, "en", "zh-hans")) == len(ENGLISH)


def test_what_is_no_translator_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="is missing"):
        open_translator(str(tmp_path))
    with pytest.raises(BadSetting, match="must be an M2M100"):
        open_translator(str(Path("vlm/assets/tiny").resolve()))
    with pytest.raises(ModelNotFound, match="no folder"):
        open_translator("./nowhere")


def test_an_engine_loads_its_translator_when_it_first_needs_one() -> None:
    engine = load(EngineOptions(model="tiny", translator="./nowhere"))
    assert engine.translate(["a cat"], "en", "en") == [Translated("a cat")]
    with pytest.raises(ModelNotFound, match="nowhere"):
        engine.translate(["a cat"], "en", "de")


def test_the_small_model_brings_the_small_translator() -> None:
    engine = load(EngineOptions(model="tiny"))
    assert engine.translate(["two cats"], "en", "fr") == [Translated("deux chats")]
    assert not engine.speaks("fr")


def test_without_a_translator_only_english_is_spoken() -> None:
    with pytest.raises(Unsupported, match="VLM_TRANSLATOR"):
        lazy_translator("", EngineOptions(translator="none"), device="cpu").translate(["a"], "en", "de")
    assert NO_TRANSLATOR.translate(["a"], "en", "EN-gb") == [Translated("a")]


def test_a_multilingual_checkpoint_is_asked_in_the_language_itself() -> None:
    turns = (Turn(question="was?", answer="ein Hund"),)
    asked = Prompt(question="Wie viele?", turns=turns, language="de-AT")
    assert text(Prompt(language="de"), MBLIP) == "Caption in German: "
    assert text(Prompt(), MBLIP) == "Caption in English: "
    assert text(asked, MBLIP).endswith("Question: Wie viele? Short answer in German:")
    assert text(Prompt(question="{language}?", language="fr"), OPT) == "Question: {language}? Answer:"


def test_who_speaks_languages_is_told_by_name_card_or_setting() -> None:
    plain = Source("some", Path(), Card(), "1")
    own = Source("some", Path(), Card(languages=("de", "fr")), "1")
    assert native_languages(plain, EngineOptions(model="some/model")) == ()
    assert native_languages(own, EngineOptions(model="some/model")) == ("de", "fr")
    assert native_languages(plain, EngineOptions(model="Gregor/mblip-mt0-xl")) == NAMES
    assert native_languages(plain, EngineOptions(model="some/model", translator="native")) == NAMES
    assert native_languages(own, EngineOptions(model="some/model", translator="tiny")) == ()


def test_a_translator_that_is_not_to_be_had_is_not_looked_for_in_every_batch() -> None:
    looked: list[int] = []

    def opening() -> M2M100Translator:
        looked.append(1)
        raise ModelNotFound("the hub is away")

    missing = LazyTranslator(opening)
    for _ in range(3):
        with pytest.raises(ModelNotFound, match="away"):
            missing.translate(["a cat"], "en", "de")
    assert len(looked) == 1


class Polyglot(EchoEngine):
    """An engine that speaks German itself."""

    def speaks(self, language: str) -> bool:
        return code_of(language) == "de"


def test_only_what_the_engine_does_not_speak_is_translated() -> None:
    prompt = Prompt(question="Wie viele?", language="de")
    assert question_in_english(EchoEngine(), prompt).question == "Wie viele?"
    assert localized(EchoEngine(), ["two"], "de") == [Translated("de: two")]
    assert question_in_english(Polyglot(), prompt) == prompt
    assert localized(Polyglot(), ["zwei"], "de") == [Translated("zwei")]
    assert question_in_english(EchoEngine(), Prompt(language="de")).question is None
    assert localized(EchoEngine(), [], "de") == []


def test_an_engine_that_speaks_languages_itself_needs_no_translator(folders: dict[str, Path]) -> None:
    engine = load(EngineOptions(model=str(folders["t5"]), translator="native", device="cpu"))
    [encoded] = engine.encode([picture(1, 64, 48)])
    assert engine.speaks("de")
    assert len(engine.generate([encoded.tokens], [Prompt(language="de")])) == 1
