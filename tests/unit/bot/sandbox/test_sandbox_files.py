"""Photos are kept in Telegram's sizes, documents as they are, and both come back by file_id."""

import io

import pytest
from PIL import Image
from support.sandboxes import Person, picture
from telegram import Bot
from telegram.error import BadRequest

from bot.sandbox.photos import NotAPhotoError, sizes


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (2000, 1000, [(90, 45), (320, 160), (800, 400), (1280, 640)]),
        (512, 512, [(90, 90), (320, 320), (512, 512)]),
        (60, 40, [(60, 40)]),
        (1, 1, [(1, 1)]),
    ],
)
def test_a_photo_has_every_smaller_size_and_is_never_upscaled(
    width: int, height: int, expected: list[tuple[int, int]]
) -> None:
    made = sizes(picture(width, height))
    assert [(size.width, size.height) for size in made] == expected
    opened = Image.open(io.BytesIO(made[-1].data))
    assert opened.format == "JPEG" and opened.size == expected[-1]


def test_a_photo_is_turned_upright_and_loses_its_metadata() -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.new("RGB", (400, 200)).save(out, "JPEG", exif=exif)
    made = sizes(out.getvalue())[-1]
    assert (made.width, made.height) == (200, 400)
    assert not Image.open(io.BytesIO(made.data)).getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "RGB"])
def test_every_colour_mode_becomes_a_jpeg(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (20, 20)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert sizes(out.getvalue())[0].width == 20


@pytest.mark.parametrize(
    "data", [b"", b"no picture", picture()[:300], picture(2100, 100), picture(9000, 1200)]
)
def test_what_cannot_be_a_photo_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPhotoError):
        sizes(data)


async def test_a_persons_photo_can_be_downloaded_and_sent_again(bot: Bot, person: Person) -> None:
    (message,) = await person.send("look", ("cat.png", picture(1000, 700)))
    assert message["caption"] == "look" and len(message["photo"]) == 4
    file = await bot.get_file(message["photo"][0]["file_id"])
    data = bytes(await file.download_as_bytearray())
    assert Image.open(io.BytesIO(data)).size == (90, 63) and len(data) == file.file_size
    again = await bot.send_photo(person.chat, message["photo"][0]["file_id"])
    assert [size.file_unique_id for size in again.photo] == [
        size["file_unique_id"] for size in message["photo"]
    ]


async def test_equal_bytes_have_equal_unique_ids_which_do_not_download(bot: Bot, person: Person) -> None:
    first, second = [(await person.send("", ("a.png", picture())))[0] for _ in range(2)]
    unique = first["photo"][0]["file_unique_id"]
    assert unique == second["photo"][0]["file_unique_id"]
    with pytest.raises(BadRequest, match="Wrong file_id"):
        await bot.get_file(unique)


async def test_a_document_keeps_its_bytes_its_name_and_gets_a_thumbnail(bot: Bot, person: Person) -> None:
    data = picture(1000, 700)
    (message,) = await person.send("", ("holiday.png", data), as_file=True)
    document = message["document"]
    assert document["file_name"] == "holiday.png" and document["mime_type"] == "image/png"
    assert document["thumbnail"]["width"] == 320
    assert bytes(await (await bot.get_file(document["file_id"])).download_as_bytearray()) == data
    with pytest.raises(BadRequest, match="Can't use file of type document as photo"):
        await bot.send_photo(person.chat, document["file_id"])
    sent = await bot.send_document(person.chat, b"a,b", filename="table.csv")
    assert sent.document and sent.document.file_name == "table.csv"


async def test_what_is_no_picture_goes_as_a_file(person: Person) -> None:
    (message,) = await person.send("", ("notes.txt", b"not a picture"))
    assert message["document"]["mime_type"] == "text/plain"


async def test_a_file_over_twenty_megabytes_arrives_but_does_not_download(bot: Bot, person: Person) -> None:
    (message,) = await person.send("", ("big.bin", b"\0" * (20 * 1024 * 1024 + 1)))
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(message["document"]["file_id"])


async def test_nothing_but_handed_out_files_is_served(person: Person) -> None:
    for path in ("../state.json", "state.json", "%2e%2e/state.json", "photos/none.jpg"):
        assert (await person.http.get(f"/file/bot1:a/{path}")).status_code == 404
