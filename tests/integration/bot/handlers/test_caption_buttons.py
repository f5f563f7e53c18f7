"""The buttons below a caption: each takes effect once, and only for users who may press it."""

from support.bot_stack import Person, Stack, buttons, picture, wait_until


def captioned(person: Person, colour: str = "red") -> tuple[int, dict]:  # type: ignore[type-arg]
    photo = person.send(picture(colour))
    return photo, person.answer(photo, "AI caption")


def test_a_caption_offers_questions_more_words_and_deletion(person: Person) -> None:
    _, caption = captioned(person)
    assert list(buttons(caption)) == [
        "What colour is the background?",
        "What is in the picture?",
        "More detail",
        "Another wording",
        "Correct it",
        "Delete",
    ]


def test_a_suggested_question_is_answered_about_its_photo_and_asked_once(person: Person) -> None:
    _, caption = captioned(person)
    captioned(person, "blue")
    assert person.push(caption, "What is in the picture?")["text"] == "Thinking …"
    answer = person.answer(caption["message_id"])
    assert answer["text"].startswith("AI answer to “What is in the picture?”: What is in the picture?")
    assert "asked of a red picture" in answer["text"]
    assert "already" in person.push(caption, "What is in the picture?")["text"]
    assert len(person.replies(caption["message_id"])) == 1


def test_more_detail_takes_the_captions_place_or_says_that_there_is_none(person: Person) -> None:
    photo, caption = captioned(person)
    assert person.push(caption, "More detail")["text"] == "Looking again …"
    notice = wait_until(
        lambda: (
            [message for message in person.messages() if "no other words" in message.get("text", "")]
            or [message for message in person.replies(photo) if message["text"] != caption["text"]]
        )
    )
    assert len(notice) == 1
    assert list(buttons(person.answer(photo, "AI caption"))) == list(buttons(caption))


def test_each_press_brings_another_wording_until_there_is_no_other(person: Person) -> None:
    photo, caption = captioned(person)
    captions_so_far = [caption["text"]]
    for _ in range(10):  # more than there are wordings
        person.push(caption, "Another wording")
        notice = wait_until(lambda: outcome(person, photo, captions_so_far[-1]))
        if "no other words" in notice:
            break
        captions_so_far.append(notice)
    assert "no other words" in notice
    assert "/edit" in notice
    assert len(captions_so_far) > 1
    assert len(set(captions_so_far)) == len(captions_so_far)
    assert person.answer_text(photo, "AI caption") == captions_so_far[-1]


def outcome(person: Person, photo: int, before: str) -> str:
    """What a press came to: that there are no other words, or those."""
    refused = [text for text in person.bot_texts() if "no other words" in text]
    shown = [message["text"] for message in person.replies(photo) if message["text"] != before]
    return next(iter([*refused, *shown]), "")


def test_the_english_original_is_a_press_away(stack: Stack) -> None:
    person = Person(stack, language="de")
    photo = person.send(picture("red"))
    caption = person.answer(photo, "de: a red")
    [label] = [label for label, data in buttons(caption).items() if data.startswith("english:")]
    person.push(caption, label)
    shown = person.answer(photo, "\n.*a red picture")
    assert "de: a red" in shown["text"].splitlines()[0]
    assert "de: a red" not in shown["text"].splitlines()[1]
    assert label not in buttons(shown)


def test_a_question_that_this_version_does_not_know_is_called_too_old(person: Person, stack: Stack) -> None:
    photo, caption = captioned(person)
    place = {"chat_id": person.chat, "message_id": caption["message_id"]}
    offered = [[{"text": "Is it raining?", "callback_data": f"q:{photo}:weather"}]]
    stack.call_bot("editMessageReplyMarkup", **place, reply_markup={"inline_keyboard": offered})
    assert "too old" in person.press(caption["message_id"], f"q:{photo}:weather")["text"]


def test_a_photo_is_deleted_only_when_that_is_confirmed(person: Person) -> None:
    photo, caption = captioned(person)
    before = list(buttons(caption))
    person.push(caption, "Delete")
    confirmation = wait_until(
        lambda: next((message for message in person.replies(photo) if len(buttons(message)) == 2), None)
    )
    person.push(confirmation, "No, keep it")
    kept = wait_until(
        lambda: next((message for message in person.replies(photo) if list(buttons(message)) == before), None)
    )
    person.push(kept, "Delete")
    confirmation = wait_until(
        lambda: next((message for message in person.replies(photo) if len(buttons(message)) == 2), None)
    )
    assert "forgotten" in person.push(confirmation, "Yes, delete this photo")["text"]
    wait_until(lambda: not person.replies(photo))
    assert "Send me a photo first" in person.answer_text(person.write("What is it?"))


def test_in_a_group_all_may_ask_but_only_the_sender_or_an_administrator_deletes(stack: Stack) -> None:
    chat = -900_200
    boss, ada, noor = (Person(stack, chat, user=user) for user in (51, 52, 53))
    boss.write("hello")  # who comes first is the group's creator
    photo = ada.send(picture("red"), caption="@afterimage_bot")
    caption = ada.answer(photo, "AI caption")
    assert "only" in noor.push(caption, "Delete")["text"].lower()
    assert noor.push(caption, "What is in the picture?")["text"] == "Thinking …"
    assert "asked of a red picture" in noor.answer_text(caption["message_id"])
    boss.push(caption, "Delete")
    confirmation = wait_until(
        lambda: next((message for message in boss.replies(photo) if len(buttons(message)) == 2), None)
    )
    assert "only" in noor.press(confirmation["message_id"], f"really:{photo}")["text"].lower()
    assert "forgotten" in boss.push(confirmation, "Yes, delete this photo")["text"]


def test_the_buttons_of_a_photo_that_is_forgotten_say_so(person: Person) -> None:
    photo, caption = captioned(person)
    page = person.answer(person.write("/recent"), "latest photos")
    person.answer_text(person.write("/forget", reply_to=caption["message_id"]), "have forgotten")
    assert person.push(page, "Show it in the chat")["text"] == "I have forgotten that photo."
    assert buttons(page) == {"Show it in the chat": f"show:{photo}"}


def test_deleting_a_photo_leaves_the_buttons_of_another(person: Person) -> None:
    _, caption = captioned(person)
    other, second = captioned(person, "blue")
    person.push(second, "Delete")
    confirmation = wait_until(
        lambda: next((message for message in person.replies(other) if len(buttons(message)) == 2), None)
    )
    person.push(confirmation, "Yes, delete this photo")
    assert buttons(person.answer(caption["reply_to_message"]["message_id"], "AI caption"))
