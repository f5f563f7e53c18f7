"""What a chat remembers, and what it must not, on both servers."""

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from vlm.memory import Array, Memory, Photo
from vlm.memory.scripts import script_keys
from vlm.protocol import Turn

CHAT, OTHER = -100123, 7


def photo(id: str, sender: int = 1, created_ms: int = 1000, topic: int = 0) -> Photo:
    return Photo(
        id=id,
        file_id=f"file {id}",
        file_unique_id=f"unique {id}",
        sender=sender,
        created_ms=created_ms,
        topic=topic,
    )


def array(revision: str = "r1") -> Array:
    return Array(data=b"\x00\x3c" * 6, shape=(2, 3), revision=revision)


async def test_a_photo_is_found_by_its_own_message_and_by_those_linked_to_it(memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    await memory.link(CHAT, 11, "10")
    assert await memory.photo_of(CHAT, 10) == await memory.photo_of(CHAT, 11) == "10"
    assert await memory.photo_of(CHAT, 12) is None
    assert await memory.get(CHAT, "10") == photo("10")
    assert await memory.get(CHAT, "11") is None


async def test_the_latest_photo_is_by_time_and_of_the_person_asked_for(memory: Memory) -> None:
    assert await memory.latest(CHAT) is None
    await memory.remember(CHAT, photo("1", sender=5, created_ms=1))
    for n in range(2, 120):
        await memory.remember(CHAT, photo(str(n), sender=6, created_ms=n))
    assert (await memory.latest(CHAT)) == photo("119", sender=6, created_ms=119)
    assert (await memory.latest(CHAT, sender=5)) == photo("1", sender=5, created_ms=1)
    assert await memory.latest(CHAT, sender=7) is None


async def test_the_latest_photo_may_be_that_of_a_topic(redis: Redis, memory: Memory) -> None:
    for n, (sender, topic) in enumerate([(5, 70), (6, 70), (5, 80), (5, 0)], 1):
        await memory.remember(CHAT, photo(str(n), sender=sender, topic=topic))
    await redis.hdel(f"photo:{{{CHAT}}}:4", "topic")  # as kept before there were topics
    filters = [(None, 70), (5, 70), (6, 80), (5, 80), (None, 0)]
    photos = [await memory.latest(CHAT, sender, topic) for sender, topic in filters]
    assert [one and one.id for one in photos] == ["2", "1", None, "3", "4"]


async def test_a_page_of_photos_keeps_to_a_time_and_a_person_and_goes_on_behind_the_last(
    memory: Memory,
) -> None:
    for n in range(1, 251):
        await memory.remember(CHAT, photo(str(n), sender=n % 2, created_ms=1000 * n))

    async def page(before: str | None = None, **filters: int) -> list[str]:
        return [one.id for one in await memory.recent(CHAT, 3, before, **filters)]

    assert await page() == ["250", "249", "248"]
    assert await page(since_ms=249_000) == ["250", "249"]
    assert await page(until_ms=4_000) == ["3", "2", "1"]
    assert await page(since_ms=10_000, until_ms=12_000) == ["11", "10"]
    assert await page("11", since_ms=10_000, until_ms=12_000) == ["10"]
    assert await page("20", sender=1) == ["19", "17", "15"]
    assert await page("3", sender=1, since_ms=1_000) == ["1"]
    assert await page(until_ms=1_000) == await page("1") == await page("none such") == []


async def test_somebody_who_sent_photos_is_known_by_name(memory: Memory) -> None:
    for n in range(1, 120):
        await memory.remember(CHAT, photo(str(n), sender=n, created_ms=n))
    ada = Photo(id="0", file_id="f", sender=77, sender_name="Ada Byron @ada", created_ms=0)
    await memory.remember(CHAT, ada)
    assert await memory.sender_named(CHAT, "@ADA") == 77
    assert await memory.sender_named(CHAT, "@ad") is None
    assert await memory.sender_named(OTHER, "@ada") is None


@pytest.mark.parametrize("offsets_ms", [(998, 999, 0), (0, 0, 0)])
async def test_of_photos_of_one_second_the_highest_id_is_the_newest(
    memory: Memory, offsets_ms: Sequence[int]
) -> None:
    for id, offset_ms in zip(("998", "999", "1000"), offsets_ms, strict=True):
        await memory.remember(CHAT, photo(id, created_ms=5_000 + offset_ms))
    assert (await memory.latest(CHAT)) == photo("1000", created_ms=5_000 + offsets_ms[2])


async def test_remembering_a_photo_again_keeps_what_a_worker_added(memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    assert await memory.set_caption(CHAT, "10", caption="zwei Käfer 🐞", revision="r1")
    assert await memory.store_vectors(CHAT, "10", array())
    await memory.remember(CHAT, photo("10"))
    kept = await memory.get(CHAT, "10")
    assert kept
    assert (kept.caption, kept.revision) == ("zwei Käfer 🐞", "r1")
    assert await memory.vectors(CHAT, "10") == array()


async def test_turns_come_in_the_order_of_asking_and_a_job_done_twice_leaves_one(memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    for job, at_ms in [("c", 3), ("a", 1), ("b", 2), ("d", 4), ("a", 1)]:
        turn = Turn(question=f"q {job}", answer=f"a {job}")
        assert await memory.add_turn(CHAT, "10", job=job, turn=turn, at_ms=at_ms)
    assert [turn.question for turn in await memory.turns(CHAT, "10", last=9)] == ["q a", "q b", "q c", "q d"]
    assert [turn.question for turn in await memory.turns(CHAT, "10")] == ["q b", "q c", "q d"]


async def test_query_tokens_expire_unless_they_are_used(redis: Redis) -> None:
    memory = Memory(redis, tokens_ttl_s=100)
    await memory.remember(CHAT, photo("10"))
    assert not await memory.tokens_alive(CHAT, "10")
    assert await memory.store_tokens(CHAT, "10", array())
    key = f"tokens:{{{CHAT}}}:10"
    assert 90 < await redis.ttl(key) <= 100
    await redis.expire(key, 5)
    assert await Memory(redis).tokens_alive(CHAT, "10")
    assert 0 < await redis.ttl(key) <= 5  # a front end only looks: how long they live is the worker's setting
    assert await memory.tokens(CHAT, "10") == array()
    assert 90 < await redis.ttl(key) <= 100
    await redis.delete(key)
    assert await memory.tokens(CHAT, "10") is None


async def test_a_worker_cannot_bring_back_what_was_forgotten(redis: Redis, memory: Memory) -> None:
    assert not await memory.set_caption(CHAT, "10", caption="a cat", revision="r1")
    assert not await memory.store_vectors(CHAT, "10", array())
    assert not await memory.store_tokens(CHAT, "10", array())
    assert not await memory.add_turn(CHAT, "10", job="j", turn=Turn(question="q", answer="a"), at_ms=1)
    assert await redis.keys("*") == []


async def test_a_chat_knows_nothing_of_another(memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    await memory.store_tokens(CHAT, "10", array())
    assert await memory.latest(OTHER) is None
    assert await memory.get(OTHER, "10") is None
    assert await memory.photo_of(OTHER, 10) is None
    assert not await memory.tokens_alive(OTHER, "10")


async def test_every_key_of_a_chat_follows_from_its_name_and_its_photos(redis: Redis, memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    await memory.link(CHAT, 11, "10")
    await memory.store_tokens(CHAT, "10", array())
    await memory.add_turn(CHAT, "10", job="j", turn=Turn(question="q", answer="a"), at_ms=1)
    tag = f"{{{CHAT}}}"
    of_chat = {f"{kind}:{tag}" for kind in ("photos", "messages", "changes", "chat")}
    of_photos = {
        f"{kind}:{tag}:{id.decode()}"
        for kind in ("photo", "links", "turns", "tokens")
        for id in await redis.zrange(f"photos:{tag}", 0, -1)
    }
    assert {key.decode() for key in await redis.keys("*")} <= of_chat | of_photos


def test_the_keys_of_a_script_are_in_one_slot_of_a_cluster() -> None:
    assert len({key_slot(key.encode()) for key in script_keys(CHAT, "10} {7}")}) == 1
