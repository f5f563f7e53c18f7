"""HEIC to RGB in a process of its own: crafted files crash the native decoder, and a worker must outlive it.

Seen with pi-heif 1.4.0: one changed byte in the length of an EXIF item ends the process with a segmentation
fault. The child knows nothing but this file; it reads the picture from its input and writes a PPM, or only
the PPM's header if the picture has more pixels than allowed.
"""

import resource
import subprocess
import sys
from io import BytesIO
from typing import Final

TIMEOUT_S: Final = 30
MEMORY_BYTES: Final = 2 << 30


def ppm_from_heic(data: bytes, max_pixels: int) -> bytes:
    """The first picture of a HEIC file as a PPM, upright, on white.

    Raises:  ValueError if the file is broken, or takes longer or needs more memory than any good one does.
    """
    command = [sys.executable, "-I", __file__, str(max_pixels)]
    try:
        child = subprocess.run(  # noqa: S603 - our own file and a number
            command, input=data, capture_output=True, check=True, timeout=TIMEOUT_S
        )
    except subprocess.SubprocessError as error:
        raise ValueError(f"not decoded: {error}") from error
    return child.stdout


def main() -> None:
    """The child: HEIC on standard input, PPM on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.stdout.buffer.write(ppm_here(sys.stdin.buffer.read(), int(sys.argv[1])))


def ppm_here(data: bytes, max_pixels: int) -> bytes:
    """As `ppm_from_heic`, in this process: for one that may die of it. Raises anything at all."""
    from pi_heif import HeifImageFile, options
    from PIL import Image

    options.DECODE_THREADS = 1  # each more takes memory from the picture
    heic = HeifImageFile(BytesIO(data))
    width, height = heic.size
    if width * height > max_pixels:
        return b"P6 %d %d 255\n" % (width, height)
    page = Image.new("RGB", heic.size, "white")
    page.paste(heic, mask=heic.getchannel("A") if heic.has_transparency_data else None)
    file = BytesIO()
    page.save(file, "PPM")
    return file.getvalue()


if __name__ == "__main__":
    main()
