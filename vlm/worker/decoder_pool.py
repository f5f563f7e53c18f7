"""A pool of `vlm.worker.decoder` children: untrusted bytes are decoded there, never in this process.

A child that dies, hangs or sends an invalid reply is killed and replaced, and its picture is refused. The
picture is not tried again, and never in this process. A child's reply is checked as untrusted input.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import IO, Final

import msgspec
from PIL import Image

from vlm.errors import AfterimageError, BadImage, BadRequest, TooLarge, Unsupported
from vlm.images import opening
from vlm.worker.decoder import Reply

log = logging.getLogger(__name__)

Decoder = Callable[[Sequence[bytes]], list[Image.Image | AfterimageError]]

TIMEOUT_S: Final = 4.0  # for one picture, the start of a child included; a good picture takes a tenth of it
PATIENT_TIMEOUT_S: Final = 30.0  # for a command's own files, on a machine that is busy loading a model
PICTURES_PER_CHILD: Final = 1000  # then the child is replaced, which limits memory leaks
MAX_HEAD_BYTES: Final = 4096

COMMAND: Final = (sys.executable, "-s", "-P", "-m", "vlm.worker.decoder")
# No secret, no setting, no path but the code's. One malloc arena, as one per thread would use up the memory.
ENVIRONMENT: Final = {"PYTHONPATH": str(Path(__file__).parents[2]), "MALLOC_ARENA_MAX": "1"}

REFUSALS: Final[dict[str, type[BadRequest]]] = {
    kind.code: kind for kind in (BadRequest, BadImage, TooLarge, Unsupported)
}
SENTENCES: Final = {
    value for name, value in vars(opening).items() if name.isupper() and isinstance(value, str)
}


def decode_in_process(pictures: Sequence[bytes]) -> list[Image.Image | AfterimageError]:
    """Each of the user's own pictures, at full size, or its error; a HEIC is still decoded in a child."""
    return [_decode_or_error(picture) for picture in pictures]


def open_own_picture(data: bytes) -> Image.Image:
    """A picture of the user's own, as `open_picture` returns it; a HEIC is still decoded in a child."""
    if not opening.is_heic(data):
        return opening.open_picture(data)
    with DecoderPool(1, timeout_s=PATIENT_TIMEOUT_S) as pool:
        [picture] = pool.open([data])
    if isinstance(picture, AfterimageError):
        raise picture
    return picture


def _decode_or_error(picture: bytes) -> Image.Image | AfterimageError:
    try:
        return open_own_picture(picture)
    except AfterimageError as error:
        return error


class DecoderPool:
    """Up to `size` children; 0: one per CPU, at most 4. Close the pool, or use it in a `with`.

    `deaths` counts the children that died or were killed because of a picture.
    """

    def __init__(
        self, size: int = 0, *, timeout_s: float = TIMEOUT_S, command: Sequence[str] = COMMAND
    ) -> None:
        size = size or min(4, os.cpu_count() or 1)
        self.deaths = 0
        self._threads = ThreadPoolExecutor(size, "decoders")
        self._children: LifoQueue[Child] = LifoQueue()
        for _ in range(size):
            self._children.put(Child(command, timeout_s))

    def open(self, pictures: Sequence[bytes]) -> list[Image.Image | AfterimageError]:
        """Each picture as `open_picture` returns it, no larger than needed, or its error; in order.

        Raises:  OSError if no child can be started at all.
        """
        return list(self._threads.map(self._open, pictures))

    def pids(self) -> list[int]:
        """The children that are alive and idle."""
        return [child.process.pid for child in list(self._children.queue) if child.process.poll() is None]

    def close(self) -> None:
        """End the children."""
        self._threads.shutdown()
        while not self._children.empty():
            self._children.get().end()

    def __enter__(self) -> "DecoderPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, picture: bytes) -> Image.Image | AfterimageError:
        child = self._children.get()
        try:
            return child.open(picture)
        except AfterimageError as error:
            return error
        except (OSError, ValueError, msgspec.DecodeError) as error:
            child.end()
            self.deaths += 1
            log.warning("decoder died of a picture: %s, status %s", error, child.process.returncode)
            return BadImage(opening.DAMAGED)
        finally:
            self._children.put(child)


class Child:
    """One decoder process; started again if it is needed but has ended."""

    def __init__(self, command: Sequence[str], timeout_s: float) -> None:
        self._command, self._timeout_s = command, timeout_s
        self.process = self._start()

    def open(self, picture: bytes) -> Image.Image:
        """The decoded picture.

        Raises:  BadRequest if the child refuses the picture; OSError, ValueError or DecodeError if the child
                 must be replaced.
        """
        has_died = self.process.poll() is not None  # while idle: not because of a picture
        if has_died or self._remaining == 0:
            self.end()
            self.process = self._start()
        self._remaining -= 1
        timed_out = threading.Event()
        timer = threading.Timer(self._timeout_s, self._kill, [timed_out])
        timer.start()
        try:
            return self._request(picture)
        finally:
            timer.cancel()
            timer.join()
            if timed_out.is_set():
                self.process.wait()

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):  # half a picture that the child no longer reads
                _open_pipe(pipe).close()

    def _kill(self, timed_out: threading.Event) -> None:
        timed_out.set()
        self.process.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        self._remaining = PICTURES_PER_CHILD
        return subprocess.Popen(  # noqa: S603 - our own module
            self._command,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # warnings of C libraries about the picture
        )

    def _request(self, picture: bytes) -> Image.Image:
        stdin, stdout = _open_pipe(self.process.stdin), _open_pipe(self.process.stdout)
        picture = picture[: opening.MAX_BYTES + 1]  # one byte too many is enough to refuse it
        stdin.write(len(picture).to_bytes(4, "big") + picture)
        stdin.flush()
        length = int.from_bytes(_read_exactly(stdout, 4), "big")
        if length > MAX_HEAD_BYTES:
            raise ValueError("the head of the reply is too long")
        reply = msgspec.msgpack.decode(_read_exactly(stdout, length), type=Reply)
        if reply.code:
            raise _refusal(reply)
        if not (0 < reply.width <= opening.MAX_SIDE_PX and 0 < reply.height <= opening.MAX_SIDE_PX):
            raise ValueError("the reply has an impossible size")
        if reply.width * reply.height > opening.MAX_PIXELS:
            raise ValueError("the reply has too many pixels")
        pixels = _read_exactly(stdout, reply.width * reply.height * 3)
        return Image.frombytes("RGB", (reply.width, reply.height), pixels)


def _refusal(reply: Reply) -> BadRequest:
    if reply.code not in REFUSALS or reply.message not in SENTENCES:
        raise ValueError("the reply has an unknown error")
    try:
        return REFUSALS[reply.code](reply.message, **reply.values)
    except (KeyError, TypeError) as error:
        raise ValueError("the error of the reply has the wrong values") from error


def _read_exactly(pipe: IO[bytes], count: int) -> bytes:
    if len(data := pipe.read(count)) < count:
        raise ValueError("the child ended before its reply")
    return data


def _open_pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the child has no pipes")
    return pipe
