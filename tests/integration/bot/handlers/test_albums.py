"""An album gets one numbered answer, and its photos can be asked about, one or all."""

import re
from collections.abc import Iterator

import pytest
from support.bot_stack import Json, Person, Stack, buttons, picture, wait_until

RED, GREEN, BLUE = picture("red"), picture("green"), picture("blue")


def shown(person: Person, pattern: str, but: tuple[int, ...] = ()) -> Json:
    """The bot's message in which a pattern is found, once there is one."""

    def matching() -> Json | None:
        texts = [
            message
            for message in person.messages()
            if message["from"]["is_bot"] and message["message_id"] not in but
        ]
        return next(
            (message for message in texts if re.search(pattern, message.get("text", ""), re.DOTALL)), None
        )

    return wait_until(matching)  # type: ignore[no-any-return]


def test_an_album_gets_one_answer_with_numbered_captions(person: Person) -> None:
    person.send_album(RED, GREEN, BLUE)
    answer = shown(person, "1. a red .*2. a green .*3. a blue ")
    lines = answer["text"].splitlines()
    assert lines[0] == "AI captions:"
    assert lines[1:4] == [
        f"{n}. a {colour} picture of 64 by 48" for n, colour in enumerate(("red", "green", "blue"), 1)
    ]
    assert len(person.bot_texts()) == 1


def test_a_note_with_an_album_is_kept_for_all_of_it(person: Person) -> None:
    person.send_album(RED, BLUE, caption="Our week in Lisbon")
    assert shown(person, "Your note is kept: Our week in Lisbon")
    assert len(person.bot_texts()) == 1


def test_a_picture_of_an_album_that_cannot_be_read_is_told_by_its_number(person: Person) -> None:
    person.send_album(RED, b"no picture" * 50, BLUE, as_file=True)
    text = shown(person, "1. a red .*3. a blue ")["text"]
    assert "2. This is not a picture" in text
    assert len(person.bot_texts()) == 1


def test_a_reply_to_one_photo_of_an_album_is_about_that_photo(person: Person) -> None:
    _, green, _ = person.send_album(RED, GREEN, BLUE)
    shown(person, "3. a blue ")
    assert "asked of a green picture" in person.answer_text(person.write("What is it?", reply_to=green))


@pytest.mark.parametrize(
    "question", ["2: what is it?", "#2 what is it?", "What is the second?", "2 what is it?"]
)
def test_a_question_to_the_album_may_name_its_photo(person: Person, question: str) -> None:
    person.send_album(RED, GREEN, BLUE)
    answer = shown(person, "3. a blue ")
    assert "asked of a green picture" in person.answer_text(
        person.write(question, reply_to=answer["message_id"])
    )


def test_a_bare_question_after_an_album_may_name_its_photo_too(person: Person) -> None:
    photos = person.send_album(RED, GREEN, BLUE)
    shown(person, "3. a blue ")
    assert "asked of a green picture" in person.answer_text(person.write("What is on the second?"))
    assert "asked of a blue picture" in person.answer_text(person.write("What is it?")), "the latest"
    assert "asked of a red picture" in person.answer_text(
        person.write("What is the second?", reply_to=photos[0])
    )
    person.answer_text(person.send(picture("red")))
    assert "asked of a red picture" in person.answer_text(person.write("What is the second?")), "no album's"


def test_a_question_about_all_lists_the_answers(person: Person) -> None:
    person.send_album(RED, BLUE)
    album = shown(person, "2. a blue ")
    person.write("What is in all of them?", reply_to=album["message_id"])
    listed = shown(person, "AI answers to “What is in all of them.”:.*1. .*a red .*2. .*a blue ")
    assert len(person.bot_texts()) == 2
    assert listed


def test_a_question_that_names_no_photo_is_asked_back_with_buttons(person: Person) -> None:
    person.send_album(RED, GREEN, BLUE)
    album = shown(person, "3. a blue ")
    question = person.write("What is it?", reply_to=album["message_id"])
    which = person.answer(question, "Which photo")
    assert list(buttons(which)) == ["1", "2", "3", "All of them"]
    person.push(which, "2")
    answer = person.answer(question, "AI answer")
    assert "asked of a green picture" in answer["text"]
    assert answer["message_id"] == which["message_id"]
    assert not buttons(answer)


def test_when_one_photo_is_forgotten_the_others_keep_their_numbers(person: Person) -> None:
    _, green, _ = person.send_album(RED, GREEN, BLUE)
    album = shown(person, "3. a blue ")["message_id"]
    person.answer_text(person.write("/forget", reply_to=green))
    assert "asked of a blue picture" in person.answer_text(person.write("3: What is it?", reply_to=album))
    assert "do not have this photo any more" in person.answer_text(
        person.write("2: What is it?", reply_to=album)
    )
    which = person.answer(person.write("What is it?", reply_to=album), "Which photo")
    assert list(buttons(which)) == ["1", "3", "All of them"]


def text_of(person: Person, message: int) -> str:
    return next(
        str(candidate["text"]) for candidate in person.messages() if candidate["message_id"] == message
    )


def test_the_line_of_a_forgotten_photo_goes_from_the_albums_answers(stack: Stack) -> None:
    person = Person(stack, language="de")
    first, second, _ = person.send_album(RED, GREEN, BLUE, caption="Unsere Woche")
    captions = shown(person, "3. ")["message_id"]
    person.write("Was ist auf allen drauf?", reply_to=captions)
    answers = shown(person, "Was ist auf allen.*1. .*2. .*3. ", but=(captions,))["message_id"]
    before = {message: text_of(person, message).splitlines() for message in (captions, answers)}
    person.write("/forget", reply_to=second)
    for message, lines in before.items():
        kept = [line for line in lines if not line.startswith("2. ")]
        wait_until(lambda message=message, kept=kept: text_of(person, message).splitlines() == kept)
    question = person.write("3: Was ist das?", reply_to=captions)
    assert "asked of a blue picture" in person.answer_text(question, "asked of")
    person.write("/forget", reply_to=first)
    wait_until(lambda: "1. " not in text_of(person, captions) + text_of(person, answers))
    assert "3. " in text_of(person, captions)


def test_an_albums_answer_without_any_photo_left_says_so(person: Person) -> None:
    photos = person.send_album(RED, BLUE)
    album = shown(person, "2. a blue ")["message_id"]
    for photo in photos:
        person.answer_text(person.write("/forget", reply_to=photo))
    wait_until(lambda: text_of(person, album) == "I have none of these photos any more.")


def test_all_of_them_by_button_lists_the_answers(person: Person) -> None:
    person.send_album(RED, BLUE)
    album = shown(person, "2. a blue ")
    question = person.write("What is it?", reply_to=album["message_id"])
    which = person.answer(question, "Which photo")
    person.push(which, "All of them")
    listed = shown(person, "AI answers to “What is it.”:.*1. .*a red .*2. .*a blue ")
    assert listed["message_id"] == which["message_id"]


def test_a_question_sent_with_an_album_is_answered_for_each_photo(person: Person) -> None:
    person.send_album(RED, BLUE, caption="What is it?")
    assert shown(person, "AI captions:.*2. a blue ")
    assert shown(person, "AI answers to “What is it.”:.*1. .*a red .*2. .*a blue ")
    assert len(person.bot_texts()) == 2


@pytest.fixture
def small(own_stack: Stack) -> Iterator[Stack]:
    """A bot that takes two jobs of a chat; the test starts the worker."""
    own_stack.start_sandbox()
    own_stack.start_bot(BOT_CHAT_MAX="2")
    yield own_stack


def test_what_is_too_much_of_an_album_is_refused_once_and_the_rest_is_answered(small: Stack) -> None:
    person = small.person()
    person.send_album(*[RED] * 6)
    shown(person, "3–6. You already have 2")
    small.start_worker()
    text = shown(person, "1. a red .*2. a red ")["text"]
    assert text.count("You already have") == 1
    assert len(person.bot_texts()) == 1


def test_an_album_survives_the_end_of_the_bot(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    person.send_album(RED, GREEN, BLUE)
    wait_until(person.bot_texts)
    own_stack.kill("bot")
    own_stack.start_worker()
    own_stack.start_bot()
    album = shown(person, "1. a red .*2. a green .*3. a blue ")
    own_stack.kill("bot", "worker")
    own_stack.start_worker()
    own_stack.start_bot()
    question = person.write("What is the last one?", reply_to=album["message_id"])
    assert "asked of a blue picture" in person.answer_text(question)
    assert sum("AI captions" in text for text in person.bot_texts()) == 1
