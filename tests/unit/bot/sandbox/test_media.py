"""Media of every kind arrive and come back; inline results are checked, chosen and posted."""

import io

import pytest
from PIL import Image
from support.sandboxes import Person, picture
from telegram import (
    Bot,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputMediaPhoto,
    InputTextMessageContent,
    ReplyParameters,
)
from telegram.error import BadRequest


def webp() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (512, 400), (200, 40, 40, 255)).save(out, "WEBP")
    return out.getvalue()


async def test_a_sticker_arrives_as_one_and_downloads(bot: Bot, person: Person) -> None:
    await person.send("", ("hello.webp", webp()), kind="sticker")
    message = (await bot.get_updates())[-1].message
    assert message and message.sticker and not message.sticker.is_animated
    assert (message.sticker.width, message.sticker.height) == (512, 400)
    assert bytes(await (await bot.get_file(message.sticker.file_id)).download_as_bytearray()) == webp()


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        ("animated_sticker", "wave.tgs", "sticker"),
        ("video_sticker", "wave.webm", "sticker"),
        ("video", "a.mp4", "video"),
        ("animation", "a.mp4", "animation"),
        ("video_note", "a.mp4", "video_note"),
        ("voice", "a.ogg", "voice"),
        ("audio", "a.mp3", "audio"),
    ],
)
async def test_what_moves_or_sounds_arrives_as_what_it_is(
    bot: Bot, person: Person, kind: str, name: str, field: str
) -> None:
    await person.send("", (name, b"\0" * 99), kind=kind)
    message = (await bot.get_updates())[-1].message
    assert message and getattr(message, field).file_size == 99
    if field == "sticker":
        assert message.sticker and message.sticker.is_animated is (kind == "animated_sticker")


async def test_a_video_that_is_dropped_on_the_page_needs_no_word(bot: Bot, person: Person) -> None:
    await person.send("look", ("film.mp4", b"\0" * 99))
    message = (await bot.get_updates())[-1].message
    assert message and message.video and message.caption == "look"


async def test_a_kind_that_there_is_not_is_refused(person: Person) -> None:
    data = {"chat": person.chat, "kind": "hologram"}
    refused = await person.http.post("/sandbox/send", data=data, files={"file": ("a", b"x")})
    assert refused.status_code == 400 and "animated_sticker" in refused.text


async def test_photos_go_again_by_file_id_with_caption_above_and_as_a_reply(bot: Bot, person: Person) -> None:
    (message,) = await person.send("", ("a.png", picture()))
    file_id = message["photo"][-1]["file_id"]
    sent = await bot.send_photo(
        person.chat,
        file_id,
        caption="again",
        show_caption_above_media=True,
        reply_parameters=ReplyParameters(message["message_id"]),
    )
    assert sent.show_caption_above_media and sent.caption == "again"
    assert sent.reply_to_message and sent.reply_to_message.message_id == message["message_id"]
    album = await bot.send_media_group(
        person.chat,
        [InputMediaPhoto(file_id, caption=words) for words in ("one", "two")],
        reply_parameters=ReplyParameters(message["message_id"]),
    )
    assert [message.caption for message in album] == ["one", "two"]
    assert all(message.reply_to_message for message in album)


async def test_a_photo_can_be_exchanged_and_copied(bot: Bot, person: Person) -> None:
    (message,) = await person.send("mine", ("a.png", picture()))
    sent = await bot.send_photo(person.chat, picture(color="navy"), caption="old")
    media = InputMediaPhoto(message["photo"][-1]["file_id"], caption="new")
    edited = await bot.edit_message_media(media, person.chat, sent.message_id)
    assert edited is not True and edited.caption == "new"
    assert edited.photo[-1].file_id == message["photo"][-1]["file_id"]
    copy = await bot.copy_message(person.chat, person.chat, message["message_id"], caption="a copy")
    shown = (await person.sees(copy.message_id - 1))[0]
    assert shown["caption"] == "a copy" and shown["photo"] == message["photo"] and shown["from"]["is_bot"]


async def ask(person: Person, words: str, **fields: object) -> str:
    response = await person.http.post("/sandbox/inline", json={"chat": person.chat, "query": words, **fields})
    return str(response.json()["query"])


async def answer_to(person: Person, query: str) -> dict:
    response = await person.http.get("/sandbox/answer", params={"query": query, "wait_s": 10}, timeout=60)
    answer: dict = response.json()
    return answer


async def test_a_chosen_photo_is_posted_by_the_person_via_the_bot(bot: Bot, person: Person) -> None:
    (message,) = await person.send("", ("a.png", picture()))
    query = await ask(person, "red")
    result = InlineQueryResultCachedPhoto("1", message["photo"][-1]["file_id"], caption="a red square")
    await bot.answer_inline_query(query, [result], is_personal=True)
    assert (await answer_to(person, query))["results"][0]["photo_file_id"] == message["photo"][-1]["file_id"]
    group = {"chat": -1_001_234_567_890, "user": person.chat, "query": query, "result": "1"}
    await person.http.post("/sandbox/choose", json=group)
    posted = (await bot.get_updates())[-1].message
    assert posted and posted.photo and posted.caption == "a red square" and posted.chat.type == "supergroup"
    assert posted.via_bot and posted.via_bot.id == bot.id
    assert posted.from_user and posted.from_user.id == person.chat
    nothing = await person.http.post("/sandbox/choose", json={**group, "result": "2"})
    assert nothing.status_code == 400


async def test_an_article_becomes_its_text_and_the_button_leads_to_the_bot(bot: Bot, person: Person) -> None:
    query = await ask(person, "x")
    article = InlineQueryResultArticle("1", "Nothing like that", InputTextMessageContent("Nothing"))
    await bot.answer_inline_query(
        query, [article], button=InlineQueryResultsButton("Send a photo", start_parameter="go")
    )
    answer = await answer_to(person, query)
    assert answer["button"] == {"text": "Send a photo", "start_parameter": "go"}
    sent = await person.http.post(
        "/sandbox/choose", json={"chat": person.chat, "query": query, "result": "1"}
    )
    assert sent.json()["messages"][0]["text"] == "Nothing"


async def test_inline_answers_that_telegram_would_refuse_are_refused(bot: Bot, person: Person) -> None:
    query = await ask(person, "x")
    with pytest.raises(BadRequest, match="Wrong file_id"):
        await bot.answer_inline_query(query, [InlineQueryResultCachedPhoto("1", "AgACAgInowhere")])
    twice = [InlineQueryResultArticle("1", "a", InputTextMessageContent("a"))] * 2
    with pytest.raises(BadRequest, match="Result_id_duplicate"):
        await bot.answer_inline_query(query, twice)
    assert await bot.answer_inline_query(query, [])


async def test_the_answer_to_a_press_can_be_waited_for(bot: Bot, person: Person) -> None:
    await person.send("hello")
    keyboard = {"inline_keyboard": [[{"text": "More", "callback_data": "more"}]]}
    sent = await bot.send_message(person.chat, "More?", reply_markup=keyboard)  # type: ignore[arg-type]
    press = {"chat": person.chat, "message_id": sent.message_id, "data": "more"}
    query = (await person.http.post("/sandbox/press", json=press)).json()["query"]
    assert (await person.http.get("/sandbox/answer", params={"query": query})).json() == {}
    await bot.answer_callback_query(
        query, "Coming", show_alert=True, url="https://t.me/afterimage_bot?start=x"
    )
    answer = await answer_to(person, query)
    assert (answer["text"], answer["show_alert"]) == ("Coming", True) and answer["url"].endswith("start=x")
