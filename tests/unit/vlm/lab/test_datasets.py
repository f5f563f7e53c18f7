"""Every layout is read as it is published. The files are those of `vlm scenes`, or stand here."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from vlm.errors import NotFound
from vlm.images.opening import open_picture
from vlm.lab.datasets.opening import LAYOUTS, open_captions, open_questions
from vlm.lab.datasets.records import CaptionedImage
from vlm.lab.scene_dataset import plan_images, write_scenes

COUNT, SEED = 20, 3
SIZES = {"train": 16, "val": 2, "test": 2}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same pictures in three layouts."""
    folder = tmp_path_factory.mktemp("drawn")
    for layout in ("flickr8k", "coco", "jsonl"):
        write_scenes(folder / layout, count=COUNT, layout=layout, seed=SEED)
    return folder


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 16), "green").save(path, "JPEG")
    return path


@pytest.mark.parametrize("layout", ["flickr8k", "coco", "jsonl"])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_layout_is_recognised_and_says_what_was_drawn(drawn: Path, layout: str, split: str) -> None:
    examples = open_captions(drawn / layout, split=split)
    assert [example.captions for example in examples] == [
        picture.captions for picture in plan_images(COUNT, SEED) if picture.split == split
    ]
    assert len(examples) == SIZES[split]
    assert {example.split for example in examples} == {split}
    assert all(open_picture(example.image.read_bytes()).width >= 320 for example in examples)


@pytest.mark.parametrize("layout", ["flickr8k", "coco", "jsonl"])
def test_no_picture_is_in_two_splits(drawn: Path, layout: str) -> None:
    examples = open_captions(drawn / layout, split="all")
    assert len({example.id for example in examples}) == len({one.image for one in examples}) == COUNT


def test_coco_has_its_own_captions_beside_karpathys_splits(drawn: Path) -> None:
    by_coco = open_captions(drawn / "coco", layout="coco", split="val")
    by_karpathy = [
        example for split in ("val", "test") for example in open_captions(drawn / "coco", split=split)
    ]
    assert [example.captions for example in by_coco] == [example.captions for example in by_karpathy]
    with pytest.raises(NotFound, match="it has: train, val"):
        open_captions(drawn / "coco", layout="coco", split="test")


def test_vqa_has_ten_answers_and_their_type(drawn: Path) -> None:
    asked = open_questions(drawn / "coco", split="train")
    assert len(asked) == 3 * SIZES["train"]
    assert all(len(one.answers) == 10 and len(set(one.answers)) == 1 for one in asked)
    assert {one.kind for one in asked} == {"yes/no", "number", "other"}
    assert all(one.image.is_file() for one in asked)
    truths = [
        question for one in plan_images(COUNT, SEED) if one.split == "train" for question in one.questions
    ]
    assert [(one.question, one.answers[0]) for one in asked] == [(one.question, one.answer) for one in truths]


def test_jsonl_questions_are_those_of_vqa(drawn: Path) -> None:
    by_jsonl = open_questions(drawn / "jsonl", split="train")
    by_vqa = open_questions(drawn / "coco", split="train")
    assert [(one.question, one.answers[0]) for one in by_jsonl] == [
        (one.question, one.answers[0]) for one in by_vqa
    ]


def test_kaggles_csv_is_divided_by_picture_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [(f"{number}.jpg", f"picture {number}, caption {k}") for number in range(30) for k in range(5)]
    for name, _ in rows[::5]:
        picture(tmp_path / "Images" / name)
    with (tmp_path / "captions.txt").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "caption"), *rows])
    found = {split: open_captions(tmp_path, split=split) for split in ("train", "val", "test")}
    assert {split: len(examples) for split, examples in found.items()} == {"train": 24, "val": 3, "test": 3}
    assert all(len(one.captions) == 5 for examples in found.values() for one in examples)
    assert "divided 80/10/10 by name" in caplog.text
    assert [one.id for one in open_captions(tmp_path)] == ["0.jpg", "19.jpg", "26.jpg"]  # on every machine


def test_kaggles_csv_keeps_the_original_splits_where_they_lie_beside_it(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        picture(tmp_path / "Images" / name)
    (tmp_path / "captions.txt").write_text("image,caption\na.jpg,a cat\nb.jpg,a dog\nc.jpg,a cow\n")
    for part, name in (("train", "b.jpg"), ("dev", "c.jpg"), ("test", "a.jpg")):
        (tmp_path / f"Flickr_8k.{part}Images.txt").write_text(name + "\n")
    assert [one.captions for one in open_captions(tmp_path, split="val")] == [("a cow",)]


def test_flickr30k_is_read_by_karpathys_file(tmp_path: Path) -> None:
    splits = {"1.jpg": "train", "2.jpg": "val", "3.jpg": "test", "4.jpg": "restval"}
    for name in splits:
        picture(tmp_path / "flickr30k-images" / name)
    images = [
        {"filename": name, "split": split, "sentids": [0], "sentences": [{"raw": f"Picture {name}."}]}
        for name, split in splits.items()
    ]
    (tmp_path / "dataset_flickr30k.json").write_text(json.dumps({"images": images, "dataset": "flickr30k"}))
    assert [one.id for one in open_captions(tmp_path)] == ["3.jpg"]
    assert [one.id for one in open_captions(tmp_path, split="train")] == [
        "1.jpg",
        "4.jpg",
    ]  # restval is train


def test_coco_takes_the_year_whose_pictures_are_there(tmp_path: Path) -> None:
    for year, name in ((2014, "COCO_val2014_000000000007.jpg"), (2017, "000000000007.jpg")):
        content = {
            "images": [{"id": 7, "file_name": name}],
            "annotations": [{"id": 1, "image_id": 7, "caption": f"a cat of {year}"}],
        }
        file = tmp_path / "annotations" / f"captions_val{year}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content))
    picture(tmp_path / "val2014" / "COCO_val2014_000000000007.jpg")
    assert open_captions(tmp_path, split="val")[0].captions == ("a cat of 2014",)
    picture(tmp_path / "images" / "val2017" / "000000000007.jpg")
    assert open_captions(tmp_path, split="val")[0].captions == ("a cat of 2017",)


def test_a_folder_of_notes_needs_nothing_else(tmp_path: Path) -> None:
    picture(tmp_path / "b.jpg").with_suffix(".txt").write_text("a dog\n\na brown dog\n")
    picture(tmp_path / "trip" / "a.JPG").with_suffix(".txt").write_text("a cat\n")
    picture(tmp_path / "alone.jpg")
    assert open_captions(tmp_path) == [
        CaptionedImage(id="b.jpg", image=tmp_path / "b.jpg", captions=("a dog", "a brown dog")),
        CaptionedImage(id="trip/a.JPG", image=tmp_path / "trip" / "a.JPG", captions=("a cat",)),
    ]
    assert open_captions(tmp_path, split="train") == open_captions(tmp_path)  # no splits: all of it, always


def test_jsonl_takes_its_fields_in_either_spelling(tmp_path: Path) -> None:
    lines = [
        {"image": "a.jpg", "captions": ["a cat", "one cat"], "split": "test", "id": 5},
        {"file_name": "b.jpg", "text": "a dog", "split": "train"},
        {"image": "a.jpg", "caption": "the cat", "split": "test"},
        {
            "image": "a.jpg",
            "question": "how many cats?",
            "answers": ["one", "1"],
            "split": "val",
            "kind": "n",
        },
    ]
    picture(tmp_path / "a.jpg"), picture(tmp_path / "b.jpg")
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    [cat] = open_captions(tmp_path)
    assert (cat.id, cat.captions) == ("5", ("a cat", "one cat", "the cat"))
    assert [one.captions for one in open_captions(tmp_path, split="train")] == [("a dog",)]
    [asked] = open_questions(tmp_path)
    assert (asked.question, asked.answers, asked.kind) == ("how many cats?", ("one", "1"), "n")


def test_a_jsonl_file_may_be_named_for_its_split(tmp_path: Path) -> None:
    for split in ("train", "test"):
        picture(tmp_path / f"{split}.jpg")
        (tmp_path / f"{split}.jsonl").write_text(json.dumps({"image": f"{split}.jpg", "caption": split}))
    assert [one.captions for one in open_captions(tmp_path)] == [("test",)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_empty_folder_is_told_what_was_looked_for(tmp_path: Path, layout: str) -> None:
    with pytest.raises(NotFound) as caught:
        open_captions(tmp_path, layout=layout)
    if layout == "auto":
        for file in ("Flickr8k.token.txt", "captions.txt", "dataset_", "captions_{train,val}", "*.jsonl"):
            assert file in str(caught.value)
        assert "cocodataset.org" in str(caught.value)
