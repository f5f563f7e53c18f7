"""A group becomes a supergroup, which is another chat with other message ids, and its memory goes along."""

import asyncio

from redis.asyncio import Redis
from support.memory_examples import CHAT, OTHER, array, everything_said, fill, names, photo

from vlm.memory import Memory, Preferences, migrated_id
from vlm.protocol import Turn

GROUP, SUPERGROUP = -5, -100200300
POINTER = f"moved:{{{GROUP}}}"
IDS = [str(n) for n in range(100, 150, 2)]


async def test_all_that_is_known_of_a_photo_goes_along(redis: Redis, memory: Memory) -> None:
    await fill(memory, GROUP, *IDS)
    before = {each.id: (each, turns) async for each, turns in memory.photos_with_turns(GROUP)}
    await memory.migrate(GROUP, SUPERGROUP)
    assert await memory.ids(SUPERGROUP) == [migrated_id(id) for id in IDS]
    for id in IDS:
        known = await memory.get(SUPERGROUP, migrated_id(id))
        assert known and known.text == before[id][0].text == f"correction {id}\nnote {id}"
        assert await memory.turns(SUPERGROUP, migrated_id(id)) == before[id][1]
        assert await memory.tokens(SUPERGROUP, migrated_id(id)) == array()
        assert await memory.vectors(SUPERGROUP, migrated_id(id)) == array()
        assert await memory.photo_of(SUPERGROUP, migrated_id(str(int(id) + 1))) == migrated_id(id)
    assert await memory.preferences(SUPERGROUP) == Preferences(language="de", auto=True)
    assert {name for name in await names(redis) if f"{{{GROUP}}}" in name} == {POINTER}
    assert 0 < await redis.ttl(POINTER) <= 24 * 3600


async def test_query_tokens_live_on_no_longer_than_before(redis: Redis, memory: Memory) -> None:
    await fill(memory, GROUP, "10")
    await redis.expire(f"tokens:{{{GROUP}}}:10", 100)
    await memory.migrate(GROUP, SUPERGROUP)
    assert 0 < await redis.ttl(f"tokens:{{{SUPERGROUP}}}:g10") <= 100


async def test_the_supergroups_own_photos_and_choices_stay(memory: Memory) -> None:
    await fill(memory, GROUP, "10")
    await memory.remember(SUPERGROUP, photo("10", created_ms=99_000))
    await memory.prefer(SUPERGROUP, language="fr")
    await memory.migrate(GROUP, SUPERGROUP)
    assert await memory.ids(SUPERGROUP) == ["g10", "10"]
    assert await memory.photo_of(SUPERGROUP, 10) == "10"
    assert await memory.photo_of(SUPERGROUP, 11) is None  # another message than the group's 11
    assert await memory.preferences(SUPERGROUP) == Preferences(language="fr", auto=True)


async def test_moving_again_or_twice_at_once_is_harmless(redis: Redis, memory: Memory) -> None:
    await fill(memory, GROUP, *IDS)
    await asyncio.gather(memory.migrate(GROUP, SUPERGROUP), Memory(redis).migrate(GROUP, SUPERGROUP))
    await memory.set_correction(SUPERGROUP, migrated_id(IDS[0]), "since then")
    version = await memory.version(SUPERGROUP)
    await memory.migrate(GROUP, SUPERGROUP)
    await memory.migrate(SUPERGROUP, SUPERGROUP)
    assert await memory.ids(SUPERGROUP) == [migrated_id(id) for id in IDS]
    assert await memory.version(SUPERGROUP) == version
    known = await memory.get(SUPERGROUP, migrated_id(IDS[0]))
    assert known and known.correction == "since then"


async def test_a_move_cut_short_after_a_photo_was_given_keeps_what_was_said_since(
    redis: Redis, memory: Memory
) -> None:
    await fill(memory, GROUP, "10")
    left = {key: await redis.dump(key) for key in await redis.keys("*")}
    await memory.migrate(GROUP, SUPERGROUP)
    for key, dump in left.items():
        await redis.restore(key, 0, dump)  # as if the old chat's were never dropped
    await memory.set_correction(SUPERGROUP, "g10", "since then")
    await memory.migrate(GROUP, SUPERGROUP)
    known = await memory.get(SUPERGROUP, "g10")
    assert known and known.correction == "since then"
    assert await memory.ids(GROUP) == []


async def test_what_was_being_done_for_the_group_is_kept_in_the_supergroup(memory: Memory) -> None:
    await memory.remember(GROUP, photo("10"))
    await memory.migrate(GROUP, SUPERGROUP)
    assert await memory.set_caption(GROUP, "10", caption="a dog", revision="r1")
    assert await memory.add_turn(GROUP, "10", job="j", turn=Turn(question="q", answer="a"), at_ms=1)
    assert await memory.link(GROUP, 3, "10")  # the answer went to the supergroup
    assert await memory.remember(GROUP, photo("11"))
    known = await memory.get(SUPERGROUP, "g10")
    assert known and known.caption == "a dog"
    assert await memory.turns(SUPERGROUP, "g10") == [Turn(question="q", answer="a")]
    assert await memory.photo_of(SUPERGROUP, 3) == "g10"
    assert await memory.ids(SUPERGROUP) == ["g10", "g11"]
    assert await memory.ids(GROUP) == []


async def test_a_chat_forgotten_after_its_move_is_not_brought_back_by_the_group(
    redis: Redis, memory: Memory
) -> None:
    await fill(memory, GROUP, "10")
    await memory.migrate(GROUP, SUPERGROUP)
    await memory.forget_chat(SUPERGROUP)
    assert not await memory.remember(GROUP, photo("10"))
    assert not await memory.set_caption(GROUP, "10", caption="late", revision="r1")
    await memory.migrate(GROUP, SUPERGROUP)
    assert await names(redis) == {POINTER, f"forgotten:{{{SUPERGROUP}}}"}


async def test_other_chats_are_not_touched_by_a_move(redis: Redis, memory: Memory) -> None:
    await fill(memory, OTHER, "10")
    before = await everything_said(redis)
    await fill(memory, GROUP, "10")
    await memory.migrate(GROUP, SUPERGROUP)
    await memory.forget_chat(SUPERGROUP)
    await redis.delete(POINTER, f"forgotten:{{{SUPERGROUP}}}")
    assert await everything_said(redis) == before
    assert await memory.ids(CHAT) == []
