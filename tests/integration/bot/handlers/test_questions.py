"""Questions: in reply, without a reply, by /ask, with the photo, and edited."""

import json

from support.bot_stack import Json, Person, Stack, picture, wait_until


def test_a_bare_question_is_answered_below_the_photo_that_it_is_about(person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    photo = person.send(picture("blue"))
    person.answer_text(photo)
    answer = person.answer(person.write("What is it?"))
    assert answer["reply_to_message"]["message_id"] == photo
    assert answer["text"].startswith("AI answer to “What is it?”: ")


def test_a_question_in_reply_is_answered_below_the_question(person: Person) -> None:
    photo = person.send(picture("red"))
    person.answer_text(photo)
    question = person.write("What is it?", reply_to=photo)
    answer = person.answer(question)
    assert answer["reply_to_message"]["message_id"] == question
    assert answer["text"].startswith("AI answer: What is it?")


def test_in_a_group_a_bare_question_is_about_ones_own_latest_photo(stack: Stack) -> None:
    chat = -900_100
    ada, noor = Person(stack, chat, user=41), Person(stack, chat, user=42)
    red = ada.send(picture("red"), caption="@afterimage_bot")
    ada.answer_text(red)
    noor.answer_text(noor.send(picture("blue"), caption="@afterimage_bot"))
    assert "asked of a red picture" in ada.answer_text(ada.write("@afterimage_bot what is it?"))
    assert "asked of a blue picture" in noor.answer_text(noor.write("@afterimage_bot what is it?"))


def test_a_question_sent_with_its_photo_is_answered_beside_the_caption(person: Person) -> None:
    photo = person.send(picture("red"), caption="What is it?")
    answer = person.answer_text(photo, "AI answer: What is it\\? .asked of a red picture")
    assert answer
    assert [reply["text"].split(":")[0] for reply in person.replies(photo)] == ["AI caption", "AI answer"]
    assert "note" not in person.answer_text(photo, "AI caption")


def test_a_refused_photo_with_a_question_is_refused_once(person: Person) -> None:
    photo = person.send(b"no picture" * 50, "fake.png", as_file=True, caption="What is it?")
    assert "not a picture" in person.answer_text(photo)
    person.answer_text(person.send(picture("red")))
    assert len(person.replies(photo)) == 1


def test_other_words_sent_with_a_photo_are_kept_as_its_note(stack: Stack, person: Person) -> None:
    photo = person.send(picture("red"), caption="Grandma's birthday")
    assert person.answer_text(photo).splitlines()[1] == "Your note is kept: Grandma's birthday"
    person.edit(photo, "Grandma's ninetieth birthday")
    assert "ninetieth" in person.answer_text(photo, "ninetieth")
    assert len(person.replies(photo)) == 1


def test_words_that_only_begin_like_a_question_are_a_note(person: Person) -> None:
    photo = person.send(picture("red"), caption="where we work")
    assert person.answer_text(photo).splitlines()[1] == "Your note is kept: where we work"
    person.answer_text(person.write("/help"))  # whatever else the photo had brought would be there by now
    assert len(person.replies(photo)) == 1


def test_a_photo_whose_words_become_a_question_is_asked_about(person: Person) -> None:
    photo = person.send(picture("red"), caption="Grandma's birthday")
    person.answer_text(photo, "Your note is kept")
    person.edit(photo, "What is it?")
    assert person.answer_text(photo, "AI answer: What is it")
    person.edit(photo, "How large is it?")
    assert person.answer_text(photo, "AI answer: How large is it")
    assert len(person.replies(photo)) == 2


def test_an_edited_question_is_answered_anew_in_the_same_message(person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    question = person.write("What is it?")
    before = person.answer(question)
    person.answer_text(person.send(picture("blue")))
    person.edit(question, "How large is it?")
    after = person.answer(question, "How large")
    assert wait_until(lambda: "asked of a red picture" in person.answer_text(question, "How large"))
    assert after["message_id"] == before["message_id"]
    assert len(person.replies(question)) == 1


def test_ask_works_bare_and_in_reply(person: Person) -> None:
    red = person.send(picture("red"))
    person.answer_text(red)
    person.answer_text(person.send(picture("blue")))
    assert "asked of a blue picture" in person.answer_text(person.write("/ask What is it?"))
    assert "asked of a red picture" in person.answer_text(person.write("/ask What is it?", reply_to=red))


def test_ask_alone_invites_the_question_which_is_then_about_the_same_photo(person: Person) -> None:
    red = person.send(picture("red"))
    person.answer_text(red)
    person.answer_text(person.send(picture("blue")))
    invitation = person.answer(person.write("/ask", reply_to=red))
    assert "/ask What colour is it?" in invitation["text"]
    [sent] = [call for call in person.calls("sendMessage") if "force_reply" in str(call["args"])]
    assert sent
    question = person.write("What is it?", reply_to=invitation["message_id"])
    assert "asked of a red picture" in person.answer_text(question)


def test_ask_alone_shows_which_photo_it_is_about(person: Person) -> None:
    photo = person.send(picture("red"))
    person.answer_text(photo)
    assert person.answer(person.write("/ask"))["reply_to_message"]["message_id"] == photo


def test_ask_before_any_photo_says_how_to_begin(person: Person) -> None:
    assert "Send me a photo first" in person.answer_text(person.write("/ask"))


def test_a_chat_in_another_language_is_asked_and_answered_in_it(stack: Stack) -> None:
    person = Person(stack, language="de")
    photo = person.send(picture("red"), caption="Wo war das")
    assert person.answer_text(photo, "asked of")
    person.answer_text(person.write("Was ist das?", reply_to=photo), "Was ist das")


def test_a_sticker_that_does_not_move_is_a_picture(person: Person) -> None:
    sticker = person.send(picture("green", (512, 512), "WEBP"), "s.webp", kind="sticker")
    assert "a green picture of 512 by 512" in person.answer_text(sticker)
    assert "asked of a green picture" in person.answer_text(person.write("What is it?", reply_to=sticker))


def test_an_image_by_another_inline_bot_is_a_picture(person: Person) -> None:
    assert "a green picture" in person.answer_text(person.send(picture("green"), via="gif"))


def test_an_invitation_to_ask_opens_the_field_whoever_sent_the_photo(stack: Stack, person: Person) -> None:
    """In private it is for the one who is there; in a group, for whom it answers."""
    (member,) = stack.group(1)
    for who, is_selective in ((person, False), (member, True)):
        who.answer(who.send(picture("red"), caption="@afterimage_bot"), "AI caption")
        who.write("/ask")
        [sent] = wait_until(lambda who=who: [call for call in who.calls("sendMessage") if invites(call)])
        assert json.loads(sent["args"]["reply_markup"]).get("selective", False) == is_selective


def invites(call: Json) -> bool:
    return "Write your question" in call["args"]["text"]
