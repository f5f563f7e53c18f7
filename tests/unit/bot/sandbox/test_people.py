"""A person's actions reach the bot as Telegram's own apps would send them."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from support.sandboxes import Person, picture
from support.waiting import until
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
)
from telegram.error import BadRequest


async def test_several_pictures_become_an_album_with_the_caption_on_one(bot: Bot, person: Person) -> None:
    await person.send(
        "three of them", *[(f"{color}.png", picture(color=color)) for color in ("red", "blue", "teal")]
    )
    messages = [update.message for update in await bot.get_updates()]
    assert len({message.media_group_id for message in messages if message}) == 1
    assert [message.caption for message in messages if message] == ["three of them", None, None]


async def test_a_lone_picture_belongs_to_no_album(bot: Bot, person: Person) -> None:
    await person.send("", ("a.png", picture()))
    (update,) = await bot.get_updates()
    assert update.message and update.message.photo and update.message.media_group_id is None


async def test_pictures_and_files_are_two_albums(bot: Bot, person: Person) -> None:
    files = [("a.png", picture()), ("a.txt", b"1"), ("b.png", picture()), ("b.txt", b"2")]
    await person.send("", *files)
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert [bool(message.photo) for message in messages] == [True, True, False, False]
    assert messages[0].media_group_id == messages[1].media_group_id != messages[2].media_group_id


async def test_a_reply_brings_what_it_replies_to(bot: Bot, person: Person) -> None:
    await person.send("hello")
    caption = await bot.send_message(person.chat, "A cat")
    await person.send("Which colour?", reply_to=caption.message_id)
    reply = (await bot.get_updates())[-1].message
    assert reply and reply.reply_to_message and reply.reply_to_message.text == "A cat"
    assert reply.reply_to_message.from_user and reply.reply_to_message.from_user.is_bot


async def test_a_long_text_is_cut_as_the_apps_cut_it(bot: Bot, person: Person) -> None:
    sent = await person.send("🐈" + "x" * 9999)
    assert [len(message["text"]) for message in sent] == [4095, 4096, 1809]


async def test_commands_mentions_and_links_are_marked(person: Person) -> None:
    (message,) = await person.send("/find 🐈 @someone https://example.org/a.")
    marked = [(entity["type"], entity["offset"], entity["length"]) for entity in message["entities"]]
    assert marked == [("bot_command", 0, 5), ("mention", 9, 8), ("url", 18, 21)]


async def test_a_persons_edit_is_told_to_the_bot(bot: Bot, person: Person) -> None:
    (message,) = await person.send("helo")
    fields = {"chat": person.chat, "message_id": message["message_id"], "text": "hello"}
    await person.http.post("/sandbox/edit", json=fields)
    edited = (await bot.get_updates())[-1].edited_message
    assert edited and edited.text == "hello" and edited.edit_date


async def test_any_other_kind_of_message_can_be_sent_as_it_is(bot: Bot, person: Person) -> None:
    voice = {"file_id": "AwACx", "file_unique_id": "AgADx", "duration": 3}
    await person.http.post("/sandbox/send", json={"chat": person.chat, "content": {"voice": voice}})
    (update,) = await bot.get_updates()
    assert update.message and update.message.voice and update.message.voice.duration == timedelta(seconds=3)


async def events_of(http: httpx.AsyncClient, kind: str, ready: asyncio.Event) -> dict:
    async with http.stream("GET", "/sandbox/events", timeout=60) as stream:
        async for line in stream.aiter_lines():
            event = json.loads(line.removeprefix("data: ")) if line else {}
            if event.get("type") == "hello":
                ready.set()
            if event.get("type") == kind:
                return event
    raise AssertionError(f"no event {kind}")


async def test_a_pressed_button_is_answered_once(bot: Bot, person: Person) -> None:
    await person.send("hello")
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data="more:1")]])
    sent = await bot.send_message(person.chat, "More?", reply_markup=keyboard)
    ready = asyncio.Event()
    heard = asyncio.create_task(events_of(person.http, "answer", ready))
    await ready.wait()
    press = {"chat": person.chat, "message_id": sent.message_id, "data": "more:1"}
    pressed = (await person.http.post("/sandbox/press", json=press)).json()
    query = (await bot.get_updates())[-1].callback_query
    assert query and query.data == "more:1" and query.id == pressed["query"]
    assert await bot.answer_callback_query(query.id, "Coming")
    event = await heard
    assert event["text"] == "Coming" and event["message_id"] == sent.message_id
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(query.id)
    nothing = await person.http.post("/sandbox/press", json={**press, "data": "forged"})
    assert nothing.status_code == 400


async def test_an_inline_query_gets_its_results(bot: Bot, person: Person) -> None:
    ready = asyncio.Event()
    heard = asyncio.create_task(events_of(person.http, "inline", ready))
    await ready.wait()
    await person.http.post("/sandbox/inline", json={"chat": person.chat, "query": "red bicycle"})
    query = (await bot.get_updates())[-1].inline_query
    assert query and query.query == "red bicycle"
    article = InlineQueryResultArticle("1", "A bicycle", InputTextMessageContent("It is red"))
    assert await bot.answer_inline_query(query.id, [article])
    assert (await heard)["results"][0]["title"] == "A bicycle"


async def test_typing_reaches_the_page_and_waiters_wake_on_a_change(bot: Bot, person: Person) -> None:
    await person.send("hello")
    now = (await person.http.get("/sandbox/messages", params={"chat": person.chat})).json()["version"]
    params = {"chat": person.chat, "since": now, "wait_s": 10}
    waiting = asyncio.create_task(person.http.get("/sandbox/messages", params=params, timeout=60))
    await bot.send_message(person.chat, "Hi")
    assert [message["text"] for message in (await waiting).json()["messages"]] == ["hello", "Hi"]


async def test_a_refusal_says_why(person: Person) -> None:
    answer = await person.http.post("/sandbox/send", json={"text": "  "})
    assert answer.status_code == 400 and answer.json()["description"] == "Bad Request: message text is empty"
    answer = await person.http.post("/sandbox/send", json={"text": "x", "reply_to": 4711})
    assert "message to be replied not found" in answer.json()["description"]


async def test_what_the_bot_did_is_on_record(bot: Bot, person: Person) -> None:
    await person.send("hello")
    await bot.send_message(person.chat, "Hi")

    async def recorded() -> list:
        return (await person.http.get("/sandbox/calls", params={"method": "sendMessage"})).json()

    (call,) = await until(recorded)
    assert call["chat"] == person.chat and call["args"]["text"] == "Hi" and call["refused"] == ""
