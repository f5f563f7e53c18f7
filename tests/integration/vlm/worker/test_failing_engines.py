"""What a model does to its own process: it hangs, or does not fit. With real processes."""

from pathlib import Path

from redis.asyncio import Redis
from support.paths import ROOT
from support.queue_examples import all_answered, picture, published, until, workers

from vlm.protocol import Answered, Refused, Result
from vlm.queue.client import Client
from vlm.queue.connection import connect
from vlm.queue.server import Server
from vlm.worker.watchdog import HUNG_S

LIVES = 8


async def ask(client: Client, *questions: str) -> set[str]:
    """Each by a chat of its own, so that one batch takes them."""
    for chat, question in enumerate(questions, 1):
        await client.ask(job=question, chat=chat, photo=None, question=question, picture=picture())
    return set(questions)


async def have_ended(redis: Redis, jobs: set[str]) -> bool:
    return jobs <= {result.job for result in await published(redis)}


def code(result: Result) -> str:
    return result.outcome.code if isinstance(result.outcome, Refused) else ""


async def test_a_model_that_hangs_ends_its_worker_and_a_supervisor_brings_the_answers(
    own_server: Server, tmp_path: Path
) -> None:
    trouble = {"lease_s": 1.0, "hang": "hang", "hung_s": 2.0}
    async with connect(own_server.url) as redis:
        jobs = await ask(Client(redis), "what 1", "hang", "what 2")
        ends, tries = [], 0
        for life in range(LIVES):  # what a supervisor does
            with workers(own_server.url, tmp_path, f"life {life}", **trouble) as [worker]:
                await until(lambda: worker.process.poll() is not None or have_ended(redis, jobs))
                tries += worker.runs["hang"]
                if worker.process.poll() is None:
                    break
                ends.append(worker)
        answers = await all_answered(redis, jobs)
    assert {job: code(answer) for job, answer in answers.items()} == {
        "what 1": "",
        "what 2": "",
        "hang": "poisoned",
    }
    assert tries == 3
    assert [worker.status() for worker in ends] == [1, 1, 1]
    for worker in ends:
        assert "engine hung for 2 s," in worker.remarks and "VLM_BATCH" in worker.remarks
        assert "echo.py" in worker.remarks, "where it stood"


async def test_a_batch_that_does_not_fit_is_done_in_parts(own_server: Server, tmp_path: Path) -> None:
    async with connect(own_server.url) as redis:
        jobs = await ask(Client(redis), *[f"what {n}" for n in range(8)])
        with workers(own_server.url, tmp_path, "small", oom_above=3) as [small]:
            answers = await all_answered(redis, jobs)
            assert max(small.runs.values()) > 1, "it was tried as a whole first"
    assert all(isinstance(answer.outcome, Answered) for answer in answers.values())


async def test_what_does_not_fit_even_alone_is_refused_and_the_worker_lives(
    own_server: Server, tmp_path: Path
) -> None:
    async with connect(own_server.url) as redis:
        client = Client(redis)
        jobs = await ask(client, "what 1", "what 2")
        with workers(own_server.url, tmp_path, "tiny", oom_above=0) as [tiny]:
            answers = await all_answered(redis, jobs)
            answers |= await all_answered(redis, await ask(client, "what 3"))
            assert tiny.process.poll() is None
    for answer in answers.values():
        assert isinstance(answer.outcome, Refused)
        assert (answer.outcome.code, "smaller picture" in answer.outcome.text) == ("out_of_memory", True)


def test_the_limit_is_the_one_that_is_documented() -> None:
    assert f"within {HUNG_S / 60:.0f} minutes" in (ROOT / "docs" / "operations.md").read_text()
