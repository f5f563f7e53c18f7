"""A chat in German contains no English: no answers, lists, errors, buttons or help."""

import re

from babel.messages.pofile import read_po
from support.bot_stack import Json, Person, Stack, picture, wait_until

from bot.i18n.translator import LOCALES, translator_for
from vlm.images.opening import NOT_A_PICTURE

PLACE = re.compile(r"\{\w+\}")
FIRST = ("/start", "/help", "/lang", "/lang klingonisch", "/style", "/fnd", "/xyzzy", "/find", "/recent")
THEN = ("/ask", "/edit", "/forget", "/forget all", "/export", "/privacy", "/auto on", "/stats")
LONG = 9  # letters that tell a sentence by themselves


def english() -> set[str]:
    """The longest run of plain words of each English sentence that German says otherwise."""
    with (LOCALES / "de" / "LC_MESSAGES" / "bot.po").open("rb") as file:
        entries = [entry for entry in read_po(file, locale="de") if entry.id]
    ids = [
        text for entry in entries for text in (entry.id if isinstance(entry.id, tuple | list) else [entry.id])
    ]
    german = "\n".join(text for entry in entries for text in forms(entry.string))
    pieces = {max(PLACE.split(text), key=len).strip(" :.,“”\n") for text in ids}
    return {piece for piece in pieces if len(piece) >= LONG and " " in piece and piece not in german}


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def words(message: Json) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [
        message.get("text", ""),
        message.get("caption", ""),
        *(button["text"] for row in rows for button in row),
    ]


def answered(person: Person, text: str, reply_to: int | None = None) -> Json:
    return person.answer(person.write(text, reply_to))


def test_a_german_chat_hears_no_english(stack: Stack) -> None:
    person, unheard = Person(stack, language="de"), english()
    assert len(unheard) > 100
    for command in FIRST:
        answered(person, command)
    answered(person, "Was ist das?")
    photo = person.send(picture("red"))
    caption = person.answer(photo)
    for button in [button for row in caption["reply_markup"]["inline_keyboard"] for button in row]:
        person.press(caption["message_id"], button["callback_data"])
    for command in THEN:
        answered(person, command)
    answered(person, "/ask Welche Farbe?")
    answered(person, "/find rot")
    answered(person, "Was ist das?", reply_to=photo)
    person.answer(person.send(b"no picture at all", "broken.png", as_file=True))
    file = {"file_id": "x", "file_unique_id": "y"}
    person.answer(person.send_content(voice={**file, "duration": 1}))
    heard = [text for message in person.messages() if message["from"]["is_bot"] for text in words(message)]
    assert [(piece, text) for text in heard for piece in unheard if piece in text] == []


def test_what_a_worker_refuses_is_said_in_the_chats_language(stack: Stack) -> None:
    person = Person(stack, language="ru")
    broken = person.send(b"no picture at all", "broken.png", as_file=True)
    wait_until(lambda: person.answer_text(broken) == translator_for("ru")(NOT_A_PICTURE))
