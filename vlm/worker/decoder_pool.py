"""A pool of `vlm.worker.decoder` children: strangers' bytes become pictures there, never in this process.

A child that dies, hangs or babbles is killed and replaced, and its picture is refused: it is not tried again,
and never in here. What a child says is checked as if a stranger said it.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import IO, Final

import msgspec
from PIL import Image

from vlm.errors import AfterimageError, BadImage, BadRequest, TooLarge, Unsupported
from vlm.images import opening as images
from vlm.worker.decoder import Reply

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 4.0  # for one picture, a child's start included; a good one takes a tenth of it
PICTURES_A_LIFE: Final = 1000  # then the child is replaced: what leaks, leaks little
MAX_HEAD_BYTES: Final = 4096

COMMAND: Final = (sys.executable, "-s", "-P", "-m", "vlm.worker.decoder")
# No secret, no setting, no path but the code's. One arena: threads' own would use up the address space.
ENVIRONMENT: Final = {"PYTHONPATH": str(Path(__file__).parents[2]), "MALLOC_ARENA_MAX": "1"}

REFUSALS: Final[dict[str, type[BadRequest]]] = {
    kind.code: kind for kind in (BadRequest, BadImage, TooLarge, Unsupported)
}
SENTENCES: Final = {
    value for name, value in vars(images).items() if name.isupper() and isinstance(value, str)
}


class DecoderPool:
    """Up to `size` children. `deaths` counts those that a picture ended. Close it, or use it in a `with`."""

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
        """Each picture as `open_picture` has it, no larger than needed, or the error; in order.

        Raises:  OSError if no child can be started at all.
        """
        return list(self._threads.map(self._opened, pictures))

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

    def _opened(self, picture: bytes) -> Image.Image | AfterimageError:
        child = self._children.get()
        try:
            return child.open(picture)
        except AfterimageError as error:
            return error
        except (OSError, ValueError, msgspec.DecodeError) as error:
            child.end()
            self.deaths += 1
            log.warning("a picture ended its decoder: %s, status %s", error, child.process.returncode)
            return BadImage(images.DAMAGED)
        finally:
            self._children.put(child)


class Child:
    """One child process, started again when it is needed and gone."""

    def __init__(self, command: Sequence[str], timeout_s: float) -> None:
        self._command, self._timeout_s = command, timeout_s
        self.process = self._started()

    def open(self, picture: bytes) -> Image.Image:
        """The picture.

        Raises:  BadRequest as the child said; OSError, ValueError or DecodeError if it is of no more use.
        """
        if self.process.poll() is not None or self._left == 0:  # gone while idle: no picture's fault
            self.end()
            self.process = self._started()
        self._left -= 1
        late = threading.Event()
        timer = threading.Timer(self._timeout_s, self._give_up, [late])
        timer.start()
        try:
            return self._asked(picture)
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():
                self.process.wait()

    def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):  # half a picture that it no longer wants
                _there(pipe).close()

    def _give_up(self, late: threading.Event) -> None:
        late.set()
        self.process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        self._left = PICTURES_A_LIFE
        return subprocess.Popen(  # noqa: S603 - our own module
            self._command,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what C libraries remark on a stranger's picture
        )

    def _asked(self, picture: bytes) -> Image.Image:
        stdin, stdout = _there(self.process.stdin), _there(self.process.stdout)
        picture = picture[: images.MAX_BYTES + 1]  # one too many tells all
        stdin.write(len(picture).to_bytes(4, "big") + picture)
        stdin.flush()
        length = int.from_bytes(_exactly(stdout, 4), "big")
        if length > MAX_HEAD_BYTES:
            raise ValueError("an answer of too many bytes")
        reply = msgspec.msgpack.decode(_exactly(stdout, length), type=Reply)
        if reply.code:
            raise _refusal(reply)
        if not (0 < reply.width <= images.MAX_SIDE_PX and 0 < reply.height <= images.MAX_SIDE_PX):
            raise ValueError("a picture of no possible size")
        if reply.width * reply.height > images.MAX_PIXELS:
            raise ValueError("a picture of too many pixels")
        pixels = _exactly(stdout, reply.width * reply.height * 3)
        return Image.frombytes("RGB", (reply.width, reply.height), pixels)


def _refusal(reply: Reply) -> BadRequest:
    if reply.code not in REFUSALS or reply.message not in SENTENCES:
        raise ValueError("an error that is none of ours")
    try:
        return REFUSALS[reply.code](reply.message, **reply.values)
    except (KeyError, TypeError) as error:
        raise ValueError("an error with the wrong values") from error


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    if len(data := pipe.read(count)) < count:
        raise ValueError("it ended before its answer")
    return data


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("a child without pipes")
    return pipe
