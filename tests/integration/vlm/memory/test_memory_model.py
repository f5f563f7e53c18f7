"""Whatever is done to some chats in whatever order, the memory is what a plain dictionary would be."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.memory_examples import array, names, photo

from vlm.memory import Memory, Photo
from vlm.protocol import Turn
from vlm.queue.connection import connect
from vlm.queue.server import Server

CHATS = (-100, 100)
IDS = tuple(str(n) for n in range(8, 12))  # 9 and 10: they do not sort as texts
WORDS = ("", "a dog", "zwei Käfer 🐞")


@dataclass
class Plain:
    """One chat, as it should be remembered."""

    photos: dict[str, dict[str, str]] = field(default_factory=dict)
    turns: dict[str, dict[str, str]] = field(default_factory=dict)
    messages: dict[int, str] = field(default_factory=dict)
    vectors: set[str] = field(default_factory=set)
    wishes: dict[str, Any] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)

    def remember(self, id: str, note: str) -> bool:
        if id in self.forgotten:
            return False
        known = self.photos.setdefault(id, {})
        if note:
            known.setdefault("note", note)
        self.messages[int(id)] = id
        return True

    def write(self, id: str, **words: str) -> bool:
        if id in self.photos:
            self.photos[id].update(words)
        return id in self.photos

    def link(self, message: int, id: str) -> bool:
        if id in self.photos:
            self.messages[message] = id
        return id in self.photos

    def see(self, id: str) -> bool:
        if id in self.photos:
            self.vectors.add(id)
        return id in self.photos

    def turn(self, id: str, job: str, answer: str) -> bool:
        if id in self.photos:
            self.turns.setdefault(id, {})[job] = answer
        return id in self.photos

    def prefer(self, language: str) -> None:
        self.wishes["language"] = language

    def drop(self, id: str) -> bool:
        known = self.photos.pop(id, None) is not None
        self.turns.pop(id, None)
        self.vectors.discard(id)
        self.messages = {message: to for message, to in self.messages.items() if to != id}
        return known

    def forget(self, id: str) -> bool:
        if known := self.drop(id):
            self.forgotten.add(id)
        return known

    def forget_chat(self) -> int:
        count = len(self.photos)
        if self.photos:
            last = max(map(int, self.photos))
            self.forgotten |= {id for id in IDS if int(id) <= last}
        for id in list(self.photos):
            self.drop(id)
        self.wishes.clear()
        return count

    def expire(self, before: int) -> int:
        return sum([self.drop(id) for id in list(self.photos) if int(id) < before])


ids, messages, words = st.sampled_from(IDS), st.integers(20, 22), st.sampled_from(WORDS)
steps = st.lists(
    st.tuples(
        st.sampled_from(CHATS),
        st.one_of(
            st.tuples(st.just("remember"), ids, words),
            st.tuples(st.just("remember"), ids, words),  # twice as often: else little is ever there
            st.tuples(st.just("link"), messages, ids),
            st.tuples(st.just("describe"), ids, words),
            st.tuples(st.just("correct"), ids, words),
            st.tuples(st.just("annotate"), ids, words),
            st.tuples(st.just("see"), ids),
            st.tuples(st.just("turn"), ids, st.sampled_from("ab"), words),
            st.tuples(st.just("prefer"), words),
            st.tuples(st.just("forget"), ids),
            st.tuples(st.just("forget_chat")),
            st.tuples(st.just("expire"), st.integers(8, 11)),
        ),
    ),
    max_size=40,
)


async def done(memory: Memory, chat: int, step: Any) -> Any:
    """What the memory says to a step."""
    match step:
        case "remember", id, note:
            return await memory.remember(chat, photo(id, note=note))
        case "link", message, id:
            return await memory.link(chat, message, id)
        case "describe", id, text:
            return await memory.set_caption(chat, id, caption=text, revision="r1")
        case "correct", id, text:
            return await memory.set_correction(chat, id, text)
        case "annotate", id, text:
            return await memory.set_note(chat, id, text)
        case "see", id:
            return await memory.store_vectors(chat, id, array())
        case "turn", id, job, answer:
            turn = Turn(question=job, answer=answer)
            return await memory.add_turn(chat, id, job=job, turn=turn, at_ms=ord(job))
        case "prefer", language:
            await memory.prefer(chat, language=language)
            return None
        case "forget", id:
            return await memory.forget(chat, id)
        case ("forget_chat",):
            return await memory.forget_chat(chat)
        case "expire", before:
            return await memory.expire(chat, 1000 * before)
    raise AssertionError(step)


def expected(plain: Plain, step: Any) -> Any:
    """What it should say."""
    match step:
        case "describe", id, text:
            return plain.write(id, caption=text, revision="r1")
        case "correct", id, text:
            return plain.write(id, correction=text)
        case "annotate", id, text:
            return plain.write(id, note=text)
        case name, *rest:
            return getattr(plain, name)(*rest)


async def check(memory: Memory, chat: int, plain: Plain) -> None:
    """All that can be read of a chat."""
    inside = sorted(plain.photos, key=int)
    known = {id: photo(id, **plain.photos[id]) for id in inside}
    assert await memory.ids(chat) == inside
    assert await memory.recent(chat, 9) == [known[id] for id in reversed(inside)]
    assert await memory.latest(chat) == (known[inside[-1]] if inside else None)
    async for each, turns in memory.photos_with_turns(chat):
        told = plain.turns.get(each.id, {})
        assert (each, [turn.answer for turn in turns]) == (
            known[each.id],
            [told[job] for job in sorted(told)],
        )
    linked = {message: await memory.photo_of(chat, message) for message in [*map(int, IDS), 20, 21, 22]}
    assert {message: to for message, to in linked.items() if to} == plain.messages
    assert (await memory.preferences(chat)).language == plain.wishes.get("language", "")


class Follower:
    """What a search knows of a chat by reading only what changed, as a worker's cache does."""

    def __init__(self, memory: Memory, chat: int) -> None:
        self.memory = memory
        self.chat = chat
        self.version = 0
        self.seen: dict[str, tuple[Photo, bool]] = {}

    async def follow(self) -> None:
        version = await self.memory.version(self.chat)
        if version == self.version:
            return
        changed = await self.memory.changed_since(self.chat, self.version)
        inside = await self.memory.ids(self.chat)
        read = await self.memory.searchable(self.chat, changed)
        self.seen |= {each.photo.id: (each.photo, each.vectors is not None) for each in read}
        self.seen = {id: self.seen[id] for id in inside}
        self.version = version


async def play(url: str, script: list[tuple[int, Any]]) -> None:
    async with connect(url) as redis:
        await redis.flushall()
        memory, plains = Memory(redis), {chat: Plain() for chat in CHATS}
        followers = [Follower(memory, chat) for chat in CHATS]
        for chat, step in script:
            assert await done(memory, chat, step) == expected(plains[chat], step), step
            for follower in followers:
                await follower.follow()
        for follower, (chat, plain) in zip(followers, plains.items(), strict=True):
            await check(memory, chat, plain)
            full = [(id, photo(id, **said), id in plain.vectors) for id, said in plain.photos.items()]
            assert sorted((id, *seen) for id, seen in follower.seen.items()) == sorted(full)
        for chat in CHATS:
            await memory.forget_chat(chat)
        assert await names(redis) <= {f"forgotten:{{{chat}}}" for chat in CHATS}


@settings(max_examples=60, deadline=None)
@given(steps)
def test_chats_remember_what_a_dictionary_would_and_forget_all(
    shared_server: Server, script: list[tuple[int, Any]]
) -> None:
    asyncio.run(play(shared_server.url, script))
