"""The placeholder shows the length of the queue, and becomes the answer."""

import asyncio
import re

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from support.bot_stack import Person, Stack, picture, slow_worker, until, wait_until
from telegram import Bot

from bot.i18n.translator import translator_for
from bot.replies.status import in_line
from bot.state.job_stats import JobRecord, JobStats, busy_s, quantile, wait_s
from bot.state.reply_target import ReplyTarget, UnknownKey
from bot.transport.outbox import Outbox
from bot.transport.typing_indicator import TypingIndicator
from vlm.memory import Memory
from vlm.queue.client import Client


def done(at_s: float, ran_s: float, workers: int = 1) -> JobRecord:
    return JobRecord(int(1000 * at_s), 0, int(1000 * ran_s), workers)


def test_an_estimate_is_what_was_done_in_the_time_that_was_worked() -> None:
    one_by_one = [done(at_s, 2) for at_s in (10, 12, 14, 100)]  # idle for a while: that does not count
    assert busy_s(one_by_one) == 8
    assert wait_s(ahead=4, workers=1, latest=one_by_one) == pytest.approx(10)


def test_an_estimate_knows_batches_and_how_many_workers_there_are_now() -> None:
    batches = [done(at_s, 2, workers=2) for at_s in (10, 10, 10, 10, 12, 12, 12, 12)]
    assert wait_s(ahead=19, workers=2, latest=batches) == pytest.approx(10)
    assert wait_s(ahead=19, workers=1, latest=batches) == pytest.approx(20)
    assert wait_s(ahead=19, workers=0, latest=batches) is None
    assert wait_s(ahead=19, workers=1, latest=[]) is None


def test_half_of_the_values_lie_below_the_median() -> None:
    assert quantile([5, 1, 3], 0.5) == 3
    assert quantile(list(range(100)), 0.95) == 95
    assert quantile([], 0.5) == 0


@pytest.mark.parametrize(
    ("ahead", "seconds", "expected"),
    [
        (0, 60, ""),
        (9, 2, ""),
        (1, None, "In line: 1 is ahead of you …"),
        (3, 12, "In line: 3 are ahead of you. About 15 seconds …"),
        (1200, 125, "In line: 1,200 are ahead of you. About 3 minutes …"),
    ],
)
def test_a_line_is_told_when_it_is_worth_reading(ahead: int, seconds: float | None, expected: str) -> None:
    assert in_line(translator_for("en"), ahead, seconds) == expected


def test_a_placeholder_tells_place_and_time_and_becomes_the_answer(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    first, second = [own_stack.person() for _ in range(3)], own_stack.person()
    with BlockingRedis.from_url(own_stack.server.url) as redis:
        slow_worker(redis, seconds_a_job=10)
        ahead = {person: person.send(picture("red")) for person in first}
        wait_until(lambda: redis.xlen("{afterimage}:jobs:interactive") == 3)
        photo = second.send(picture("blue"))
        placeholder = second.answer(photo, "3 are ahead of you. About 40 seconds …")
        wait_until(lambda: len(second.calls("sendChatAction")) >= 2)
        redis.srem("{afterimage}:workers", "slow")
    own_stack.start_worker()
    caption = second.answer(photo, "AI caption")
    assert caption["message_id"] == placeholder["message_id"]
    assert all(
        "a red picture" in person.answer_text(message, "AI caption") for person, message in ahead.items()
    )
    assert [len(person.replies(message)) for person, message in ahead.items()] == [1, 1, 1]


def test_an_album_waits_in_one_message_too(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    first, second = own_stack.person(), own_stack.person()
    with BlockingRedis.from_url(own_stack.server.url) as redis:
        slow_worker(redis, seconds_a_job=10)
        first.send_album(picture("red"), picture("red"), picture("red"))
        wait_until(lambda: redis.xlen("{afterimage}:jobs:bulk") == 3)
        album = second.send_album(picture("blue"), picture("green"))
        placeholder = second.answer(album[0], "3 are ahead of you. About 40 seconds …")
        redis.srem("{afterimage}:workers", "slow")
    own_stack.start_worker()
    assert second.answer(album[0], "2. a green")["message_id"] == placeholder["message_id"]
    assert len(second.replies(album[0])) == 1


def test_a_chat_with_many_in_line_is_edited_by_few_at_a_time(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    with BlockingRedis.from_url(own_stack.server.url) as redis:
        slow_worker(redis, seconds_a_job=10)
        photos = [person.send(picture("red")) for _ in range(8)]
        wait_until(lambda: len([photo for photo in photos if in_line_of(person, photo)]) == 7)
    edits = person.calls("editMessageText")
    assert len(edits) == 7  # each told once, as nothing changed
    assert edits[-1]["at_ms"] - edits[0]["at_ms"] > 4000


def in_line_of(person: Person, photo: int) -> bool:
    return any(re.match("In line: ", reply["text"]) for reply in person.replies(photo))


async def test_an_answer_is_never_written_over_by_its_placeholder(
    stack: Stack, person: Person, redis: Redis
) -> None:
    message = person.write("/help")
    person.answer(message)
    target = ReplyTarget(person.chat, UnknownKey("mine"), message)
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        outbox = Outbox(bot, redis, Memory(redis))
        await outbox.send_placeholder(target, "Looking …")
        person.inject_fault(method="editMessageText", delay_s=1, times=1)

        async def is_waiting() -> bool:
            return True

        late = asyncio.create_task(outbox.update_placeholder(target, "In line …", is_waiting))
        await until(lambda: redis.exists(f"editing:{{{person.chat}}}:mine"))
        await outbox.send(target, "The answer")
        await late
    assert person.replies(message)[-1]["text"] == "The answer"


async def test_a_placeholder_whose_answer_is_there_is_left_alone(
    stack: Stack, person: Person, redis: Redis
) -> None:
    message = person.write("/help")
    person.answer(message)
    target = ReplyTarget(person.chat, UnknownKey("mine"), message)
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        outbox = Outbox(bot, redis, Memory(redis))
        await outbox.send(target, "The answer")

        async def is_waiting() -> bool:
            return False

        await outbox.update_placeholder(target, "In line …", is_waiting)
    assert person.replies(message)[-1]["text"] == "The answer"


async def test_typing_goes_on_until_the_last_job_of_a_chat_has_ended(
    stack: Stack, person: Person, redis: Redis
) -> None:
    person.answer(person.write("/help"))
    client = Client(redis)
    for job in ("one", "two"):
        await client.caption(job=job, chat=person.chat, photo=None, picture=picture())
    async with Bot("1:sandbox-token", base_url=f"{stack.page}/bot") as bot:
        memory, job_stats = Memory(redis), JobStats(redis, client)
        indicator = TypingIndicator(bot, client, memory, Outbox(bot, redis, memory), job_stats)
        for job in ("one", "two"):
            indicator.start(job, ReplyTarget(person.chat, UnknownKey(job)))
        await redis.set("{afterimage}:job:one", "done")
        await until(lambda: len(person.calls("sendChatAction")) == 3)
        await redis.set("{afterimage}:job:two", "done")
        await until(lambda: not indicator.is_busy, timeout_s=20)  # sooner than for one that never came
    assert len(person.calls("sendChatAction")) == 3
