"""What the owner and the model say of a photo, what is searched of it, and how a chat wants it."""

import msgspec
import pytest
from redis.asyncio import Redis
from support.memory_examples import CHAT, OTHER, array, fill, photo

from vlm.memory import Memory, Preferences
from vlm.protocol import Turn

DEEP = 230  # photos: more than two pages of every kind


async def text(memory: Memory, id: str = "10") -> str:
    known = await memory.get(CHAT, id)
    assert known
    return known.text


async def test_the_owners_words_are_searched_instead_of_the_models(memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    assert await text(memory) == ""
    await memory.set_caption(CHAT, "10", caption="a dog", revision="r1")
    assert await text(memory) == "a dog"
    assert await memory.set_note(CHAT, "10", "Opas Garten")
    assert await text(memory) == "a dog\nOpas Garten"
    assert await memory.set_correction(CHAT, "10", "a wolf")
    assert await text(memory) == "a wolf\nOpas Garten"


async def test_a_correction_outlives_whatever_a_worker_says_later(memory: Memory) -> None:
    await memory.remember(CHAT, photo("10", note="Opa"))
    await memory.set_correction(CHAT, "10", "a wolf")
    await memory.set_caption(
        CHAT, "10", caption="a dog", revision="r2", localized_caption="ein Hund", language="de"
    )
    await memory.remember(CHAT, photo("10", note="replayed"))
    known = await memory.get(CHAT, "10")
    assert known == photo(
        "10",
        note="Opa",
        correction="a wolf",
        caption="a dog",
        revision="r2",
        localized_caption="ein Hund",
        language="de",
    )


async def test_a_correction_is_taken_back_with_an_empty_one(memory: Memory) -> None:
    await fill(memory, CHAT, "10")
    await memory.set_correction(CHAT, "10", "")
    await memory.set_note(CHAT, "10", "")
    assert await text(memory) == "caption 10"


async def test_a_caption_said_anew_in_english_leaves_no_old_translation(memory: Memory) -> None:
    await fill(memory, CHAT, "10")
    await memory.set_caption(CHAT, "10", caption="two dogs", revision="r1")
    known = await memory.get(CHAT, "10")
    assert known and (known.caption, known.localized_caption, known.language) == ("two dogs", "", "")


async def test_nothing_is_said_of_a_photo_that_is_not_there(redis: Redis, memory: Memory) -> None:
    assert not await memory.set_correction(CHAT, "10", "a wolf")
    assert not await memory.set_note(CHAT, "10", "Opa")
    assert not await memory.link(CHAT, 11, "10")
    assert await redis.keys("*") == []


async def test_recent_photos_come_in_pages_newest_first_and_none_twice(memory: Memory) -> None:
    for n in range(1, DEEP + 1):
        await memory.remember(CHAT, photo(str(n), created_ms=5000 + n % 1000))  # an album: all in one second
    ids_read: list[str] = []
    while page := await memory.recent(CHAT, 7, before=ids_read[-1] if ids_read else None):
        ids_read += [each.id for each in page]
    assert ids_read == [str(n) for n in range(DEEP, 0, -1)]
    assert await memory.count(CHAT) == DEEP
    assert await memory.recent(CHAT, 7, before="no such photo") == []
    assert await memory.recent(OTHER, 7) == []


async def test_everything_comes_oldest_first_with_all_its_questions(memory: Memory) -> None:
    for n in range(1, DEEP + 1):
        await memory.remember(CHAT, photo(str(n)))
    for n in range(5):
        turn = Turn(question=f"q{n}", answer=f"a{n}")
        await memory.add_turn(CHAT, "3", job=f"j{n}", turn=turn, at_ms=n)
    told = [
        (each.id, [turn.question for turn in turns]) async for each, turns in memory.photos_with_turns(CHAT)
    ]
    assert [id for id, _ in told] == [str(n) for n in range(1, DEEP + 1)]
    assert dict(told)["3"] == ["q0", "q1", "q2", "q3", "q4"]
    assert [each async for each in memory.photos_with_turns(OTHER)] == []


async def test_a_photo_forgotten_while_everything_is_read_is_left_out(memory: Memory) -> None:
    for n in range(1, DEEP + 1):
        await memory.remember(CHAT, photo(str(n)))
    ids_read = []
    async for each, _ in memory.photos_with_turns(CHAT):
        ids_read.append(each.id)
        await memory.forget(CHAT, str(DEEP))
    assert ids_read == [str(n) for n in range(1, DEEP)]


# What a search follows.


async def test_every_change_of_what_a_search_sees_is_a_new_version(memory: Memory) -> None:
    assert await memory.version(CHAT) == 0
    await memory.remember(CHAT, photo("10"))
    changes = [
        lambda: memory.set_caption(CHAT, "10", caption="a dog", revision="r1"),
        lambda: memory.store_vectors(CHAT, "10", array()),
        lambda: memory.set_correction(CHAT, "10", "a wolf"),
        lambda: memory.set_note(CHAT, "10", "Opa"),
        lambda: memory.remember(CHAT, photo("11")),
        lambda: memory.forget(CHAT, "11"),
        lambda: memory.remember(CHAT, photo("12")),
        lambda: memory.expire(CHAT, 11_000),
    ]
    version = await memory.version(CHAT)
    for change in changes:
        assert await change()
        assert version < (version := await memory.version(CHAT))


async def test_what_a_search_does_not_see_changes_no_version(memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    version = await memory.version(CHAT)
    await memory.link(CHAT, 11, "10")
    await memory.store_tokens(CHAT, "10", array())
    await memory.add_turn(CHAT, "10", job="j", turn=Turn(question="q", answer="a"), at_ms=1)
    await memory.prefer(CHAT, auto=True)
    await memory.remember(OTHER, photo("10"))
    assert await memory.version(CHAT) == version


async def test_only_what_changed_since_a_version_is_read_again(memory: Memory) -> None:
    for n in range(1, DEEP + 1):
        await memory.remember(CHAT, photo(str(n)))
    version = await memory.version(CHAT)
    assert len(await memory.changed_since(CHAT, 0)) == DEEP
    assert await memory.changed_since(CHAT, version) == []
    await memory.set_correction(CHAT, "9", "a wolf")
    await memory.remember(CHAT, photo("1000"))
    await memory.forget(CHAT, "8")
    assert await memory.changed_since(CHAT, version) == ["9", "1000"]
    assert await memory.ids(CHAT) == [str(n) for n in range(1, DEEP + 1) if n != 8] + ["1000"]


async def test_versions_of_a_chat_that_began_anew_are_later_than_all_before(memory: Memory) -> None:
    await fill(memory, CHAT, "10")
    version = await memory.version(CHAT)
    await memory.forget_chat(CHAT)
    assert await memory.version(CHAT) == 0
    await memory.remember(CHAT, photo("20"))
    assert await memory.version(CHAT) > version
    assert await memory.changed_since(CHAT, version) == ["20"]


async def test_versions_grow_even_when_the_servers_clock_is_set_back(redis: Redis, memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    late = 4 * 10**15
    await redis.zadd(f"changes:{{{CHAT}}}", {"": late})
    await memory.remember(CHAT, photo("11"))
    await memory.set_correction(CHAT, "10", "a wolf")
    assert await memory.version(CHAT) == late + 2
    assert await memory.changed_since(CHAT, late) == ["11", "10"]


async def test_what_is_searched_comes_in_the_order_asked_for_with_vectors(memory: Memory) -> None:
    ids = [str(n) for n in range(1, DEEP + 1)]
    for id in ids:
        await memory.remember(CHAT, photo(id))
    await memory.store_vectors(CHAT, "2", array())
    found = await memory.searchable(CHAT, [*reversed(ids), "no such photo"])
    assert [each.photo.id for each in found] == list(reversed(ids))
    assert {each.photo.id: each.vectors for each in found if each.vectors} == {"2": array()}
    assert await memory.searchable(OTHER, ids) == []


# Preferences.


async def test_a_chat_starts_with_defaults_and_keeps_what_it_chose(memory: Memory) -> None:
    assert await memory.preferences(CHAT) == Preferences(language="", style="normal", auto=False)
    assert await memory.prefer(CHAT, language="pt-br", auto=True) == Preferences(language="pt-br", auto=True)
    assert await memory.prefer(CHAT, style="short", auto=False) == Preferences(
        language="pt-br", style="short"
    )
    assert await memory.preferences(CHAT) == Preferences(language="pt-br", style="short")
    assert await memory.preferences(OTHER) == Preferences()


async def test_a_preference_that_is_none_is_refused_and_nothing_is_kept(redis: Redis, memory: Memory) -> None:
    with pytest.raises(TypeError):
        await memory.prefer(CHAT, colour="red")
    with pytest.raises(msgspec.ValidationError):
        await memory.prefer(CHAT, style="poetic")
    assert await redis.keys("*") == []


async def test_what_a_newer_version_wished_does_no_harm(redis: Redis, memory: Memory) -> None:
    wishes = {"language": "de", "style": "poetic", "auto": "1", "voice": "deep"}
    await redis.hset(f"chat:{{{CHAT}}}", mapping=wishes)
    assert await memory.preferences(CHAT) == Preferences(language="de", style="normal", auto=True)
    await memory.prefer(CHAT, language="fr")
    assert await redis.hget(f"chat:{{{CHAT}}}", "voice") == b"deep"


async def test_what_one_job_answered_is_found_by_its_job(memory: Memory) -> None:
    await memory.remember(CHAT, photo("10"))
    turn = Turn(question="What is it?", answer="a dog")
    await memory.add_turn(CHAT, "10", job="j", turn=turn, at_ms=1, localized_answer="ein Hund")
    told = await memory.turn_of(CHAT, "10", "j")
    assert told and (told.answer, told.localized_answer) == ("a dog", "ein Hund")
    assert await memory.turn_of(CHAT, "10", "another") is None
    assert await memory.turn_of(OTHER, "10", "j") is None
