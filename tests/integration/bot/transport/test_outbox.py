"""What the bot says fits into a message, whatever a model wrote."""

import pytest
from redis.asyncio import Redis
from support.bot_stack import Person, Stack
from telegram import Bot

from bot.replies.length import MAX_UNITS, fitted
from bot.state.reply_target import Place
from bot.transport.outbox import Outbox


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", ["a" * MAX_UNITS, "🐈" * (MAX_UNITS // 2), ""])
def test_what_fits_is_left_as_it_is(text: str) -> None:
    assert fitted(text) == text


@pytest.mark.parametrize("text", ["a" * 5000, "🐈" * 3000, "a" + "🐈" * 3000])
def test_what_does_not_fit_ends_in_an_ellipsis_and_in_no_half_character(text: str) -> None:
    cut = fitted(text)
    assert MAX_UNITS - 1 <= units(cut) <= MAX_UNITS
    assert cut.endswith("…")
    assert text.startswith(cut[:-1])


async def test_a_matter_is_told_of_once_in_a_chat_and_again_only_by_the_same_message(redis: Redis) -> None:
    outbox = Outbox(Bot("1:sandbox-token"), redis)
    here, later = Place(5, "10", 10), Place(5, "11", 11)
    assert await outbox.first(here, "english-not-de")
    assert not await outbox.first(later, "english-not-de")
    assert await outbox.first(here, "english-not-de")
    assert not await outbox.first(here.because("12"), "english-not-de")  # which answers the same photo
    assert await outbox.first(Place(6, "11", 11), "english-not-de")


async def test_a_message_of_ours_is_taken_for_another_cause_once(
    stack: Stack, person: Person, redis: Redis
) -> None:
    message = person.write("/help")
    before = person.answer(message)
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        outbox, place = Outbox(bot, redis), Place(person.chat, "picked-1", message)
        await outbox.take(place, before["message_id"], "Thinking …")
        assert await outbox.say(place, "red") == before["message_id"]
        await outbox.take(place, before["message_id"], "Thinking …")  # as after a crash
    [shown] = person.replies(message)
    assert shown["text"] == "red"


async def test_a_message_is_taken_out_of_the_chat(stack: Stack, person: Person, redis: Redis) -> None:
    message = person.write("/help")
    before = person.answer(message)
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        await Outbox(bot, redis).remove(person.chat, before["message_id"], "Gone.")
        await Outbox(bot, redis).remove(person.chat, before["message_id"], "Gone.")
    assert person.replies(message) == []


async def test_a_text_of_any_length_reaches_its_person(stack: Stack, person: Person, redis: Redis) -> None:
    message = person.write("/help")
    before = person.answer(message)
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        outbox = Outbox(bot, redis)
        place = Place(person.chat, str(message), message)
        sent = await outbox.say(place, "🐈" * 3000)
        assert await outbox.say(place, "🐕" * 3000) == sent
    [shown] = [reply for reply in person.replies(message) if reply != before]
    assert units(shown["text"]) == MAX_UNITS - 1
    assert shown["text"].startswith("🐕")
