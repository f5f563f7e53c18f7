"""The classic captioner among the engines: it captions, and is polite about all that it cannot do."""

import shutil
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file
from support.checkpoints import picture

from vlm.engine.base import EngineOptions, Prompt
from vlm.engine.load import load
from vlm.engine.selfcheck import built_in_picture
from vlm.errors import BadSetting, ModelNotFound, SelfCheckFailed, Unsupported
from vlm.protocol import Answered
from vlm.worker.pipeline import answer_prompts

QUESTION = Prompt(question="how many?")


def options(folder: Path, **more: object) -> EngineOptions:
    return EngineOptions(model=f"classic:{folder}", device="cpu", **more)  # type: ignore[arg-type]


def png(seed: int) -> bytes:
    written = BytesIO()
    picture(seed).save(written, "PNG")
    return written.getvalue()


def test_captions_depend_on_the_picture(classic_folder: Path) -> None:
    engine = load(options(classic_folder))
    tokens = [encoded.tokens for encoded in engine.encode([picture(seed) for seed in range(8)])]
    assert {encoded.shape for encoded in tokens} == {(1, 128)}
    assert len(set(engine.generate(tokens, [Prompt()] * 8))) > 1


def test_questions_and_search_are_refused_with_what_to_take_instead(classic_folder: Path) -> None:
    engine = load(options(classic_folder))
    [encoded] = engine.encode([picture(1)])
    assert encoded.vectors is None
    with pytest.raises(Unsupported, match="only writes captions; for answers use a BLIP-2 model"):
        engine.generate([encoded.tokens], [QUESTION])
    with pytest.raises(Unsupported, match="cannot search; use a BLIP-2 model for that"):
        engine.embed_text(["a cat"])


def test_a_question_does_not_spoil_the_captions_of_its_batch(classic_folder: Path) -> None:
    question, caption = answer_prompts(load(options(classic_folder)), [png(1), png(2)], [QUESTION, Prompt()])
    assert isinstance(question.answer, Unsupported)
    assert isinstance(caption.answer, Answered) and caption.answer.text


def test_one_beam_and_half_precision_also_tell(classic_folder: Path) -> None:
    for engine in (load(options(classic_folder, beams=1)), load(options(classic_folder, dtype="bf16"))):
        [encoded] = engine.encode([picture(1)])
        assert engine.generate([encoded.tokens], [Prompt()])[0]


def test_a_folder_that_holds_none_says_how_to_make_one(tmp_path: Path, classic_folder: Path) -> None:
    with pytest.raises(ModelNotFound, match="vlm train classic"):
        load(options(tmp_path / "nowhere"))
    shutil.copytree(classic_folder, tmp_path / "cut")
    (tmp_path / "cut" / "model.safetensors").write_bytes(b"cut short")
    with pytest.raises(ModelNotFound, match="cannot be read"):
        load(options(tmp_path / "cut"))
    shutil.copytree(classic_folder, tmp_path / "other")
    (tmp_path / "other" / "config.json").write_text('{"model_type": "blip-2"}')
    with pytest.raises(ModelNotFound, match="cannot be read"):
        load(options(tmp_path / "other"))


def test_eight_bit_is_refused(classic_folder: Path) -> None:
    with pytest.raises(BadSetting, match="no 8-bit form"):
        load(options(classic_folder, quant="int8"))


def test_damaged_weights_do_not_pass_the_check(tmp_path: Path, classic_folder: Path) -> None:
    folder = Path(shutil.copytree(classic_folder, tmp_path / "classic"))
    engine = load(options(folder))
    [encoded] = engine.encode([built_in_picture()])
    expected = engine.generate([encoded.tokens], [Prompt()])[0]
    (folder / "card.json").write_bytes(
        msgspec.json.encode({"expected_caption": expected, "knows": "Little."})
    )
    engine = load(options(folder))
    engine.check()
    assert engine.info.knows == "Little."
    weights = load_file(folder / "model.safetensors")
    weights["merge.picture.weight"] = torch.randn_like(weights["merge.picture.weight"])
    weights["merge.word.bias"] = weights["merge.word.bias"].flip(0)
    save_file(weights, folder / "model.safetensors")
    damaged = load(options(folder))
    assert damaged.info.revision != engine.info.revision
    with pytest.raises(SelfCheckFailed):
        damaged.check()
