"""Updates are kept until they are confirmed, by polling or by webhook, and go to one poller at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from support.sandboxes import Person
from support.waiting import until
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict
from telegram.ext import Application, CommandHandler, ContextTypes


async def test_an_update_comes_again_until_its_offset_is_passed(bot: Bot, person: Person) -> None:
    await person.send("one")
    await person.send("two")
    first, second = await bot.get_updates()
    assert [update.update_id for update in await bot.get_updates()] == [first.update_id, second.update_id]
    assert [update.update_id for update in await bot.get_updates(offset=second.update_id)] == [
        second.update_id
    ]
    assert await bot.get_updates(offset=second.update_id + 1) == ()
    assert [message["_read"] for message in await person.sees()] == [True, True]


async def test_a_negative_offset_keeps_only_the_last(bot: Bot, person: Person) -> None:
    for text in "abc":
        await person.send(text)
    (last,) = await bot.get_updates(offset=-1)
    assert last.message and last.message.text == "c"
    assert len(await bot.get_updates()) == 1


async def test_a_long_poll_answers_as_soon_as_somebody_writes(bot: Bot, person: Person) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0)
    await person.send("now")
    (update,) = await asyncio.wait_for(poll, 25)
    assert update.message and update.message.text == "now"


async def test_a_second_poller_ends_the_first(url: str, bot: Bot, person: Person) -> None:
    async with httpx.AsyncClient(base_url=url) as other:
        first = asyncio.create_task(other.get("/bot123:any/getUpdates?timeout=50", timeout=100))
        second = asyncio.create_task(bot.get_updates(timeout=50))
        done, _ = await asyncio.wait({first, second}, timeout=40, return_when=asyncio.FIRST_COMPLETED)
        assert done, "one of the two is sent away"
        await person.send("to the one that stayed")
        answers = await asyncio.gather(first, second, return_exceptions=True)
    refused = [a for a in answers if isinstance(a, Conflict) or getattr(a, "status_code", 200) == 409]
    assert len(refused) == 1


async def test_kinds_that_were_not_asked_for_are_not_delivered(bot: Bot, person: Person) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await person.send("unheard")
    assert await bot.get_updates() == ()
    await bot.get_updates(allowed_updates=[])
    await person.send("heard")
    assert len(await bot.get_updates()) == 1


async def test_commands_reach_a_real_application(url: str, person: Person) -> None:
    async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message
        await update.message.reply_text(f"Hello {context.args}")

    app = Application.builder().token("123:any").base_url(f"{url}/bot").build()
    app.add_handler(CommandHandler("start", start))
    async with app:
        await app.start()
        assert app.updater
        await app.updater.start_polling(timeout=5)
        await person.send("/start@afterimage_bot abc")

        async def answered() -> bool:
            return "Hello ['abc']" in [message["text"] for message in await person.sees()]

        await until(answered)
        await app.updater.stop()
        await app.stop()


class Receiver:
    """A webhook that refuses a few deliveries before it takes them."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.got: list[tuple[str, bytes]] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.lower().splitlines() if line.startswith("content-length")
        )
        self.got.append((head, await reader.readexactly(length)))
        status = "500 No" if len(self.got) <= self.refusals else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[str]:
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"


async def test_a_webhook_gets_each_update_until_it_says_yes(bot: Bot, person: Person) -> None:
    receiver = Receiver(refusals=2)
    async with listening(receiver) as hook:
        await bot.set_webhook(hook, secret_token="s3cret")
        await person.send("knock")

        async def confirmed() -> bool:
            return (await bot.get_webhook_info()).pending_update_count == 0

        await until(confirmed)
        info = await bot.get_webhook_info()
    assert len(receiver.got) == 3 and len({body for _, body in receiver.got}) == 1
    assert "x-telegram-bot-api-secret-token: s3cret" in receiver.got[0][0].lower()
    assert info.last_error_message == "Wrong response from the webhook: 500 No"


async def test_polling_is_refused_while_a_webhook_is_set(bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(
        0.1
    )  # so that the poll is likely to be under way; both orders end in the same refusal
    await bot.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(Conflict):
        await poll
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_a_webhook_elsewhere_or_with_a_strange_secret_is_refused(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="only this machine"):
        await bot.set_webhook("https://example.org/hook")
    with pytest.raises(BadRequest, match="unallowed characters"):
        await bot.set_webhook("http://127.0.0.1:9/hook", secret_token="a b")
