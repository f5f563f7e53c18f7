"""`vlm find`: a folder of pictures, searched by the model that ships."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image
from support.paths import SAMPLES

from vlm.cli import main
from vlm.commands.find import index_folder
from vlm.engine.base import Encoded, Engine
from vlm.engine.echo import EchoEngine
from vlm.protocol import ModelInfo
from vlm.search.folder_cache import NAME, SUFFIXES, FolderIndex, pictures_of, read_index, write_index
from vlm.worker.decoder_pool import decode_in_process

Search = Callable[..., tuple[int, str, str]]
CHOSEN = ("picnic", "farm", "ice", "harbour")


class Counting(EchoEngine):
    """Counts the pictures that it was shown, and may be of another revision."""

    def __init__(self, revision: str = "echo-1") -> None:
        super().__init__()
        self.info = ModelInfo(name="echo", revision=revision)
        self.shown = 0

    def encode(self, images: Sequence[Image.Image]) -> list[Encoded]:
        self.shown += len(images)
        return super().encode(images)


@pytest.fixture
def pictures_folder(tmp_path: Path) -> Path:
    """Three pictures, one of them in a folder below."""
    folder = tmp_path / "album"
    (folder / "below").mkdir(parents=True)
    for name, colour in (("red.png", "red"), ("blue.jpg", "blue"), ("below/green.webp", "green")):
        Image.new("RGB", (32, 24), colour).save(folder / name)
    return folder


def look(folder: Path, engine: Engine) -> FolderIndex:
    return index_folder(folder, pictures_of(folder), engine, decode_in_process, batch=2)


def shown(folder: Path, revision: str = "echo-1") -> int:
    """How many pictures a search shows to the model now."""
    engine = Counting(revision)
    look(folder, engine)
    return engine.shown


# What is kept.


def test_the_second_search_looks_at_no_picture(pictures_folder: Path) -> None:
    assert (shown(pictures_folder), shown(pictures_folder)) == (3, 0)
    captions = {path: picture.record.caption for path, picture in look(pictures_folder, Counting()).items()}
    assert captions["below/green.webp"] == "a green picture of 32 by 24"


def test_only_new_and_changed_pictures_are_looked_at_again(pictures_folder: Path) -> None:
    shown(pictures_folder)
    Image.new("RGB", (32, 24), "black").save(pictures_folder / "red.png")
    Image.new("RGB", (32, 24), "white").save(pictures_folder / "new.png")
    (pictures_folder / "blue.jpg").unlink()
    assert shown(pictures_folder) == 2
    index = look(pictures_folder, Counting())
    assert index["red.png"].record.caption == "a black picture of 32 by 24" and "blue.jpg" not in index


def test_a_picture_that_was_moved_or_touched_is_known_by_its_bytes(pictures_folder: Path) -> None:
    shown(pictures_folder)
    (pictures_folder / "red.png").rename(pictures_folder / "below" / "moved.png")
    os.utime(pictures_folder / "blue.jpg", ns=(1, 1))
    assert shown(pictures_folder) == 0
    index = look(pictures_folder, Counting())
    assert index["below/moved.png"].record.caption.startswith("a red") and "red.png" not in index


@pytest.mark.promise("security#pictures-by-hash")
def test_another_model_looks_at_everything_again(pictures_folder: Path) -> None:
    assert (shown(pictures_folder, "one"), shown(pictures_folder, "two"), shown(pictures_folder, "two")) == (
        3,
        3,
        0,
    )


def test_an_index_that_cannot_be_read_is_made_anew(pictures_folder: Path) -> None:
    shown(pictures_folder)
    for broken in (b"", b"x" * 100, (pictures_folder / NAME).read_bytes()[:-5]):
        (pictures_folder / NAME).write_bytes(broken)
        assert shown(pictures_folder) == 3


def test_an_interrupted_search_keeps_what_it_has_seen(pictures_folder: Path) -> None:
    class Interrupted(Counting):
        def generate(self, *arguments: object) -> list[str]:
            if self.shown > 2:
                raise KeyboardInterrupt
            return super().generate(*arguments)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        look(pictures_folder, Interrupted())
    assert shown(pictures_folder) == 1


def test_a_folder_that_may_not_be_written_to_is_kept_in_the_cache(
    pictures_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (pictures_folder / NAME / "taken").mkdir(parents=True)  # as good as read-only, for root as well
    assert (shown(pictures_folder), shown(pictures_folder)) == (3, 0)
    assert str(tmp_path / "cache") in capsys.readouterr().err
    assert sorted(path.name for path in pictures_folder.iterdir()) == [NAME, "below", "blue.jpg", "red.png"]


def test_where_nothing_can_be_kept_the_search_still_works(
    pictures_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (pictures_folder / NAME / "taken").mkdir(parents=True)
    assert (shown(pictures_folder), shown(pictures_folder)) == (3, 3)
    assert "each search reads all pictures again" in capsys.readouterr().err


def test_names_that_are_no_text_are_kept(pictures_folder: Path) -> None:
    odd = os.fsdecode(b"p\xffng \n.png")
    (pictures_folder / "red.png").rename(pictures_folder / odd)
    assert (shown(pictures_folder), shown(pictures_folder)) == (3, 0)
    index = read_index(pictures_folder, "echo-1")
    assert index[odd].record.caption.startswith("a red")
    assert write_index(pictures_folder, "echo-1", index) == pictures_folder / NAME


def test_hidden_files_and_other_kinds_are_no_pictures(pictures_folder: Path) -> None:
    for name in (".hidden.png", "notes.txt", "movie.mp4"):
        (pictures_folder / name).write_text("no picture")
    (pictures_folder / ".thumbnails").mkdir()
    shutil.copy(pictures_folder / "red.png", pictures_folder / ".thumbnails" / "red.png")
    shutil.copy(pictures_folder / "red.png", pictures_folder / "LOUD.PNG")
    assert pictures_of(pictures_folder) == ["LOUD.PNG", "below/green.webp", "blue.jpg", "red.png"]
    assert all(suffix == suffix.lower() for suffix in SUFFIXES)


# The command, with the tiny model.


@pytest.fixture
def search(drawn: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Search:
    """The command, in this process: its status, its output and its remarks."""
    monkeypatch.chdir(drawn)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["find", "--model", "tiny", *arguments])
        return status, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `pictures` of samples, one of them twice, and a broken one in `broken`."""
    folder = tmp_path_factory.mktemp("find")
    for name in ("pictures", "broken"):
        (folder / name).mkdir()
        for sample in CHOSEN:
            shutil.copy(SAMPLES / f"{sample}.jpg", folder / name)
    shutil.copy(SAMPLES / "picnic.jpg", folder / "pictures" / "resent.jpg")
    (folder / "broken" / "cut.jpg").write_bytes((SAMPLES / "ice.jpg").read_bytes()[:2000])
    return folder


def test_json_says_what_was_found_and_why(search: Search) -> None:
    status, out, _ = search("--json", "pictures", "three penguins")
    record = json.loads(out)
    assert status == 0 and record["query"] == "three penguins" and record["pictures"] == 5
    (hit,) = record["hits"]
    assert hit["path"] == "pictures/ice.jpg" and "penguins" in hit["caption"] and hit["copies"] == []
    assert hit["why"]["words"] == ["three", "penguins"] and hit["score"] > 0.5
    assert record["nearest"] is None and record["failed"] == [] and record["total"] == 1


def test_people_read_the_path_the_caption_and_why(search: Search) -> None:
    status, out, _ = search("pictures", "ships")
    assert status == 0 and out.startswith("pictures/harbour.jpg: two ships on a blue background (")
    assert ": ships; picture" in out and out.count("\n") == 1


def test_a_picture_that_is_there_twice_is_one_hit(search: Search) -> None:
    _, out, _ = search("--json", "pictures", "two cats")
    (hit,) = json.loads(out)["hits"]
    assert {hit["path"], *hit["copies"]} == {"pictures/picnic.jpg", "pictures/resent.jpg"}


def test_what_is_not_there_is_not_found_and_the_nearest_is_offered(search: Search) -> None:
    status, out, remarks = search("pictures", "a giraffe")
    assert (
        (status, out) == (0, "") and "Nothing like that." in remarks and "The nearest is pictures/" in remarks
    )
    record = json.loads(search("--json", "pictures", "a violin")[1])
    assert record["hits"] == [] and record["nearest"]["path"].startswith("pictures/")


def test_a_broken_picture_is_named_and_the_others_are_searched(search: Search) -> None:
    status, out, remarks = search("broken", "tractor")
    assert status == 1 and out.startswith("broken/farm.jpg: ")
    assert "broken/cut.jpg: This picture is damaged" in remarks
    (failed,) = json.loads(search("--json", "broken", "tractor")[1])["failed"]
    assert (failed["path"], failed["error"]) == ("broken/cut.jpg", "bad_image")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("nowhere", "cat"), "There is no folder nowhere; please check its name."),
        ((".", "🙂"), "Please say in words what to look for, for example: red bicycle."),
        (("empty", "cat"), "There are no pictures in empty: JPEG, PNG, WebP, GIF and HEIC are looked for."),
    ],
)
def test_what_cannot_be_searched_is_said_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    expected: str,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["find", "--model", "echo", *arguments]) == 2
    assert capsys.readouterr().err.splitlines() == [f"vlm: {expected}"]


def test_a_model_that_cannot_search_says_so_before_it_looks_at_anything(
    drawn: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(drawn)
    monkeypatch.setenv("VLM_ITC_MODEL", "none")
    monkeypatch.setenv("VLM_MODEL", "tiny")
    (drawn / "pictures" / NAME).unlink(missing_ok=True)
    assert main(["find", "pictures", "cat"]) == 2
    assert "This model cannot search" in capsys.readouterr().err
    assert not (drawn / "pictures" / NAME).exists()
