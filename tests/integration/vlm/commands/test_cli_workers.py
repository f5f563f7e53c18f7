"""`vlm worker`, `vlm server`, `vlm health`, and pictures that go to the workers."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.vlm_process import ROOT, Running, Vlm, records, with_pictures

from vlm import keys
from vlm.queue import server
from vlm.queue.client import Client
from vlm.queue.connection import connect


@pytest.fixture
def vlm(tmp_path: Path) -> Vlm:
    return with_pictures(tmp_path)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    running = server.start(tmp_path / "redis")
    yield running.url
    running.stop()


@pytest.fixture
def worker(vlm: Vlm, redis_url: str) -> Iterator[Running]:
    running = vlm.start("worker", "--model", "echo", "--redis", redis_url)
    try:
        running.has_said("ready")
        yield running
    finally:
        assert running.end() == 0


def test_live_workers_do_the_work(vlm: Vlm, redis_url: str, worker: Running) -> None:
    # The default model is nowhere here: only the worker can have answered.
    names = ["red.png", "notes.txt", "gone.png"] + ["blue.jpg"] * 40
    run = vlm("caption", "--json", *names, REDIS_URL=redis_url)
    lines = records(run)
    assert run.returncode == 1 and [line["path"] for line in lines] == names
    assert [line.get("error") for line in lines[:4]] == [None, "bad_image", "not_found", None]
    assert lines[0]["caption"] == "a red picture of 64 by 48" and lines[0]["model"] == "echo"
    assert run.stderr.count("knows only colours") == 1
    answered = records(vlm("ask", "--json", "blue.jpg", "What is it?", REDIS_URL=redis_url))
    assert list(answered[0]) == ["path", "question", "answer", "model", "seconds"]
    refused = records(vlm("ask", "--json", "blue.jpg", "?", REDIS_URL=redis_url))
    assert refused[0]["error"] == "bad_request"


def test_an_empty_file_is_called_no_picture_by_workers_too(vlm: Vlm, redis_url: str, worker: Running) -> None:
    (vlm.folder / "empty.jpg").touch()
    (refused,) = records(vlm("caption", "--json", "empty.jpg", REDIS_URL=redis_url))
    assert refused["error"] == "bad_image", refused


@pytest.mark.promise("security#decoder-knows-no-secrets")
def test_a_workers_pictures_are_decoded_by_children_without_its_settings(worker: Running) -> None:
    children = [
        child
        for child in psutil.Process(worker.pid).children()
        if child.cmdline()[-1] == "vlm.worker.decoder"
    ]
    assert children and all(not {"REDIS_URL", "HF_TOKEN"} & child.environ().keys() for child in children)


def test_a_chosen_model_is_not_left_to_the_workers(vlm: Vlm) -> None:
    run = vlm("caption", "--model", "echo", "red.png", REDIS_URL=f"unix://{vlm.folder}/none.sock")
    assert run.returncode == 0 and "Redis" not in run.stderr


def test_without_workers_or_server_the_model_is_loaded_here(vlm: Vlm, redis_url: str) -> None:
    idle = vlm("caption", "red.png", REDIS_URL=redis_url, VLM_MODEL="echo")
    assert idle.returncode == 0 and "No worker is running" in idle.stderr
    away = vlm("caption", "red.png", REDIS_URL=f"unix://{vlm.folder}/none.sock", VLM_MODEL="echo")
    assert away.returncode == 0 and "No Redis server answers" in away.stderr


def test_health_tells_a_live_worker_from_none(vlm: Vlm, redis_url: str) -> None:
    assert vlm("health", "--redis", f"unix://{vlm.folder}/none.sock").returncode == 1
    assert ".." not in vlm("health", "--redis", "redis://127.0.0.1:1").stderr
    none = vlm("health", "--redis", redis_url)
    assert none.returncode == 1 and "no worker is alive" in none.stderr
    running = vlm.start("worker", "--model", "echo", "--redis", redis_url)
    running.has_said("ready")
    assert vlm("health", "--redis", redis_url).stdout == "well: echo\n"
    assert vlm("health", "--here", "--redis", redis_url).returncode == 0
    assert running.end() == 0
    assert vlm("health", "--here", "--redis", redis_url).returncode == 1


def test_a_worker_whose_model_is_nowhere_ends_saying_what_to_do(vlm: Vlm, redis_url: str) -> None:
    run = vlm("worker", "--model", "./nowhere", "--redis", redis_url)
    assert run.returncode == 2
    assert "There is no folder" in run.stderr and "--model tiny" in run.stderr
    assert "Traceback" not in run.stderr
    assert vlm("health", "--redis", redis_url).returncode == 1, "it never counted as a worker"


async def test_a_worker_whose_model_is_damaged_ends_before_it_takes_a_job(vlm: Vlm, redis_url: str) -> None:
    damaged = shutil.copytree(ROOT / "vlm" / "assets" / "tiny", vlm.folder / "damaged")
    weights = damaged / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    async with connect(redis_url) as redis:
        client = Client(redis)
        await client.caption(job="a", chat=1, photo=None, picture=(vlm.folder / "red.png").read_bytes())
        run = await asyncio.to_thread(vlm, "worker", "--model", "./damaged", "--redis", redis_url)
        assert run.returncode == 1
        assert "its weights are damaged" in run.stderr and "Traceback" not in run.stderr
        assert await client.position("a") == 0 and await client.models() == []
        assert await redis.xinfo_groups(keys.JOB_STREAMS["interactive"]) == [], (
            "it has not even joined the workers"
        )


def test_a_worker_draws_a_line_under_what_it_does(worker: Running) -> None:
    assert worker.end() == 0
    text = worker.has_said("stopped, with nothing left in hand")
    assert "ready" in text and "Traceback" not in text


def test_a_server_prints_its_address_and_ends_when_told(vlm: Vlm) -> None:
    running = vlm.start("server", "--dir", "data", "--port", "0")
    url = running.has_said("redis://127.0.0.1:").strip()
    again = vlm.start("server", "--dir", "data")
    assert again.has_said("redis://").strip() == url, "a folder has one server"
    assert again.end() == 0
    running.has_said("The server has ended", within_s=10)
    assert running.status() == 1
    assert vlm("health", "--redis", url).returncode == 1


def test_a_server_that_cannot_be_is_refused_in_a_line(vlm: Vlm) -> None:
    run = vlm("server", "--dir", "red.png/data")
    assert run.returncode == 2 and run.stderr.count("\n") == 1
