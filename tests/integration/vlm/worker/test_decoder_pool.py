"""Strangers' pictures are decoded elsewhere: whatever they do there, this process goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from support.paths import HEIC as HEIC_FILE

from vlm.errors import AfterimageError, BadImage, TooLarge
from vlm.images.opening import MAX_BYTES
from vlm.worker.decoder_pool import DecoderPool

HEIC = HEIC_FILE.read_bytes()
CRASHES = HEIC[:176] + b"\x90" + HEIC[177:]  # pi-heif 1.4.0 dies of it


def saved(kind: str, size: tuple[int, int] = (64, 48)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "red").save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def decoders() -> Iterator[DecoderPool]:
    with DecoderPool(2) as pool:
        yield pool


def python_child(text: str) -> tuple[str, ...]:
    """A child that runs these lines."""
    return (sys.executable, "-c", text)


def assert_refused(outcome: object, kind: type[AfterimageError] = BadImage) -> None:
    assert isinstance(outcome, kind), outcome


def test_pictures_come_back_in_order_beside_the_errors_of_others(decoders: DecoderPool) -> None:
    first, broken, third = decoders.open([saved("PNG"), b"no picture", saved("WEBP", (32, 16))])
    assert isinstance(first, Image.Image) and (first.mode, first.size) == ("RGB", (64, 48))
    assert first.getpixel((5, 5)) == (255, 0, 0)
    assert_refused(broken)
    assert isinstance(third, Image.Image) and third.size == (32, 16)


def test_heic_opens(decoders: DecoderPool) -> None:
    [image] = decoders.open([HEIC])
    assert isinstance(image, Image.Image) and image.size == (48, 64)


def test_a_large_picture_travels_no_larger_than_needed(decoders: DecoderPool) -> None:
    [image] = decoders.open([saved("PNG", (5000, 4000))])
    assert isinstance(image, Image.Image) and image.size == (1667, 1334)


def test_an_errors_values_come_along(decoders: DecoderPool) -> None:
    [error, heavy] = decoders.open([saved("PNG", (16_001, 8)), bytes(MAX_BYTES + 1)])
    assert_refused(error, TooLarge)
    assert isinstance(error, AfterimageError) and error.values == {"width": 16001, "height": 8, "most": 16000}
    assert_refused(heavy, TooLarge)


@pytest.mark.promise("security#decoder-dies")
def test_a_child_that_dies_is_replaced_and_its_picture_refused() -> None:
    with DecoderPool(1) as pool:
        [before] = pool.pids()
        assert_refused(*pool.open([CRASHES]))
        assert pool.deaths == 1
        [image] = pool.open([saved("JPEG")])
        assert isinstance(image, Image.Image) and pool.pids() != [before]


def test_a_child_that_was_killed_while_idle_costs_no_picture() -> None:
    with DecoderPool(1) as pool:
        [pid] = pool.pids()
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        [image] = pool.open([saved("JPEG")])
        assert isinstance(image, Image.Image) and pool.deaths == 0


@pytest.mark.promise("security#decoder-hangs")
def test_a_child_that_hangs_is_killed_in_time() -> None:
    with DecoderPool(1, timeout_s=0.5, command=python_child("import signal; signal.pause()")) as pool:
        assert_refused(*pool.open([saved("JPEG")]))
        assert pool.deaths == 1 and pool.pids() == []


LIMITED = "from vlm.worker import decoder; decoder.confine(); decoder._allow_cpu(); "


def confined(text: str) -> subprocess.CompletedProcess[str]:
    """What becomes of these lines in a process with a child's limits."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED + text], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.promise("security#decoder-limits")
def test_memory_is_limited() -> None:
    assert "MemoryError" in confined("bytearray(1600 << 20)").stderr


@pytest.mark.promise("security#decoder-limits")
def test_processor_time_is_limited() -> None:
    assert confined("decoder.resource.setrlimit(0, (1, 2))\nwhile True: pass").returncode < 0
    assert confined("print(0 < decoder.resource.getrlimit(0)[0] < 8)").stdout == "True\n"  # -1: without end


@pytest.mark.promise("security#decoder-limits")
def test_no_file_is_written(tmp_path: Path) -> None:
    assert confined(f"open({str(tmp_path / 'x')!r}, 'wb', 0).write(b'x')").returncode != 0
    assert not (tmp_path / "x").stat().st_size


@pytest.mark.promise("security#decoder-limits")
def test_few_files_are_open() -> None:
    assert "Too many open files" in confined("a = [open('/dev/null') for _ in range(20)]").stderr


def test_no_privileges_are_gained() -> None:
    assert "NoNewPrivs:\t1" in confined("print(open('/proc/self/status').read())").stdout


@pytest.mark.promise("security#decoder-reply-checked")
@pytest.mark.parametrize(
    "answer",
    [
        b"\xff\xff\xff\xff",  # a head of 4 GB
        b"\x00\x00\x00\x01\xc1",  # no msgpack
        b"\x00\x00\x00\x07\x95\xcd\x3e\x80\xcd\x3e\x80\xa0",  # cut short
        b"\x00\x00\x00\x0b\x95\xcd\x3e\x80\xcd\x3e\x80\xa0\xa0\x80\x00",  # more than follows it
        b"\x00\x00\x00\x10\x95\x00\x00\xa9bad_image\xa1x\x80",  # a sentence that is not ours
    ],
)
def test_a_child_in_a_strangers_hands_is_not_believed(answer: bytes) -> None:
    with DecoderPool(
        1, command=python_child(f"import sys; sys.stdin.read(4); sys.stdout.buffer.write({answer!r})")
    ) as pool:
        assert_refused(*pool.open([saved("JPEG")]))
        assert pool.deaths == 1


@pytest.mark.promise("security#decoder-knows-no-secrets")
def test_children_know_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@example.org")
    with DecoderPool(1) as pool:
        pool.open([saved("JPEG")])
        [pid] = pool.pids()
        assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()


@pytest.mark.promise("security#decoder-knows-no-secrets")
def test_children_load_no_torch_and_hold_no_sockets(decoders: DecoderPool) -> None:
    decoders.open([saved("JPEG")])
    for pid in decoders.pids():
        assert "torch" not in Path(f"/proc/{pid}/maps").read_text()
        assert not [fd for fd in Path(f"/proc/{pid}/fd").iterdir() if "socket" in str(fd.readlink())]


@pytest.mark.promise("security#decoder-formats")
@pytest.mark.parametrize("kind", ["TIFF", "EPS", "ICO", "PCX", "BMP", "PPM", "TGA", "SGI", "PDF", "JPEG2000"])
def test_other_decoders_are_closed_whatever_the_name(decoders: DecoderPool, kind: str) -> None:
    assert_refused(*decoders.open([saved(kind)]))


def test_children_end_with_the_pool() -> None:
    with DecoderPool(2) as pool:
        pids = pool.pids()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
