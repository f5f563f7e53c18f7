"""Bad input gets a clear, polite answer, and the next photo is handled as usual."""

import io
import re
import struct
import zlib

import pytest
from PIL import Image
from redis import Redis
from support.bot_stack import Person, Stack, picture, wait_until
from support.find_pictures import again


def animated() -> bytes:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    data = io.BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    return data.getvalue()


def bomb() -> bytes:
    """A few bytes of PNG that claim to be 50,000 pixels a side."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def turned() -> bytes:
    """60 × 40 pixels that the camera says to show upright: 40 × 60."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture("red", (60, 40), "JPEG", exif=exif)


def sixteen_bit() -> bytes:
    data = io.BytesIO()
    Image.new("I;16", (50, 50), 65535).save(data, "PNG")
    return data.getvalue()


def cmyk() -> bytes:
    data = io.BytesIO()
    Image.new("CMYK", (50, 50), (0, 255, 255, 0)).save(data, "JPEG")
    return data.getvalue()


REFUSED = {
    "not an image": ("fake.png", b"this is not a picture at all" * 100, "not a picture"),
    "empty": ("empty.png", b"", "empty"),
    "truncated": ("half.jpg", picture("red", (400, 400), "JPEG")[:800], "broken|cut|incomplete|not complete"),
    "decompression bomb": ("bomb.png", bomb(), "far too many pixels"),
    "animated": ("dance.gif", animated(), "anima|still|moving"),
    "one pixel": ("dot.png", picture("red", (1, 1)), "only 1 × 1 pixels"),
    "20,000 pixels wide": ("wide.png", picture("red", (20_000, 10)), "large|wide|big|side"),
    "25 MB": ("huge.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 25 * 1024 * 1024, "20 MB"),
}
SEEN = {
    "CMYK": ("cmyk.jpg", cmyk(), "a red picture of 50 by 50"),
    "16 bit": ("deep.png", sixteen_bit(), "a white picture of 50 by 50"),
    "EXIF-rotated": ("turned.jpg", turned(), "a red picture of 40 by 60"),
    "empty caption": ("plain.png", picture("blue"), "a blue picture"),
}


@pytest.mark.parametrize(("name", "data", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_cannot_be_looked_at_gets_a_polite_answer(
    person: Person, name: str, data: bytes, says: str
) -> None:
    file = person.send(data, name, as_file=True)
    answer = person.answer_text(file)
    assert re.search(says, answer)
    assert not answer.startswith("AI")
    assert answer[0].isupper()
    assert answer.endswith(".")
    assert "a green picture" in person.answer_text(person.send(picture("green")))


@pytest.mark.parametrize(("name", "data", "says"), SEEN.values(), ids=SEEN.keys())
def test_an_unusual_picture_is_seen_as_it_should_be(
    person: Person, name: str, data: bytes, says: str
) -> None:
    assert says in person.answer_text(person.send(data, name, as_file=True, caption=""))


@pytest.mark.parametrize(
    ("question", "says"), [("why? " * 800, "characters"), ("🚲🍕", "in words"), ("???", "in words")]
)
def test_a_question_that_no_model_could_answer_is_refused_politely(
    person: Person, question: str, says: str
) -> None:
    person.answer_text(person.send(picture("red")))
    assert says in person.answer_text(person.write(question))
    assert "asked of a red picture" in person.answer_text(person.write("What is it?"))


def test_what_was_no_picture_is_not_among_the_photos(person: Person) -> None:
    assert "a red picture" in person.answer_text(person.send(picture("red")))
    assert "not a picture" in person.answer_text(person.send(b"no picture" * 50, "fake.png", as_file=True))
    assert "asked of a red picture" in person.answer_text(person.write("What is it?"))


def test_ten_thousand_characters_are_refused_piece_by_piece(person: Person) -> None:
    """Telegram's apps cut such a text into messages; each of them gets its answer."""
    person.answer_text(person.send(picture("red")))
    before = {message["message_id"] for message in person.messages()}
    person.write("x" * 10_000)
    pieces = [message["message_id"] for message in person.messages() if message["message_id"] not in before]
    for piece in pieces[:3]:
        assert "characters" in person.answer_text(piece)


def test_a_bad_picture_delays_nobody_else(stack: Stack) -> None:
    bad, good = stack.person(), stack.person()
    broken = bad.send(bomb(), "bomb.png", as_file=True)
    assert "a red picture" in good.answer_text(good.send(picture("red")))
    assert bad.answer_text(broken)


@pytest.mark.promise("security#lone-surrogates")
def test_half_a_character_in_a_question_costs_no_answer(stack: Stack, person: Person) -> None:
    photo = person.send(picture("red"))
    person.answer_text(photo)
    question = person.write("What is it?")
    person.answer_text(question)
    sent = next(message for message in person.messages() if message["message_id"] == question)
    with Redis.from_url(stack.server.url) as redis:
        again(redis, message={**sent, "message_id": 999_999, "text": "Is it \ud83d or \udc00?"})
    wait_until(lambda: [text for text in person.bot_texts() if "\ufffd or \ufffd? (asked of a red" in text])
