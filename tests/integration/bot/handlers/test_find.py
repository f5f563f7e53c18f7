"""Searches: by words, similarity, time and sender."""

import json
import re

from support.bot_stack import Person, Stack, buttons, picture, wait_until
from support.find_pictures import file_of, head, photos, send, today


def test_words_bring_the_photo_itself_with_its_caption_day_and_why(person: Person) -> None:
    red, _ = send(person, "red", "blue")
    command = person.write("/find red")
    results = head(person, command, "1 photo")
    assert results["text"] == "1 photo: “red”"
    [shown] = photos(person, command, 1)
    assert shown["photo"][-1]["file_id"] == file_of(person, red)
    assert shown["caption"] == f"AI caption: a red picture of 64 by 48\n{today()} · has: red"
    [sent] = person.calls("sendPhoto")
    assert sent["args"]["photo"].startswith("AgAC")  # a file_id: nothing was uploaded


def test_a_placeholder_comes_at_once_and_becomes_the_head_of_what_is_found(person: Person) -> None:
    send(person, "red")
    command = person.write("/find red")
    results = head(person, command, "1 photo")
    [opened] = [call for call in person.calls("sendMessage") if "Looking through" in call["args"]["text"]]
    assert json.loads(opened["args"]["reply_parameters"])["message_id"] == command
    assert [message for message in person.messages() if message["message_id"] == results["message_id"]]
    assert not [text for text in person.bot_texts() if "Looking through" in text]


def test_several_come_as_one_album_with_a_list_above_it(person: Person) -> None:
    send(person, "red", "green", "blue")
    command = person.write("/find 64")
    text = head(person, command, "3 photos")["text"]
    album = photos(person, command, 3)
    assert len({photo["media_group_id"] for photo in album}) == 1
    assert [photo["caption"].split(".")[0] for photo in album] == ["1", "2", "3"]
    assert all(f"{n}. AI caption: a " in text for n in (1, 2, 3))
    assert text.count(f" · {today()} · has: 64") == 3


def test_a_file_is_shown_as_a_file_and_a_sticker_as_a_sticker(person: Person) -> None:
    send(person, "red", as_file=True)
    send(person, "green")
    sticker = person.send(picture("blue", kind="WEBP"), "blue.webp", kind="sticker")
    head(person, sticker, "a blue picture")
    command = person.write("/find 64")
    head(person, command, "3 photos")
    kinds = [min(set(photo) & {"photo", "document"}) for photo in photos(person, command, 2)]
    assert sorted(kinds) == ["document", "photo"]
    assert not person.calls("sendMediaGroup")
    [shown] = wait_until(lambda: [message for message in person.replies(command) if "sticker" in message])
    assert "a blue picture" in person.answer_text(person.write("What is it?", shown["message_id"]))


def test_a_reply_to_a_found_photo_asks_about_that_photo(person: Person) -> None:
    send(person, "red", "green", "blue")
    command = person.write("/find green")
    [shown] = photos(person, command, 1)
    assert "asked of a green picture" in person.answer_text(person.write("What is it?", shown["message_id"]))
    both = person.write("/find 64")
    last = photos(person, both, 3)[-1]
    colour = last["caption"].split()[4]
    assert f"asked of a {colour} picture" in person.answer_text(person.write("And this?", last["message_id"]))


def test_one_photo_sent_twice_is_found_once_and_counted(person: Person) -> None:
    send(person, "red", "red", "red")
    command = person.write("/find red")
    head(person, command, "1 photo:")
    [shown] = photos(person, command, 1)
    assert shown["caption"].endswith("and 2 more like it")


def test_an_empty_chat_is_told_to_send_photos_first(person: Person) -> None:
    for command in ("/find red", "/find last week", "/find from @ada", "/recent"):
        assert "Send me some first" in person.answer_text(person.write(command))


def test_find_without_words_explains_itself(person: Person) -> None:
    text = person.answer_text(person.write("/find"))
    assert "/find red bicycle" in text
    assert "reply to a photo" in text


def test_find_in_reply_to_a_photo_its_caption_or_a_found_photo_brings_similar_ones(person: Person) -> None:
    *_, dark, red = send(person, *["blue"] * 15, "#ee1111", "#ff0000")
    command = person.write("/find", reply_to=red)
    head(person, command, "1 photo: similar ones")
    [shown] = photos(person, command, 1)
    assert shown["photo"][-1]["file_id"] == file_of(person, dark)
    assert "looks like it" in shown["caption"]
    for about in (person.answer(red)["message_id"], shown["message_id"]):
        photos(person, person.write("/find", reply_to=about), 1)


def test_where_none_is_similar_the_nearest_is_offered(person: Person) -> None:
    red, _ = send(person, "red", "blue")
    nothing = head(person, person.write("/find", reply_to=red), "no photo like that one")
    assert "a blue picture" in nothing["text"]
    assert "Show it" in buttons(nothing)
    assert "asked of a blue picture" in person.answer_text(person.write("What is it?", nothing["message_id"]))


def test_find_in_reply_to_something_else_asks_which_photo(person: Person) -> None:
    hello = person.answer(person.write("/help"))
    assert "which photo" in person.answer_text(person.write("/find", reply_to=hello["message_id"]))


def test_a_filter_alone_lists_by_date_without_a_model(person: Person) -> None:
    send(person, "red", "green")
    command = person.write("/find today")
    head(person, command, f"Photos: {today()}")
    brought = photos(person, command, 2)
    assert "a green picture" in brought[0]["caption"]  # the newest first
    assert re.fullmatch(r"No photos: 20\d\d", person.answer_text(person.write("/find last year")))


def test_a_filter_with_words_keeps_to_both_and_says_what_was_understood(person: Person) -> None:
    send(person, "red", "green")
    assert head(person, person.write("/find red today"), "1 photo")["text"] == f"1 photo: “red”, {today()}"
    nothing = head(person, person.write("/find red before 2020"), "Nothing")["text"]
    assert nothing.startswith("Nothing like that: “red”, before January 1, 2020")


def test_filters_and_days_are_in_the_language_of_the_chat(stack: Stack) -> None:
    person = Person(stack, language="de")
    photo = person.send(picture("red"))
    person.answer(photo, "picture")
    command = person.write("/find meine Fotos von heute")
    assert today("de") in photos(person, command, 1)[0]["caption"]
    assert today("de") in person.answer(command)["text"]


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
    assert "no photos from @nobody" in noor.answer_text(noor.write("/find cats from @nobody"))


def test_whoever_has_no_name_with_an_at_can_be_asked_for_by_their_first_name(stack: Stack) -> None:
    ada, noor = stack.group(2)
    ada.who["name"] = "Ada"
    send(ada, "red", caption="@afterimage_bot")
    send(noor, "green", caption="@afterimage_bot")
    assert "a red picture" in photos(noor, noor.write("/find from @ada"), 1)[0]["caption"]


def test_without_a_worker_a_search_waits_in_line_and_is_answered_later(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    photo = person.send(picture("red"))
    command = person.write("/find red")
    head(person, command, "No worker is running right now")
    own_stack.start_worker()
    head(person, photo, "a red picture")
    head(person, command, "1 photo|Nothing like that")
