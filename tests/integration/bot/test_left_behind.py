"""Crashes, races and clock changes leave nothing behind: no pictures, no captions of forgotten photos."""

import asyncio
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from support.bot_stack import Person, Stack, picture, until, wait_until

from bot.state.album_store import QUIET_S, AlbumStore
from bot.state.reply_target import AlbumCaptions, ReplyTarget
from bot.transport.retry import RETRY_POLICY
from vlm.protocol import Answered, Caption, Result, encode
from vlm.queue.keyed_consumer import KeyedConsumer
from vlm.queue.streams import Attempt, Entry, Group

RESULTS = "{afterimage}:results"


@pytest.fixture
def server(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.server.url) as connection:
        yield connection


@pytest.mark.promise("reliability#left-behind")
def test_a_picture_that_a_dead_worker_left_goes_with_its_result(person: Person, server: Redis) -> None:
    """Killed between its last two commands: the result is out, the picture still there."""
    photo = person.send(picture("red"))
    caption = person.answer(photo, "AI caption")
    job = f"{person.chat}-{photo}"
    server.set(f"blob:{{{person.chat}}}:{job}", b"a picture")
    result = Result(
        job=job,
        chat=person.chat,
        task=Caption(),
        outcome=Answered(text="a red picture of 64 by 48"),
        photo=str(photo),
        correlation_data=f"{photo} {photo} 0",
    )
    server.xadd(RESULTS, {"result": encode(result)})
    wait_until(lambda: not server.exists(f"blob:{{{person.chat}}}:{job}"))
    assert person.replies(photo) == [caption]


@pytest.mark.promise("reliability#left-behind")
def test_a_photo_that_is_forgotten_while_its_caption_is_on_its_way_gets_none(
    stack: Stack, person: Person, server: Redis
) -> None:
    person.inject_fault(method="editMessageText", delay_s=2, times=1)
    photo = person.send(picture("red"))
    wait_until(lambda: stack.injected_faults()[-1]["hits"])
    assert "forgotten" in person.answer_text(person.write("/forget", reply_to=photo))
    wait_until(lambda: server.xlen(RESULTS) == 0)
    assert [text for text in person.bot_texts() if "AI caption" in text] == []


@pytest.mark.promise("reliability#clock-set-back")
async def test_an_album_waits_no_longer_when_the_clock_was_set_back(redis: AsyncRedis) -> None:
    target = ReplyTarget(7, AlbumCaptions("1"), 1)
    in_an_hour_ms = 1000 * int((await redis.time())[0] + 3600)
    await redis.hset("albums:{7}", "album-1:heard", in_an_hour_ms)
    assert await AlbumStore(redis).quiet_in_s(target) == QUIET_S


@pytest.mark.promise("reliability#group-migrates")
def test_what_a_group_said_before_it_became_a_supergroup_is_answered_there(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_worker()
    (ann,) = own_stack.group(1)
    ann.send(picture("red"), caption="@afterimage_bot")
    moved = Person(own_stack, ann.act("migrate")["chat"], user=ann.who["user"])
    own_stack.start_bot()
    wait_until(lambda: [text for text in moved.bot_texts() if "AI caption: a red picture" in text])


def chat_of(entry: Entry) -> int:
    return int(entry.fields[b"chat"])


class Slow(Group):
    """A group on a server that is far away."""

    async def reclaim(self) -> Attempt | None:
        await asyncio.sleep(0.05)
        return await super().reclaim()


@pytest.mark.promise("reliability#takeover-keeps-leases")
async def test_who_takes_over_much_keeps_what_it_has(redis: AsyncRedis) -> None:
    """Sixty entries of a dead process, three leases to take them over, and another bot that looks for any."""

    def group(consumer: str, kind: type[Group] = Group) -> Group:
        return kind(redis, ["{left}:work"], group="g", consumer=consumer, lease_s=1.0)

    async def work(entry: Entry) -> None:
        await go_on.wait()
        done.append(entry.id)

    for chat in range(60):
        await redis.xadd("{left}:work", {"chat": chat})
    dead, go_on, stop, done = group("dead"), asyncio.Event(), asyncio.Event(), list[str]()
    await dead.ensure()
    await dead.take(60)
    groups = [group("one", Slow), group("two", Slow)]
    consumers = [
        KeyedConsumer(group, chat_of=chat_of, handle=work, give_up=work, retry=RETRY_POLICY)
        for group in groups
    ]
    tasks = [asyncio.create_task(consumer.run(stop)) for consumer in consumers]

    async def is_taken() -> bool:
        summary = await redis.xpending("{left}:work", "g")
        return b"dead" not in [consumer["name"] for consumer in summary["consumers"]]

    await until(is_taken)
    await asyncio.sleep(2)  # two leases more
    pending = await redis.xpending_range("{left}:work", "g", "-", "+", 100)
    assert {entry["times_delivered"] for entry in pending} == {2}
    go_on.set()
    stop.set()
    await asyncio.gather(*tasks)
    assert len(done) == len(set(done)) == 60
