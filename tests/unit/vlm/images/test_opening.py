"""Whatever the bytes are, a picture comes out, or one polite sentence."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.paths import HEIC as HEIC_FILE

from vlm.errors import AfterimageError, BadImage, BadRequest, NotFound, TooLarge, Unsupported
from vlm.images.opening import MAX_BYTES, open_picture, read_picture
from vlm.worker.decoder import heic_to_ppm
from vlm.worker.decoder_pool import DecoderPool, open_own_picture

RED, BLUE, WHITE = (200, 30, 30), (30, 60, 200), (255, 255, 255)
# 64 × 48, left half RED, right half BLUE, orientation 6 in its EXIF; written by pillow-heif 1.8.1.
HEIC = HEIC_FILE.read_bytes()


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves(mode: str = "RGB") -> Image.Image:
    """64 × 48: left half red, right half blue."""
    image = Image.new("RGB", (64, 48), RED)
    image.paste(BLUE, (32, 0, 64, 48))
    return image.convert(mode)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def near(pixel: object, colour: tuple[int, int, int], by: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= by for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_the_usual_kinds_open(kind: str) -> None:
    image = open_picture(saved(halves(), kind))
    assert (image.mode, image.size) == ("RGB", (64, 48))
    assert near(image.getpixel((10, 20)), RED) and near(image.getpixel((50, 20)), BLUE)


def test_a_heic_photo_opens_upright_and_without_its_metadata() -> None:
    image = open_picture(HEIC, heic_to_ppm)
    assert (image.mode, image.size) == ("RGB", (48, 64))
    assert near(image.getpixel((24, 10)), RED) and near(image.getpixel((24, 50)), BLUE)
    assert image.info == {} and not image.getexif()


def test_a_heic_that_crashes_its_decoder_is_refused() -> None:
    crafted = HEIC[:176] + b"\x90" + HEIC[177:]  # the EXIF item now claims 2.4 GB: pi-heif 1.4.0 dies of it
    with pytest.raises(BadImage, match="damaged"):
        open_own_picture(crafted)


def test_without_a_decoder_of_its_own_heic_is_refused() -> None:
    with pytest.raises(BadImage, match="not a picture"):
        open_picture(HEIC)


def test_a_users_own_heic_opens() -> None:
    assert open_own_picture(HEIC).size == (48, 64)


def test_a_heic_of_too_many_pixels_is_refused_undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlm.images.opening.MAX_PIXELS", 48 * 64 - 1)
    with pytest.raises(TooLarge, match="megapixels"):
        open_picture(HEIC, heic_to_ppm)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    original = halves(mode)
    image = open_picture(saved(original, kind))
    assert image.mode == "RGB"
    expected = original.convert("RGB").getpixel((10, 20))
    assert isinstance(expected, tuple)
    assert near(image.getpixel((10, 20)), expected)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    grey = Image.new("I;16", (16, 16))
    for x, level in enumerate((0, 257 * 64, 257 * 128, 65535)):
        grey.putpixel((x, 8), level)
    image = open_picture(saved(grey, "PNG"))
    assert [image.getpixel((x, 8)) for x in range(4)] == [(v, v, v) for v in (0, 64, 128, 255)]


@pytest.mark.parametrize(
    ("mode", "clear", "options"),
    [("RGBA", (0, 0, 0, 0), {}), ("LA", (0, 0), {}), ("RGB", (1, 2, 3), {"transparency": (1, 2, 3)})],
)
def test_what_is_transparent_turns_white(
    mode: str, clear: tuple[int, ...], options: dict[str, object]
) -> None:
    image = open_picture(saved(Image.new(mode, (16, 16), clear), "PNG", **options))
    assert image.getpixel((5, 5)) == WHITE


def test_a_transparent_gif_turns_white() -> None:
    gif = Image.new("P", (16, 16), 0)
    gif.putpalette([0, 0, 0, *RED])
    assert open_picture(saved(gif, "GIF", transparency=0)).getpixel((5, 5)) == WHITE


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_taken_sideways_is_turned_upright(orientation: int) -> None:
    upright = Image.new("RGB", (40, 32), WHITE)
    upright.paste(RED, (0, 0, 20, 16))  # the mark is in the top left corner of what a person saw
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turned[orientation]) if orientation in turned else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = open_picture(saved(stored, "JPEG", exif=exif))
    assert image.size == (40, 32)
    assert near(image.getpixel((5, 5)), RED) and near(image.getpixel((35, 28)), WHITE)


def test_where_a_photo_was_taken_is_not_kept() -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    photo = saved(halves(), "JPEG", exif=exif, comment=b"home")
    assert Image.open(BytesIO(photo)).getexif().get_ifd(0x8825)
    image = open_picture(photo)
    assert image.info == {} and not image.getexif()


def test_broken_exif_does_not_cost_the_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = (
        saved(halves(), "JPEG", exif=exif)
        .replace(b"MM\x00*", b"MM\xff\xff")
        .replace(b"II*\x00", b"II\xff\xff")
    )
    assert open_picture(photo).mode == "RGB"


def test_a_portrait_with_a_depth_map_is_a_still_picture() -> None:
    photo = saved(halves(), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))])
    assert near(open_picture(photo).getpixel((10, 20)), RED)


def test_a_huge_jpeg_is_read_at_a_fraction_of_its_size() -> None:
    assert open_picture(saved(Image.new("RGB", (5000, 4000), RED), "JPEG")).size == (2500, 2000)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_declined(kind: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, BLUE, WHITE)]
    with pytest.raises(Unsupported, match="still pictures"):
        open_picture(saved(frames[0], kind, save_all=True, append_images=frames[1:]))


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"%PDF-1.7 ...", b"<svg/>", bytes(1000), b"\xff\xd8\xff", b"GIF89a"]
)
def test_what_is_no_picture_is_told_which_kinds_work(data: bytes) -> None:
    with pytest.raises(BadImage, match="JPEG, PNG, WebP, GIF or HEIC"):
        open_picture(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "HEIF"])
def test_a_picture_cut_short_is_refused(kind: str) -> None:
    whole = HEIC if kind == "HEIF" else saved(Image.effect_noise((300, 300), 90), kind)
    with pytest.raises(BadImage):
        open_own_picture(whole[: len(whole) * 2 // 3])


@pytest.mark.parametrize(("size", "shown"), [((1, 1), "1 × 1"), ((1, 900), "1 × 900"), ((7, 7), "7 × 7")])
def test_a_picture_too_small_to_see_names_the_minimum(size: tuple[int, int], shown: str) -> None:
    with pytest.raises(BadImage, match=f"{shown} pixels.*at least 8 × 8"):
        open_picture(saved(Image.new("RGB", size), "PNG"))


@pytest.mark.parametrize(
    "size", [(20_000, 100), (100, 20_000), (6000, 5000), (20_000, 20_000), (65_000, 65_000)]
)
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(TooLarge, match="use a smaller copy"):
        open_picture(png_header(*size))


def test_a_decompression_bomb_is_refused() -> None:
    with pytest.raises(TooLarge, match=r"100\.0 megapixels, and I can take 25"):
        open_picture(saved(Image.new("1", (10_000, 10_000)), "PNG"))


def test_a_25_megabyte_file_is_refused_unopened() -> None:
    with pytest.raises(TooLarge, match="larger than 20 MB"):
        open_picture(saved(halves(), "PNG") + bytes(25_000_000))


def test_a_file_at_the_limit_is_taken() -> None:
    picture = saved(halves(), "PNG")
    assert open_picture(picture + bytes(MAX_BYTES - len(picture))).size == (64, 48)


def test_decoders_keep_their_remarks_to_themselves(recwarn: pytest.WarningsRecorder) -> None:
    before = list(warnings.filters)
    with pytest.raises(TooLarge):
        open_picture(png_header(12_000, 12_000))
    assert not recwarn and warnings.filters == before


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        read_picture(tmp_path / "gone.jpg")
    with pytest.raises(Unsupported, match="is a folder"):
        read_picture(tmp_path)
    with pytest.raises(BadRequest, match="cannot be read"):
        read_picture(Path("a\0b"))


def test_no_more_of_a_file_is_read_than_needed_to_refuse_it() -> None:
    assert len(read_picture(Path("/dev/zero"))) == MAX_BYTES + 1


SEEDS = [
    saved(halves(), "JPEG"),
    saved(
        halves(),
        "JPEG",
        progressive=True,
        exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0",
    ),
    saved(halves("CMYK"), "JPEG"),
    saved(halves("P"), "PNG", transparency=0),
    saved(Image.new("I;16", (20, 20), 999), "PNG"),
    saved(halves(), "WEBP"),
    saved(halves("RGBA"), "WEBP", lossless=True),
    saved(halves("P"), "GIF"),
    saved(halves(), "GIF", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    HEIC,
]
Edits = st.lists(st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=4)), max_size=6)


@pytest.fixture(scope="module")
def decoders() -> Iterator[DecoderPool]:
    with DecoderPool(1) as pool:
        yield pool


@settings(max_examples=400, deadline=None)
@given(seed=st.sampled_from(SEEDS), edits=Edits, cut=st.integers(0, 4000))
def test_no_mangled_picture_raises_anything_but_our_errors(
    decoders: DecoderPool, seed: bytes, edits: list[tuple[int, bytes]], cut: int
) -> None:
    data = bytearray(seed)
    for at, new in edits:
        at %= len(data)
        data[at : at + len(new)] = new
    mangled = bytes(data[: len(data) - cut % len(data)])
    try:
        image = opened_in(decoders, mangled) if seed is HEIC else open_picture(mangled)
    except AfterimageError as error:
        assert str(error).endswith(".") and "please" in str(error)
    else:
        assert image.mode == "RGB" and image.info == {}


def opened_in(decoders: DecoderPool, data: bytes) -> Image.Image:
    """The picture as a decoder's child opens it, which may die of it."""
    [picture] = decoders.open([data])
    if isinstance(picture, AfterimageError):
        raise picture
    return picture
