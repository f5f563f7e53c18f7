"""Groups in the sandbox: members, administrators, topics, adding and removing the bot, migration."""

import httpx
import pytest
from support.sandboxes import Person, picture
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden

GROUP, SUPERGROUP = -4_000_123, -1_001_234_567_890
ADA, BEN = 11, 12


async def post(http: httpx.AsyncClient, action: str, **fields: object) -> dict:
    answer = await http.post(f"/sandbox/{action}", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def say(http: httpx.AsyncClient, text: str, **fields: object) -> dict:
    response: dict = (await post(http, "send", **{"chat": SUPERGROUP, "user": ADA, **fields}, text=text))[
        "messages"
    ][0]
    return response


async def test_each_writes_under_a_name_and_a_language_of_their_own(
    bot: Bot, http: httpx.AsyncClient
) -> None:
    await say(http, "hi", name="Ada", language="en")
    await say(http, "hola", user=BEN, name="Ben", language="es")
    ada, ben = [update.message for update in await bot.get_updates() if update.message]
    assert ada.from_user and (ada.from_user.first_name, ada.from_user.language_code) == ("Ada", "en")
    assert ben.from_user and (ben.from_user.first_name, ben.from_user.language_code) == ("Ben", "es")
    assert ada.chat.type == "supergroup" and ada.chat_id == ben.chat_id


async def test_administrators_are_made_and_unmade(bot: Bot, http: httpx.AsyncClient) -> None:
    await say(http, "mine")
    await say(http, "hello", user=BEN)
    assert (await post(http, "promote", chat=SUPERGROUP, user=BEN, admin=True))["status"] == "administrator"
    admins = await bot.get_chat_administrators(SUPERGROUP)
    assert [(admin.user.id, admin.status) for admin in admins] == [(ADA, "creator"), (BEN, "administrator")]
    await post(http, "promote", chat=SUPERGROUP, user=BEN, admin=False)
    assert (await bot.get_chat_member(SUPERGROUP, BEN)).status == "member"


async def test_only_as_an_administrator_the_bot_deletes_what_others_wrote(
    bot: Bot, http: httpx.AsyncClient
) -> None:
    kept = await say(http, "keep")
    own = await bot.send_message(SUPERGROUP, "mine")
    assert await bot.delete_message(SUPERGROUP, own.message_id)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(SUPERGROUP, kept["message_id"])
    await post(http, "promote", chat=SUPERGROUP, user=bot.id, admin=True)
    assert await bot.delete_message(SUPERGROUP, kept["message_id"])
    change = (await bot.get_updates())[-1].my_chat_member
    assert change and change.new_chat_member.status == "administrator"


async def test_a_group_that_grows_has_another_id_and_says_so(bot: Bot, http: httpx.AsyncClient) -> None:
    before = await say(http, "small", chat=GROUP)
    assert before["chat"]["type"] == "group"
    new = (await post(http, "migrate", chat=GROUP))["chat"]
    _, left, came = [update.message for update in await bot.get_updates()]
    assert left and left.chat_id == GROUP and left.migrate_to_chat_id == new
    assert came and came.chat_id == new and came.migrate_from_chat_id == GROUP
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(GROUP, "anyone?")
    assert moved.value.new_chat_id == new
    assert (await bot.send_message(new, "here")).chat.type == "supergroup"
    refused = await http.post("/sandbox/send", json={"chat": GROUP, "user": ADA, "text": "back"})
    assert refused.status_code == 400 and str(new) in refused.text


async def test_a_supergroup_counts_its_own_messages(bot: Bot, person: Person) -> None:
    """So that an id from one chat never stands for a message of another by luck."""
    await person.send("one")
    await person.send("two")
    first = await say(person.http, "first here")
    assert first["message_id"] == 1
    assert (await bot.send_message(SUPERGROUP, "second")).message_id == 2


async def test_topics_are_kept_apart(bot: Bot, http: httpx.AsyncClient) -> None:
    question = await say(http, "a cat?", topic="Cats")
    update = (await bot.get_updates())[-1].message
    assert update and update.is_topic_message and update.chat.is_forum
    thread = question["message_thread_id"]
    assert update.message_thread_id == thread
    assert update.reply_to_message and update.reply_to_message.forum_topic_created, "as Telegram has it"
    answer = await bot.send_message(SUPERGROUP, "a cat", message_thread_id=thread)
    assert answer.is_topic_message and answer.message_thread_id == thread
    assert (await say(http, "a dog?", topic="Cats"))["message_thread_id"] == thread
    assert (await say(http, "a dog?", topic="Dogs"))["message_thread_id"] != thread
    assert "message_thread_id" not in await say(http, "in general")
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(SUPERGROUP, "x", message_thread_id=4711)


async def test_a_reply_in_a_plain_supergroup_has_a_thread_that_is_no_topic(
    bot: Bot, http: httpx.AsyncClient
) -> None:
    first = await say(http, "first")
    await say(http, "second", reply_to=first["message_id"])
    reply = (await bot.get_updates())[-1].message
    assert reply and reply.message_thread_id == first["message_id"] and not reply.is_topic_message
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(SUPERGROUP, "x", message_thread_id=reply.message_thread_id)


async def test_who_blocks_the_bot_hears_nothing_until_they_let_it_back(bot: Bot, person: Person) -> None:
    await person.send("hello")
    await post(person.http, "block", chat=person.chat)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(person.chat, "hello?")
    refused = await person.http.post("/sandbox/send", json={"chat": person.chat, "text": "x"})
    assert refused.status_code == 403
    await post(person.http, "unblock", chat=person.chat)
    await bot.send_message(person.chat, "hello again")
    changes = [update.my_chat_member for update in await bot.get_updates() if update.my_chat_member]
    assert [change.new_chat_member.status for change in changes] == ["kicked", "member"]


async def test_a_bot_that_was_removed_hears_nothing_of_the_group(bot: Bot, http: httpx.AsyncClient) -> None:
    await say(http, "heard")
    await post(http, "block", chat=SUPERGROUP, user=ADA)
    await say(http, "unheard")
    with pytest.raises(Forbidden, match="kicked from the supergroup"):
        await bot.send_message(SUPERGROUP, "x")
    await post(http, "unblock", chat=SUPERGROUP, user=ADA)
    updates = await bot.get_updates()
    assert "unheard" not in [update.message.text for update in updates if update.message]
    joined = updates[-1].message
    assert joined and joined.new_chat_members[0].id == bot.id


async def test_each_kind_of_chat_has_its_commands(bot: Bot, person: Person) -> None:
    for scope, word in (
        (None, "default"),
        (BotCommandScopeAllGroupChats(), "groups"),
        (BotCommandScopeAllChatAdministrators(), "admins"),
        (BotCommandScopeChat(person.chat), "here"),
    ):
        await bot.set_my_commands([BotCommand("x", word)], scope)
    await bot.set_my_commands([BotCommand("x", "grupos")], BotCommandScopeAllGroupChats(), "pt")

    async def menu(**query: object) -> str:
        response = (await person.http.get("/sandbox/state", params=query)).json()
        return str(response["commands"][0]["description"])

    assert await menu(chat=SUPERGROUP, user=ADA) == "admins", "who opened the group is its creator"
    assert await menu(chat=SUPERGROUP, user=BEN) == "groups"
    assert await menu(chat=SUPERGROUP, user=BEN, language="pt-br") == "grupos"
    assert await menu(chat=person.chat) == "here"
    assert await menu(chat=999) == "default"


async def test_the_group_of_the_page_has_two_friends_in_it(bot: Bot, http: httpx.AsyncClient) -> None:
    private, friends = (await http.get("/sandbox/chats")).json()
    assert private["title"] == "Afterimage" and friends["title"] == "Friends"
    response = (
        await http.get("/sandbox/state", params={"chat": friends["id"], "user": private["id"]})
    ).json()
    assert [user["first_name"] for user in response["people"]] == ["You", "Ada", "Noor"]
    assert await bot.get_chat_member_count(friends["id"]) == 4


async def test_an_image_that_came_by_another_bot_says_which(bot: Bot, person: Person) -> None:
    await person.send("", ("a.png", picture()), via="pic")
    message = (await bot.get_updates())[-1].message
    assert message and message.photo and message.via_bot and message.via_bot.username == "pic"


async def test_who_is_meant_without_a_username_is_marked(bot: Bot, http: httpx.AsyncClient) -> None:
    meant = {
        "type": "text_mention",
        "offset": 0,
        "length": 3,
        "user": {"id": BEN, "is_bot": False, "first_name": "Ben"},
    }
    await post(http, "send", chat=SUPERGROUP, user=ADA, content={"text": "Ben, look", "entities": [meant]})
    message = (await bot.get_updates())[-1].message
    assert message and message.entities[0].user and message.entities[0].user.id == BEN
