"""The child that decodes pictures: `python -m vlm.worker.decoder`, started by the decoder pool only.

    in    4 bytes, big endian: length; the picture's bytes
    out   4 bytes, big endian: length; a `Reply` as msgpack; then its pixels, RGB, row by row

Picture decoders are C code that reads untrusted bytes. They run in this process, which has nothing to steal
(no token, no Redis, no model) and limited memory, time and files. If it dies, the picture is refused. HEIC is
the reason in practice: with pi-heif 1.4.0, one changed byte in the length of an EXIF item is a segmentation
fault.

No torch here. Not limited: the network, which a container's rules can limit, and processes, because the HEIC
decoder needs a thread of its own.
"""

import resource
import sys
from io import BytesIO
from typing import BinaryIO, Final

import msgspec
from PIL import Image

from vlm.errors import BadRequest
from vlm.images.opening import ENOUGH_PX, open_picture

MEMORY_BYTES: Final = 1536 << 20  # address space: 25 megapixels at 32 bits, and a few copies
CPU_S: Final = 5  # per picture
OPEN_FILES: Final = 16  # three pipes, and modules that are imported late
NO_NEW_PRIVS: Final = 38  # prctl's PR_SET_NO_NEW_PRIVS


class Reply(msgspec.Struct, array_like=True):
    """A picture of `width` × `height`, or the refusal `code`, `message`, `values` of a BadRequest."""

    width: int = 0
    height: int = 0
    code: str = ""
    message: str = ""
    values: dict[str, str | int] = {}


def main() -> None:
    """Decode pictures until the input ends."""
    Image.init()  # imports Pillow's modules before the number of open files is limited
    confine()
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    while len(head := requests.read(4)) == 4:
        data = requests.read(int.from_bytes(head, "big"))
        _allow_cpu()
        write_reply(data, replies)


def write_reply(data: bytes, replies: BinaryIO) -> None:
    """Decode one picture and write the reply to it."""
    pixels = b""
    try:
        image = _no_larger_than_needed(open_picture(data, heic_to_ppm))
        reply, pixels = Reply(*image.size), image.tobytes()
    except BadRequest as error:
        reply = Reply(code=error.code, message=error.message, values=error.values)
    head = msgspec.msgpack.encode(reply)
    replies.write(len(head).to_bytes(4, "big") + head)
    replies.write(pixels)
    replies.flush()


def heic_to_ppm(data: bytes, max_pixels: int) -> bytes:
    """The first picture of a HEIC file as a PPM, upright, on white; with too many pixels, only its header.

    Raises anything at all, or crashes the process.
    """
    from pi_heif import HeifImageFile, options

    options.DECODE_THREADS = 1  # each thread takes memory from the picture
    heic = HeifImageFile(BytesIO(data))
    width, height = heic.size
    if width * height > max_pixels:
        return b"P6 %d %d 255\n" % (width, height)
    page = Image.new("RGB", heic.size, "white")
    page.paste(heic, mask=heic.getchannel("A") if heic.has_transparency_data else None)
    file = BytesIO()
    page.save(file, "PPM")
    return file.getvalue()


def confine() -> None:
    """Give up, for good, what decoding does not need."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        resource.setrlimit(kind, (limit, limit))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(NO_NEW_PRIVS, 1, 0, 0, 0)


def _allow_cpu() -> None:
    # The limit counts from the start of the process, so it is raised with each picture.
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def _no_larger_than_needed(image: Image.Image) -> Image.Image:
    # As JPEG's draft mode does: 25 megapixels need not pass a pipe to become 224 × 224.
    factor = min(image.size) // ENOUGH_PX
    return image.reduce(factor) if factor > 1 else image


if __name__ == "__main__":
    main()
