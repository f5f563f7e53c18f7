"""What a chat is shown was of that chat, whatever anybody does; `make isolation` does much more of it.

Here too: by what a picture's words are kept for the next time.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.security import isolation
from support.security.isolation_machine import Isolation
from support.security.isolation_world import NOBODY, PEOPLE, World, drawn, mark

from bot.sandbox.sandbox import build
from vlm.queue.server import Server, start
from vlm.search.folder_cache import pictures_of, read_index, refresh, write_index

OPERATIONS = 100


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start(tmp_path_factory.mktemp("server"))
    try:
        yield running
    finally:
        running.kill()


@pytest.mark.promise("security#isolation")
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("default")  # the parts end with open connections
def test_nobody_is_shown_what_was_another_chats(
    server: Server, record_property: Callable[[str, object], None]
) -> None:
    isolation.run(server.url, OPERATIONS, steps=50, number=20260101)
    for name, count in Isolation.count.items():
        record_property(name, count)
    assert isolation.operations() >= OPERATIONS
    assert Isolation.count["that showed a photo or its words"] > 100


# The watch itself: what it is there for is seen.


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(build(tmp_path, name="Afterimage", username="afterimage_bot"), None)  # type: ignore[arg-type]


async def shown(world: World, method: str, chat: int | None, **args: Any) -> None:
    world.box.calls.append({"method": method, "chat": chat, "args": args})
    world.check()


@pytest.mark.promise("security#isolation-is-watched")
@pytest.mark.parametrize("text", [f"AI caption: {mark(3, 7)}", "AI caption: a red picture of 103 by 17"])
@pytest.mark.parametrize("method", ["sendMessage", "editMessageText", "answerCallbackQuery"])
async def test_the_watch_sees_another_chats_words(world: World, method: str, text: str) -> None:
    await shown(world, "sendMessage", world.ids[3], text=text)
    with pytest.raises(AssertionError, match=f"shown to {NOBODY if method[0] == 'a' else 4}"):
        await shown(world, method, None if method[0] == "a" else world.ids[4], text=text)


@pytest.mark.promise("security#isolation-is-watched")
async def test_the_watch_sees_another_chats_photo(world: World) -> None:
    await world.send(world.person(3), [world.next_photo(3, "red")], "")
    [*_, file] = world.marked
    await shown(world, "sendPhoto", world.ids[3], photo=file)
    with pytest.raises(AssertionError, match="shown to 4"):
        await shown(world, "sendMediaGroup", world.ids[4], media=f'[{{"media": "{file}"}}]')


@pytest.mark.promise("security#isolation-is-watched")
async def test_the_watch_sees_who_asks_inline(world: World) -> None:
    results = [{"type": "photo", "caption": mark(3, 7)}]
    for person, leaks in ((3, False), (4, True)):
        query = world.person(person).ask_inline("")
        world.box.answer("inline", query)
        if leaks:
            with pytest.raises(AssertionError, match="shown to 4"):
                await shown(world, "answerInlineQuery", None, inline_query_id=query, results=results)
        else:
            await shown(world, "answerInlineQuery", None, inline_query_id=query, results=results)


@pytest.mark.promise("security#isolation-is-watched")
@pytest.mark.parametrize("name", ["photos.jsonl", "pictures/1.png"])
async def test_the_watch_looks_into_exports(world: World, name: str) -> None:
    group, asker = PEOPLE, 0
    data, person = io.BytesIO(), world.person(asker)
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(name, drawn(group, 7, "red") if name.endswith("png") else mark(group, 7))
    document = await world.box.files.add_document("afterimage-1.zip", data.getvalue())
    world.box.world.post(person.chat, world.box.world.state.bot, {"document": document})
    with pytest.raises(AssertionError, match="shown to 0"):
        await shown(world, "sendDocument", person.user["id"], document=["<afterimage-1.zip>"])
    world.exported[asker] = {group}
    await shown(world, "sendDocument", person.user["id"], document=["<afterimage-1.zip>"])


# By what a picture's words are kept.


@pytest.mark.promise("security#pictures-by-hash")
def test_a_picture_is_known_by_all_of_its_sha256_and_the_models_revision(tmp_path: Path) -> None:
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (32, 24), colour).save(tmp_path / name)
    asked: list[bytes] = []

    def look(pictures: list[bytes]) -> list[tuple[str, None]]:
        asked.extend(pictures)
        return [(hashlib.sha256(picture).hexdigest(), None) for picture in pictures]

    def seen(revision: str) -> dict[str, str]:
        index = {}
        for part in refresh(tmp_path, pictures_of(tmp_path), read_index(tmp_path, revision), look, batch=2):
            index |= part
        write_index(tmp_path, revision, index)
        for path, each in index.items():
            digest = hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()
            assert each.record.sha256 == digest == each.record.caption
        return {path: each.record.caption for path, each in index.items()}

    assert seen("one") == seen("one")
    assert len(asked) == 2
    first, second = (tmp_path / "a.png").read_bytes(), (tmp_path / "b.png").read_bytes()
    (tmp_path / "a.png").write_bytes(second + b" ")  # alike but for one byte: another picture
    (tmp_path / "b.png").write_bytes(first)  # another path: the same picture
    seen("one")
    assert asked[2:] == [second + b" "]
    seen("two")
    assert len(asked) == 5
