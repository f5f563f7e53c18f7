"""The worker's search indexes: as the memory is now, read no more than needed, and no more than fit."""

import numpy as np
import pytest
from redis.asyncio import Redis

from vlm.memory import Array, Memory, Photo, Searchable
from vlm.search.index import SearchIndex
from vlm.search.index_cache import PAGE, IndexCache

CHAT, OTHER = 5, 6
Q, E = 2, 4


class Counted(Memory):
    """Writes down which photos were read."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.read: list[str] = []

    async def searchable(self, chat: int, ids: list[str]) -> list[Searchable]:  # type: ignore[override]
        self.read += ids
        return await super().searchable(chat, ids)


@pytest.fixture
def counted(redis: Redis) -> Counted:
    return Counted(redis)


def vectors(revision: str = "one") -> Array:
    return Array(data=np.ones((Q, E), np.float16).tobytes(), shape=(Q, E), revision=revision)


async def came(memory: Memory, id: str, caption: str = "a cat", chat: int = CHAT, sender: int = 7) -> None:
    await memory.remember(chat, Photo(id=id, file_id="f", sender=sender, created_ms=1000 * int(id)))
    await memory.set_caption(chat, id, caption=caption, revision="one")
    await memory.store_vectors(chat, id, vectors())


def texts(index: SearchIndex) -> dict[str, str]:
    return {photo.id: photo.text for photo in index.photos}


async def test_an_album_shows_what_came_changed_and_went(counted: Counted) -> None:
    cache = IndexCache(counted, "one")
    assert texts(await cache.get(CHAT)) == {}
    for id in "123":
        await came(counted, id)
    assert texts(await cache.get(CHAT)) == {"1": "a cat", "2": "a cat", "3": "a cat"}
    await counted.set_correction(CHAT, "1", "Minka")
    await counted.set_note(CHAT, "2", "in Rome")
    await counted.forget(CHAT, "3")
    await came(counted, "4", "a dog")
    index = await cache.get(CHAT)
    assert texts(index) == {"1": "Minka", "2": "a cat\nin Rome", "4": "a dog"}
    assert {(photo.timestamp, photo.sender) for photo in index.photos} == {(1000, 7), (2000, 7), (4000, 7)}
    await counted.forget_chat(CHAT)
    assert len(await cache.get(CHAT)) == 0
    await came(counted, "5")
    assert texts(await cache.get(CHAT)) == {"5": "a cat"}


async def test_only_what_is_new_or_changed_is_read(counted: Counted) -> None:
    cache = IndexCache(counted, "one")
    for id in "123":
        await came(counted, id)
    await cache.get(CHAT)
    await cache.get(CHAT)
    assert counted.read == ["1", "2", "3"]
    await came(counted, "4")
    await counted.set_correction(CHAT, "2", "Minka")
    await cache.get(CHAT)
    assert counted.read[3:] == ["4", "2"]


async def test_vectors_of_another_model_are_left_out(counted: Counted) -> None:
    await came(counted, "1")
    await came(counted, "2")
    await counted.store_vectors(CHAT, "2", vectors("of an older model"))
    index = await IndexCache(counted, "one").get(CHAT)
    assert index.columns.row.tolist().count(-1) == 1
    assert len(index) == 2


async def test_what_the_chat_was_shown_is_searched_until_it_is_corrected(counted: Counted) -> None:
    await came(counted, "1")
    await counted.set_caption(
        CHAT, "1", caption="a cat", revision="one", localized_caption="eine Katze", language="de"
    )
    cache = IndexCache(counted, "one")
    assert texts(await cache.get(CHAT)) == {"1": "a cat\neine Katze"}
    await counted.set_correction(CHAT, "1", "Minka")
    assert texts(await cache.get(CHAT)) == {"1": "Minka"}


async def test_what_its_owner_wrote_of_a_photo_is_told_from_what_a_model_did(counted: Counted) -> None:
    await came(counted, "1")
    cache = IndexCache(counted, "one")
    assert [photo.owner_text.split() for photo in (await cache.get(CHAT)).photos] == [[]]
    await counted.set_note(CHAT, "1", "in Rome")
    await counted.set_correction(CHAT, "1", "Minka")
    assert [photo.owner_text.split() for photo in (await cache.get(CHAT)).photos] == [["Minka", "in", "Rome"]]


async def test_chats_do_not_see_each_other(counted: Counted) -> None:
    await came(counted, "1", "a secret", chat=OTHER)
    await came(counted, "1")
    cache = IndexCache(counted, "one")
    assert texts(await cache.get(CHAT)) == {"1": "a cat"}
    assert texts(await cache.get(OTHER)) == {"1": "a secret"}


async def test_the_album_unused_the_longest_makes_room_and_is_read_again(counted: Counted) -> None:
    for chat in (1, 2, 3):
        await came(counted, "1", chat=chat)
    one_index_bytes = (await IndexCache(counted, "one").get(1)).nbytes
    cache = IndexCache(counted, "one", max_bytes=2 * one_index_bytes)
    for chat in (1, 2, 1, 3):
        await cache.get(chat)
    assert cache.chats == (1, 3)
    assert texts(await cache.get(2)) == {"1": "a cat"}
    assert IndexCache(counted, "one", max_bytes=0).chats == ()


async def test_an_album_too_large_for_the_room_is_kept_while_it_is_the_last(counted: Counted) -> None:
    await came(counted, "1")
    cache = IndexCache(counted, "one", max_bytes=0)
    await cache.get(CHAT)
    assert cache.chats == (CHAT,)


async def test_what_is_expected_is_read_ahead_a_page_at_a_time(counted: Counted) -> None:
    for id in range(PAGE + 20):
        await came(counted, str(id))
    cache = IndexCache(counted, "one")
    cache.expect(CHAT)
    await cache.read_ahead()
    assert (len(counted.read), cache.expecting) == (PAGE, True)
    await counted.forget(CHAT, "3")
    await counted.set_correction(CHAT, "4", "Minka")
    await cache.read_ahead()
    assert not cache.expecting
    counted.read.clear()
    assert len(await cache.get(CHAT)) == PAGE + 19
    assert counted.read == ["4"]


async def test_a_search_goes_on_where_reading_ahead_was(counted: Counted) -> None:
    for id in range(PAGE + 20):
        await came(counted, str(id))
    cache = IndexCache(counted, "one")
    cache.expect(CHAT)
    await cache.read_ahead()
    await counted.forget(CHAT, "3")
    assert len(await cache.get(CHAT)) == PAGE + 19
    await cache.read_ahead()
    assert (sorted(counted.read, key=int), cache.expecting) == ([str(id) for id in range(PAGE + 20)], False)


async def test_the_chats_that_changed_last_are_expected_first_and_as_many_as_fit(counted: Counted) -> None:
    for chat in (1, 2, 3, 2):
        await came(counted, "1", chat=chat)
    one_index_bytes = (await IndexCache(counted, "one").get(1)).nbytes
    cache = IndexCache(counted, "one", max_bytes=2 * one_index_bytes)
    await cache.expect_latest()
    while cache.expecting:
        await cache.read_ahead()
    assert cache.chats == (3, 2)


async def test_what_a_chat_forgot_is_soon_gone_from_its_album_though_nobody_searches(
    counted: Counted,
) -> None:
    for id in "12":
        await came(counted, id)
        await came(counted, id, chat=OTHER)
    cache = IndexCache(counted, "one")
    index, other_index = await cache.get(CHAT), await cache.get(OTHER)
    await counted.forget(CHAT, "1")
    await counted.forget_chat(OTHER)
    await cache.refresh()
    assert (index.ids, len(other_index), cache.chats) == ({"2"}, 0, (CHAT,))


async def test_an_album_that_nobody_searches_is_let_go(counted: Counted) -> None:
    await came(counted, "1")
    cache = IndexCache(counted, "one")
    await cache.get(CHAT)
    await cache.refresh(idle_s=60)
    assert cache.chats == (CHAT,)
    await cache.refresh(idle_s=0)
    assert cache.chats == ()
    assert texts(await cache.get(CHAT)) == {"1": "a cat"}
