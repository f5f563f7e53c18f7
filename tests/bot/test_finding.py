"""Finding photos again: by words, likeness, time and sender, in pages, each where it was sent."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from bot_stack import Json, Person, Stack, picture, wait_until
from redis import Redis

from bot.tongue import tongue

COLOURS = ("red", "green", "blue", "yellow", "black", "white", "gray")


@pytest.fixture
def redis(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.server.url) as server:
        yield server


def send(person: Person, *colours: str, **extra: Any) -> list[int]:
    """Photos that have their captions."""
    photos = [person.send(picture(colour), **extra) for colour in colours]
    for photo in photos:
        wait_until(lambda photo=photo: [one for one in person.replies(photo) if "picture" in one["text"]])
    return photos


def head(person: Person, message: int, pattern: str) -> Json:
    """What is said above the photos that were found: the bot's text that fits."""

    def found() -> Json | None:
        return next((one for one in person.replies(message) if re.search(pattern, one.get("text", ""))), None)

    return wait_until(found)


def photos(person: Person, message: int, count: int) -> list[Json]:
    """The photos and files with which the bot answered."""

    def found() -> list[Json]:
        shown = [one for one in person.messages() if one["from"]["is_bot"] and {"photo", "document"} & {*one}]
        mine = [one for one in shown if one.get("reply_to_message", {}).get("message_id") == message]
        return mine if len(mine) >= count else []

    brought = wait_until(found)
    assert len(brought) == count
    return list(brought)


def buttons(message: Json) -> dict[str, str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return {key["text"]: key["callback_data"] for row in rows for key in row}


def file_of(person: Person, message: int) -> str:
    sent = next(one for one in person.messages() if one["message_id"] == message)
    return str((sent.get("document") or sent["photo"][-1])["file_id"])


def settled(person: Person) -> None:
    """All that came before is done: a chat's updates are handled in order."""
    person.says(person.write("/fnid"))


def today(language: str = "en") -> str:
    return tongue(language).day(time.time_ns() // 1_000_000)


def test_words_bring_the_photo_itself_with_its_caption_day_and_why(person: Person) -> None:
    red, _ = send(person, "red", "blue")
    asked = person.write("/find red")
    found = head(person, asked, "1 photo")
    assert found["text"] == "1 photo: “red”"
    [shown] = photos(person, asked, 1)
    assert shown["photo"][-1]["file_id"] == file_of(person, red)
    assert shown["caption"] == f"AI caption: a red picture of 64 by 48\n{today()} · has: red"
    [sent] = person.calls("sendPhoto")
    assert sent["args"]["photo"].startswith("AgAC")  # a file_id: nothing was uploaded


def test_a_placeholder_comes_at_once_and_becomes_the_head_of_what_is_found(person: Person) -> None:
    send(person, "red")
    asked = person.write("/find red")
    found = head(person, asked, "1 photo")
    [opened] = [call for call in person.calls("sendMessage") if "Looking through" in call["args"]["text"]]
    assert json.loads(opened["args"]["reply_parameters"])["message_id"] == asked
    assert [one for one in person.messages() if one["message_id"] == found["message_id"]]
    assert not [text for text in person.heard() if "Looking through" in text]


def test_several_come_as_one_album_with_a_list_above_it(person: Person) -> None:
    send(person, "red", "green", "blue")
    asked = person.write("/find 64")
    text = head(person, asked, "3 photos")["text"]
    album = photos(person, asked, 3)
    assert len({one["media_group_id"] for one in album}) == 1
    assert [one["caption"].split(".")[0] for one in album] == ["1", "2", "3"]
    assert all(f"{n}. AI caption: a " in text for n in (1, 2, 3))
    assert text.count(f" · {today()} · has: 64") == 3


def test_a_file_is_shown_as_a_file_and_a_sticker_as_a_sticker(person: Person) -> None:
    send(person, "red", as_file=True)
    send(person, "green")
    sticker = person.send(picture("blue", kind="WEBP"), "blue.webp", kind="sticker")
    head(person, sticker, "a blue picture")
    asked = person.write("/find 64")
    head(person, asked, "3 photos")
    kinds = [min(set(one) & {"photo", "document"}) for one in photos(person, asked, 2)]
    assert sorted(kinds) == ["document", "photo"]
    assert not person.calls("sendMediaGroup")
    [shown] = wait_until(lambda: [one for one in person.replies(asked) if "sticker" in one])
    assert "a blue picture" in person.says(person.write("What is it?", shown["message_id"]))


def test_a_reply_to_a_found_photo_asks_about_that_photo(person: Person) -> None:
    send(person, "red", "green", "blue")
    asked = person.write("/find green")
    [shown] = photos(person, asked, 1)
    assert "asked of a green picture" in person.says(person.write("What is it?", shown["message_id"]))
    both = person.write("/find 64")
    last = photos(person, both, 3)[-1]
    colour = last["caption"].split()[4]
    assert f"asked of a {colour} picture" in person.says(person.write("And this?", last["message_id"]))


def test_one_photo_sent_twice_is_found_once_and_counted(person: Person) -> None:
    send(person, "red", "red", "red")
    asked = person.write("/find red")
    head(person, asked, "1 photo:")
    [shown] = photos(person, asked, 1)
    assert shown["caption"].endswith("and 2 more like it")


def test_more_brings_the_next_page_once_however_often_it_is_pressed(person: Person) -> None:
    send(person, *COLOURS)
    asked = person.write("/find 64")
    first = head(person, asked, "Photos 1 to 5 of 7: “64”")
    photos(person, asked, 5)
    more = buttons(first)["More"]
    assert person.press(first["message_id"], more)["text"] == ""
    second = head(person, asked, "Photos 6 to 7 of 7: “64”")
    assert "More" not in buttons(second)
    brought = photos(person, asked, 7)
    assert len({one["caption"].split()[4] for one in brought}) == 7
    assert "already" in person.press(first["message_id"], more)["text"]
    settled(person)
    photos(person, asked, 7)


def test_a_command_that_comes_again_brings_nothing_twice(person: Person, redis: Redis) -> None:
    send(person, "red", "green")
    asked = person.write("/find 64")
    found = head(person, asked, "2 photos")
    photos(person, asked, 2)
    command = next(one for one in person.messages() if one["message_id"] == asked)
    again(redis, message=command)
    recent = person.write("/recent")
    photos(person, recent, 2)
    again(redis, message=next(one for one in person.messages() if one["message_id"] == recent))
    settled(person)
    photos(person, asked, 2)
    photos(person, recent, 2)
    assert [one["text"] for one in person.replies(asked) if "text" in one] == [found["text"]]


def again(redis: Redis, **update: Json) -> None:
    """An update is delivered, perhaps once more."""
    redis.xadd("{afterimage}:updates", {"update": json.dumps({"update_id": 1, **update})})


def test_nothing_like_that_offers_the_nearest_which_a_button_shows_once(person: Person) -> None:
    send(person, "red")
    asked = person.write("/find zebra")
    nothing = head(person, asked, "Nothing like that: “zebra”")
    assert "The nearest I have:\nAI caption: a red picture of 64 by 48" in nothing["text"]
    offer = buttons(nothing)["Show it"]
    person.press(nothing["message_id"], offer)
    [shown] = photos(person, nothing["message_id"], 1)
    assert shown["caption"].startswith("AI caption: a red picture")
    person.press(nothing["message_id"], offer)
    photos(person, nothing["message_id"], 1)


def test_an_empty_chat_is_told_to_send_photos_first(person: Person) -> None:
    for command in ("/find red", "/find last week", "/find from @ada", "/recent"):
        assert "Send me some first" in person.says(person.write(command))


def test_find_without_words_explains_itself(person: Person) -> None:
    text = person.says(person.write("/find"))
    assert "/find red bicycle" in text
    assert "reply to a photo" in text


def test_find_in_reply_to_a_photo_its_caption_or_a_found_photo_brings_similar_ones(person: Person) -> None:
    *_, dark, red = send(person, *["blue"] * 15, "#ee1111", "#ff0000")
    asked = person.write("/find", reply_to=red)
    head(person, asked, "1 photo: similar ones")
    [shown] = photos(person, asked, 1)
    assert shown["photo"][-1]["file_id"] == file_of(person, dark)
    assert "looks like it" in shown["caption"]
    for about in (person.answer(red)["message_id"], shown["message_id"]):
        photos(person, person.write("/find", reply_to=about), 1)


def test_where_none_is_similar_the_nearest_is_offered(person: Person) -> None:
    red, _ = send(person, "red", "blue")
    nothing = head(person, person.write("/find", reply_to=red), "no photo that is like that one")
    assert "a blue picture" in nothing["text"]
    assert "Show it" in buttons(nothing)


def test_find_in_reply_to_something_else_asks_which_photo(person: Person) -> None:
    hello = person.answer(person.write("/help"))
    assert "which photo" in person.says(person.write("/find", reply_to=hello["message_id"]))


def test_a_filter_alone_lists_by_date_without_a_model(person: Person) -> None:
    send(person, "red", "green")
    asked = person.write("/find today")
    head(person, asked, f"Photos: {today()}")
    brought = photos(person, asked, 2)
    assert "a green picture" in brought[0]["caption"]  # the newest first
    assert re.fullmatch(r"0 photos: 20\d\d", person.says(person.write("/find last year")))


def test_a_filter_with_words_keeps_to_both_and_says_what_was_understood(person: Person) -> None:
    send(person, "red", "green")
    assert head(person, person.write("/find red today"), "1 photo")["text"] == f"1 photo: “red”, {today()}"
    nothing = head(person, person.write("/find red before 2020"), "Nothing")["text"]
    assert nothing.startswith("Nothing like that: “red”, before January 1, 2020")


def test_filters_and_days_are_in_the_language_of_the_chat(stack: Stack) -> None:
    person = Person(stack, language="de")
    photo = person.send(picture("red"))
    person.answer(photo, "picture")
    asked = person.write("/find meine Fotos von heute")
    assert today("de") in photos(person, asked, 1)[0]["caption"]
    assert today("de") in person.answer(asked)["text"]


def test_in_a_group_photos_are_those_of_the_group_and_can_be_asked_for_by_sender(
    stack: Stack, person: Person
) -> None:
    ada, noor = stack.group(2)
    send(person, "black")
    send(ada, "red", caption="@afterimage_bot")
    send(noor, "green", caption="@afterimage_bot")
    everything = ada.write("/find 64")
    photos(ada, everything, 2)
    name = ada.messages()[0]["from"]["username"]
    hers = noor.write(f"/find 64 from @{name}")
    assert f"@{name}" in head(noor, hers, "1 photo")["text"]
    assert "a red picture" in photos(noor, hers, 1)[0]["caption"]
    mine = noor.write("/find from me")
    assert "a green picture" in photos(noor, mine, 1)[0]["caption"]
    assert "no photos from @nobody" in noor.says(noor.write("/find cats from @nobody"))


def test_recent_brings_the_last_photos_in_pages(person: Person) -> None:
    send(person, *COLOURS)
    asked = person.write("/recent")
    first = head(person, asked, "The latest photos")
    assert [one["caption"].split()[4] for one in photos(person, asked, 5)] == [*reversed(COLOURS)][:5]
    person.press(first["message_id"], buttons(first)["More"])
    assert [one["caption"].split()[4] for one in photos(person, asked, 7)[5:]] == ["green", "red"]


def test_a_button_shows_a_photo_where_it_was_sent(person: Person, stack: Stack) -> None:
    red, green = send(person, "red", "green")
    found = head(person, person.write("/find 64"), "2 photos")
    show = {data: label for label, data in buttons(found).items()}
    assert {*show.values()} == {"Show 1 in the chat", "Show 2 in the chat"}
    person.press(found["message_id"], f"show:{red}")
    line = wait_until(lambda: [one for one in person.replies(red) if "Here it is" in one["text"]])
    assert len(line) == 1
    assert "asked of a red" in person.says(person.write("What is it?", line[0]["message_id"]))
    bot = stack.call_bot("deleteMessage", chat_id=person.chat, message_id=green)
    assert bot
    assert "no longer in the chat" in person.press(found["message_id"], f"show:{green}")["text"]


def test_a_photo_that_telegram_has_no_more_is_left_out_and_that_is_said(person: Person, redis: Redis) -> None:
    _, green, _ = send(person, "red", "green", "blue")
    redis.hset(f"photo:{{{person.chat}}}:{green}", "file_id", "AgAC-gone")
    asked = person.write("/find 64")
    head(person, asked, "no longer gives me 1 of these photos")
    assert sorted(one["caption"].split()[4] for one in photos(person, asked, 2)) == ["blue", "red"]


@pytest.mark.parametrize("verb", ["show:{}", "near:{}", "more:0:{}", "older:{}"])
def test_a_forged_button_reads_no_other_chat(stack: Stack, person: Person, redis: Redis, verb: str) -> None:
    other = stack.person()
    [theirs] = send(other, "red")
    send(person, "blue")
    asked = person.write("/find blue")
    found = head(person, asked, "1 photo")
    photos(person, asked, 1)
    before = len(person.messages())
    press = {"id": "forged", "from": person.messages()[0]["from"], "chat_instance": "1"}
    again(redis, callback_query={**press, "message": found, "data": verb.format(theirs)})
    for nonsense in ("more:x", "more:99999999999999999999", "more:", "older:", "show:", "near:;"):
        again(redis, callback_query={**press, "message": found, "data": nonsense})
    settled(person)
    brought = [one for one in person.messages()[before:] if "photo" in one]
    assert not [one for one in brought if "red" in one.get("caption", "")]
    assert not [one for one in person.heard() if "red" in one]


def test_a_page_of_a_search_whose_command_was_deleted_is_too_old(stack: Stack, person: Person) -> None:
    send(person, *COLOURS)
    asked = person.write("/find 64")
    first = head(person, asked, "Photos 1 to 5")
    photos(person, asked, 5)
    stack.call_bot("deleteMessage", chat_id=person.chat, message_id=asked)
    assert "send the command again" in person.press(first["message_id"], buttons(first)["More"])["text"]


def test_without_a_worker_a_search_waits_in_line_and_is_answered_later(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    photo = person.send(picture("red"))
    asked = person.write("/find red")
    head(person, asked, "No worker is running right now")
    own_stack.start_worker()
    head(person, photo, "a red picture")
    head(person, asked, "1 photo|Nothing like that")
