"""Injected faults hit as often as asked, in the form of a real network's faults."""

import time
from datetime import timedelta

import httpx
import pytest
from support.sandboxes import Person, picture
from telegram import Bot
from telegram.error import ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut


async def inject_fault(http: httpx.AsyncClient, **fault: object) -> dict:
    answer = await http.post("/sandbox/faults", json=fault)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_flood_limit_names_its_seconds_and_hits_one_chat_only(bot: Bot, person: Person) -> None:
    await person.send("hello")
    other = Person(person.http, 502)
    await other.send("hello")
    await inject_fault(person.http, method="sendMessage", chat=501, status=429, retry_after=7, times=1)
    await bot.send_message(502, "not hit")
    with pytest.raises(RetryAfter) as refused:
        await bot.send_message(501, "hit")
    assert refused.value.retry_after == timedelta(seconds=7)
    await bot.send_message(501, "only once")
    (fault,) = (await person.http.get("/sandbox/faults")).json()
    assert fault["hits"] == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 502}, NetworkError),
        ({"status": 500}, NetworkError),
        ({"status": 403, "description": "Forbidden: bot was blocked by the user"}, Forbidden),
        ({"status": 400, "parameters": {"migrate_to_chat_id": -100}}, ChatMigrated),
        ({"cut": "before"}, NetworkError),
        ({"cut": "after"}, NetworkError),
        ({"delay_s": 5}, TimedOut),
    ],
)
async def test_each_kind_of_trouble_reaches_the_bot_as_the_real_one_does(
    bot: Bot, person: Person, fault: dict, error: type[Exception]
) -> None:
    await person.send("hello")
    await inject_fault(person.http, method="sendMessage", **fault)
    with pytest.raises(error):
        await bot.send_message(501, "x", read_timeout=0.3)
    performed = [message["text"] for message in await person.sees()]
    assert performed == (["hello", "x"] if fault.get("cut") == "after" else ["hello"])
    await person.http.delete("/sandbox/faults")
    await bot.send_message(501, "well again")


async def test_downloads_fail_too(bot: Bot, person: Person) -> None:
    (message,) = await person.send("", ("a.png", picture()))
    file = await bot.get_file(message["photo"][0]["file_id"])
    await inject_fault(person.http, method="file", status=404, times=1)
    with pytest.raises(InvalidToken):
        await file.download_as_bytearray()
    assert await file.download_as_bytearray()


async def test_a_delay_alone_only_delays(bot: Bot, person: Person) -> None:
    await person.send("hello")
    await inject_fault(person.http, method="*", delay_s=0.2, times=1)
    started = time.monotonic()
    await bot.send_message(501, "late")
    assert time.monotonic() - started >= 0.2


async def test_a_misspelt_fault_is_refused(person: Person) -> None:
    assert (await person.http.post("/sandbox/faults", json={"metod": "x"})).status_code == 400
