"""What is wrong with data sets in the wild is repaired where that is harmless, else named in one line."""

import json
import logging
from pathlib import Path

import pytest
from PIL import Image

from vlm.errors import AfterimageError, BadRequest, NotFound
from vlm.lab.datasets.files import path_inside
from vlm.lab.datasets.opening import open_captions, open_questions
from vlm.lab.datasets.records import CaptionedImage
from vlm.lab.datasets.splits import split_by_name


def pictures(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (16, 16), "green").save(folder / name, "JPEG")


def flickr8k(folder: Path, tokens: str, train: str = "", dev: str = "", test: str = "") -> Path:
    (folder / "Flickr8k.token.txt").write_bytes(tokens.encode())
    for part, names in (("train", train), ("dev", dev), ("test", test)):
        (folder / f"Flickr_8k.{part}Images.txt").write_bytes(names.encode())
    return folder


def jsonl(folder: Path, *lines: object) -> Path:
    (folder / "captions.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return folder


def test_flickr8ks_stray_suffix_is_dropped(tmp_path: Path) -> None:
    pictures(tmp_path / "Flicker8k_Dataset", "2258277193_586949ec62.jpg")
    name = "2258277193_586949ec62.jpg"
    flickr8k(tmp_path, f"{name}.1#0\tpeople wait\n{name}.1#1\tpeople stand\n", test=name)
    [found] = open_captions(tmp_path)
    assert found.id == name
    assert found.captions == ("people wait", "people stand")


def test_windows_line_ends_and_byte_order_marks_are_no_part_of_a_name(tmp_path: Path) -> None:
    pictures(tmp_path / "Images", "a.jpg")
    flickr8k(tmp_path, "\ufeffa.jpg#0\tA cat .\r\n\r\n", test="\ufeffa.jpg\r\n")
    assert [one.captions for one in open_captions(tmp_path)] == [("A cat .",)]


def test_a_picture_of_no_split_is_in_none(tmp_path: Path) -> None:
    pictures(tmp_path / "Images", "a.jpg", "b.jpg")
    flickr8k(tmp_path, "a.jpg#0\ta cat\nb.jpg#0\ta dog\n", test="a.jpg\n")
    assert [one.id for one in open_captions(tmp_path, split="all")] == ["a.jpg"]


def test_the_missing_file_is_named(tmp_path: Path) -> None:
    flickr8k(tmp_path, "a.jpg#0\ta cat\n")
    (tmp_path / "Flickr_8k.devImages.txt").unlink()
    with pytest.raises(
        NotFound, match=r"lacks Flickr_8k\.devImages\.txt; all four come in Flickr8k_text\.zip"
    ):
        open_captions(tmp_path)


def test_a_picture_in_two_splits_is_refused(tmp_path: Path) -> None:
    flickr8k(tmp_path, "a.jpg#0\ta cat\n", train="a.jpg\n", test="a.jpg\n")
    with pytest.raises(BadRequest, match="in the splits train and test"):
        open_captions(tmp_path)
    with pytest.raises(BadRequest, match="in two splits"):
        open_captions(
            jsonl(
                tmp_path,
                {"image": "a.jpg", "caption": "a cat", "split": "train"},
                {"image": "a.jpg", "caption": "one cat", "split": "test"},
            ),
            layout="jsonl",
        )


@pytest.mark.parametrize(
    ("row", "caption"),
    [
        ('a.jpg,"A dog, a ""hot"" one, runs"', 'A dog, a "hot" one, runs'),
        ("a.jpg,A dog, a hot one, runs", "A dog, a hot one, runs"),
        ('a.jpg,"A dog that never ends', "A dog that never ends"),
        ("a.jpg,  A   dog\twith room ", "A dog with room"),
    ],
)
def test_commas_and_quotes_stay_in_their_caption(tmp_path: Path, row: str, caption: str) -> None:
    pictures(tmp_path / "Images", "a.jpg", "b.jpg")
    (tmp_path / "captions.txt").write_bytes(f"image,caption\r\n{row}\r\nb.jpg,a cat\r\n".encode())
    found = {one.id: one.captions for one in open_captions(tmp_path, split="all")}
    assert found == {"a.jpg": (caption,), "b.jpg": ("a cat",)}


def test_missing_pictures_are_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pictures(tmp_path, "here.jpg")
    jsonl(tmp_path, *({"image": f"{name}.jpg", "caption": "a cat"} for name in ("here", "gone", "lost")))
    with caplog.at_level(logging.WARNING):
        assert [one.id for one in open_captions(tmp_path)] == ["here.jpg"]
    assert "2 of 3 pictures are missing and left out, for example gone.jpg, lost.jpg" in caplog.text


def test_a_data_set_without_pictures_says_where_they_come_from(tmp_path: Path) -> None:
    flickr8k(tmp_path, "a.jpg#0\ta cat\n", test="a.jpg\n")
    with pytest.raises(NotFound, match=r"None of the 1 pictures is there.*Flickr8k_Dataset\.zip"):
        open_captions(tmp_path)


def test_empty_captions_do_not_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pictures(tmp_path / "Images", "a.jpg", "b.jpg")
    flickr8k(tmp_path, "a.jpg#0\t \na.jpg#1\ta cat\nb.jpg#0\t\n", test="a.jpg\nb.jpg\n")
    assert [one.captions for one in open_captions(tmp_path)] == [("a cat",)]
    assert "1 of 2 pictures have no caption" in caplog.text


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "/etc/passwd", "C:\\x.jpg", "a\\..\\..\\x.jpg", "", "a\0.jpg"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest, match="leads out of"):
        path_inside(tmp_path, name)


def test_no_layout_follows_a_name_out_of_its_folder(tmp_path: Path) -> None:
    pictures(tmp_path, "secret.jpg")
    for layout in ("flickr8k", "csv", "jsonl", "karpathy", "coco"):
        (tmp_path / layout).mkdir()
    away = "../secret.jpg"
    flickr8k(tmp_path / "flickr8k", f"{away}#0\ta cat\n", test=away)
    (tmp_path / "csv" / "captions.txt").write_text(f"image,caption\n{away},a cat\n")
    jsonl(tmp_path / "jsonl", {"image": away, "caption": "a cat"})
    image = {"filename": away, "split": "test", "sentences": [{"raw": "a cat"}]}
    (tmp_path / "karpathy" / "dataset_flickr8k.json").write_text(json.dumps({"images": [image]}))
    content = {"images": [{"id": 1, "file_name": away}], "annotations": [{"image_id": 1, "caption": "a cat"}]}
    (tmp_path / "coco" / "captions_val2017.json").write_text(json.dumps(content))
    for layout in ("flickr8k", "csv", "jsonl", "karpathy", "coco"):
        with pytest.raises(BadRequest, match="leads out of"):
            open_captions(tmp_path / layout, split="all")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{broken"], r"captions\.jsonl:1 is no line of a data set"),
        (['{"caption": "a cat"}'], r"captions\.jsonl:1 names no picture"),
        (['{"image": "a.jpg", "caption": "a cat", "split": "dev"}'], "split is 'dev'; please use train, val"),
        (
            [
                '{"image": "a.jpg", "caption": "x", "id": "1"}',
                '{"image": "b.jpg", "caption": "x", "id": "1"}',
            ],
            "share the id 1",
        ),
        (['{"image": "a.jpg", "captions": "a cat"}'], r"captions\.jsonl:1 .*array"),
    ],
)
def test_a_broken_line_is_named_by_its_number(tmp_path: Path, lines: list[str], said: str) -> None:
    (tmp_path / "captions.jsonl").write_text("\n".join(lines))
    with pytest.raises(BadRequest, match=said):
        open_captions(tmp_path)


def test_a_json_that_ends_early_is_told_from_a_good_one(tmp_path: Path) -> None:
    (tmp_path / "dataset_coco.json").write_text('{"images": [{"filename": "a.j')
    with pytest.raises(BadRequest, match=r"dataset_coco\.json is not what its name says.*download complete"):
        open_captions(tmp_path)


@pytest.mark.parametrize("name", ["dataset_coco.json", "captions.jsonl"])
def test_a_json_that_is_nested_without_end_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"aside": ' + "[" * 50_000 + "]" * 50_000 + "}")
    with pytest.raises(BadRequest, match=rf"{name}.*recursion"):
        open_captions(tmp_path)


def test_two_files_of_karpathys_are_one_too_many(tmp_path: Path) -> None:
    for name in ("flickr8k", "coco"):
        (tmp_path / f"dataset_{name}.json").write_text('{"images": []}')
    with pytest.raises(BadRequest, match=r"dataset_coco\.json, dataset_flickr8k\.json; please leave the one"):
        open_captions(tmp_path)


def test_text_of_another_encoding_is_refused_not_garbled(tmp_path: Path) -> None:
    (tmp_path / "captions.txt").write_bytes("image,caption\na.jpg,un café\n".encode("latin-1"))
    with pytest.raises(BadRequest, match="not UTF-8"):
        open_captions(tmp_path)


def vqa(folder: Path, questions: list[int], answered: list[int]) -> Path:
    asked = [{"image_id": 1, "question_id": number, "question": "how many?"} for number in questions]
    given = [
        {"question_id": number, "answer_type": "number", "answers": [{"answer": "2", "answer_id": 1}]}
        for number in answered
    ]
    (folder / "v2_OpenEnded_mscoco_val2014_questions.json").write_text(json.dumps({"questions": asked}))
    (folder / "v2_mscoco_val2014_annotations.json").write_text(json.dumps({"annotations": given}))
    pictures(folder / "val2014", "COCO_val2014_000000000001.jpg")
    return folder


@pytest.mark.parametrize(
    ("questions", "answered", "said"),
    [([1, 2], [1], "no answers to question 2; do the files match"), ([1, 1], [1], "has question 1 twice")],
)
def test_questions_and_answers_must_belong_together(
    tmp_path: Path, questions: list[int], answered: list[int], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        open_questions(vqa(tmp_path, questions, answered))


def test_vqas_test_answers_are_not_public(tmp_path: Path) -> None:
    vqa(tmp_path, [1], [1])
    with pytest.raises(BadRequest, match="not public; please use the split val"):
        open_questions(tmp_path, split="test")
    with pytest.raises(NotFound, match=r"lacks v2_OpenEnded_mscoco_train2014.* and .*visualqa\.org"):
        open_questions(tmp_path, split="train")


def test_a_folder_without_questions_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"v2_OpenEnded_mscoco_val2014_questions\.json"):
        open_questions(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"split": "dev"}, "no split 'dev' here; please use train, val, test, all"),
        ({"layout": "imagenet"}, "no layout 'imagenet'; please use auto"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(
    tmp_path: Path, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        open_captions(tmp_path, **arguments)
    with pytest.raises(AfterimageError, match="no folder"):
        open_captions(tmp_path / "nowhere")


def test_dividing_depends_on_the_names_alone() -> None:
    names = [f"{number}.jpg" for number in range(100)]
    splits = split_by_name(names)
    assert split_by_name(reversed(names)) == splits
    assert [list(splits.values()).count(split) for split in ("train", "val", "test")] == [80, 10, 10]
    assert set(split_by_name(["a", "b", "c"]).values()) == {"train", "val", "test"}


def test_an_example_is_what_the_layouts_share() -> None:
    assert CaptionedImage(id="1", image=Path("a.jpg")).captions == ()
