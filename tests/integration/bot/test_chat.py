"""Conversations with the real bot, worker and server, over HTTP."""

import re

import pytest
from support.bot_stack import ANSWER_S, Person, Stack, picture, wait_until


def test_a_photo_gets_a_placeholder_at_once_which_becomes_the_caption(person: Person) -> None:
    photo = person.send(picture("red"))
    caption = person.answer(photo)
    assert caption["text"] == "AI caption: a red picture of 64 by 48"
    assert len(person.replies(photo)) == 1
    [sent] = person.calls("sendMessage")
    assert sent["args"]["text"] == "Looking at your photo …"
    assert person.calls("sendChatAction")


def test_a_picture_is_fetched_while_its_placeholder_is_sent(stack: Stack, person: Person) -> None:
    person.inject_fault(method="sendMessage", delay_s=1, times=1)
    photo = person.send(picture("red"))
    assert "a red picture" in person.answer_text(photo)
    [sent] = person.calls("sendMessage")
    fetched = stack.call("GET", "calls", params={"method": "getFile"})[-1]
    assert fetched["at_ms"] < sent["at_ms"]


def test_a_picture_refused_before_its_placeholder_is_there_gets_one_answer(person: Person) -> None:
    person.inject_fault(method="sendMessage", delay_s=0.5, times=1)
    big = {"file_id": "x", "file_unique_id": "y", "file_name": "big.png", "mime_type": "image/png"}
    message = person.send_content(document={**big, "file_size": 30_000_000})
    assert "larger than 20 MB" in person.answer_text(message)
    assert len(person.replies(message)) == 1


def test_an_image_sent_as_a_file_is_captioned_too(person: Person) -> None:
    file = person.send(picture("green"), as_file=True)
    assert "a green picture of 64 by 48" in person.answer_text(file)


def test_the_smallest_size_that_serves_the_model_is_fetched(person: Person) -> None:
    photo = person.send(picture("blue", (1600, 1200), "JPEG"))
    assert person.answer_text(photo) == "AI caption: a blue picture of 320 by 240"


def test_a_reply_to_the_photo_is_about_that_photo(person: Person) -> None:
    first = person.send(picture("red"))
    person.answer_text(first)
    person.answer_text(person.send(picture("blue")))
    question = person.write("What is it?", reply_to=first)
    assert "asked of a red picture" in person.answer_text(question)


def test_a_reply_to_the_caption_or_to_an_answer_is_about_its_photo(person: Person) -> None:
    first = person.send(picture("red"))
    caption = person.answer(first)
    person.answer_text(person.send(picture("blue")))
    answer = person.answer(person.write("What is it?", reply_to=caption["message_id"]))
    assert "asked of a red picture" in answer["text"]
    again = person.answer_text(person.write("And now?", reply_to=answer["message_id"]))
    assert "asked of a red picture" in again
    assert "after 1 turns" in again


def test_a_reply_to_an_own_question_is_about_its_photo(person: Person) -> None:
    first = person.send(picture("red"))
    question = person.write("What is it?", reply_to=first)
    person.answer_text(question)
    person.answer_text(person.send(picture("blue")))
    assert "asked of a red picture" in person.answer_text(person.write("Sure?", reply_to=question))


def test_a_plain_question_is_about_the_latest_photo(person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    person.answer_text(person.send(picture("blue")))
    answer = person.answer_text(person.write("What is it?"))
    assert answer.startswith("AI answer to “What is it?”: What is it? (asked of a blue picture")


def test_of_photos_sent_in_one_second_the_last_is_the_latest(person: Person) -> None:
    photos = [person.send(picture(colour)) for colour in ("red", "green", "blue", "red", "green", "blue")]
    assert "asked of a blue picture" in person.answer_text(person.write("What is it?"))
    assert person.answer_text(photos[-1])


def test_a_question_right_behind_its_photo_waits_for_it(person: Person) -> None:
    person.send(picture("red"))
    assert "asked of a red picture" in person.answer_text(person.write("What is it?"))


def test_a_question_before_any_photo_is_told_how_to_begin(person: Person) -> None:
    assert person.answer_text(person.write("What is it?")) == "Send me a photo first, then ask me about it."


def test_a_reply_to_something_else_is_never_answered_about_the_wrong_photo(person: Person) -> None:
    started = person.answer(person.write("/start"))
    person.answer_text(person.send(picture("blue")))
    assert "which photo" in person.answer_text(person.write("What is it?", reply_to=started["message_id"]))


def test_chats_do_not_see_each_others_photos(stack: Stack) -> None:
    person, neighbour = stack.person(), stack.person()
    person.answer_text(person.send(picture("red")))
    assert "Send me a photo first" in neighbour.answer_text(neighbour.write("What is it?"))


@pytest.mark.parametrize("command", ["/start", "/help"])
def test_the_commands_say_how_it_works_and_who_answers(person: Person, command: str) -> None:
    text = person.answer_text(person.write(command))
    assert "photo" in text
    assert "The model that answers here is echo. It knows only colours and sizes." in text


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("video", "videos"),
        ("voice", "voice messages"),
        ("video_note", "video messages"),
        ("sticker", "animated stickers"),
        ("animation", "animations"),
        ("location", "locations"),
        ("document", "files of this kind"),
    ],
)
def test_what_cannot_be_looked_at_yet_gets_one_polite_sentence(person: Person, kind: str, named: str) -> None:
    file = {"file_id": "x", "file_unique_id": "y"}
    content = {
        "video": {**file, "width": 1, "height": 1, "duration": 1},
        "animation": {**file, "width": 1, "height": 1, "duration": 1},
        "voice": {**file, "duration": 1},
        "video_note": {**file, "length": 1, "duration": 1},
        "sticker": {
            **file,
            "type": "regular",
            "width": 1,
            "height": 1,
            "is_animated": True,
            "is_video": False,
        },
        "location": {"latitude": 1.0, "longitude": 1.0},
        "document": {**file, "file_name": "notes.pdf", "mime_type": "application/pdf"},
    }
    message = person.send_content(**{kind: content[kind]})
    assert (
        person.answer_text(message)
        == f"I cannot look at {named} yet. Send me a photo, or an image as a file."
    )


def test_model_text_with_markup_is_shown_as_it_is(person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    assert "<b>*_[x](y) `z`</b> &amp;?" in person.answer_text(person.write("<b>*_[x](y) `z`</b> &amp;?"))


def test_no_worker_is_said_honestly_and_nothing_is_lost(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    photo = person.send(picture("red"))
    waiting = wait_until(lambda: person.replies(photo))[0]["text"]
    assert re.match("Your photo is in line. No worker is running right now", waiting)
    assert "No worker is running" in person.answer_text(person.write("/start"))
    own_stack.start_worker()
    assert person.answer_text(photo, "AI caption", ANSWER_S) == "AI caption: a red picture of 64 by 48"
    assert len(person.replies(photo)) == 1


def test_a_full_queue_is_said_honestly(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot(BOT_CHAT_MAX="1")
    person = own_stack.person()
    first, second = person.send(picture("red")), person.send(picture("blue"))
    assert "You already have 1" in person.answer_text(second)
    own_stack.start_worker()
    assert "a red picture" in person.answer_text(first)


def test_a_reply_into_another_chat_is_never_answered_about_the_wrong_photo(person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "somebody"}
    question = person.send_content(text="What is it?", external_reply={"origin": origin, "message_id": 5})
    assert "which photo" in person.answer_text(question)


def test_a_reply_to_a_file_that_is_no_picture_leaves_the_latest_photo_the_latest(person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    pdf = {"file_id": "x", "file_unique_id": "y", "file_name": "notes.pdf", "mime_type": "application/pdf"}
    assert "which photo" in person.answer_text(
        person.write("What is it?", reply_to=person.send_content(document=pdf))
    )
    assert "asked of a red picture" in person.answer_text(person.write("What is it?"))


def test_a_picture_that_cannot_be_fetched_is_still_the_latest(person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    big = {"file_id": "x", "file_unique_id": "y", "file_name": "big.png", "mime_type": "image/png"}
    person.answer_text(person.send_content(document={**big, "file_size": 30_000_000}))
    assert "red" not in person.answer_text(person.write("What is it?"))


def test_a_model_is_named_once_however_many_workers_run_it(own_stack: Stack) -> None:
    own_stack.start_all()
    own_stack.start_worker("second")
    person = own_stack.person()
    assert person.answer_text(person.write("/start")).count("The model that answers here") == 1
