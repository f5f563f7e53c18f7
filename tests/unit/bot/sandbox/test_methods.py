"""The Bot API as python-telegram-bot uses it: what is sent arrives, what is wrong is refused."""

import pytest
from support.sandboxes import Person, picture
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    MessageEntity,
    ReplyParameters,
    User,
)
from telegram.error import BadRequest, EndPointNotFound

from bot.sandbox.text import parse_html, units

BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("Again", callback_data="again")]])


async def test_a_message_arrives_with_its_buttons_as_a_reply(bot: Bot, person: Person) -> None:
    (hello,) = await person.send("hello")
    sent = await bot.send_message(
        person.chat, "Hi!", reply_markup=BUTTONS, reply_to_message_id=hello["message_id"]
    )
    shown = (await person.sees(hello["message_id"]))[0]
    assert shown["text"] == "Hi!"
    assert shown["reply_to_message"]["text"] == "hello"
    assert shown["reply_markup"]["inline_keyboard"][0][0]["text"] == "Again"
    assert sent.from_user is not None and sent.from_user.is_bot
    assert sent.reply_to_message is not None and sent.reply_to_message.text == "hello"


async def test_a_selective_prompt_is_for_who_is_mentioned_and_who_is_replied_to(
    bot: Bot, person: Person
) -> None:
    group = Person(person.http, -700_001)
    (hello,) = await group.send("hello", user=601, name="Ada")
    await group.send("hi", user=602, name="Noor")
    marks = MessageEntity.adjust_message_entities_to_utf_16(
        "🦊 Noor", [MessageEntity("text_mention", 2, 4, user=User(602, "Noor", is_bot=False))]
    )
    reply = ReplyParameters(hello["message_id"])
    prompt = ForceReply(selective=True)
    await bot.send_message(group.chat, "🦊 Noor", entities=marks, reply_markup=prompt)
    await bot.send_message(group.chat, "🦊 @Person602?", reply_markup=prompt)
    await bot.send_message(group.chat, "Which?", reply_parameters=reply, reply_markup=prompt)
    await bot.send_message(group.chat, "Which?", reply_markup=prompt)
    await bot.send_message(group.chat, "Which?", reply_markup=ForceReply())
    shown = (await group.sees(hello["message_id"]))[-5:]
    assert [message["_prompt"]["for"] for message in shown] == [[602], [602], [601], [], None]


async def test_an_edit_changes_the_text_and_drops_the_buttons(bot: Bot, person: Person) -> None:
    await person.send("hello")
    sent = await bot.send_message(person.chat, "One moment", reply_markup=BUTTONS)
    edited = await bot.edit_message_text("A cat", person.chat, sent.message_id)
    assert edited is not True and edited.text == "A cat" and edited.reply_markup is None and edited.edit_date


async def test_editing_to_the_same_is_refused_as_not_modified(bot: Bot, person: Person) -> None:
    await person.send("hello")
    sent = await bot.send_message(person.chat, "Same")
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("Same", person.chat, sent.message_id)


async def test_the_caption_and_buttons_of_a_photo_can_be_edited(bot: Bot, person: Person) -> None:
    await person.send("hello")
    sent = await bot.send_photo(person.chat, picture(), caption="one")
    await bot.edit_message_caption(person.chat, sent.message_id, caption="two")
    marked = await bot.edit_message_reply_markup(person.chat, sent.message_id, reply_markup=BUTTONS)
    assert marked is not True and marked.caption == "two" and marked.reply_markup == BUTTONS
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("three", person.chat, sent.message_id)


async def test_a_deleted_message_is_gone_and_can_no_longer_be_edited(bot: Bot, person: Person) -> None:
    await person.send("hello")
    first, second = [await bot.send_message(person.chat, text) for text in ("1", "2")]
    assert await bot.delete_message(person.chat, first.message_id)
    assert await bot.delete_messages(person.chat, [second.message_id, 999])
    assert [message["text"] for message in await person.sees()] == ["hello"]
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", person.chat, first.message_id)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(person.chat, first.message_id)


async def test_a_reply_to_nothing_is_refused_unless_it_may_go_without(bot: Bot, person: Person) -> None:
    await person.send("hello")
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(person.chat, "x", reply_parameters=ReplyParameters(4711))
    loose = ReplyParameters(4711, allow_sending_without_reply=True)
    assert (await bot.send_message(person.chat, "x", reply_parameters=loose)).reply_to_message is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("  \n ", "Message text is empty"),
        ("x" * 4097, "Message is too long"),
        ("🐈" * 2049, "Message is too long"),
    ],
)
async def test_empty_and_too_long_texts_are_refused(bot: Bot, person: Person, text: str, reason: str) -> None:
    await person.send("hello")
    with pytest.raises(BadRequest, match=reason):
        await bot.send_message(person.chat, text)


async def test_a_chat_that_never_wrote_is_not_found(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(987654, "anyone?")


async def test_a_button_with_too_much_data_is_refused(bot: Bot, person: Person) -> None:
    await person.send("hello")
    long = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="é" * 33)]])
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        await bot.send_message(person.chat, "x", reply_markup=long)


async def test_an_album_shares_one_group_and_takes_uploads_and_file_ids(bot: Bot, person: Person) -> None:
    (message,) = await person.send("", ("cat.png", picture()))
    sent = await bot.send_media_group(
        person.chat,
        [
            InputMediaPhoto(picture(color="navy"), caption="new"),
            InputMediaPhoto(message["photo"][0]["file_id"]),
        ],
    )
    assert len({message.media_group_id for message in sent}) == 1 and sent[0].media_group_id
    assert sent[0].caption == "new"
    assert sent[1].photo[-1].file_id == message["photo"][-1]["file_id"], "any size stands for the whole photo"


async def test_commands_are_kept_by_scope_and_language(bot: Bot, person: Person) -> None:
    await bot.set_my_commands([BotCommand("start", "Begin")])
    await bot.set_my_commands([BotCommand("start", "Anfangen")], BotCommandScopeAllPrivateChats(), "de")
    assert [command.description for command in await bot.get_my_commands()] == ["Begin"]
    german = await person.http.get("/sandbox/state", params={"chat": person.chat, "language": "de"})
    english = await person.http.get("/sandbox/state", params={"chat": 502, "language": "en"})
    assert german.json()["commands"][0]["description"] == "Anfangen"
    assert english.json()["commands"][0]["description"] == "Begin"
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    with pytest.raises(BadRequest, match="Bot_command_invalid"):
        await bot.set_my_commands([BotCommand("No spaces", "x")])


async def test_reactions_typing_names_and_members(bot: Bot, person: Person) -> None:
    (hello,) = await person.send("hello")
    assert await bot.set_message_reaction(person.chat, hello["message_id"], "👍")
    assert (await person.sees())[0]["_reactions"][0]["emoji"] == "👍"
    assert await bot.send_chat_action(person.chat, "typing")
    assert await bot.set_my_description("Sees.") and (await bot.get_my_description()).description == "Sees."
    assert (await bot.get_chat(person.chat)).type == "private"
    assert (await bot.get_me()).username == "afterimage_bot"
    with pytest.raises(BadRequest, match="Wrong parameter action"):
        await bot.send_chat_action(person.chat, "juggling")


async def test_who_writes_first_in_a_group_owns_it(bot: Bot, person: Person) -> None:
    for user in (11, 12):
        await person.http.post("/sandbox/send", json={"chat": -100, "user": user, "text": "hi"})
    assert (await bot.get_chat_member(-100, 11)).status == "creator"
    assert (await bot.get_chat_member(-100, 12)).status == "member"
    assert [admin.user.id for admin in await bot.get_chat_administrators(-100)] == [11]
    assert await bot.get_chat_member_count(-100) == 3


async def test_an_unknown_method_is_not_found(bot: Bot) -> None:
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("sendPigeon")


async def test_arguments_may_come_as_json_query_or_form(person: Person) -> None:
    await person.send("hello")
    arguments = {"chat_id": person.chat, "text": "x"}
    calls = [
        await person.http.get("/bot1:a/SendMessage", params=arguments),
        await person.http.post("/bot1:a/sendmessage", json=arguments),
        await person.http.post("/bot1:a/sendMessage", data=arguments),
    ]
    assert [call.json()["ok"] for call in calls] == [True] * 3
    bad = await person.http.post(
        "/bot1:a/sendMessage", content=b"{", headers={"content-type": "application/json"}
    )
    assert bad.status_code == 400 and bad.json()["ok"] is False


async def test_html_becomes_entities_and_broken_html_is_refused(bot: Bot, person: Person) -> None:
    await person.send("hello")
    sent = await bot.send_message(person.chat, "🐈 <b>two &lt; <i>three</i></b>", parse_mode="HTML")
    assert sent.text == "🐈 two < three"
    assert [(entity.type, entity.offset, entity.length) for entity in sent.entities] == [
        ("bold", 3, 11),
        ("italic", 9, 5),
    ]
    for broken in ("<b>x", "x</b>", "<script>x</script>"):
        with pytest.raises(BadRequest, match="Can't parse entities"):
            await bot.send_message(person.chat, broken, parse_mode="HTML")


def test_lengths_count_utf16_units() -> None:
    assert units("a🐈") == 3
    assert parse_html('<a href="https://example.org">é</a>')[1][0]["length"] == 1
