"""The webhook: only calls with the secret reach the journal, and 200 means that it holds the update."""

from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis
from support.bot_stack import Stack, picture, wait_until

from bot.transport.journal import UPDATES, Journal
from bot.transport.webhook import MAX_BYTES, SECRET_HEADER, listen, webhook_app
from vlm.errors import BadSetting
from vlm.queue.connection import connect

SECRET = "a-Canary_Secret"
UPDATE = {"update_id": 7, "message": {"message_id": 1}}


@pytest.fixture
async def caller(redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    app = webhook_app(Journal(redis), url="https://example.org/hook", secret=SECRET)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://example.org") as client:
        yield client


async def test_an_update_with_the_secret_is_kept_once(caller: httpx.AsyncClient, redis: Redis) -> None:
    for _ in range(2):
        answer = await caller.post("/hook", json=UPDATE, headers={SECRET_HEADER: SECRET})
        assert answer.status_code == 200
    assert await redis.xlen(UPDATES) == 1


@pytest.mark.promise("security#webhook-checks-secret")
@pytest.mark.parametrize("shown", [None, "", "wrong", SECRET + "x", SECRET.lower(), "ä".encode()])
async def test_without_the_secret_nothing_is_kept(
    caller: httpx.AsyncClient, redis: Redis, shown: str | bytes | None
) -> None:
    headers = {} if shown is None else {SECRET_HEADER: shown}
    answer = await caller.post("/hook", json=UPDATE, headers=headers)
    assert answer.status_code == 401
    assert await redis.dbsize() == 0


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"update_id": "7"}', b"\xff"])
async def test_what_is_no_update_is_refused(caller: httpx.AsyncClient, redis: Redis, body: bytes) -> None:
    answer = await caller.post("/hook", content=body, headers={SECRET_HEADER: SECRET})
    assert answer.status_code == 400
    assert await redis.dbsize() == 0


@pytest.mark.promise("security#webhook-body-limit")
async def test_a_body_without_end_is_cut_short(caller: httpx.AsyncClient, redis: Redis) -> None:
    updates = []

    async def chunks() -> AsyncIterator[bytes]:  # of which nobody says beforehand how many they are
        for _ in range(64):
            updates.append(b"x" * (MAX_BYTES // 16))
            yield updates[-1]

    answer = await caller.post("/hook", content=chunks(), headers={SECRET_HEADER: SECRET})
    assert answer.status_code == 413
    assert len(updates) == 17, "nothing is read beyond the limit"
    assert await redis.dbsize() == 0


async def test_while_the_journal_is_away_telegram_is_asked_to_call_again() -> None:
    async with connect("redis://127.0.0.1:1/0") as nobody:
        app = webhook_app(Journal(nobody), url="https://example.org/", secret=SECRET)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://h") as client:
            answer = await client.post("/", json=UPDATE, headers={SECRET_HEADER: SECRET})
    assert answer.status_code == 503


def test_an_address_that_is_taken_is_said_by_its_setting() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(BadSetting, match="BOT_WEBHOOK_LISTEN"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.promise("security#webhook-body-limit")
async def test_who_says_that_a_body_is_too_large_is_not_read(caller: httpx.AsyncClient) -> None:
    headers = {SECRET_HEADER: SECRET, "Content-Length": str(MAX_BYTES + 1)}
    answer = await caller.post("/hook", content=b"{}", headers=headers)  # refused for what it says alone
    assert answer.status_code == 413


@pytest.mark.promise("security#webhook-checks-secret")
async def test_an_empty_secret_lets_nobody_in(redis: Redis) -> None:
    app = webhook_app(Journal(redis), url="https://example.org/", secret="")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://h") as client:
        assert (await client.post("/", json=UPDATE, headers={SECRET_HEADER: ""})).status_code == 401


def test_the_bot_answers_by_webhook_and_goes_back_to_polling(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_worker()
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    own_stack.start_bot(
        BOT_WEBHOOK_URL=f"http://127.0.0.1:{port}/hook",
        BOT_WEBHOOK_SECRET=SECRET,
        BOT_WEBHOOK_LISTEN=f"127.0.0.1:{port}",
    )
    person = own_stack.person()
    assert "a red picture" in person.answer_text(person.send(picture("red")))
    assert own_stack.call("GET", "calls", params={"method": "setWebhook"})
    assert own_stack.stop("bot") == 0
    own_stack.start_bot()
    wait_until(lambda: own_stack.call("GET", "calls", params={"method": "deleteWebhook"}))
    assert "a blue picture" in person.answer_text(person.send(picture("blue")))
