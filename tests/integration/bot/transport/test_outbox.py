"""Texts fit into Telegram's limits, whatever a model wrote."""

import pytest
from redis.asyncio import Redis
from support.bot_stack import Person, Stack
from telegram import Bot

from bot.replies.layout import MAX_UNITS, truncate
from bot.state.reply_target import PickedAll, ReplyTarget, SentMessage
from bot.transport.outbox import Outbox
from vlm.memory import Memory


def outbox_of(bot: Bot, redis: Redis) -> Outbox:
    return Outbox(bot, redis, Memory(redis))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", ["a" * MAX_UNITS, "🐈" * (MAX_UNITS // 2), ""])
def test_what_fits_is_left_as_it_is(text: str) -> None:
    assert truncate(text) == text


@pytest.mark.parametrize("text", ["a" * 5000, "🐈" * 3000, "a" + "🐈" * 3000])
def test_what_does_not_fit_ends_in_an_ellipsis_and_in_no_half_character(text: str) -> None:
    cut = truncate(text)
    assert MAX_UNITS - 1 <= units(cut) <= MAX_UNITS
    assert cut.endswith("…")
    assert text.startswith(cut[:-1])


async def test_a_matter_is_told_of_once_in_a_chat_and_again_only_by_the_same_message(redis: Redis) -> None:
    outbox = outbox_of(Bot("1:sandbox-token"), redis)
    here, later = ReplyTarget(5, SentMessage(10), 10), ReplyTarget(5, SentMessage(11), 11)
    assert await outbox.claim_first(here, "english-not-de")
    assert not await outbox.claim_first(later, "english-not-de")
    assert await outbox.claim_first(here, "english-not-de")
    assert not await outbox.claim_first(
        here.with_key(SentMessage(12)), "english-not-de"
    )  # which answers the same photo
    assert await outbox.claim_first(ReplyTarget(6, SentMessage(11), 11), "english-not-de")


async def test_a_message_of_ours_is_taken_for_another_cause_once(
    stack: Stack, person: Person, redis: Redis
) -> None:
    message = person.write("/help")
    before = person.answer(message)
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        outbox, target = outbox_of(bot, redis), ReplyTarget(person.chat, PickedAll(1), message)
        await outbox.adopt(target, before["message_id"], "Thinking …")
        assert await outbox.send(target, "red") == before["message_id"]
        await outbox.adopt(target, before["message_id"], "Thinking …")  # as after a crash
    [shown] = person.replies(message)
    assert shown["text"] == "red"


async def test_a_message_is_taken_out_of_the_chat(stack: Stack, person: Person, redis: Redis) -> None:
    message = person.write("/help")
    before = person.answer(message)
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        await outbox_of(bot, redis).delete(person.chat, before["message_id"], "Gone.")
        await outbox_of(bot, redis).delete(person.chat, before["message_id"], "Gone.")
    assert person.replies(message) == []


async def test_a_text_of_any_length_reaches_its_person(stack: Stack, person: Person, redis: Redis) -> None:
    message = person.write("/help")
    before = person.answer(message)
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        outbox = outbox_of(bot, redis)
        target = ReplyTarget(person.chat, SentMessage(message), message)
        sent = await outbox.send(target, "🐈" * 3000)
        assert await outbox.send(target, "🐕" * 3000) == sent
    [shown] = [reply for reply in person.replies(message) if reply != before]
    assert units(shown["text"]) == MAX_UNITS - 1
    assert shown["text"].startswith("🐕")
