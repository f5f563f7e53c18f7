"""The child that decodes pictures: `python -m vlm.worker.decoder`, started by the decoder pool only.

    in    4 bytes, big endian: length; the picture's bytes
    out   4 bytes, big endian: length; a `Reply` as msgpack; then its pixels, RGB, row by row

Decoders of pictures are C code that reads what strangers wrote. So they run here, where there is nothing to
steal (no token, no Redis, no model) and where memory, time and files are limited. If it dies, a picture is
refused. No torch here. Not limited: the network, which a container's rules can do, and processes, as HEIC's
decoder does not work without a thread of its own.
"""

import resource
import sys
from typing import BinaryIO, Final

import msgspec
from PIL import Image

from vlm.errors import BadRequest
from vlm.images.heic import ppm_here
from vlm.images.opening import ENOUGH_PX, open_picture

MEMORY_BYTES: Final = 1536 << 20  # address space; 25 megapixels at 32 bits and a few copies of it
CPU_S: Final = 5  # a picture
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
    """Answer pictures until the input ends."""
    Image.init()  # all of its modules are imported before files are limited
    confine()
    pictures, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := pictures.read(4)) == 4:
        data = pictures.read(int.from_bytes(head, "big"))
        _allow_cpu()
        answer(data, answers)


def answer(data: bytes, answers: BinaryIO) -> None:
    """Write the reply to one picture."""
    pixels = b""
    try:
        image = _no_larger_than_needed(open_picture(data, ppm_here))
        reply, pixels = Reply(*image.size), image.tobytes()
    except BadRequest as error:
        reply = Reply(code=error.code, message=error.message, values=error.values)
    head = msgspec.msgpack.encode(reply)
    answers.write(len(head).to_bytes(4, "big") + head)
    answers.write(pixels)
    answers.flush()


def confine() -> None:
    """Give up, for good, what decoding does not need."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(NO_NEW_PRIVS, 1, 0, 0, 0)


def _allow_cpu() -> None:
    # The limit counts from the process's start, so it moves on with each picture.
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def _no_larger_than_needed(image: Image.Image) -> Image.Image:
    # As a JPEG's draft does: 25 megapixels need not travel through a pipe to become 224 × 224.
    factor = min(image.size) // ENOUGH_PX
    return image.reduce(factor) if factor > 1 else image


if __name__ == "__main__":
    main()
