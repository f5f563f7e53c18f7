"""Hostile files by family, all drawn from one seed, so that each can be made again.

modes       every colour mode and bit depth that a format may have, and palettes that lie
chunks      a PNG's parts of the wrong length, sum, order or number, and bombs in its text and profile
exif        orientations that do not exist, tags that point anywhere, profiles of noise
headers     sizes that lie, in GIF, WebP, PNG and JPEG
heic        each byte of a HEIC's head changed: some of these end its decoder
disguised   other formats under a picture's name
polyglots   two files in one
bombs       just under and over 25 megapixels, 16,000 pixels a side and 20 MB
truncated   valid files of each format, cut after each hundredth
mutated     valid files of each format with bits turned, bytes put in or taken out, blocks exchanged
"""

import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from PIL import Image

from support.paths import HEIC as HEIC_FILE

HEIC: Final = HEIC_FILE.read_bytes()
MODES: Final = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK", "YCbCr"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("1", "L", "P"),
}
DISGUISES: Final = (
    "TIFF",
    "EPS",
    "ICO",
    "PCX",
    "BMP",
    "PPM",
    "TGA",
    "SGI",
    "PDF",
    "JPEG2000",
    "DDS",
    "MSP",
    "XBM",
)
MAGIC: Final = (
    b"8BPS\0\1" + bytes(20),
    b"\x80\0\0\0\x11\xaf" + bytes(122),
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999999 9999999\n",
    b"II*\0\x08\0\0\0",
    b"\xd7\xcd\xc6\x9a" + bytes(40),
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    b"SIMPLE  =  T",
    b"icns\0\0\0\x10",
    b"",
)


def noise(rng: random.Random, size: tuple[int, int] = (96, 64), mode: str = "RGB") -> Image.Image:
    """Soft noise: it compresses as a photo does."""
    small = Image.frombytes("RGB", (12, 8), rng.randbytes(288)).resize(size)
    return small.convert("L").convert(mode) if mode in {"I;16", "I"} else small.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def valid(rng: random.Random) -> list[bytes]:
    """Good files of each format, plain and not so plain."""
    files = [saved(noise(rng, mode=mode), kind) for kind, modes in MODES.items() for mode in modes]
    files += [saved(noise(rng), "JPEG", progressive=True), saved(noise(rng), "WEBP", lossless=True)]
    files += [saved(noise(rng, mode="P"), "PNG", transparency=bytes(range(256))), HEIC]
    return [*files, saved(noise(rng), "JPEG", exif=exif(6))]


def exif(orientation: int) -> bytes:
    """EXIF with nothing but an orientation, whatever it is."""
    body = struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 0x112, 4, 1, orientation)
    return b"Exif\0\0" + body + bytes(4)


def chunk(kind: bytes, body: bytes, *, length: int | None = None, crc: int | None = None) -> bytes:
    """A part of a PNG, honest unless told."""
    total = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", len(body) if length is None else length) + kind + body + struct.pack(">I", total)


def png(
    *parts: bytes, size: tuple[int, int] = (16, 16), depth: int = 8, colour: int = 2, lace: int = 0
) -> bytes:
    """A PNG with these parts between its header and its pixels, which are black."""
    head = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, lace)
    pixels = zlib.compress(bytes(2000))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + b"".join(parts)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def modes(rng: random.Random) -> Iterator[bytes]:
    yield from valid(rng)
    for depth in (0, 1, 2, 3, 4, 8, 16, 32):
        for colour in range(8):
            for lace in (0, 1, 2):
                yield png(depth=depth, colour=colour, lace=lace)
    for count in (0, 1, 2, 255, 256, 257, 5000):
        for clear in (0, 1, 256, 300, 70000):
            yield png(chunk(b"PLTE", bytes(3 * count)), chunk(b"tRNS", bytes(clear)), colour=3)
            yield png(
                chunk(b"tRNS", bytes(clear)), chunk(b"PLTE", bytes(count)), colour=rng.choice((0, 2, 3, 4, 6))
            )


def chunks(rng: random.Random) -> Iterator[bytes]:
    bomb = zlib.compress(bytes(80 << 20), 9)
    for kind in (
        b"zTXt",
        b"iTXt",
        b"iCCP",
        b"tEXt",
        b"eXIf",
        b"gAMA",
        b"pHYs",
        b"acTL",
        b"fcTL",
        b"IDAT",
        b"IHDR",
        b"IEND",
        b"PLTE",
        b"tRNS",
    ):
        yield png(chunk(kind, b"name\0\0" + bomb))
        yield png(*[chunk(kind, b"n\0\0" + zlib.compress(bytes(900_000)))] * 100)
        for length in (0, 1, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
            yield png(chunk(kind, rng.randbytes(20), length=length))
        yield png(chunk(kind, rng.randbytes(20), crc=0))
        yield from (png(chunk(kind, rng.randbytes(size))) for size in range(0, 40, 3))
    yield from (png(chunk(rng.randbytes(4), rng.randbytes(9))) for _ in range(60))


def exifs(rng: random.Random) -> Iterator[bytes]:
    for orientation in (*range(12), 65535, 1 << 31, (1 << 32) - 1):
        yield from (saved(noise(rng), kind, exif=exif(orientation)) for kind in ("JPEG", "WEBP", "PNG"))
    for _ in range(120):
        tags = b"".join(
            struct.pack(
                "<HHII",
                rng.choice((0x112, 0x8769, 0x8825, 0xA005, rng.randrange(65536))),
                rng.randrange(14),
                rng.choice((1, 2, 0xFFFFFFFF)),
                rng.choice((8, 0, 0xFFFFFFF0, rng.randrange(99))),
            )
            for _ in range(5)
        )
        looped = b"Exif\0\0" + struct.pack("<2sHIH", b"II", 42, 8, 5) + tags + struct.pack("<I", 8)
        yield saved(noise(rng), rng.choice(("JPEG", "WEBP", "PNG")), exif=looped)
        yield saved(
            noise(rng), rng.choice(("JPEG", "WEBP", "PNG")), icc_profile=rng.randbytes(rng.randrange(4000))
        )


def headers(rng: random.Random) -> Iterator[bytes]:
    sides = (0, 1, 7, 8, 16_000, 16_001, 16_383, 65_535)
    gif, webp = saved(noise(rng, mode="P"), "GIF"), saved(noise(rng, mode="RGBA"), "WEBP", exif=exif(3))
    jpeg = saved(noise(rng), "JPEG")
    frame, shape = gif.rindex(b",\0\0\0\0"), jpeg.index(b"\xff\xc0") + 5
    scan = jpeg.index(b"\xff\xda")
    for width in sides:
        for height in sides:
            yield png(size=(width, height))
            yield gif[:6] + struct.pack("<HH", width, height) + gif[10:]
            yield gif[: frame + 1] + struct.pack("<HHHH", height, width, width, height) + gif[frame + 9 :]
            yield jpeg[:shape] + struct.pack(">HH", height, width) + jpeg[shape + 4 :]
            lies = (max(width, 1) - 1).to_bytes(3, "little") + (max(height, 1) - 1).to_bytes(3, "little")
            yield webp[:24] + lies + webp[30:]
    yield from (gif[:frame] + b";", gif[:13], gif[:frame] * 2, gif[:-1] + b"!\xff" * 9000)
    slow = saved(noise(rng, (1500, 1500)), "JPEG", progressive=True)
    last = slow.rindex(b"\xff\xda")
    yield from (slow[:-2] + slow[last:-2] * scans + b"\xff\xd9" for scans in (10, 100, 1000))
    yield from (jpeg[:scan] + jpeg[scan:-2] * scans + b"\xff\xd9" for scans in (2, 100, 10_000))


def heic(rng: random.Random) -> Iterator[bytes]:
    for at in range(12, 400):
        for value in (0x90, 0xFF, rng.randrange(256)):
            yield HEIC[:at] + bytes([value]) + HEIC[at + 1 :]


def disguised(rng: random.Random) -> Iterator[bytes]:
    for kind in DISGUISES:
        yield saved(noise(rng, mode="1" if kind in {"MSP", "XBM"} else "RGB"), kind)
    for magic in MAGIC:
        yield from (magic + rng.randbytes(rng.randrange(3000)) for _ in range(10))


def polyglots(rng: random.Random) -> Iterator[bytes]:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("run.sh", "echo harm")
    tails = (
        archive.getvalue(),
        b"%PDF-1.7\n%%EOF",
        b"<?php system($_GET[0]); ?>",
        b"*/=1;alert(1);//",
        b"MZ" + bytes(200),
    )
    for picture in valid(rng):
        for tail in (*tails, rng.choice(valid(rng))):
            yield picture + tail
            yield tail + picture
            yield picture[:12] + tail + picture[12:]


def bombs(rng: random.Random) -> Iterator[bytes]:
    sizes = (
        (5000, 5000),
        (5000, 5001),
        (16_000, 1562),
        (16_000, 1563),
        (16_001, 9),
        (9, 16_000),
        (13_000, 13_000),
    )
    for size in sizes:
        for kind, kinds in MODES.items():
            if kind != "WEBP" or max(size) < 16_384:
                yield saved(Image.new(rng.choice(kinds), size), kind)
    for mode in MODES["PNG"]:
        yield saved(Image.new(mode, (5000, 5000)), "PNG")
    small = saved(noise(rng), "PNG")
    yield from (small + bytes((20 << 20) - len(small) + more) for more in (-1, 0, 1, 9000))


def truncated(rng: random.Random) -> Iterator[bytes]:
    for picture in valid(rng):
        yield from (picture[: len(picture) * part // 100] for part in range(100))


def mutated(rng: random.Random) -> Iterator[bytes]:
    files = valid(rng)
    while True:
        data = bytearray(rng.choice(files))
        for _ in range(rng.choice((1, 1, 2, 5, 20))):
            head = rng.random() < 0.5  # half of them where the lengths and sizes stand
            at = rng.randrange(min(len(data), 200) if head else len(data))
            match rng.randrange(4):
                case 0:
                    data[at] ^= 1 << rng.randrange(8)
                case 1:
                    data[at:at] = rng.randbytes(rng.randrange(1, 9))
                case 2:
                    del data[at : at + rng.randrange(1, 9)]
                    data += b"\0"
                case _:
                    to, size = rng.randrange(len(data)), rng.randrange(1, 64)
                    data[at : at + size], data[to : to + size] = data[to : to + size], data[at : at + size]
        yield bytes(data) or b"\0"


FAMILIES: Final = {
    "modes": modes,
    "chunks": chunks,
    "exif": exifs,
    "headers": headers,
    "heic": heic,
    "disguised": disguised,
    "polyglots": polyglots,
    "bombs": bombs,
    "truncated": truncated,
    "mutated": mutated,
}
