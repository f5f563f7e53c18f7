"""Pages of search results and their buttons: each page once, and from the own chat only."""

from collections.abc import Iterator

import pytest
from redis import Redis
from support.bot_stack import Person, Stack, buttons, wait_until
from support.find_pictures import COLOURS, again, head, photos, send, settled

from vlm.protocol import Find, Found, Hit, Result, encode


@pytest.fixture
def redis(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.server.url) as server:
        yield server


def test_more_brings_the_next_page_once_however_often_it_is_pressed(person: Person) -> None:
    send(person, *COLOURS)
    search = person.write("/find 64")
    first = head(person, search, "Photos 1 to 5 of 7: “64”")
    photos(person, search, 5)
    more = buttons(first)["More"]
    assert person.press(first["message_id"], more)["text"] == ""
    second = head(person, search, "Photos 6 to 7 of 7: “64”")
    assert "More" not in buttons(second)
    brought = photos(person, search, 7)
    assert len({photo["caption"].split()[4] for photo in brought}) == 7
    assert "already" in person.press(first["message_id"], more)["text"]
    settled(person)
    photos(person, search, 7)


def test_a_command_that_comes_again_brings_nothing_twice(person: Person, redis: Redis) -> None:
    send(person, "red", "green")
    search = person.write("/find 64")
    results = head(person, search, "2 photos")
    photos(person, search, 2)
    command = next(message for message in person.messages() if message["message_id"] == search)
    again(redis, message=command)
    recent = person.write("/recent")
    photos(person, recent, 2)
    again(
        redis, message=next(candidate for candidate in person.messages() if candidate["message_id"] == recent)
    )
    settled(person)
    photos(person, search, 2)
    photos(person, recent, 2)
    assert [message["text"] for message in person.replies(search) if "text" in message] == [results["text"]]


def test_a_result_that_comes_again_brings_nothing_twice(person: Person, redis: Redis) -> None:
    red, green = send(person, "red", "green")
    search = person.write("/find 64")
    head(person, search, "2 photos")
    photos(person, search, 2)
    before = person.messages()
    results = Found(hits=(Hit(photo=str(green), score=1.0), Hit(photo=str(red), score=1.0)), total=2)
    task, correlation_data = Find(query="64"), f"{search} {search} 0"
    result = Result(
        job="again", chat=person.chat, task=task, outcome=results, correlation_data=correlation_data
    )
    for _ in range(2):
        redis.xadd("{afterimage}:results", {"result": encode(result)})
    wait_until(lambda: not redis.xlen("{afterimage}:results"))
    assert [message["message_id"] for message in person.messages()] == [
        message["message_id"] for message in before
    ]


def test_nothing_like_that_offers_the_nearest_which_a_button_shows_once(person: Person) -> None:
    send(person, "red")
    search = person.write("/find zebra")
    nothing = head(person, search, "Nothing like that: “zebra”")
    assert "The closest I have:\nAI caption: a red picture of 64 by 48" in nothing["text"]
    offer = buttons(nothing)["Show it"]
    person.press(nothing["message_id"], offer)
    [shown] = photos(person, nothing["message_id"], 1)
    assert shown["caption"].startswith("AI caption: a red picture")
    person.press(nothing["message_id"], offer)
    photos(person, nothing["message_id"], 1)


def test_recent_brings_the_last_photos_in_pages(person: Person) -> None:
    send(person, *COLOURS)
    search = person.write("/recent")
    first = head(person, search, "The latest photos")
    assert [photo["caption"].split()[4] for photo in photos(person, search, 5)] == [*reversed(COLOURS)][:5]
    person.press(first["message_id"], buttons(first)["More"])
    older = photos(person, search, 7)[5:]
    assert [photo["caption"].split()[4] for photo in older] == ["green", "red"]
    assert [photo["caption"].split(".")[0] for photo in older] == ["6", "7"]
    head(person, search, "Earlier photos")


def test_a_button_shows_a_photo_where_it_was_sent(person: Person, stack: Stack) -> None:
    red, green = send(person, "red", "green")
    results = head(person, person.write("/find 64"), "2 photos")
    show = {data: label for label, data in buttons(results).items()}
    assert {*show.values()} == {"Show 1 in the chat", "Show 2 in the chat"}
    person.press(results["message_id"], f"show:{red}")
    line = wait_until(lambda: [message for message in person.replies(red) if "Here it is" in message["text"]])
    assert len(line) == 1
    assert "asked of a red" in person.answer_text(person.write("What is it?", line[0]["message_id"]))
    bot = stack.call_bot("deleteMessage", chat_id=person.chat, message_id=green)
    assert bot
    assert "no longer in the chat" in person.press(results["message_id"], f"show:{green}")["text"]


def test_a_photo_that_telegram_has_no_more_is_left_out_and_that_is_said(person: Person, redis: Redis) -> None:
    _, green, _ = send(person, "red", "green", "blue")
    redis.hset(f"photo:{{{person.chat}}}:{green}", "file_id", "AgAC-gone")
    search = person.write("/find 64")
    head(person, search, "no longer gives me 1 of these photos")
    assert sorted(photo["caption"].split()[4] for photo in photos(person, search, 2)) == ["blue", "red"]


@pytest.mark.parametrize("verb", ["show:{}", "near:{}", "more:0:{}", "older:{}:5"])
def test_a_forged_button_reads_no_other_chat(stack: Stack, person: Person, redis: Redis, verb: str) -> None:
    other = stack.person()
    [foreign_photo] = send(other, "red")
    send(person, "blue")
    search = person.write("/find blue")
    results = head(person, search, "1 photo")
    photos(person, search, 1)
    before = len(person.messages())
    press = {"id": "forged", "from": person.messages()[0]["from"], "chat_instance": "1"}
    again(redis, callback_query={**press, "message": results, "data": verb.format(foreign_photo)})
    for nonsense in ("more:x", "more:99999999999999999999", "more:", "older:", "older::9", "show:", "near:;"):
        again(redis, callback_query={**press, "message": results, "data": nonsense})
    settled(person)
    brought = [message for message in person.messages()[before:] if "photo" in message]
    assert not [message for message in brought if "red" in message.get("caption", "")]
    assert not [text for text in person.bot_texts() if "red" in text]


def test_a_page_of_a_search_whose_command_was_deleted_is_too_old(stack: Stack, person: Person) -> None:
    send(person, *COLOURS)
    search = person.write("/find 64")
    first = head(person, search, "Photos 1 to 5")
    photos(person, search, 5)
    stack.call_bot("deleteMessage", chat_id=person.chat, message_id=search)
    assert "send the command again" in person.press(first["message_id"], buttons(first)["More"])["text"]
