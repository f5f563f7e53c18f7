"""The metrics of a bot and a worker: they count what happened, and identify no user."""

import re
import socket

import httpx
import pytest
from support.bot_stack import Stack, picture, wait_until
from support.paths import ROOT

from vlm.ops.metrics import Metrics


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def numbers(port: int) -> dict[str, float]:
    """Every sample by its name and labels."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    return {
        name: float(value)
        for name, value in re.findall(r"^([a-z][^#\s]*(?:\{.*?\})?) (\S+)$", text, re.MULTILINE)
    }


@pytest.mark.promise("security#logs-hold-no-content")
def test_work_is_counted_and_nobody_is_named(own_stack: Stack) -> None:
    bot, worker = free_port(), free_port()
    own_stack.start_sandbox()
    own_stack.start_worker(VLM_METRICS=str(worker))
    own_stack.start_bot(BOT_METRICS=str(bot))
    ready = f"http://127.0.0.1:{bot}/readyz"
    own_stack.log_line("bot", "(Ready)")
    assert httpx.get(ready, timeout=60).json() == {"redis": "ok", "telegram": "ok"}
    assert httpx.get(ready.replace(str(bot), str(worker)), timeout=60).status_code == 200
    person = own_stack.person()
    photo = person.send(picture("red"), caption="a canary note", name="canary.png")
    assert person.answer_text(photo)
    assert person.answer_text(person.write("is the canary blue?", reply_to=photo))
    assert person.answer_text(person.send(b"no picture", "broken.png"))
    delivered = 'afterimage_results_total{code="ok",task="caption"}'
    counters = wait_until(lambda: (now := numbers(bot)) and now.get(delivered, 0) >= 1 and now)
    assert counters['afterimage_results_total{code="bad_image",task="caption"}'] == 1
    assert counters['afterimage_results_total{code="ok",task="ask"}'] == 1
    for stage in ("download", "deliver", "answer"):
        assert counters[f'afterimage_stage_seconds_count{{stage="{stage}"}}'] >= 2, stage
    for stream in ("interactive", "bulk", "updates", "results", "exports"):
        assert f'afterimage_entries_open{{stream="{stream}"}}' in counters
    assert counters["afterimage_workers"] == 1
    counters = numbers(worker)
    assert counters['afterimage_jobs_total{code="ok",task="caption"}'] == 1
    assert counters['afterimage_query_tokens_total{outcome="hit"}'] == 1
    assert counters["afterimage_batch_jobs_count"] >= 2
    assert counters["process_resident_memory_bytes"] > 1e6
    for stage in ("wait", "decode", "vision", "generate"):
        assert counters[f'afterimage_stage_seconds_count{{stage="{stage}"}}'] >= 1, stage
    for port in (bot, worker):
        exposition = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
        assert (
            "canary" not in exposition
            and str(person.chat) not in exposition
            and "red picture" not in exposition
        )


def test_a_bot_that_telegram_does_not_answer_is_alive_and_not_ready(own_stack: Stack) -> None:
    port = free_port()
    own_stack.start_sandbox()
    own_stack.inject_fault(status=502)
    own_stack.start_bot(BOT_METRICS=str(port))
    own_stack.log_line("bot", "(Telegram does not answer)")
    response = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=60)
    assert response.status_code == 503 and "Telegram" in response.json()["telegram"]
    assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200
    assert own_stack.stop("bot") == 0


@pytest.mark.parametrize("page", ["docs/operations.md"])
def test_the_page_explains_every_number_that_there_is(page: str) -> None:
    text = (ROOT / page).read_text()
    explained = set(re.findall(r"^\| `(afterimage_\w+)", text, re.MULTILINE))
    counted = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in Metrics().registry.collect()
    }
    assert explained == {name for name in counted if name.startswith("afterimage_")}
