"""Telegram's limits: a chat that must wait is left alone until then, and no other chat waits."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from support.bot_stack import Json, Person, Stack, picture, until, wait_until
from support.programs import SMALL_GROUP_LIMIT
from telegram.error import RetryAfter
from telegram.ext import ExtBot

from bot.transport.rate_limit_notice import RateLimitNotice
from bot.transport.rate_limiter import GroupLimitReached, RateLimiter
from vlm.memory import Memory

WINDOW_MS = 1500


@pytest.fixture
async def bot(stack: Stack, redis: Redis) -> AsyncIterator[ExtBot[bool]]:
    """One that may send a group three messages in a second and a half, and one that is reserved."""
    pace = RateLimiter(redis, most=4, window_ms=WINDOW_MS)
    async with ExtBot("1:sandbox-token", base_url=f"{stack.page}/bot", rate_limiter=pace) as bot:
        yield bot


async def test_a_call_that_comes_too_early_is_not_made(bot: ExtBot[bool], person: Person) -> None:
    person.answer_text(person.write("/help"))  # or the running bot would meet the trouble
    person.inject_fault(method="sendMessage", status=429, retry_after=2, times=1)
    with pytest.raises(RetryAfter):
        await bot.send_message(person.chat, "one")
    with pytest.raises(RetryAfter) as early:
        await bot.send_chat_action(person.chat, "typing")
    assert timedelta(0) < early.value.retry_after <= timedelta(seconds=2.1)  # type: ignore[operator]
    assert person.calls("sendChatAction") == []


async def test_another_chat_does_not_wait_with_it(bot: ExtBot[bool], stack: Stack, person: Person) -> None:
    other = stack.person()
    for user in (person, other):
        user.answer_text(user.write("/help"))
    person.inject_fault(method="sendMessage", status=429, retry_after=3600, times=1)
    with pytest.raises(RetryAfter):
        await bot.send_message(person.chat, "one")
    assert await bot.send_message(other.chat, "two")


async def test_a_group_is_sent_so_many_messages_a_minute_and_edits_beside(
    bot: ExtBot[bool], stack: Stack
) -> None:
    (ann,) = stack.group(1)
    ann.write("Hello")
    first, *_ = [await bot.send_message(ann.chat, text) for text in ("one", "two", "three")]
    with pytest.raises(RetryAfter):
        await bot.send_message(ann.chat, "four")
    await bot.edit_message_text("uno", ann.chat, first.message_id)

    async def goes() -> bool:
        try:
            return bool(await bot.send_message(ann.chat, "four"))
        except RetryAfter:
            return False

    await until(goes)
    assert len(ann.calls("sendMessage")) == 4


async def test_private_chats_are_not_counted(bot: ExtBot[bool], person: Person) -> None:
    person.write("/help")
    for number in range(8):
        await bot.send_message(person.chat, str(number))


def test_a_busy_group_waits_its_minute_and_loses_nothing(own_stack: Stack) -> None:
    own_stack.start_all()
    person, (ann,) = own_stack.person(), own_stack.group(1)
    for _ in range(23):
        ann.write("/auto")
    wait_until(lambda: len(ann.bot_texts()) == 20)
    assert ann.bot_texts()[-1].startswith("Telegram lets me send a group 20 messages a minute.")
    assert "a red picture" in person.answer_text(person.send(picture("red")))
    assert len(ann.calls("sendMessage")) == 20
    with BlockingRedis.from_url(own_stack.server.url) as redis:
        assert redis.xlen("{afterimage}:updates") == 4


def test_a_group_that_is_full_is_told_so_and_gets_every_answer_once(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_worker()
    own_stack.start_bot(patches=SMALL_GROUP_LIMIT)
    (ann,) = own_stack.group(1, supergroup=True)
    cats = Person(own_stack, ann.chat, user=ann.who["user"], topic="Cats")
    commands = [cats.write("/auto") for _ in range(6)] + [
        cats.send(picture("red"), caption="@afterimage_bot") for _ in range(2)
    ]
    [line] = wait_until(lambda: [message for message in cats.messages() if later(message)])
    assert line["message_thread_id"] == cats.messages()[-1]["message_thread_id"]
    for message in commands:
        cats.answer(message)
    wait_until(lambda: not any(later(message) for message in cats.messages()))
    assert [len(cats.replies(message)) for message in commands] == [1] * len(commands)
    assert len(cats.bot_texts()) == len(commands)


def test_a_bot_that_ends_while_a_group_waits_leaves_its_line_to_another(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot(patches=SMALL_GROUP_LIMIT)
    (ann,) = own_stack.group(1)
    commands = [ann.write("/auto") for _ in range(6)]
    with BlockingRedis.from_url(own_stack.server.url) as redis:
        wait_until(lambda: redis.get(f"waits:{{{ann.chat}}}"))  # it has noted which line that is
    own_stack.kill("bot")
    own_stack.start_bot(patches=SMALL_GROUP_LIMIT)
    for message in commands:
        ann.answer(message)
    wait_until(lambda: not any(later(message) for message in ann.messages()))
    assert len(ann.bot_texts()) == len(commands)


async def test_a_line_that_comes_when_nothing_waits_any_more_goes_at_once(
    bot: ExtBot[bool], stack: Stack, redis: Redis
) -> None:
    (ann,) = stack.group(1)
    ann.write("Hello")
    ann.inject_fault(method="sendMessage", delay_s=1, times=1)
    notice = RateLimitNotice(bot, redis, Memory(redis))
    telling = asyncio.create_task(notice.show(GroupLimitReached(timedelta(minutes=1), ann.chat, 0)))
    await until(lambda: redis.exists(f"waits:{{{ann.chat}}}"))
    await notice.remove(ann.chat)
    await telling
    assert len(ann.calls("sendMessage")) == len(ann.calls("deleteMessage")) == 1
    assert ann.bot_texts() == []
    assert not await redis.exists(f"waits:{{{ann.chat}}}")


def later(message: Json) -> bool:
    return "none is lost" in message.get("text", "")


@pytest.mark.promise("reliability#clock-set-back")
async def test_a_clock_that_was_set_back_bars_a_group_no_longer_than_a_full_minute_does(
    redis: Redis, bot: ExtBot[bool], stack: Stack
) -> None:
    (ann,) = stack.group(1)
    ann.write("Hello")
    in_an_hour_ms = 1000 * int((await redis.time())[0] + 3600)
    await redis.lpush(f"sent:{{{ann.chat}}}", *[in_an_hour_ms] * 4)
    with pytest.raises(RetryAfter) as full:
        await bot.send_message(ann.chat, "one")
    assert full.value.retry_after <= timedelta(milliseconds=WINDOW_MS)  # type: ignore[operator]
