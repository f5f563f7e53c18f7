"""What becomes of jobs in a worker's hands, with the engine that needs no model, on both servers."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest
from PIL.Image import Image
from redis.asyncio import Redis
from support.queue_examples import end_leases, picture, published, until
from support.worker_examples import refusal, results, text, working

from vlm.engine.base import Encoded, Prompt, QueryTokens
from vlm.engine.echo import EchoEngine
from vlm.errors import SelfCheckFailed
from vlm.memory import Array, Memory, Photo
from vlm.protocol import Turn
from vlm.queue.broker import Broker
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.server import Server

CHAT = 5


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client(redis)


async def test_a_caption_is_published_and_remembered(client: Client, redis: Redis) -> None:
    await Memory(redis).remember(CHAT, Photo(id="10", file_id="f", created_ms=1))
    await client.caption(
        job="a", chat=CHAT, photo="10", picture=picture("blue", 1500, 20), correlation_data="t"
    )
    async with working(redis, EchoEngine()):
        [result] = await results(redis, "a")
    assert text(result) == "a blue picture of 1500 by 20"
    assert (result.correlation_data, result.photo, result.model) == ("t", "10", "echo")
    assert result.waited_ms >= 0
    photo = await Memory(redis).get(CHAT, "10")
    assert photo
    assert (photo.caption, photo.revision) == (text(result), "echo-1")
    vectors = await Memory(redis).vectors(CHAT, "10")
    assert vectors
    assert vectors.shape == (1, 10)


async def test_nobody_hears_a_result_before_it_is_remembered(client: Client, redis: Redis) -> None:
    memory = Hesitating(redis)
    await memory.remember(CHAT, Photo(id="10", file_id="f", created_ms=1))
    await client.caption(job="a", chat=CHAT, photo="10", picture=picture())
    async with working(redis, EchoEngine(), memory=memory):
        await memory.asked.wait()
        assert await published(redis) == []
        memory.agreed.set()
        await results(redis, "a")


async def test_a_follow_up_needs_no_picture_and_becomes_a_turn(client: Client, redis: Redis) -> None:
    await Memory(redis).remember(CHAT, Photo(id="10", file_id="f", created_ms=1))
    async with working(redis, EchoEngine()):
        await client.caption(job="a", chat=CHAT, photo="10", picture=picture("blue"))
        await results(redis, "a")
        assert await Memory(redis).tokens_alive(CHAT, "10")
        await client.ask(job="b", chat=CHAT, photo="10", question="what is it")
        await results(redis, "b")
        turns = await Memory(redis).turns(CHAT, "10")
        await client.ask(job="c", chat=CHAT, photo="10", question="sure?", turns=turns)
        [answer] = await results(redis, "c")
    assert text(answer) == "sure? (asked of a blue picture of 40 by 30, after 1 turns)"
    assert turns == [Turn(question="what is it", answer=turns[0].answer)]
    assert len(await Memory(redis).turns(CHAT, "10")) == 2


@pytest.mark.parametrize("revision", [None, "of an older model"])
async def test_tokens_that_are_gone_or_of_another_model_ask_for_the_picture_again(
    client: Client, redis: Redis, revision: str | None
) -> None:
    await Memory(redis).remember(CHAT, Photo(id="10", file_id="f", created_ms=1))
    if revision:
        await Memory(redis).store_tokens(CHAT, "10", Array(data=bytes(16), shape=(2, 4), revision=revision))
    async with working(redis, EchoEngine()):
        await client.ask(job="a", chat=CHAT, photo="10", question="what")
        [refused] = await results(redis, "a")
        assert refusal(refused)[0] == "picture_gone"
        await client.ask(job="a:again", chat=CHAT, photo="10", question="what", picture=picture())
        [answer] = await results(redis, "a:again")
    assert text(answer).startswith("what (asked of a red picture")
    assert await Memory(redis).tokens_alive(CHAT, "10")


async def test_a_broken_picture_is_refused_alone(client: Client, redis: Redis) -> None:
    for job, bytes_ in [
        ("good", picture()),
        ("junk", b"GIF89a?"),
        ("cut", picture()[:60]),
        ("fine", picture()),
    ]:
        await client.caption(job=job, chat=CHAT, photo=None, picture=bytes_)
    async with working(redis, EchoEngine()):
        good, junk, cut, fine = await results(redis, "good", "junk", "cut", "fine")
    assert text(good) == text(fine)
    assert {refusal(junk)[0], refusal(cut)[0]} == {"bad_image"}


async def test_a_job_past_its_deadline_never_reaches_the_engine(client: Client, redis: Redis) -> None:
    await client.caption(job="late", chat=CHAT, photo=None, picture=picture(), deadline_ms=1)
    later_ms = int(1000 * time.time()) + 60_000
    await client.caption(job="good", chat=CHAT, photo=None, picture=picture(), deadline_ms=later_ms)
    engine = Recording()
    async with working(redis, engine):
        late, good = await results(redis, "late", "good")
    assert refusal(late)[0] == "timed_out"
    assert text(good)
    assert engine.batches == [1]


async def test_a_job_that_another_worker_left_is_run_alone(client: Client, redis: Redis) -> None:
    dead = Broker(redis, name="dead")
    for job in ["left 1", "left 2"]:
        await client.caption(job=job, chat=CHAT, photo=None, picture=picture())
    assert len(await dead.take(8, 0)) == 2
    for job in ["new 1", "new 2"]:
        await client.caption(job=job, chat=CHAT, photo=None, picture=picture())
    await end_leases(redis)
    engine = Recording()
    async with working(redis, engine):
        await results(redis, "left 1", "left 2", "new 1", "new 2")
    assert engine.batches == [1, 1, 2]


async def test_a_batch_that_does_not_fit_is_halved_until_it_does(client: Client, redis: Redis) -> None:
    jobs = [f"job {n}" for n in range(7)]
    for job in jobs:
        await client.caption(job=job, chat=CHAT, photo=None, picture=picture())
    async with working(redis, EchoEngine(oom_above=2)):
        assert len({text(result) for result in await results(redis, *jobs)}) == 1
    await client.caption(job="too big", chat=CHAT, photo=None, picture=picture())
    async with working(redis, EchoEngine(oom_above=0)):
        [refused] = await results(redis, "too big")
    assert refusal(refused) == (
        "out_of_memory",
        "Sorry, this one needs more memory than I have. Please try a smaller picture.",
    )


async def test_an_unforeseen_error_costs_only_the_job_that_causes_it(client: Client, redis: Redis) -> None:
    for question in ["one", "bug", "two"]:
        await client.ask(job=question, chat=CHAT, photo=None, question=question, picture=picture())
    async with working(redis, Buggy()):
        first, bug, third = await results(redis, "one", "bug", "two")
    assert text(first) and text(third)
    code, message = refusal(bug)
    assert code == "engine_failure"
    assert "ValueError" not in message


async def test_an_engine_that_loses_an_answer_mixes_none_up_and_stops_nobody(
    client: Client, redis: Redis
) -> None:
    for question in ["one", "lose me", "two"]:
        await client.ask(job=question, chat=CHAT, photo=None, question=question, picture=picture())
    async with working(redis, Losing()):
        first, lost, third = await results(redis, "one", "lose me", "two")
    assert [text(first)[:3], text(third)[:3]] == ["one", "two"]
    assert refusal(lost)[0] == "engine_failure"


async def test_an_engine_that_is_broken_for_good_ends_its_worker_and_leaves_the_jobs(
    client: Client, redis: Redis
) -> None:
    await client.ask(job="bug", chat=CHAT, photo=None, question="bug", picture=picture())
    async with working(redis, Broken()) as running:
        await until(running.done)
        assert isinstance(running.exception(), SelfCheckFailed)
    assert await client.backlog() == 1
    assert await client.models() == []


async def test_a_model_that_does_not_see_takes_no_job(client: Client, redis: Redis) -> None:
    await client.caption(job="a", chat=CHAT, photo=None, picture=picture())
    async with working(redis, Blind()) as running:
        await until(running.done)
        assert isinstance(running.exception(), SelfCheckFailed)
    assert await client.position("a") == 0


async def test_a_worker_can_be_stopped_while_the_server_is_away(own_server: Server) -> None:
    own_server.kill()
    async with connect(own_server.url) as redis, working(redis, EchoEngine()) as running:
        await asyncio.sleep(0.1)
        assert not running.done()
    assert running.exception() is None


async def test_nothing_of_a_photo_that_was_forgotten_meanwhile_is_kept(client: Client, redis: Redis) -> None:
    await client.caption(job="a", chat=CHAT, photo="10", picture=picture())
    async with working(redis, EchoEngine()):
        await results(redis, "a")
    assert await redis.keys(f"*{{{CHAT}}}*") == []


def test_a_worker_without_a_model_loads_no_torch() -> None:
    code = "import sys, vlm.worker.loop, vlm.engine.echo; print({'torch', 'transformers'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


class Hesitating(Memory):
    """Takes its time to write a caption down."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.asked, self.agreed = asyncio.Event(), asyncio.Event()

    async def set_caption(self, chat: int, photo: str, **texts: str) -> bool:
        self.asked.set()
        await asyncio.wait({asyncio.create_task(self.agreed.wait())}, timeout=60)
        return await super().set_caption(chat, photo, **texts)


class Recording(EchoEngine):
    """Writes down how many pictures it sees at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def encode(self, images: Sequence[Image]) -> list[Encoded]:
        if images:
            self.batches.append(len(images))
        return super().encode(images)


class Buggy(EchoEngine):
    """Fails on one question as a bug would."""

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        if any(prompt.question == "bug" for prompt in prompts):
            raise ValueError("tensors of /secret/path do not match")
        return super().generate(tokens, prompts)


class Losing(EchoEngine):
    """Has no answer for one question, not even an empty one."""

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        answers = super().generate(tokens, prompts)
        return [answer for answer in answers if "lose me" not in answer]


class Broken(Buggy):
    """Does not recover from it."""

    broken = False

    def generate(self, tokens: Sequence[QueryTokens], prompts: Sequence[Prompt]) -> list[str]:
        self.broken = True
        return super().generate(tokens, prompts)

    def check(self) -> None:
        if self.broken:
            raise SelfCheckFailed("device-side assert")


class Blind(EchoEngine):
    """Never sees the built-in picture."""

    def check(self) -> None:
        raise SelfCheckFailed("I see nothing")
